import type { Begun } from '../../model/begun.ts';
import type { ClusterHold } from '../../model/claims.ts';
import type { CodeExplanation } from '../../model/explanation.ts';
import type { FollowedRun } from '../../model/followed-run.ts';
import type { HostForecast } from '../../model/forecast.ts';
import type { PastRun } from '../../model/history.ts';
import type { PageTold } from '../../model/manual-told.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { CheckResult } from '../../model/outside-check.ts';
import type { ByHand, HostPlan } from '../../model/plan.ts';
import type { PolicyVerdict } from '../../model/policy.ts';
import { exitStatusOf, type RunResult } from '../../model/result.ts';
import type { RoleRollout } from '../../model/rollout.ts';
import type { ScheduleTold } from '../../model/schedule.ts';
import type { SchemaTold } from '../../model/schema-told.ts';
import type { Setting } from '../../model/setting.ts';
import type { SupportBundle } from '../../model/support-bundle.ts';
import type { TakenInventory } from '../../model/taken-inventory.ts';
import type { Today } from '../../model/today.ts';
import type { TroubleResult } from '../../model/trouble.ts';
import { ownLine, showable, showableLine } from '../../secrets/showable.ts';
import { type AcceptedTold, acceptedDocument } from './accepted.ts';
import { begunDocument } from './begun.ts';
import { followedDocument } from './followed.ts';
import { cleanName, type Masker } from './harmless.ts';
import { holdsDocument } from './holds.ts';
import { hostDocument, type PlanPart, planPart, type TriedOn } from './host.ts';
import type { HostKeys } from './keys.ts';
import { type BrowserTold, browserDocument, checkDocument, troubleDocument } from './outside.ts';
import { pastRunDocument } from './past-run.ts';
import { errorDocument } from './problem.ts';
import { rolloutDocument } from './rollout.ts';
import { scheduleDocument } from './schedule.ts';
import type { ReportDocument, ReportExplanation, ReportHost, ReportInventory } from './schema.ts';
import { pagesDocument, schemasDocument, settingsDocument } from './settings.ts';
import { todayDocument } from './today.ts';

/** What a command can tell besides its result; undefined where it does not ask for it. */
export interface Told {
  /** where it isn't what the result comes to */
  readonly exitStatus?: number | undefined;
  readonly byHand?: readonly ByHand[] | undefined;
  /** what is worth knowing of a plan, although nothing is wrong */
  readonly notes?: readonly string[] | undefined;
  /** why the command could not be carried out */
  readonly errors?: readonly Problem[] | undefined;
  /** what hosts remember of earlier runs */
  readonly runs?: readonly PastRun[] | undefined;
  /** clusters beside this one whose runs hosts remember, by host */
  readonly beside?: ReadonlyMap<string, readonly string[]> | undefined;
  /** the latest run that each host kept */
  readonly last?: ReadonlyMap<string, PastRun> | undefined;
  /** how a run goes through the hosts, should all end as planned */
  readonly rollout?: readonly RoleRollout[] | undefined;
  /** the keys that each host shows, in the order of the result's hosts */
  readonly keys?: readonly HostKeys[] | undefined;
  /** public names, by host */
  readonly hostnames?: ReadonlyMap<string, string> | undefined;
  /** what policies said of the plan */
  readonly policies?: readonly PolicyVerdict[] | undefined;
  /** guards aren't asked in this run */
  readonly force?: boolean | undefined;
  /** which inventory the command took */
  readonly taken?: TakenInventory | undefined;
  /** what an inventory says */
  readonly inventory?: ReportInventory | undefined;
  /** of init: what it has found and written */
  readonly begun?: Begun | undefined;
  /** the playbook that is checked, as the operator names it */
  readonly playbook?: string | undefined;
  /** the sample hosts that it is tried on, by name */
  readonly samples?: ReadonlyMap<string, TriedOn> | undefined;
  /** the hosts on which a run is at work, and who */
  readonly holders?: readonly { readonly host: string; readonly who: string }[] | undefined;
  /** what an upgrade changes on hosts before anything is planned for them, by host */
  readonly forecasts?: ReadonlyMap<string, HostForecast> | undefined;
  /** what freezes the cluster; of hold: the one that was set */
  readonly holds?: readonly ClusterHold[] | undefined;
  /** whose run it is that is told of */
  readonly followed?: FollowedRun | undefined;
  /** of hold: those that were released or replaced */
  readonly heldBefore?: readonly ClusterHold[] | undefined;
  /** of accept: what is accepted, or what it has done */
  readonly accepted?: AcceptedTold | undefined;
  /** what was asked from outside */
  readonly checks?: readonly CheckResult[] | undefined;
  /** the browser in which some of them were asked */
  readonly browser?: BrowserTold | undefined;
  /** whether the cluster may be changed now */
  readonly today?: Today | undefined;
  /** which known troubles were looked for */
  readonly troubles?: readonly TroubleResult[] | undefined;
  /** what the manual says of codes */
  readonly explanations?: readonly CodeExplanation[] | undefined;
  /** of config: what counts on this machine */
  readonly settings?: readonly Setting[] | undefined;
  /** of docs: pages of the manual */
  readonly pages?: readonly PageTold[] | undefined;
  /** of schema: which there are, or were written */
  readonly schemas?: readonly SchemaTold[] | undefined;
  /** of schedule: what runs by itself, and what it has found */
  readonly schedule?: ScheduleTold | undefined;
  /** what a maintainer gets, which has no text in it that isn't known to be harmless */
  readonly support?: SupportBundle | undefined;
}

