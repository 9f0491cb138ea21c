import { quoteWord } from '../../formats/haproxy.ts';
import type { HardenedFrontend } from '../hardening/haproxy-lines.ts';
import { altSvc } from '../relay/http3.ts';
import { acmeBackends, challenge, passedOn } from './acme.ts';
import { answer, forHost, refuseTricks } from './answers.ts';
import type { Route } from './read-backends.ts';
import { routeAcls, useBackendLines } from './render-rules.ts';
import { challengeBackend, ownChallengeBackend, plainFrontend, secureFrontend } from './section-names.ts';

/** What our own frontends go by. */
export interface OwnFrontend {
  readonly cluster: string;
  readonly hostname: string;
  readonly certificate: string;
  readonly redirect_http: boolean;
  readonly acme_port: number;
  /** of which the authority may reach any; fewer than two: nobody else is asked */
  readonly acme_proxies: readonly { readonly name: string; readonly address: string }[];
  readonly http2: boolean;
  readonly http3: boolean;
  readonly ipv6: boolean;
  readonly hardened: HardenedFrontend;
}

/** Where the configuration logs to, if anywhere: HAProxy warns of a format for a log that isn't kept. */
export interface Logging {
  readonly hasLog: boolean;
}

function clientTimeouts({ times }: HardenedFrontend): readonly string[] {
  return [
    'timeout client 75s',
    'timeout client-fin 30s',
    `timeout http-request ${times.request}s`,
    `timeout http-keep-alive ${times.idle}s`,
  ];
}

/**
 * The frontends that answer for the cluster's hostname. Only the nodes' paths lead anywhere: a proxy must not
 * become a way to anything else that this host can reach.
 */
export function renderFrontends(wanted: OwnFrontend, routes: readonly Route[], { hasLog }: Logging): string {
  const log = hasLog ? ['log global', wanted.hardened.log, 'option dontlognull'] : [];
  const sections = [
    section(`frontend ${secureFrontend(wanted.cluster)}`, [
      ...bindLines(443, wanted, secureOptions(wanted)),
      ...(wanted.http3 ? quicLines(wanted) : []),
      'mode http',
      ...log,
      ...clientTimeouts(wanted.hardened),
      ...wanted.hardened.first,
      ...wanted.hardened.rules,
      ...refuseTricks,
      `acl is_here ${forHost(wanted.hostname)}`,
      ...routeAcls('is_relayed', routes),
      `${answer(404, 'Not found')}${routes.length === 0 ? '' : ' if !is_here or !is_relayed'}`,
      ...useBackendLines(routes),
    ]),
    ...(wanted.redirect_http ? plainSections(wanted, log) : []),
    ...wanted.hardened.sections,
  ];
  return sections.join('\n');
}

function plainSections(wanted: OwnFrontend, log: readonly string[]): readonly string[] {
  return [
    section(`frontend ${plainFrontend(wanted.cluster)}`, [
      ...bindLines(80, wanted, ''),
      'mode http',
      ...log,
      ...clientTimeouts(wanted.hardened),
      ...wanted.hardened.first,
      // HSTS must not be said without TLS (RFC 6797, 7.2).
      ...wanted.hardened.rules.filter((rule) => !rule.includes('Strict-Transport-Security')),
      ...refuseTricks,
      `acl is_challenge url -m reg ${challenge}`,
      'acl is_read method GET HEAD',
      `http-request redirect code 301 prefix https://${wanted.hostname} if !is_challenge or !is_read`,
      ...(hasOthers(wanted)
        ? [
            `acl is_passed_on req.hdr(${passedOn}) -m found`,
            `use_backend ${ownChallengeBackend(wanted.cluster)} if is_challenge is_read is_passed_on`,
          ]
        : []),
      `use_backend ${challengeBackend(wanted.cluster)} if is_challenge is_read`,
    ]),
    ...challengeSections(wanted),
  ];
}

function hasOthers({ acme_proxies: proxies }: OwnFrontend): boolean {
  return proxies.length > 1;
}

function challengeSections(wanted: OwnFrontend): readonly string[] {
  const { cluster, acme_port: port, acme_proxies: balancers } = wanted;
  if (hasOthers(wanted)) {
    const names = [challengeBackend(cluster), ownChallengeBackend(cluster)] as const;
    return acmeBackends({ port, balancers, plainPort: 80 }, names).map(([name, lines]) =>
      section(`backend ${name}`, ['timeout queue 4s', ...lines]),
    );
  }
  return [
    section(`backend ${challengeBackend(cluster)}`, [
      'mode http',
      'timeout connect 4s',
      'timeout queue 4s',
      'timeout server 30s',
      `server certbot 127.0.0.1:${port}`,
    ]),
  ];
}

function secureOptions({ certificate, http2, hardened }: OwnFrontend): string {
  return ` ssl crt ${quoteWord(certificate)} alpn ${http2 ? 'h2,' : ''}http/1.1 ssl-min-ver TLSv1.2${hardened.tls}`;
}

/** A socket for UDP beside each for TCP, and the header by which browsers learn of it. */
function quicLines({ certificate, ipv6 }: OwnFrontend): readonly string[] {
  const options = `ssl crt ${quoteWord(certificate)} alpn h3`;
  return [
    `bind quic4@:443 ${options}`,
    ...(ipv6 ? [`bind quic6@:443 v6only ${options}`] : []),
    `http-after-response set-header Alt-Svc '${altSvc}'`,
  ];
}

function bindLines(port: number, { ipv6 }: OwnFrontend, options: string): readonly string[] {
  return [`bind *:${port}${options}`, ...(ipv6 ? [`bind [::]:${port} v6only${options}`] : [])];
}

function section(head: string, lines: readonly string[]): string {
  return `${head}\n${lines.map((line) => `    ${line}\n`).join('')}`;
}
