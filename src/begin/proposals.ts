import { clusterNameMistake } from '../inventory/names.ts';

/** A name for a cluster: the first part of its DNS name. */
export function clusterNameOf(hostname: string): string {
  const [first = ''] = hostname.split('.');
  return clusterNameMistake(first) === undefined ? first : 'prod';
}
