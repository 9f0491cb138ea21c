import pLimit from 'p-limit';
import type { Inventory } from '../inventory/inventory.ts';
import { type Problem, problemsOf } from '../model/operator-error.ts';
import type { CheckResult, OutsideCheck } from '../model/outside-check.ts';
import { viewCluster } from '../playbook/resolve/contexts.ts';
import {
  type NamedCheck,
  outsideChecksByName,
  resolveOutsideChecks,
} from '../playbook/resolve/outside-checks.ts';
import { readsOf } from '../playbook/resolve/reads.ts';
import { askCheck } from '../verify/ask.ts';
import type { Network } from '../verify/network.ts';
import { limitedTo } from './limit.ts';
import { type Look, look } from './look.ts';
import type { RunOptions } from './options.ts';

export interface VerifyOptions extends RunOptions {
  readonly network: Network;
  readonly now: () => number;
}

export interface Verified {
  /** in the order of the inventory, and of the playbook */
  readonly checks: readonly CheckResult[];
  /** hosts that could not be looked at, so that it isn't known what to ask for them */
  readonly problems: readonly Problem[];
}

/** How many questions are under way at once: a small machine is asked by several of them. */
const questionsAtOnce = 16;

/**
 * Looks at all hosts, and asks from here what the playbook says is to be asked for them. What applies is
 * decided by each host's own facts, so a host that can't be looked at is asked nothing.
 */
export async function verifyRun(options: VerifyOptions): Promise<Verified> {
  const { inventory } = options;
  const chosen = limitedTo(inventory.hosts, options.limit);
  const looks = await look(options, (host) => readsOf(inventory, host, { guards: false, checks: true }));
  const snapshots = new Map(
    looks.flatMap(({ host, snapshot }) => (snapshot === undefined ? [] : [[host.name, snapshot] as const])),
  );
  const cluster = viewCluster(inventory, snapshots);
  const limit = pLimit(questionsAtOnce);
  const hosts = await Promise.all(
    looks
      .filter(({ host }) => chosen.has(host.name) && host.state === 'active')
      .map(async (one): Promise<Verified> => {
        if (one.snapshot === undefined) return notAsked(inventory, one, one.problem);
        try {
          const { checks, notApplicable } = resolveOutsideChecks(cluster, one.host.name);
          const asked = await Promise.all(checks.map((check) => limit(() => askOne(one, check, options))));
          return { checks: [...asked, ...notApplicable.map((check) => leftOut(one, check))], problems: [] };
        } catch (error) {
          return notAsked(inventory, one, problemsOf(error)[0]);
        }
      }),
  );
  return {
    checks: hosts.flatMap(({ checks }) => checks),
    problems: hosts.flatMap(({ problems }) => problems),
  };
}

async function askOne(
  { host, snapshot }: Look,
  check: OutsideCheck,
  options: VerifyOptions,
): Promise<CheckResult> {
  const { id, title } = check;
  const answer = await askCheck(check, { ...options, snapshot });
  return { host: host.name, role: host.role, id, title, ...answer };
}

function leftOut({ host }: Look, { id, title }: NamedCheck): CheckResult {
  return {
    ...{ host: host.name, role: host.role, id, title },
    ...{ outcome: 'not-applicable', expected: undefined, found: undefined, fix: undefined },
  };
}

function notAsked(inventory: Inventory, { host }: Look, problem: Problem | undefined): Verified {
  const found = problem?.message ?? 'the host was not looked at';
  return {
    checks: outsideChecksByName(inventory, host).map(({ id, title }) => ({
      ...{ host: host.name, role: host.role, id, title },
      ...{ outcome: 'not-asked', expected: undefined, found, fix: undefined },
    })),
    problems: problem === undefined ? [] : [{ ...problem, host: host.name }],
  };
}
