import type { Inventory } from '../inventory/inventory.ts';
import type { HookKind } from '../model/hook.ts';
import { type Problem, problemsOf } from '../model/operator-error.ts';
import { exitStatus } from '../model/result.ts';
import { errorReport, ownWarnings } from '../report/document/document.ts';
import type { ReportDocument, ReportHost } from '../report/document/schema.ts';
import { renderJson } from '../report/json/render.ts';
import { answerOf, failureOf } from '../run/hooks/answer.ts';
import { InOrder } from '../run/hooks/in-order.ts';
import { runProgram, usualLimit } from '../run/programs/run-program.ts';
import type { Environment } from './environment.ts';
import { variablesOf, withheldFrom } from './own-programs.ts';

export interface HooksOptions {
  readonly inventory: Pick<Inventory, 'file' | 'cluster' | 'secrets' | 'notify' | 'hooks'>;
  readonly environment: Pick<Environment, 'secrets' | 'signal' | 'leave' | 'phase'>;
  /** tells people, at once, what is worth a word of hooks */
  readonly warn: (text: string, command: string) => void;
  /** says what is waited for */
  readonly progress?: (text: string) => void;
  /** how long each call may take, and all that are left at the end of a run; milliseconds */
  readonly limits?: { readonly call: number; readonly left: number };
}

/** How long a hook may take where the operator leaves at once: what was switched off is to be on again. */
const leavingLimit = 5_000;

/** Nobody is told of a hook that takes less; milliseconds. */
const patience = 2_000;

const usualLimits = { call: usualLimit, left: 60_000 };

/** A host's document, with the id of its run. */
export interface EndedHost {
  readonly run: string;
  readonly host: string;
  readonly status: string;
  readonly document: () => ReportDocument;
}

/** The hooks of one command over an inventory that has some: what is called, when, and what came of it. */
export class Hooks {
  readonly #options: HooksOptions;
  readonly #afterHost: readonly InOrder[];
  readonly #warnings: string[] = [];
  /** `schedule run`, which does what other commands do */
  #schedule: string | undefined;
  #command = '';
  #isLook = false;
  /** a run was agreed on: `after-run` follows, whatever comes of it */
  #run: string | undefined;
  #isOver = false;

