import { type ClusterPlan, differs, type HostPlan } from '../../model/plan.ts';
import { stateIn } from '../../model/snapshot.ts';
import { baseRun } from '../rollback/plan-rollback.ts';
import { compareStages } from './compare-stages.ts';
import { Fingerprints } from './fingerprints.ts';
import { type PlanSources, type SavedHost, type SavedPlan, sourceHashes } from './saved-plan.ts';

/** How the hosts are now compares to a saved plan. */
export interface Comparison {
  /** what has changed since it was saved, as texts; if empty, the plan or its rest can be carried out */
  readonly differences: readonly string[];
  /** hosts that are as the plan leaves them, each with the run that did it; empty if no run is known */
  readonly done: ReadonlyMap<string, string>;
}

/**
 * Compares a plan made now with a saved one. Each host counts for itself: it is as it was planned from, or
 * exactly as the plan leaves it, or after some of its stages as the plan leaves it there. Whatever else is
 * different is a difference.
 */
export async function comparePlan(
  saved: SavedPlan,
  plan: ClusterPlan,
  sources: PlanSources,
): Promise<Comparison> {
  const now = sourceHashes(sources);
  const fingerprints = new Fingerprints(saved.salt);
  const known = new Map(saved.hosts.map((host) => [host.host, host] as const));
  const gone = saved.hosts.filter((host) => !plan.hosts.some((other) => other.host === host.host));
  const compared = await Promise.all(
    plan.hosts.map(async (host) => ({
      host,
      ...(await compareHost(known.get(host.host), host, fingerprints)),
    })),
  );
  return {
    differences: [
      ...(saved.version === now.version ? [] : [`clusterproxy was ${saved.version} and is ${now.version}`]),
      ...(saved.inventory === now.inventory ? [] : ['the inventory has changed']),
      ...(saved.playbook === now.playbook ? [] : ['the playbook has changed']),
      ...(saved.accepted === now.accepted ? [] : ['other differences are accepted now']),
      ...gone.map((host) => `${host.host}: it is no longer among the hosts`),
      ...compared.flatMap(({ host, texts }) => texts.map((text) => `${host.host}: ${text}`)),
    ],
    done: new Map(
      compared.flatMap(({ host, doneBy }) => (doneBy === undefined ? [] : [[host.host, doneBy] as const])),
    ),
  };
}

interface Compared {
  readonly texts: readonly string[];
  readonly doneBy?: string;
}

async function compareHost(
  saved: SavedHost | undefined,
  now: HostPlan,
  fingerprints: Fingerprints,
): Promise<Compared> {
  // Nothing is done to it, and the others can go on as agreed.
  if (saved !== undefined && now.off) return { texts: [] };
  const text = saved === undefined ? 'it was not among the hosts' : otherHost(saved, now);
  if (saved === undefined || text !== undefined) return { texts: [text ?? ''] };
  const texts = await compareStages(saved.stages, now, fingerprints, (path) =>
    now.snapshot === undefined ? undefined : stateIn(now.snapshot, path),
  );
  if (texts.length > 0) return { texts };
  const isDone = (saved.stages.length > 0 || saved.leaves) && !differs(now) && now.problem === undefined;
  if (!isDone || now.skipped) return { texts: [] };
  const run = now.snapshot?.ledger?.run ?? '';
  return { texts: [], doneBy: run === saved.ledgerRun ? '' : baseRun(run) };
}

/** What is different about the host as a whole; undefined if nothing is. */
function otherHost(saved: SavedHost, now: HostPlan): string | undefined {
  const problem = now.problem?.code ?? '';
  const { machineId } = now.snapshot ?? {};
  if (machineId !== undefined && saved.machineId !== machineId) {
    if (saved.machineId !== '') return 'a different machine answers now';
    // It was off.
    if (saved.problem === '') return 'it can be looked at now';
  }
  if (saved.problem !== problem) return problem || 'it can be planned now';
  const recipe = now.recipe?.name ?? '';
  // A host that has left the cluster needs no recipe.
  if (saved.recipe !== recipe && !now.retires) return `its recipe was ${saved.recipe} and is ${recipe}`;
  if (saved.skipped && !now.skipped && differs(now)) return '--limit had left it out of the plan';
  if (now.leftovers === true && !saved.leaves) return 'it leaves the cluster';
  return undefined;
}
