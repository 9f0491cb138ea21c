import type { HostForecast } from '../../model/forecast.ts';
import { ownLine, showableLine } from '../../secrets/showable.ts';
import { cleanName } from './harmless.ts';
import type { ReportForecast } from './schema.ts';

/** What packages change on a host; names and versions are those of whoever built them. */
export function forecastDocument(forecast: HostForecast): ReportForecast {
  const { supported, recipe, packages, leftOut, replaced, removed, conffiles, units } = forecast;
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
    replaced: replaced.map(cleanName),
    removed: removed.map(cleanName),
    conffiles: conffiles.map(({ path, package: name, decision, answer }) => ({
      ...{ path: cleanName(path), package: cleanName(name), decision, answer },
    })),
    units: { come: units.come.map(cleanName), go: units.go.map(cleanName) },
  };
}
