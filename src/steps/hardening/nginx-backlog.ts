import { listensOf } from '../../formats/nginx.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { type NginxOnHost, placeOf } from '../nginx/nginx-on-host.ts';

/** How many connections nginx lets wait on a socket of ours; the kernel allows no more than somaxconn. */
const queue = 4096;

/** What only one `listen` of a socket may say. Source: ngx_http_core_listen in ngx_http_core_module.c. */
const ofSocket =
  /^(?:(?:backlog|rcvbuf|sndbuf|setfib|fastopen|accept_filter|ipv6only|so_keepalive)=.*|bind|deferred|reuseport)$/;

/**
 * What follows `listen 443` and so on in our own server: `backlog=…`, unless another server block already
 * says something of the same socket, as nginx doesn't load two. Without it, 511 may wait.
 */
export function backlogOf(
  host: StepHost,
  nginx: NginxOnHost,
  ourFile: string,
): (port: number, family: 'ipv4' | 'ipv6') => string {
  const others = nginx.servers.filter(({ file }) => file.path !== ourFile);
  return (port, family) => {
    const other = others.find((server) =>
      server.directives.some(({ name, args }) => {
        const words = args.map(({ text }) => text);
        if (name !== 'listen' || !words.some((word) => ofSocket.test(word))) return false;
        return listensOf(words).some(
          (one) => one.address === '*' && one.port === port && one.family === family,
        );
      }),
    );
    if (other === undefined) return ` backlog=${queue}`;
    host.warn(
      `${placeOf(other)} says how the socket of port ${port} listens, so how many connections may wait there is for it to say (backlog=${queue})`,
    );
    return '';
  };
}
