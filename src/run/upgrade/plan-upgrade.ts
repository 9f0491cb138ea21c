import pLimit from 'p-limit';
import type { HostAction } from '../../model/action.ts';
import { providesNothing } from '../../model/action.ts';
import { durationWords } from '../../model/duration.ts';
import { OperatorError, type Problem, problemsOf } from '../../model/operator-error.ts';
import { type HostPlan, hasWork } from '../../model/plan.ts';
import { noReads } from '../../model/reads.ts';
import type { HostResult } from '../../model/result.ts';
import { cordonedIn } from '../busy/cordoned.ts';
import { handOverNotes } from '../busy/hands-over.ts';
import { allGuards, doorRoles, interruptingStage, leftAlone, withStages } from '../everything-interrupted.ts';
import { lookAt } from '../look.ts';
import type { ApplyOptions } from '../options.ts';
import { planRun } from '../plan-run.ts';
import { asPlanned, type PlannedRun, type Planner } from '../planner.ts';
import { rebootQuery } from '../reboot/facts.ts';
import { notBegun } from '../waves.ts';
import { upgradeAction, upgradeIn } from './action.ts';
import { chooseHosts } from './choose.ts';
import { doorThatDiffers, openDoors } from './doors.ts';
import { type UpgradeFacts, upgradeFacts, upgradeNotes, upgradeQuery } from './facts.ts';
import { upgradeProof } from './proof.ts';
import { type Remembered, readRecorded, type Upgrading } from './read-recorded.ts';
import { differingDoor, failedBefore } from './refusals.ts';
import { saveHost } from './snapshot-command.ts';
import { type Canary, canaryOf, soaked } from './soak.ts';

export interface UpgradeOptions extends ApplyOptions {
  /** how long people use the first host before another is upgraded; seconds */
  readonly soak: number;
  /** run the command also where it was run already, or has failed */
  readonly again: boolean;
  /** look only: an upgrade that is under way isn't followed */
  readonly dryRun: boolean;
  /** how the command is called again */
  readonly call: string;
}

export interface PlannedUpgrade extends PlannedRun {
  /** why nothing may be begun */
  readonly refusal: Problem | undefined;
}

/**
 * Plans to upgrade the hosts of one role, one after the other, and each as its new version needs it
 * afterwards. What hosts remember of an earlier call is taken into account: one whose upgrade is under way is
 * followed to its end first, one whose upgrade is done is only brought to its end, and where it failed
 * nothing is begun. Throws what `chooseHosts` throws.
 */
export async function planUpgrade(options: UpgradeOptions): Promise<PlannedUpgrade> {
  const { inventory, soak, again } = options;
  const chosen = await chooseHosts(options);
  const remembered = await readRecorded(chosen, { follow: !options.dryRun }, options);
  const { plan, planner } = await planRun({ ...options, limit: [] });
  const facts = await factsOf(chosen, options);
  const out = cordonedIn(
    inventory.cluster.name,
    new Map(plan.hosts.flatMap(({ host, snapshot }) => (snapshot === undefined ? [] : [[host, snapshot]]))),
  );
  const hosts = plan.hosts.map((one): HostPlan => {
    const upgrading = chosen.find(({ host }) => host.name === one.host);
    if (upgrading === undefined) return { ...leftAlone(one), skipped: true };
    const known = remembered.get(one.host);
    const isOut = out.some(({ cordon }) => cordon.node === one.host && known?.runs.includes(cordon.run));
    return hostPlan(one, { upgrading, known, isOut, again, facts: facts.get(one.host), inventory });
  });
  const done = hosts.flatMap((one) => canaries(one, remembered.get(one.host)));
  let first = again ? undefined : canaryOf(done);
  const begun = new Set(again ? [] : done.map(({ host }) => host));
  const doors = doorThatDiffers(plan.hosts, chosen[0]?.host.role ?? '', options);
  const reaching = { ...options, query: await rebootQuery() };
  const note = (host: string) => {
    first ??= { host, since: Date.now() };
  };
  return {
    plan: { ...plan, hosts: unfinishedFirst(hosts), byHand: [], notes: notesOf(hosts, options) },
    refusal:
      notRemembered(chosen, remembered, plan.hosts, options) ??
      failedBefore(chosen, remembered, options) ??
      (doors && differingDoor(doors.host, options)),
    planner: {
      again: planningAnew(chosen, options),
      last: asPlanned.last,
      wayThrough: planner.wayThrough,
      afterwards: planner.afterwards,
      finishes: true,
      ...upgradeProof({ ...reaching, begun, upgraded: note }),
      mayBegin: async (one) => {
        if (upgradeIn(one) === undefined || first === undefined || soak === 0) return undefined;
        return soaked(one, first, {
          ...{ soak, again: options.call, signal: options.signal, progress: options.progress },
          look: async (host) => {
            const looked = await planner.again?.(host).catch((error: unknown) => problemsOf(error)[0]);
            if (looked === undefined) return undefined;
            return 'message' in looked ? looked.message : (looked.problem?.message ?? looked.down);
          },
        });
      },
      readied: (one) => saved(one, options),
    },
  };
}

