/**
 * How many connections of its own a browser keeps at the door, at most: one for pages and files, by HTTP/2;
 * one or two WebSockets, up to BigBlueButton 2.7; and one more while the page is loaded anew. By HTTP/1.1,
 * browsers open up to six for files, for a moment.
 */
export const connectionsPerUser = 4;

/** One towards the browser, and one towards the node for what is relayed. */
const sides = 2;

/** The most files that the kernel lets a process have, by its default fs.nr_open. */
export const mostFiles = 1_048_576;

/** How many connections a proxy has at both sides. */
export function connectionsAtBothSides(users: number): number {
  return users * connectionsPerUser * sides;
}

/** The calculation in words. */
export function calculation(users: number): string {
  return `${users} users × ${connectionsPerUser} connections × ${sides} sides`;
}