/**
 * Makes what a command tells into the document whose form is `reportSchema`. All views show this and nothing
 * else, so here is where everything is made harmless: the secrets of the run are hidden, in the words of
 * others whatever looks like one as well, and what a terminal would obey is written out. A command tells of
 * one plan several times, and the differences between files take long: a maker keeps what it has made of a
 * host's plan.
 */
export class DocumentMaker {
  readonly #secrets: Masker;
  /** by the plan as it is, secrets and all */
  #parts = new WeakMap<HostPlan, PlanPart>();
  /** how many secrets were known when the parts were made */
  #known = 0;

  constructor(secrets: Masker) {
    this.#secrets = secrets;
  }

  make(result: RunResult, told: Told = {}): ReportDocument {
    const { hosts, ...rest } = result;
    const masked = this.#secrets.maskAll(told);
    const documents = hosts.map(({ plan, ...ending }, index) =>
      hostDocument(this.#partOf(plan), this.#secrets.maskAll(ending), {
        lastRun: masked.last?.get(plan.host),
        keys: masked.keys?.[index],
        hostname: masked.hostnames?.get(plan.host),
        sample: masked.samples?.get(plan.host),
        forecast: masked.forecasts?.get(plan.host),
      }),
    );
    const exitStatus = told.exitStatus ?? exitStatusOf(result, { comparing: false });
    return documentOf(this.#secrets.maskAll(rest), documents, { ...masked, exitStatus });
  }

  #partOf(plan: HostPlan): PlanPart {
    if (this.#secrets.size !== this.#known) this.#parts = new WeakMap();
    this.#known = this.#secrets.size;
    const part = this.#parts.get(plan) ?? planPart(this.#secrets.maskAll(plan));
    this.#parts.set(plan, part);
    return part;
  }
}

/** The document of a command that tells of its result only once. */
export function reportDocument(result: RunResult, told: Told, secrets: Masker): ReportDocument {
  return new DocumentMaker(secrets).make(result, told);
}

/** The document of a command that ended before there was a result. */
export function errorReport(
  command: string,
  told: Pick<Told, 'taken'> & { readonly exitStatus: number; readonly errors: readonly Problem[] },
  secrets: Masker,
): ReportDocument {
  const interrupted = told.errors.some((error) => error.code === 'interrupted');
  const nothing: RunResult = { command, run: undefined, hosts: [], warnings: [], interrupted };
  return reportDocument(nothing, told, secrets);
}

/** Warnings of ours for a document that is made already. */
export function ownWarnings(warnings: readonly string[], secrets: Masker): readonly string[] {
  return secrets.maskAll(warnings).map(ownLine);
}

