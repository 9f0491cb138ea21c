import type { OperatorError } from '../../model/operator-error.ts';
import type { StepHost } from '../../virtual/step-host.ts';

/**
 * By which browsers learn that the port speaks HTTP/3 as well, and for how many seconds they remember that
 * (RFC 7838). A day, so that a proxy without it is soon asked by TCP again.
 */
export const altSvc = 'h3=":443"; ma=86400';

/** HTTP/3 was asked for where the program that is installed doesn't have it. */
export function noHttp3(host: StepHost, why: string, next: string): OperatorError {
  return host.problem('no-http3', `${why}, so the proxy can't speak HTTP/3`, next);
}
