/** How many connections are opened at most: a check is no load test. */
const most = 40;

/**
 * How often something behind a balancer is asked, so that each of so many servers gets its turn: balancers
 * take them in turn, or the one with the fewest connections.
 */
export function timesFor(servers: number): number {
  return Math.min(Math.max(2 * servers, 2), most);
}