/**
 * Looks at everything anew once a host has another version: first the hosts before it get what they need for
 * that. What was begun on a host is brought to its end, hence only who leaves at once ends it.
 */
function planningAnew(chosen: readonly Upgrading[], options: UpgradeOptions): NonNullable<Planner['again']> {
  const own = { ...options, signal: options.leave };
  const opened = new Set<string>();
  return async (name) => {
    const host = chosen.find((one) => one.host.name === name)?.host;
    if (host === undefined) throw new Error(`${name} is not being upgraded`);
    if (!opened.has(name)) await openDoors(host, own);
    opened.add(name);
    const { plan } = await planRun({ ...own, limit: [], warnOfAnswers: false });
    const found = plan.hosts.find((one) => one.host === name);
    if (found === undefined) throw new Error(`${name} is not in the plan`);
    return found;
  };
}

interface ForHost {
  readonly upgrading: Upgrading;
  readonly known: Remembered | undefined;
  /** it gets no people because of an earlier call */
  readonly isOut: boolean;
  readonly again: boolean;
  readonly facts: UpgradeFacts | undefined;
  readonly inventory: ApplyOptions['inventory'];
}

function hostPlan(
  plan: HostPlan,
  { upgrading: { host, command }, known, isOut, again, facts, inventory }: ForHost,
): HostPlan {
  const rest = plan.stages.filter(hasWork);
  const recorded = known?.recorded ?? { kind: 'never' };
  const bare = { ...plan, last: undefined, leftovers: undefined };
  if (plan.problem !== undefined || plan.snapshot === undefined) return bare;
  if (recorded.kind === 'underway') {
    const warning = `its upgrade, which an earlier call has begun, goes on (run ${recorded.run})`;
    return { ...leftAlone(bare), skipped: true, warnings: [...plan.warnings, warning] };
  }
  const guards = allGuards(inventory, host, plan.snapshot);
  if (recorded.kind === 'done' && !again) {
    if (rest.length > 0) return withStages(bare, rest);
    if (!isOut) return { ...leftAlone(bare), done: { by: recorded.run } };
    return withStages(bare, [interruptingStage(plan, inventory, givingBack(guards))]);
  }
  const saved = inventory.snapshotCommand !== undefined;
  const action = upgradeAction(command, { guards, notes: upgradeNotes(command, { facts, saved }) });
  return withStages(bare, [
    { ...interruptingStage(plan, inventory, action), ...(rest.length > 0 ? { name: 'upgrade' } : {}) },
    ...rest,
  ]);
}

/** For a host that only has to get people again: its turn is that of any other, and nothing is done in it. */
function givingBack(guards: HostAction['guards']): HostAction {
  return {
    name: 'look whether it is well, and give it back',
    run: { kind: 'command', argv: ['true'] },
    ...{ unless: undefined, provides: providesNothing, timeout: 30, guards },
    notes: ['its upgrade was done by an earlier call'],
  };
}