/** Keys stand in the order in which they came into the document: a script may compare its text. */
function documentOf(
  { command, run, warnings, interrupted, aborted }: Omit<RunResult, 'hosts'>,
  hosts: ReportHost[],
  told: Told & { readonly exitStatus: number },
): ReportDocument {
  const { errors = [], byHand = [], rollout, runs, exitStatus } = told;
  return {
    ...{ schemaVersion: 1, command },
    run: run === undefined ? null : cleanName(run),
    hosts,
    summary: { exitStatus, ...summaryOf(hosts), interrupted },
    warnings: warnings.map(ownLine),
    byHand: byHand.map(({ title, text }) => ({ title: ownLine(title), text: showable(text) })),
    ...(rollout === undefined ? {} : { rollout: rollout.map(rolloutDocument) }),
    ...(runs === undefined ? {} : { runs: runs.map(pastRunDocument) }),
    ...(errors.length === 0 ? {} : { errors: errors.map(errorDocument) }),
    ...(told.force ? { force: true } : {}),
    ...policiesDocument(told.policies),
    ...othersDocument(told),
    ...holdsDocument(told),
    ...followedDocument(told.followed, aborted),
    ...acceptedDocument(told.accepted),
    ...todayDocument(told.today),
    ...(told.taken === undefined
      ? {}
      : { inventoryFile: { path: cleanName(told.taken.path), from: told.taken.from } }),
    ...(told.inventory === undefined ? {} : { inventory: inventoryDocument(told.inventory) }),
    ...begunDocument(told.begun),
    ...(told.playbook === undefined ? {} : { playbook: cleanName(told.playbook) }),
    ...(told.holders === undefined
      ? {}
      : {
          holders: told.holders.map(({ host, who }) => ({ host: cleanName(host), who: showableLine(who) })),
        }),
    ...(told.checks === undefined ? {} : { checks: told.checks.map(checkDocument) }),
    ...browserDocument(told.browser),
    ...(told.troubles === undefined ? {} : { troubles: told.troubles.map(troubleDocument) }),
    ...(told.explanations === undefined ? {} : { explanations: told.explanations.map(explanationDocument) }),
    ...settingsDocument(told.settings),
    ...schemasDocument(told.schemas),
    ...pagesDocument(told.pages),
    ...(told.notes === undefined || told.notes.length === 0 ? {} : { notes: told.notes.map(ownLine) }),
    ...scheduleDocument(told.schedule),
    ...(told.support === undefined ? {} : { support: told.support }),
  };
}

function summaryOf(
  hosts: readonly ReportHost[],
): Pick<ReportDocument['summary'], 'hosts' | 'statuses' | 'changes' | 'restarts' | 'reloads'> {
  const statuses: ReportDocument['summary']['statuses'] = {};
  for (const { status } of hosts) statuses[status] = (statuses[status] ?? 0) + 1;
  const kinds = hosts.flatMap(({ handlers }) => handlers.flatMap((handler) => handler.kinds ?? []));
  return {
    hosts: hosts.length,
    statuses,
    changes: hosts.reduce((sum, { changes }) => sum + changes.length, 0),
    restarts: kinds.filter((kind) => kind === 'restart').length,
    reloads: kinds.filter((kind) => kind === 'reload').length,
  };
}

function policiesDocument(verdicts: Told['policies']): Pick<ReportDocument, 'policies'> {
  if (verdicts === undefined) return {};
  const policies = verdicts.map(({ policy, deny, warn, failed }) => ({
    ...{ policy: showableLine(policy), deny: deny.map(showableLine), warn: warn.map(showableLine) },
    ...(failed === undefined ? {} : { failed: ownLine(failed.why) }),
  }));
  return { policies };
}

function othersDocument({ beside }: Told): Pick<ReportDocument, 'otherClusters'> {
  if (beside === undefined || beside.size === 0) return {};
  const otherClusters = [...beside].map(([host, clusters]) => ({
    host: cleanName(host),
    clusters: clusters.map(cleanName),
  }));
  return { otherClusters };
}

/** The manual is ours: what it says of secrets and of the options for them stays. */
function explanationDocument({
  code,
  page,
  section,
  what,
  next,
  mentions,
}: CodeExplanation): ReportExplanation {
  return {
    ...{ code: cleanName(code), page: cleanName(page) },
    ...{ section: ownLine(section), what: ownLine(what) },
    ...(next === undefined ? {} : { next: ownLine(next) }),
    mentions: mentions.map((mention) => ({
      page: cleanName(mention.page),
      section: ownLine(mention.section),
      text: ownLine(mention.text),
    })),
  };
}

function inventoryDocument({ file, cluster, playbook, roles }: ReportInventory): ReportInventory {
  return {
    ...{ file: cleanName(file), cluster: cleanName(cluster), playbook: cleanName(playbook) },
    roles: roles.map(({ role, ...rest }) => ({ role: cleanName(role), ...rest })),
  };
}
