import { connectionsPerUser } from './expected-users.ts';

/**
 * How much one address may do. Behind one address there may be a whole school, or all schools of a city: so
 * many users (`users`) that arrive within three minutes must be served.
 */
export interface AddressLimits {
  /** connections at once */
  readonly connections: number;
  /** requests a second, for as long as one likes */
  readonly rate: number;
  /** requests beyond that, at once */
  readonly burst: number;
}

/** In seconds: a lesson begins. */
const arrival = 180;

/** Requests for the first page with all its files; reckoned generously, since they must never be refused. */
const requestsPerPage = 100;

/** In seconds, for Retry-After: after that, as many requests are let through again as were waiting. */
export const retryAfter = 10;

export function limitsFor(users: number): AddressLimits {
  return {
    connections: users * connectionsPerUser,
    rate: Math.ceil((users * requestsPerPage) / arrival),
    // All of them ask for the page at the same moment.
    burst: users,
  };
}