function canaries({ host, snapshot }: HostPlan, known: Remembered | undefined): readonly Canary[] {
  if (known?.recorded.kind !== 'done') return [];
  const { at } = known.recorded;
  const offset = snapshot?.clockOffset ?? 0;
  return [{ host, since: at === undefined ? Date.now() : (at - offset) * 1_000 }];
}

/** A host that an earlier call has left half done comes before another is begun. */
function unfinishedFirst(hosts: readonly HostPlan[]): readonly HostPlan[] {
  const rank = (plan: HostPlan) => (plan.stages.some(hasWork) && upgradeIn(plan) === undefined ? 0 : 1);
  const roles = [...new Set(hosts.map(({ role }) => role))];
  return [...hosts].sort(
    (one, other) => roles.indexOf(one.role) - roles.indexOf(other.role) || rank(one) - rank(other),
  );
}

function notesOf(hosts: readonly HostPlan[], { soak, limit, inventory }: UpgradeOptions): readonly string[] {
  const begins = hosts.filter((host) => !host.skipped && upgradeIn(host) !== undefined);
  const doors = doorRoles(inventory).filter((role) => hosts.some((host) => host.role === role));
  return [
    ...handOverNotes(inventory, hosts),
    ...(begins.length < 2 || soak === 0
      ? []
      : [
          `once the first of them is upgraded, people use it for ${durationWords(soak)} before the next one is begun (--soak); meanwhile this command waits, and can be ended and called again`,
        ]),
    ...(limit.length > 0 || doors.length === 0
      ? []
      : [
          `hosts of the ${doors.length === 1 ? 'role' : 'roles'} ${doors.join(' and ')} are upgraded only if they are named`,
        ]),
  ];
}

/**
 * A host that could be looked at, but not asked what it remembers: its command may have been carried out, and
 * must not be repeated.
 */
function notRemembered(
  chosen: readonly Upgrading[],
  remembered: ReadonlyMap<string, Remembered>,
  plans: readonly HostPlan[],
  { call, dryRun }: UpgradeOptions,
): Problem | undefined {
  if (dryRun) return undefined;
  const seen = new Set(plans.flatMap(({ host, snapshot }) => (snapshot === undefined ? [] : [host])));
  const one = chosen.find(({ host: { name } }) => seen.has(name) && !remembered.has(name));
  if (one === undefined) return undefined;
  return {
    code: 'upgrade-under-way',
    message: `${one.host.name} could not be asked whether an earlier call has begun its upgrade; nothing was begun`,
    next: `run the command again: ${call}`,
    host: one.host.name,
  };
}

/** Nobody is on the host any more: what the operator wants done before it is touched. */
async function saved(plan: HostPlan, options: UpgradeOptions): Promise<HostResult | undefined> {
  const { inventory, leave, progress } = options;
  const host = inventory.hosts.find(({ name }) => name === plan.host);
  if (host === undefined || upgradeIn(plan) === undefined || inventory.snapshotCommand === undefined)
    return undefined;
  progress({ kind: 'host', host: host.name, phase: 'acting', detail: 'saving it first (snapshot_command)' });
  try {
    await saveHost(host, { inventory, signal: leave });
    return undefined;
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return notBegun(plan, error.problem);
  }
}

/** What the hosts' package managers say, where one does it. */
async function factsOf(
  chosen: readonly Upgrading[],
  { parallel, ...options }: UpgradeOptions,
): Promise<ReadonlyMap<string, UpgradeFacts>> {
  const limit = pLimit(parallel);
  const found = await Promise.all(
    chosen.map(({ host, command }) =>
      limit(async () => {
        if (command.kind !== 'apt') return [];
        const query = await upgradeQuery(command);
        const { snapshot } = await lookAt(host, () => ({ ...noReads, queries: [query] }), options);
        return snapshot === undefined ? [] : [[host.name, upgradeFacts(snapshot, query)] as const];
      }),
    ),
  );
  return new Map(found.flat());
}