  constructor(options: HooksOptions) {
    this.#options = options;
    const { inventory, environment, limits = usualLimits } = options;
    this.#afterHost = (inventory.hooks?.['after-host'] ?? []).map(
      (program) =>
        new InOrder(program, {
          ...{ signal: environment.leave, withheld: withheldFrom(inventory) },
          ...{ limit: limits.call, patience: limits.left },
          warn: (text) => this.#warn(text),
        }),
    );
  }

  /** A schedule has called: `after-run` follows looks as well, and drift is told also where it is mended. */
  schedules(command: string): void {
    this.#schedule = command;
    this.#isLook = true;
  }

  /** The command only looks, and somebody wants to know whether anything differs. */
  looks(): void {
    this.#isLook = true;
  }

  /**
   * Calls `before-run`, one hook after the other, up to the first that refuses; with the document of a plan
   * that is agreed on. Returns why nothing may be changed.
   */
  async begin(document: ReportDocument, id: string): Promise<readonly Problem[]> {
    this.#run = id;
    this.#command = document.command;
    const input = this.#json({ ...document, command: this.#named });
    for (const program of this.#of('before-run')) {
      const called = runProgram(program, input, {
        ...{ signal: this.#options.environment.signal, limit: this.#limit },
        ...this.#surroundings('before-run', { CLUSTERPROXY_RUN: id }),
      });
      const end = await this.#waitFor('before-run', called);
      const { refusal, warnings } = answerOf(program, end);
      for (const text of warnings) this.#warn(text);
      if (refusal !== undefined) return [refusal];
    }
    return [];
  }

  /** Has `after-host` called, beside the run. */
  hostEnded({ run, host, status, document }: EndedHost): void {
    const own = { CLUSTERPROXY_RUN: run, CLUSTERPROXY_HOST: host, CLUSTERPROXY_STATUS: status };
    const { variables } = this.#surroundings('after-host', own);
    for (const one of this.#afterHost)
      one.add({ host, variables, document: () => this.#json({ ...document(), command: this.#named }) });
  }

  /** The command has ended: calls what is due, and adds what is worth a word of hooks to its document. */
  async ended(document: ReportDocument): Promise<ReportDocument> {
    if (this.#isOver) return document;
    this.#isOver = true;
    this.#command = document.command;
    const left = Promise.all(this.#afterHost.map((one) => one.finish()));
    await this.#waitFor('after-host', left);
    const isDrift = this.#isLook && !document.summary.interrupted && document.hosts.some(differs);
    if (isDrift) await this.#callAll('on-drift', this.#with(document));
    // That somebody has ended a look is no news, as when the machine of a process that watches is restarted.
    const isOver = this.#schedule !== undefined && !document.summary.interrupted;
    if (this.#run !== undefined || isOver) await this.#callAll('after-run', this.#with(document));
    return this.#with(document);
  }

  /** The command could not be brought to its end; nobody gets this document but hooks. */
  async failed(error: unknown): Promise<void> {
    const { secrets, phase } = this.#options.environment;
    const errors = problemsOf(error);
    const isInterrupted = errors.some(({ code }) => code === 'interrupted');
    const status = phase.changing ? exitStatus.failed : exitStatus.nothingTouched;
    const report = { exitStatus: isInterrupted ? exitStatus.interrupted : status, errors };
    await this.ended({ ...errorReport(this.#named, report, secrets), run: this.#run ?? null });
  }

  /** All hooks of a kind side by side; none of them can refuse anything. */
  async #callAll(kind: HookKind, document: ReportDocument): Promise<void> {
    const input = this.#json(document);
    const own = {
      CLUSTERPROXY_RUN: document.run ?? this.#run ?? '',
      CLUSTERPROXY_EXIT_STATUS: String(document.summary.exitStatus),
    };
    const { signal, leave } = this.#options.environment;
    // The next interruption ends it: an earlier one was about the run, whose end is to be told.
    const ending = leave.aborted ? new AbortController().signal : signal.aborted ? leave : signal;
    const calls = Promise.all(
      this.#of(kind).map(async (program) => {
        const end = await runProgram(program, input, {
          ...{ signal: ending, limit: leave.aborted ? Math.min(leavingLimit, this.#limit) : this.#limit },
          ...this.#surroundings(kind, own),
        });
        const failure = failureOf(program, kind, end);
        if (failure !== undefined) this.#warn(failure);
      }),
    );
    await this.#waitFor(kind, calls);
  }

  async #waitFor<Result>(kind: HookKind, calls: Promise<Result>): Promise<Result> {
    const late = setTimeout(() => this.#options.progress?.(`waiting for ${kind} hooks`), patience);
    return calls.finally(() => clearTimeout(late));
  }

  #of(kind: HookKind) {
    return this.#options.inventory.hooks?.[kind] ?? [];
  }

  get #limit(): number {
    return (this.#options.limits ?? usualLimits).call;
  }

  get #named(): string {
    return this.#schedule ?? this.#command;
  }

  /** Each hook has all of our variables, and none of those of a hook that has called us. */
  #surroundings(kind: HookKind, own: Readonly<Record<string, string>>) {
    const { inventory } = this.#options;
    const none = {
      ...{ CLUSTERPROXY_RUN: '', CLUSTERPROXY_HOST: '', CLUSTERPROXY_STATUS: '' },
      CLUSTERPROXY_EXIT_STATUS: '',
    };
    const usual = variablesOf(inventory, this.#named);
    const variables = { ...usual, ...none, CLUSTERPROXY_HOOK: kind, ...own };
    return { variables, withheld: withheldFrom(inventory) };
  }

  #warn(text: string): void {
    this.#warnings.push(text);
    this.#options.warn(text, this.#named);
  }

  #with(document: ReportDocument): ReportDocument {
    if (this.#warnings.length === 0) return document;
    const own = ownWarnings(this.#warnings, this.#options.environment.secrets);
    return { ...document, warnings: [...document.warnings, ...own] };
  }

  #json(document: ReportDocument): string {
    return this.#options.environment.secrets.mask(renderJson(document));
  }
}

/** Whether a host was found otherwise than it should be, also where a run has repaired it since. */
function differs({ status, changes }: ReportHost): boolean {
  return status === 'would-change' || status === 'drifted' || changes.length > 0;
}
