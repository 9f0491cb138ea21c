import type { LeftOut, PackageOffers } from '../../model/forecast.ts';
import { compareVersions } from './debian-version.ts';

/** What an upgrade to a version would ask apt for. */
export interface ChosenVersions {
  /** the product's packages that would be upgraded */
  readonly wanted: readonly { readonly name: string; readonly version: string }[];
  /** of those: the ones that have no such version, so that the latest counts */
  readonly otherVersions: readonly string[];
  readonly leftOut: readonly LeftOut[];
  /** whether any of the packages has such a version at all */
  readonly offered: boolean;
}

/**
 * Which version of each installed package an upgrade to `to` would bring: the latest that is that version.
 * Parts of a product have versions of their own; one that has none as it was asked for becomes what apt would
 * make of it.
 */
export function chooseVersions(
  to: string,
  { installed, candidates, versions }: Pick<PackageOffers, 'installed' | 'candidates' | 'versions'>,
): ChosenVersions {
  const wanted: { name: string; version: string }[] = [];
  const otherVersions: string[] = [];
  const leftOut: LeftOut[] = [];
  let offered = false;
  for (const [name, there] of installed) {
    const known = versions.get(name) ?? [];
    const latest = known
      .filter((one) => isVersion(one, to))
      .sort(compareVersions)
      .at(-1);
    const target = latest ?? (isVersion(there, to) ? there : undefined);
    if (target !== undefined) offered = true;
    const version = target ?? candidates.get(name);
    const difference = version === undefined ? 0 : compareVersions(version, there);
    if (version !== undefined && difference > 0) {
      wanted.push({ name, version });
      if (target === undefined) otherVersions.push(name);
    } else if (target === undefined) {
      leftOut.push({ file: name, why: `there is no version ${to} of it, and none later than ${there}` });
    } else {
      const why = difference === 0 ? ' already' : `, which is later than ${target}`;
      leftOut.push({ file: name, why: `version ${there} is installed${why}` });
    }
  }
  return { wanted, otherVersions, leftOut, offered };
}

/**
 * Whether a package's version is the one that is meant: the same, or one that begins with it and goes on with
 * another part. Without an epoch it stands for all of them: `3.0` is `1:3.0.4-1`, but not `3.01`.
 */
export function isVersion(version: string, wanted: string): boolean {
  const own = wanted.includes(':') ? version : version.slice(version.indexOf(':') + 1);
  return own === wanted || (own.startsWith(wanted) && /^[^A-Za-z0-9]/.test(own.slice(wanted.length)));
}
