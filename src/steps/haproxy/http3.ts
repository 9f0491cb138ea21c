import type { Query } from '../../model/reads.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { noHttp3 } from '../relay/http3.ts';
import type { Configuration } from './configuration.ts';

/** Which HAProxy is installed, and how it was built. */
export const askBuild: Query = { kind: 'command', args: ['haproxy', '-vv'] };

/**
 * HAProxy speaks QUIC from 2.6 on, where it was built so: with a TLS library that knows QUIC or, through a
 * layer above OpenSSL, only if the operator's `global` accepts what that lacks. Source: INSTALL and
 * `limited-quic` of HAProxy's configuration manual.
 */
export function refuseWithoutQuic(host: StepHost, { path, sections }: Configuration): void {
  const { output = '' } = host.answer(askBuild) ?? {};
  const [, version] = /^HA-?Proxy version (\d+\.\d+)/m.exec(output) ?? [];
  const features = /^Feature list\s*:(.*)$/m.exec(output)?.[1]?.split(/\s+/) ?? [];
  if (!features.includes('+QUIC')) {
    throw noHttp3(
      host,
      version === undefined
        ? 'HAProxy on this host does not tell how it was built'
        : `HAProxy ${version} on this host was built without QUIC`,
      'install an HAProxy that has QUIC (`haproxy -vv` says +QUIC), or set "http3: false"',
    );
  }
  const accepts = sections.some(
    ({ keyword, lines }) => keyword === 'global' && lines.some(({ name }) => name === 'limited-quic'),
  );
  if (!features.includes('+QUIC_OPENSSL_COMPAT') || accepts) return;
  throw noHttp3(
    host,
    'HAProxy on this host has QUIC only through OpenSSL without 0-RTT, and does not use that by itself',
    `add "limited-quic" to the global section of ${path}, or set "http3: false"`,
  );
}
