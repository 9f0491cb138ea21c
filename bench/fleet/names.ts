import { createHash } from 'node:crypto';

export const clusterName = 'bench';

/**
 * Names have the same length, whatever the number: a recorded answer tells lengths of files, and stays whole
 * when another host's name stands in it. `index` counts from 0; up to 99,999.
 */
export function nodeName(index: number): string {
  return `bbb-${String(index + 1).padStart(5, '0')}`;
}

export function hostnameOf(name: string): string {
  return `${name}.example.com`;
}

/** What its names resolve to; never asked for anything. */
export function publicAddress(index: number): string {
  return `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`;
}

/** Where a simulated host listens: each has a loopback address of its own, as hosts do. */
export function loopbackAddress(index: number): string {
  const number = index + 256;
  return `127.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
}

export function machineIdOf(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 32);
}
