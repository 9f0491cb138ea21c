import type { Query } from '../../model/reads.ts';
import type { StepHost } from '../../virtual/step-host.ts';

/** What a version of Caddy has, as far as it matters here. */
export interface CaddyAbilities {
  /** `stream_close_delay`, since 2.7: a reload leaves WebSockets alone */
  readonly keepsStreams: boolean;
  /** `tls_trust_pool`, since 2.8, in place of `tls_trusted_ca_certs` */
  readonly hasTrustPool: boolean;
  /** the global option `metrics`, since 2.9, in place of one in `servers` */
  readonly hasMetricsOption: boolean;
}

export const askVersion: Query = { kind: 'command', args: ['caddy', 'version'] };

/**
 * What the host's Caddy has; where it doesn't say, what all versions from 2.6 on have. A build of one's own
 * may have a version such as `(devel)`.
 */
export function caddyAbilities(host: StepHost): CaddyAbilities {
  const [, major = '0', minor = '0'] = /^v?(\d+)\.(\d+)/m.exec(host.answer(askVersion)?.output ?? '') ?? [];
  const isSince = (since: number) => Number(major) > 2 || (Number(major) === 2 && Number(minor) >= since);
  return { keepsStreams: isSince(7), hasTrustPool: isSince(8), hasMetricsOption: isSince(9) };
}
