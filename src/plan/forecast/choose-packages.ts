import type { ChosenPackage, LeftOut, OfferedPackage, PackageSurvey } from '../../model/forecast.ts';
import { compareVersions } from './debian-version.ts';

/**
 * Which of the packages that are offered an upgrade of the host would take: those that are installed there,
 * each in its latest version if that is later than the one there, and those that these need and that are
 * missing. Whoever has a folder with the packages of a release has some for other hosts in it, and some that
 * nobody installs.
 */
export function choosePackages({
  architecture,
  offered,
  there,
}: Pick<PackageSurvey, 'architecture' | 'offered' | 'there'>): {
  readonly chosen: readonly ChosenPackage[];
  readonly leftOut: readonly LeftOut[];
} {
  const leftOut = new Map<OfferedPackage, string>();
  const latest = new Map<string, OfferedPackage>();
  for (const one of offered) {
    const why = notFor(one, architecture);
    if (why !== undefined) {
      leftOut.set(one, why);
      continue;
    }
    const known = latest.get(one.name);
    const [best, other] = known !== undefined && !isLater(one, known) ? [known, one] : [one, known];
    latest.set(one.name, best);
    if (other !== undefined) leftOut.set(other, `version ${best.version} is there as well`);
  }
  const wanted = withNeeded([...latest.values()], there);
  for (const one of latest.values()) {
    if (!wanted.has(one)) leftOut.set(one, 'not installed here, and nothing that is installed needs it');
  }
  return {
    chosen: offered.filter((one) => wanted.has(one)),
    leftOut: offered.flatMap((one) => {
      const why = leftOut.get(one);
      return why === undefined ? [] : [{ file: one.file.file, why }];
    }),
  };
}

function notFor({ architecture, installed, version }: OfferedPackage, host: string | undefined) {
  if (architecture !== 'all' && host !== undefined && architecture !== host)
    return `it is for ${architecture}, and this host is ${host}`;
  if (installed === undefined) return undefined;
  const difference = compareVersions(version, installed);
  if (difference === 0) return `version ${installed} is installed already`;
  // apt(8) never goes back by itself.
  return difference < 0 ? `version ${installed} is installed, which is later than ${version}` : undefined;
}

function isLater(one: OfferedPackage, other: OfferedPackage): boolean {
  return compareVersions(one.version, other.version) > 0;
}

/** Those that are installed, and what they need of the others. */
function withNeeded(
  offered: readonly OfferedPackage[],
  there: ReadonlySet<string>,
): ReadonlySet<OfferedPackage> {
  const wanted = new Set(offered.filter(({ installed }) => installed !== undefined));
  const offering = (name: string) =>
    offered.find((one) => one.name === name) ?? offered.find(({ provides }) => provides.includes(name));
  for (const one of wanted) {
    for (const alternatives of one.needs) {
      if (alternatives.some((name) => there.has(name))) continue;
      const found = alternatives.flatMap((name) => offering(name) ?? []);
      const [best] = found;
      // A set that grows is walked to its end.
      if (best !== undefined && !found.some((other) => wanted.has(other))) wanted.add(best);
    }
  }
  return wanted;
}
