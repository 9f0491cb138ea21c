import { type EvidenceKind, triedWith } from '../../model/tried.ts';
import { holds } from './conditions.ts';
import { type ClusterView, hostContext } from './contexts.ts';

/**
 * What releases on hosts were never tried on a real server, and on what they were: a sentence for those that
 * were tried alike. Nothing for a playbook that says nothing of it.
 */
export function untriedNotes(cluster: ClusterView, among: ReadonlySet<string>): readonly string[] {
  const { tried, names, name: playbook } = cluster.inventory.playbook;
  if (tried === undefined) return [];
  const hosts = new Map<string, string[]>();
  for (const view of cluster.hosts.values()) {
    const { host, snapshot, problem } = view;
    if (host.role !== tried.role || snapshot === undefined || problem !== undefined) continue;
    if (!among.has(host.name)) continue;
    const context = hostContext(cluster, view);
    const release = [...tried.releases].find(([, when]) => holds(when, context))?.[0];
    if (release !== undefined) hosts.set(release, [...(hosts.get(release) ?? []), host.name]);
  }
  const together = new Map<string, string[]>();
  for (const [release, on] of hosts) {
    const how = howTried(triedWith(tried, release));
    if (how === undefined) continue;
    together.set(how, [...(together.get(how) ?? []), `${release} (${on.join(', ')})`]);
  }
  return [...together].map(([how, releases]) => {
    const was = releases.length === 1 ? 'was' : 'were';
    return `${names.title ?? playbook} ${inWords(releases)} ${was} ${how}; see docs/tried.md`;
  });
}

/** undefined if it was tried on a real server */
function howTried(kinds: ReadonlySet<EvidenceKind>): string | undefined {
  if (kinds.has('server')) return undefined;
  if (kinds.has('packages')) return 'tried with its real packages only, not on a real server';
  if (kinds.has('stand-in')) return 'tried with a stand-in only, not on a real server';
  return kinds.has('source') ? 'only read in its source, not tried' : 'not tried';
}

function inWords(items: readonly string[]): string {
  const last = items.at(-1) ?? '';
  return items.length < 2 ? last : `${items.slice(0, -1).join(', ')} and ${last}`;
}
