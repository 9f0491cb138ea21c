import { isIP } from 'node:net';
import type { Frontend } from './model.ts';

/** The backends to which challenges go: the first asks others as well, the second only certbot here. */
type Names = readonly [anywhere: string, here: string];
const ofBalancers: Names = ['clusterproxy_acme', 'clusterproxy_acme_here'];

/** Says that another balancer has passed a challenge on, so that none goes round in circles. */
export const passedOn = 'X-Clusterproxy-Passed-On';

/**
 * The path of an ACME challenge as its server asks for it (RFC 8555, section 8.3): a token in the letters of
 * base64url and nothing behind it. certbot listens for seconds only, so that at other times the port may be
 * any program's. The whole target is compared, since an absolute one would be passed on as it is.
 */
export const challenge = '^/[.]well-known/acme-challenge/[A-Za-z0-9_-]+$';

/** Where challenges of a frontend go; undefined: they are nothing special to it. */
export interface Acme {
  readonly port: number;
  /** all balancers of which the authority may reach any; fewer than two: nobody else is asked */
  readonly balancers: readonly { readonly name: string; readonly address: string }[];
  /** at which they take challenges: that of the frontend itself */
  readonly plainPort: number;
}

export function acmeOf({ acme_port: port, acme_balancers: others, bind }: Frontend): Acme | undefined {
  const [first] = bind;
  if (port === undefined || first === undefined) return undefined;
  const balancers = others?.hosts ?? [];
  return { port, balancers: balancers.length > 1 ? balancers : [], plainPort: first.port };
}

/** A frontend's conditions, before its redirect. */
export function acmeConditions({ balancers }: Acme): readonly string[] {
  return [
    `acl is_acme url -m reg ${challenge}`,
    ...(balancers.length === 0 ? [] : [`acl is_passed_on req.hdr(${passedOn}) -m found`]),
    'http-request deny deny_status 405 if is_acme !{ method GET HEAD }',
  ];
}

/** Where a frontend sends challenges to. */
export function acmeRoutes({ balancers }: Acme, [anywhere, here] = ofBalancers): readonly string[] {
  return [
    ...(balancers.length === 0 ? [] : [`use_backend ${here} if is_acme is_passed_on`]),
    `use_backend ${anywhere} if is_acme`,
  ];
}

/** Names and lines of the backends for challenges. */
export function acmeBackends(
  acme: Acme | undefined,
  [anywhere, here] = ofBalancers,
): readonly (readonly [string, readonly string[]])[] {
  if (acme === undefined) return [];
  const own = `server certbot 127.0.0.1:${acme.port}`;
  if (acme.balancers.length === 0) return [[anywhere, ['mode http', own]]];
  return [
    [anywhere, askingAll(acme)],
    // Whoever has passed it on asks the next one at once.
    [here, ['mode http', 'retries 0', 'timeout connect 2s', 'timeout server 4s', own]],
  ];
}

/**
 * How often each balancer is asked, at the mean. A try goes to another server than the one before, drawn by
 * lot; all of them miss the right one with a probability of (1 - 1/n)^(12n), below 7 in a million for any n.
 */
const questionsEach = 12;

/**
 * Only the balancer whose certbot has asked for a certificate knows the answer. certbot listens nowhere else
 * at that moment, so others are asked until one knows it: a refused connection, or a balancer that has
 * none (503), leads on to the next, and so do a certbot that has asked for another one (404) and one that
 * ends at that moment (502). This host is among them, so that all balancers have the same file.
 *
 * They are drawn by lot, since a round is shared by all requests: authorities ask from several places at the
 * same moment, and each request would move the others past the right server.
 */
function askingAll({ port, balancers, plainPort }: Acme): readonly string[] {
  return [
    'mode http',
    'balance random(1)',
    // Nothing is kept for the next challenge, which begins with the server that comes next.
    'option http-server-close',
    'option redispatch 1',
    `retries ${questionsEach * balancers.length}`,
    'retry-on conn-failure empty-response junk-response response-timeout 404 500 502 503 504',
    'timeout connect 1s',
    'timeout server 4s',
    `http-request set-header ${passedOn} yes`,
    `server certbot 127.0.0.1:${port}`,
    ...balancers.map(({ name, address }) => serverAt(name, address, plainPort)),
  ];
}

function serverAt(name: string, address: string, port: number): string {
  const family = isIP(address);
  const words = `server at-${name} ${family === 6 ? `[${address}]` : address}:${port}`;
  // A name that can't be resolved at that moment would otherwise keep HAProxy from starting.
  return family === 0 ? `${words} init-addr last,libc,none` : words;
}
