import { sha256 } from '../../model/change.ts';

/** Whose names they are: each of our files has its own, as nginx has one space of names for all. */
export interface NameOwner {
  readonly cluster: string;
  /** which of our files, where it isn't that of the server with TLS */
  readonly part?: '' | 'acme' | undefined;
}

/** With longer ones nginx doesn't start, at its usual variables_hash_bucket_size of 64, in 64 bits. */
const longest = 46;

/**
 * The name of a variable of ours. It may have neither hyphens nor dots, and nginx has it in small letters, as
 * clusters are named; one that would be too long has a hash in the place of the cluster's name.
 */
export function variableName({ cluster, part = '' }: NameOwner, suffix: string): string {
  const letters: Readonly<Record<string, string>> = { _: '_u', '-': '_d', '.': '_p' };
  const own = cluster.replace(/[_.-]/g, (sign) => letters[sign] ?? sign);
  const name = `clusterproxy${part}_${own}_${suffix}`;
  return name.length <= longest ? name : `clusterproxy_${sha256(name).slice(0, 24)}`;
}

/** The name of a zone of shared memory. All kinds share one space of names, caches included. */
export function zoneName({ cluster, part = '' }: NameOwner, kind: string): string {
  return `clusterproxy${part}-${kind}_${cluster}`;
}

/** The name of the `place`-th format of logs, from 1. */
export function formatName({ cluster, part = '' }: NameOwner, place: number): string {
  return `clusterproxy${part}_${cluster}_${place}`;
}
