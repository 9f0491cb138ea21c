import type { ReportDocument, ReportForecast, ReportHost } from '../document/schema.ts';
import { list, oneLine } from '../shared/prose.ts';
import { wrap } from './prose.ts';
import type { Style } from './style.ts';

/** What packages change on each host before anything is planned; hosts with the same once. */
export function renderForecast({ hosts }: ReportDocument, style: Style): readonly string[] {
  const groups = groupsOf(hosts);
  const upgraded = groups.flatMap(([host, ...same], index) =>
    host === undefined ? [] : [...(index === 0 ? [] : ['']), ...renderHost(host, same, style)],
  );
  return [
    ...upgraded,
    ...(upgraded.length === 0 ? [] : ['']),
    ...notUpgraded(hosts, style),
    ...wrap('The plan that would follow, once these packages are installed:', {
      columns: style.columns,
      first: '',
    }).map((line) => style.paint.bold(line)),
    '',
  ];
}

type Upgraded = ReportHost & { readonly forecast: ReportForecast };

function groupsOf(hosts: readonly ReportHost[]): readonly (readonly Upgraded[])[] {
  const groups = new Map<string, Upgraded[]>();
  for (const host of hosts) {
    const { forecast, recipe } = host;
    if (forecast === undefined || forecast.packages.length === 0) continue;
    // Lists that differ by seconds are the same to people.
    const key = JSON.stringify([{ ...forecast, lists: listsWords(forecast) }, recipe]);
    groups.set(key, [...(groups.get(key) ?? []), { ...host, forecast }]);
  }
  return [...groups.values()];
}

/** Those that take none of the packages, and why. */
function notUpgraded(hosts: readonly ReportHost[], style: Style): readonly string[] {
  const others = hosts.filter(({ forecast }) => forecast?.packages.length === 0);
  const line = (supported: boolean, words: string) => {
    const names = others.filter(({ forecast }) => forecast?.supported === supported).map(({ name }) => name);
    if (names.length === 0) return [];
    return [...wrap(`${names.join(', ')}: ${words}`, { columns: style.columns, first: '', hanging: 2 }), ''];
  };
  return [
    ...line(true, 'not upgraded, since none of the packages is installed in an older version'),
    ...line(false, 'not upgraded, since there is no dpkg; only Debian packages can be forecast'),
  ];
}

function renderHost(host: Upgraded, same: readonly Upgraded[], style: Style): readonly string[] {
  const { forecast } = host;
  const names = [host, ...same].map(({ name }) => name).join(', ');
  const [title = '', ...more] = wrap('the upgrade itself', {
    columns: style.columns,
    first: `${names}: `,
    hanging: 2,
  });
  const line = (text: string) => wrap(text, { columns: style.columns, first: '  ', hanging: 4 });
  return [
    style.paint.bold(title),
    ...more,
    ...forecast.packages.flatMap(({ name, from, to }) =>
      line(`${oneLine(name)}: ${from === null ? 'not installed' : oneLine(from)} → ${oneLine(to)}`),
    ),
    ...sentences(host).flatMap(line),
    ...(style.verbose
      ? forecast.leftOut.flatMap(({ file, why }) => line(`left out: ${oneLine(file)} (${oneLine(why)})`))
      : []),
  ];
}

function sentences({ recipe, recipeReason, forecast }: Upgraded): readonly string[] {
  const { packages, replaced, removed, conffiles, units, otherVersions = [], dropped = [] } = forecast;
  const scripts = packages.filter((one) => one.scripts.length > 0);
  const named = (paths: readonly string[]) => list(paths.map(oneLine));
  const some = (paths: readonly string[], words: string) => (paths.length === 0 ? [] : [words]);
  return [
    ...listsWords(forecast),
    ...some(
      otherVersions,
      `${named(otherVersions)} ${otherVersions.length === 1 ? 'has' : 'have'} no such version; the plan assumes the latest one, as apt would`,
    ),
    ...some(
      dropped,
      `apt would remove ${named(dropped)}; the plan still has ${dropped.length === 1 ? 'its' : 'their'} files`,
    ),
    ...recipeWords(forecast.recipe, recipe, recipeReason),
    ...some(
      replaced,
      `the packages replace ${named(replaced)}, in which clusterproxy manages something; the plan sets again what still belongs there`,
    ),
    ...some(removed, `the packages take away ${named(removed)}`),
    ...conffiles.map(conffileWords),
    ...some(
      units.come,
      `units that come: ${named(units.come)}; whether each is enabled and running is known after the upgrade`,
    ),
    ...some(units.go, `units that go: ${named(units.go)}`),
    ...some(
      scripts.map(({ name }) => name),
      `known after the upgrade: what ${scripts.map((one) => `${list(one.scripts)} of ${oneLine(one.name)}`).join(', ')} write`,
    ),
  ];
}

/** How old what the host knows is. */
function listsWords({ lists }: ReportForecast): readonly string[] {
  if (lists === undefined || lists.changed === null || lists.ageSeconds === null) return [];
  const days = Math.floor(lists.ageSeconds / 86_400);
  const age = days === 0 ? 'less than a day old' : `${days === 1 ? 'one day' : `${days} days`} old`;
  return [`by the host's own package lists, which are ${age} (${lists.changed.slice(0, 10)})`];
}

function recipeWords(before: string | null, after: string | null, reason: string | null): readonly string[] {
  // Why there is none stands in the plan.
  if (before === after || after === null) return [];
  const why = reason === null || reason === '' ? '' : `: ${oneLine(reason)}`;
  return [`recipe ${before === null ? 'none' : oneLine(before)} → ${oneLine(after)}${why}`];
}

function conffileWords(conffile: ReportForecast['conffiles'][number]): string {
  const path = oneLine(conffile.path);
  const name = oneLine(conffile.package);
  const answer =
    conffile.answer === 'keep'
      ? 'the plan assumes that the file here stays (N, or --force-confold)'
      : "the plan assumes that the package's file replaces it (Y, or --force-confnew)";
  switch (conffile.decision) {
    case 'kept':
      return `${path} stays as it is: it was changed here, and ${name} brings the same as before`;
    case 'asked':
      return `dpkg asks about ${path}, which was changed here and by ${name}; ${answer}`;
    case 'left':
      return `dpkg asks about ${path}, which ${name} brings as a configuration file from now on; ${answer}`;
    case 'stays-removed':
      return `${path} stays removed: it was removed here, and ${name} brings the same as before`;
    case 'obsolete':
      return `${path} stays although ${name} no longer has it`;
  }
}
