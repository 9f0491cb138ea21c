import type { ReportHost } from '../document/schema.ts';
import { count, duration } from '../shared/prose.ts';
import { totalWords } from '../shared/totals.ts';
import type { ToldGroup } from './changes.ts';
import { type Group, groupsOf } from './groups.ts';
import type { HostShown, RoleShown } from './hosts.ts';
import { badge } from './icons.ts';
import { html, type Markup } from './markup.ts';

/** More rows are folded: those that need nobody. */
const mostRows = 40;

/** All hosts, a line for each; of many that are alike one line for all, and the others below it. */
export function renderHosts(roles: readonly RoleShown[], groups: readonly ToldGroup[]): Markup | undefined {
  const hosts = roles.flatMap((role) => role.hosts);
  if (hosts.length === 0) return undefined;
  const places = new Map(
    groups.flatMap(({ hosts: those, id }) => those.map(({ name }) => [name, id] as const)),
  );
  const columns = columnsOf(hosts);
  const isLong = hosts.length > mostRows;
  const rows = roles.flatMap((role) =>
    isLong ? groupsOf(role.hosts) : role.hosts.map((host) => ({ ...host, hosts: [host] })),
  );
  return html`<section aria-labelledby="hosts"><h2 id="hosts">Hosts</h2>${table(
    'State of each host',
    columns,
    rows.map((group) => row(group, columns, places)),
  )}${
    isLong &&
    html`<details><summary>All ${hosts.length} hosts</summary>${table(
      'All hosts, one by one',
      columns,
      hosts.map((host) => row({ ...host, hosts: [host] }, columns, places)),
    )}</details>`
  }</section>`;
}

interface Column {
  readonly title: string;
  readonly class: string;
  readonly of: (host: HostShown) => string;
}

/** Those in which there is something to read. */
function columnsOf(hosts: readonly HostShown[]): readonly Column[] {
  const all: readonly Column[] = [
    { title: 'Changes', class: 'changes', of: ({ host }) => (host === undefined ? '' : changesOf(host)) },
    { title: 'People there', class: 'people', of: ({ host }) => (host === undefined ? '' : peopleOf(host)) },
    {
      title: 'Last run',
      class: 'last',
      of: ({ host }) =>
        host?.lastRun === undefined
          ? ''
          : `${host.lastRun.startedAt.slice(0, 16).replace('T', ' ')} UTC by ${host.lastRun.operator}`,
    },
    {
      title: 'Took',
      class: 'took',
      of: ({ host }) => (host === undefined || host.durationMs === 0 ? '' : duration(host.durationMs)),
    },
  ];
  return all.filter((column) => hosts.some((host) => column.of(host) !== ''));
}

function changesOf(host: ReportHost): string {
  return totalWords([host]);
}

function peopleOf({ guards }: ReportHost): string {
  const people = guards.reduce((sum, one) => sum + (one.people ?? 0), 0);
  if (people > 0) return count(people, 'person', 'people');
  if (guards.some(({ state }) => state === 'busy')) return 'somebody';
  if (guards.some(({ state }) => state === 'unknown')) return 'not known';
  return guards.length === 0 ? '' : 'nobody';
}

function table(caption: string, columns: readonly Column[], rows: readonly Markup[]): Markup {
  return html`<table class="list"><caption class="hidden">${caption}</caption><thead><tr><th scope="col">Host</th><th scope="col" class="role">Role</th><th scope="col">State</th>${columns.map((column) => html`<th scope="col" class="${column.class}">${column.title}</th>`)}</tr></thead><tbody>${rows}</tbody></table>`;
}

function row(group: Group, columns: readonly Column[], places: ReadonlyMap<string, string>): Markup {
  const [first] = group.hosts;
  if (first === undefined) return html``;
  const isOne = group.hosts.length === 1;
  const name = isOne ? first.name : `${first.name} and ${group.hosts.length - 1} more`;
  const place = places.get(first.name);
  const leaves = group.leaves && ', leaves the cluster';
  return html`<tr><th scope="row">${place === undefined ? name : html`<a href="#${place}">${name}</a>`}</th><td class="role">${first.role}</td><td>${badge(group.tone, group.words)}${leaves}</td>${columns.map(
    (column) => {
      const values = [...new Set(group.hosts.map(column.of))];
      return html`<td class="${column.class}">${values.length === 1 ? values[0] : column.class === 'took' ? `up to ${longest(group.hosts)}` : 'various'}</td>`;
    },
  )}</tr>`;
}

function longest(hosts: readonly HostShown[]): string {
  return duration(Math.max(...hosts.map(({ host }) => host?.durationMs ?? 0)));
}
