import { ownNetworkErrors } from '../model/own-network.ts';
import type { NoAnswer } from './answers.ts';

/** Errors of Node's net and tls modules, and of OpenSSL's verification (openssl-verification-options(1)). */
const words: Readonly<Record<string, (server: string) => string>> = {
  ENOTFOUND: (server) => `the name ${server} does not resolve here`,
  EAI_AGAIN: (server) => `the name ${server} can't be resolved at the moment`,
  ECONNREFUSED: (server) => `${server} refuses the connection`,
  ECONNRESET: (server) => `${server} cut the connection`,
  EPIPE: (server) => `${server} cut the connection`,
  ETIMEDOUT: (server) => `${server} does not answer`,
  EHOSTUNREACH: (server) => `there is no route to ${server}`,
  ENETUNREACH: (server) => `there is no route to ${server}`,
  EPROTO: (server) => `${server} doesn't speak TLS as it should`,
  ERR_SSL_WRONG_VERSION_NUMBER: (server) => `${server} doesn't speak TLS there`,
  CERT_HAS_EXPIRED: (server) => `the certificate of ${server} has expired`,
  CERT_NOT_YET_VALID: (server) => `the certificate of ${server} is not valid yet`,
  DEPTH_ZERO_SELF_SIGNED_CERT: (server) => `the certificate of ${server} is self-signed`,
  SELF_SIGNED_CERT_IN_CHAIN: (server) =>
    `the certificate of ${server} is signed by an authority that this machine doesn't trust`,
  UNABLE_TO_GET_ISSUER_CERT: (server) => `${server} doesn't send the whole chain of its certificate`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: (server) =>
    `the certificate of ${server} is signed by an authority that this machine doesn't trust, or its chain is incomplete`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: (server) =>
    `the certificate of ${server} is signed by an authority that this machine doesn't trust, or its chain is incomplete`,
  ERR_TLS_CERT_ALTNAME_INVALID: (server) => `the certificate is for other names than ${server}`,
  CERT_REVOKED: (server) => `the certificate of ${server} is revoked`,
};

/** Why a server could not be asked, as a sentence without its end. */
export function troubleWords(error: unknown, server: string): string {
  const { code = '', message = String(error) } = error as { code?: string; message?: string };
  const known = Object.hasOwn(words, code) ? words[code] : undefined;
  return known?.(server) ?? `${server} could not be asked (${code === '' ? message : code})`;
}

/** Whether a question could not even be asked from here. */
export function isOwnTrouble(error: unknown): boolean {
  // One for each of a name's addresses, of which some may be of a family that isn't used here.
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isOwnTrouble);
  return ownNetworkErrors.has((error as { code?: string }).code ?? '');
}

/** Nothing answers: a service that is down and a firewall look alike from here. */
const nobodyThere = (server: string) =>
  `see on ${server} whether its web server is running, and whether firewalls let this machine through`;
const noName = (server: string) =>
  `add ${server} to the DNS, or run this where the name resolves as it does for your users`;
const silent = (server: string) =>
  `see whether ${server} and what it relays to are up, and whether firewalls let this machine through; --timeout gives it more time`;
const noTls = (server: string) => `see what is listening there on ${server}: it has to be a server with TLS`;

const fixes: Readonly<Record<string, (server: string) => string>> = {
  ENOTFOUND: noName,
  EAI_AGAIN: () => `see whether this machine's DNS works, then run this again`,
  ECONNREFUSED: nobodyThere,
  EHOSTUNREACH: nobodyThere,
  ENETUNREACH: nobodyThere,
  ECONNRESET: silent,
  EPIPE: silent,
  ETIMEDOUT: silent,
  EPROTO: noTls,
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
};

/**
 * What to do about a server that could not be asked. What a check itself advises supposes an answer, so it
 * would send people to the wrong place.
 */
function troubleFix(error: unknown, server: string): string {
  const { code = '' } = error as { code?: string };
  const known = Object.hasOwn(fixes, code) ? fixes[code] : undefined;
  if (known !== undefined) return known(server);
  return Object.hasOwn(words, code)
    ? `put the certificate of ${server} right first; nothing else can be asked there before`
    : `see whether ${server} is up, and what its log says`;
}

/** No answer, and why; `server` is what it is called in a sentence. */
export function noAnswer(error: unknown, server: string, hostname: string): NoAnswer {
  return {
    ...{ kind: 'trouble', words: troubleWords(error, server), fix: troubleFix(error, hostname) },
    ...(isOwnTrouble(error) ? { isHere: true } : {}),
  };
}
