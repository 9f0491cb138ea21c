import type { HostForecast, PackageLists } from '../../model/forecast.ts';
import { ownLine, showableLine } from '../../secrets/showable.ts';
import { cleanName } from './harmless.ts';
import type { ReportForecast } from './schema.ts';

/** What packages change on a host; names and versions are those of whoever built them. */
export function forecastDocument(forecast: HostForecast): ReportForecast {
  const { supported, recipe, packages, leftOut, replaced, removed, conffiles, units } = forecast;
  const { lists, otherVersions, dropped } = forecast;
  return {
    supported,
    recipe: recipe === undefined ? null : cleanName(recipe),
    packages: packages.map(({ name, from, to, scripts }) => ({
      name: cleanName(name),
      from: from === undefined ? null : showableLine(from),
      to: showableLine(to),
      scripts: scripts.map(cleanName),
    })),
    leftOut: leftOut.map(({ file, why }) => ({ file: cleanName(file), why: ownLine(why) })),
    ...(lists === undefined ? {} : { lists: listsDocument(lists) }),
    ...(otherVersions === undefined ? {} : { otherVersions: otherVersions.map(cleanName) }),
    ...(dropped === undefined ? {} : { dropped: dropped.map(cleanName) }),
    replaced: replaced.map(cleanName),
    removed: removed.map(cleanName),
    conffiles: conffiles.map(({ path, package: name, decision, answer }) => ({
      ...{ path: cleanName(path), package: cleanName(name), decision, answer },
    })),
    units: { come: units.come.map(cleanName), go: units.go.map(cleanName) },
  };
}

function listsDocument({ changed, now }: PackageLists): NonNullable<ReportForecast['lists']> {
  if (changed === undefined) return { changed: null, ageSeconds: null };
  return { changed: new Date(changed * 1_000).toISOString(), ageSeconds: Math.max(0, now - changed) };
}
