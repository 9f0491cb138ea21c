import { type InventoryHost, roleOf } from '../inventory/inventory.ts';
import { OperatorError, OperatorErrors, type Problem, problemsOf } from '../model/operator-error.ts';
import type { Scraped } from '../model/scraped.ts';
import { type ClusterView, viewCluster } from '../playbook/resolve/contexts.ts';
import { moduleOf } from '../playbook/resolve/modules.ts';
import { resolveOutsideChecks } from '../playbook/resolve/outside-checks.ts';
import { readsOf } from '../playbook/resolve/reads.ts';
import { resolveHost } from '../playbook/resolve/resolve.ts';
import { limitedTo } from './limit.ts';
import { asAnswered, type Look, look, snapshotsOf } from './look.ts';
import { type Probes, probesThroughDoor } from './monitoring/probes.ts';
import type { RunOptions } from './options.ts';

/** Where the metrics of one host are. */
export interface ScrapedHost {
  readonly host: InventoryHost;
  readonly scraped: Scraped;
}

export interface Monitored extends Probes {
  readonly doors: readonly ScrapedHost[];
}

/**
 * Looks at all hosts, and says what of them can be watched: what is asked of them through the door, and where
 * they tell of themselves. Throws OperatorErrors with every host of `--limit` of which that isn't known,
 * since a list that lacks one would pass for whole. Retired hosts, and those that are off, are left out.
 */
export async function monitoringRun(
  options: RunOptions,
  { scraped }: { readonly scraped: boolean },
): Promise<Monitored> {
  const { inventory } = options;
  const looks = await look(options, (host) => readsOf(inventory, host, { guards: false }));
  const cluster = viewCluster(asAnswered(inventory, looks), snapshotsOf(looks));
  const chosen = limitedTo(inventory.hosts, options.limit);
  const wanted = looks.filter(
    (one) => chosen.has(one.host.name) && one.host.state !== 'retired' && one.off !== true,
  );
  const told = wanted.map((one) => tried(one, () => seenOf(cluster, one, scraped)));
  const problems = told.flatMap(({ problem }) => problem ?? []);
  if (problems.length > 0) throw new OperatorErrors(problems);
  const seen = told.flatMap((one) => one.seen ?? []);
  const { name, hostname } = inventory.cluster;
  return {
    ...probesThroughDoor(seen, { hostname, cluster: name }),
    doors: seen.flatMap(({ inventoryHost: host, scraped }) => scraped.map((one) => ({ host, scraped: one }))),
  };
}

interface Seen {
  readonly inventoryHost: InventoryHost;
  readonly host: string;
  readonly role: string;
  readonly checks: ReturnType<typeof resolveOutsideChecks>['checks'];
  readonly scraped: readonly Scraped[];
}

function seenOf(cluster: ClusterView, { host, problem, snapshot }: Look, scraped: boolean): Seen {
  if (problem !== undefined) throw new OperatorError(problem);
  if (snapshot === undefined) throw new Error(`${host.name} was not looked at`);
  const { checks } = resolveOutsideChecks(cluster, host.name);
  const tells = scraped ? scrapedOn(cluster, host) : [];
  return { inventoryHost: host, host: host.name, role: host.role, checks, scraped: tells };
}

/** Steps of other roles may need secrets, which nobody has looked up for this. */
function scrapedOn(cluster: ClusterView, host: InventoryHost): readonly Scraped[] {
  const { playbook } = cluster.inventory;
  const tells = roleOf(playbook, host.role).steps.some((step) => moduleOf(playbook, step.module).scraped);
  if (!tells) return [];
  return resolveHost(cluster, host.name).steps.flatMap(({ module, parameters }) =>
    [module.scraped?.(parameters as never) ?? []].flat(),
  );
}

function tried(
  { host }: Look,
  work: () => Seen,
): { readonly seen?: Seen; readonly problem?: readonly Problem[] } {
  try {
    return { seen: work() };
  } catch (error) {
    return { problem: problemsOf(error).map((one) => ({ ...one, host: host.name })) };
  }
}
