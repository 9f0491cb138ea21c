import type { Query } from '../../model/reads.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { altSvc, noHttp3 } from '../relay/http3.ts';
import { nginxOn } from './nginx-on-host.ts';

/** Which nginx is installed, and how it was built. */
export const askBuild: Query = { kind: 'command', args: ['nginx', '-V'] };

export interface Http3 {
  /** what follows `listen 443` in lines beside those for TCP */
  readonly listen: string;
  readonly lines: readonly string[];
}

/**
 * How HTTP/3 is enabled: by a socket for UDP beside each for TCP. nginx has it since 1.25, where it was built
 * so; one that isn't known is refused, since browsers would be told of a port that is silent. Source:
 * ngx_http_v3_module.
 */
export function http3Lines(
  host: StepHost,
  { path, look_in: usually }: { readonly path: string; readonly look_in: readonly string[] },
): Http3 {
  const { output = '' } = host.answer(askBuild) ?? {};
  const [, version] = /version: [\w-]+\/([\d.]+)/.exec(output) ?? [];
  if (!output.includes('--with-http_v3_module')) {
    throw noHttp3(
      host,
      version === undefined
        ? 'nginx on this host does not tell how it was built'
        : `nginx ${version} on this host was built without ngx_http_v3_module`,
      'install nginx 1.25 or later with that module, such as the packages of nginx.org, or set "http3: false"',
    );
  }
  // The kernel hands packets to the worker that has the connection, which only one server block may ask for.
  const others = nginxOn(host, { usually }).servers.filter(({ file }) => file.path !== path);
  const isAsked = others.some(({ directives }) =>
    directives.some(({ name, args }) => {
      const words = args.map(({ text }) => text);
      return name === 'listen' && words.includes('quic') && words.includes('reuseport');
    }),
  );
  return {
    listen: isAsked ? ' quic' : ' quic reuseport',
    lines: [`add_header Alt-Svc '${altSvc}' always;`],
  };
}
