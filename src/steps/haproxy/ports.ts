import type { Section } from '../../formats/haproxy.ts';
import type { OperatorError } from '../../model/operator-error.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { type BoundAddress, bindsOf, hasPort, isLoopback } from './binds.ts';
import { frontendBlock } from './block-formats.ts';
import type { Configuration } from './configuration.ts';
import type { OwnFrontend } from './render-frontend.ts';

/**
 * Refuses ports on which another section of haproxy.cfg or of a file beside it listens. HAProxy doesn't: it
 * opens a port twice, and the kernel shares the connections out between the two.
 */
export function refuseTakenPorts(
  host: StepHost,
  configuration: Configuration,
  wanted: Pick<OwnFrontend, 'cluster' | 'ipv6' | 'redirect_http'>,
): void {
  const { path, others } = configuration;
  const all: readonly Pick<Taken, 'path' | 'section' | 'block'>[] = [
    ...configuration.sections.map((section) => {
      return { path, section, block: configuration.blockAt(section.head.start) };
    }),
    ...others.flatMap((file) =>
      file.sections.map((section) => ({ path: file.path, section, block: undefined })),
    ),
  ];
  for (const port of wanted.redirect_http ? [443, 80] : [443]) {
    for (const one of all) {
      if (one.block === frontendBlock(wanted.cluster) || isOff(one.section)) continue;
      const bind = bindsOf(one.section).find((at) => hasPort(at, port) && isReached(at, wanted.ipv6));
      if (bind !== undefined) throw taken(host, path, { ...one, bind, port });
    }
  }
}

function isReached(bind: BoundAddress, ipv6: boolean): boolean {
  return !isLoopback(bind) && (ipv6 || !bind.isOnlyV6);
}

/** Whether a section is there, but not in use. */
export function isOff({ lines }: Section): boolean {
  return lines.findLast(({ name }) => name === 'disabled' || name === 'enabled')?.name === 'disabled';
}

interface Taken {
  readonly path: string;
  readonly section: Section;
  readonly bind: BoundAddress;
  readonly port: number;
  readonly block: string | undefined;
}

function taken(host: StepHost, main: string, { path, section, bind, port, block }: Taken): OperatorError {
  const there = `${section.keyword} ${section.name}`;
  const cluster = /^(.*) frontend$/.exec(block ?? '')?.[1];
  const move = path === main ? '' : `move ${there} to ${main} and `;
  const [who, include] =
    cluster === undefined
      ? [there, `${move}set "proxy_server: include" to put the nodes' rules into ${there}`]
      : [
          `${there} of the cluster ${cluster}`,
          'write a frontend for both clusters by hand, and set "proxy_server: include" in both',
        ];
  return host.problem(
    'port-taken',
    `${path}:${bind.line}: ${who} listens on port ${port} already; HAProxy would open it twice, and the connections would be shared out between the two`,
    `${include}, or ${port === 80 ? 'set "redirect_http: false" to leave port 80 to it' : 'let it listen elsewhere'}`,
  );
}
