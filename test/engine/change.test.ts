import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { approvalTime, carryOutChange, type Engine } from '../../src/engine/change.ts';
import { digestOf } from '../../src/engine/digest.ts';
import type { Answer, ApplyRequest, ChangeRequest, ChangeState } from '../../src/engine/messages.ts';
import { nextRound, runOfRound } from '../../src/engine/next-round.ts';
import type { SavedPlan } from '../../src/plan/saved/saved-plan.ts';
import type { ReportDocument } from '../../src/report/document/schema.ts';
import { isRunId } from '../../src/run/again/identity.ts';

const plan: SavedPlan = {
  ...{ schemaVersion: 2, version: '1', inventory: 'i', playbook: 'p', salt: 's' },
  hosts: [],
};
const request: ChangeRequest = {
  ...{ cluster: 'school', inventory: 'hash', picture: false, plan, keepTrying: 0 },
  options: {
    ...{ parallel: 4, prune: false, names: false, window: [], whenIdle: false, withoutCordon: false },
    ...{ onFailure: 'stop', confirm: 'host', force: false, now: false, waitTimeout: 60, drainTimeout: 60 },
    ...{ despitePolls: false, maxFailures: 0, confirmTimeout: 120, lockWait: 0, verify: false },
  },
};

type Ending = 'done' | 'failed' | 'put off' | 'lost' | 'stopped' | 'aborted';

/** As far as what follows is decided from it. */
function documentOf(ending: Ending): ReportDocument {
  const statuses = { done: 0, failed: 3, 'put off': 5, lost: 3, stopped: 130, aborted: 130 };
  return {
    summary: { exitStatus: statuses[ending], interrupted: ending === 'stopped' || ending === 'aborted' },
    ...(ending === 'lost' ? { followed: { phase: 'lost' } } : {}),
    ...(ending === 'aborted' ? { aborted: { by: 'root', from: 'here', since: 0 } } : {}),
  } as unknown as ReportDocument;
}

/** The process that a workflow runs in is gone. */
class Crash extends Error {}

/** An engine that remembers each answer, and crashes before or after any of them. */
class RememberingEngine {
  readonly told: ChangeState[] = [];
  /** runs that were carried out, in their order */
  readonly runs: string[] = [];
  readonly slept: number[] = [];
  asked = 0;
  #time = 0;
  readonly #journal: unknown[] = [];
  readonly #endings: Ending[];
  readonly #crashes: readonly boolean[];
  #calls = 0;

  constructor(endings: readonly Ending[], crashes: readonly boolean[] = []) {
    this.#endings = [...endings];
    this.#crashes = crashes;
  }

  /** Carries a change out to its end, from its beginning after each crash. */
  async carryOut(said: 'yes' | 'no' | undefined, asked = request) {
    for (;;) {
      try {
        return await carryOutChange(asked, this.#engine(said));
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      }
    }
  }

  #engine(said: 'yes' | 'no' | undefined): Engine {
    let step = 0;
    const remembered = async <Result>(work: () => Result): Promise<Result> => {
      const number = step++;
      if (number < this.#journal.length) return this.#journal[number] as Result;
      this.#crash();
      this.#journal.push(work());
      this.#crash();
      return this.#journal[number] as Result;
    };
    return {
      id: 'change',
      tell: (state) => this.told.push(state),
      answer: (digest, patience) =>
        remembered(() => {
          this.asked++;
          expect([digest, patience]).toEqual([digestOf(plan), approvalTime]);
          return said;
        }),
      apply: (cluster, { run }: ApplyRequest) =>
        remembered((): Answer => {
          expect(cluster).toBe('school');
          this.runs.push(run);
          return { document: documentOf(this.#endings.shift() ?? 'done') };
        }),
      now: () => remembered(() => this.#time),
      sleep: (duration) =>
        remembered(() => {
          this.slept.push(duration);
          this.#time += duration;
        }),
    };
  }

  #crash(): void {
    if (this.#crashes[this.#calls++] === true) throw new Crash();
  }
}

describe('a change', () => {
  it('begins nothing without a yes', async () => {
    for (const [said, kind] of [
      ['no', 'declined'],
      [undefined, 'not-approved'],
    ] as const) {
      const engine = new RememberingEngine([]);
      expect([await engine.carryOut(said), engine.runs]).toEqual([{ kind }, []]);
    }
  });

  it.each<[Ending, readonly string[]]>([
    ['done', ['change']],
    ['failed', ['change']],
    ['put off', ['change']],
    ['aborted', ['change']],
    ['lost', ['change', 'change-r2']],
    ['stopped', ['change', 'change-r2']],
  ])('that is %s has the runs %j', async (ending, runs) => {
    const engine = new RememberingEngine([ending]);
    expect(await engine.carryOut('yes')).toMatchObject({ kind: 'carried-out' });
    expect(engine.runs).toEqual(runs);
  });

  it('does not go on for ever where each worker is lost', async () => {
    const engine = new RememberingEngine(Array.from({ length: 20 }, () => 'lost' as const));
    expect(await engine.carryOut('yes')).toEqual({
      ...{ kind: 'carried-out', answer: { document: documentOf('lost') } },
    });
    expect(engine.runs).toHaveLength(5);
  });

  it('comes back for hosts that were put off, for as long as it may', async () => {
    const often = Array.from({ length: 50 }, () => 'put off' as const);
    const engine = new RememberingEngine(often);
    await engine.carryOut('yes', { ...request, keepTrying: 1_800 });
    expect(engine.slept.reduce((sum, one) => sum + one, 0)).toBe(1_800_000);
    expect(engine.runs.length).toBe(engine.slept.length + 1);
    expect(engine.told.filter(({ phase }) => phase === 'waiting')).toHaveLength(engine.slept.length);
  });

  it('asks once and carries out each run once, however often it is cut off', async () => {
    const endings = fc.array(fc.constantFrom<Ending>('put off', 'lost', 'stopped', 'done', 'failed'), {
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(endings, fc.array(fc.boolean(), { maxLength: 40 }), async (ends, crashes) => {
        const asked = { ...request, keepTrying: 3_600 };
        const [smooth, rough] = [new RememberingEngine(ends), new RememberingEngine(ends, crashes)];
        const end = await smooth.carryOut('yes', asked);
        expect(await rough.carryOut('yes', asked)).toEqual(end);
        expect([rough.runs, rough.slept, rough.asked]).toEqual([smooth.runs, smooth.slept, 1]);
        expect(new Set(rough.runs).size).toBe(rough.runs.length);
      }),
    );
  });
});

describe('the ids of its runs', () => {
  it('are such as an operator may give, and none is a stage of another', () => {
    for (let round = 1; round < 2_000; round++)
      expect(isRunId(runOfRound('20261121T074501Z-4f2a9c', round))).toBe(true);
  });
});

describe('what follows a round', () => {
  it('an aborted run is not begun again, although it was cut off', () => {
    expect(nextRound(documentOf('aborted'), { losses: 0, hasTime: true })).toBe('over');
  });
});

describe('the digest of a plan', () => {
  it('is the same in whatever order its keys come, and another one for another plan', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string()), (salt, hosts) => {
        const made = { ...plan, salt, hosts: hosts.map((host) => ({ ...emptyHost, host })) };
        const turned = Object.fromEntries(Object.entries(made).toReversed()) as unknown as SavedPlan;
        expect(digestOf(turned)).toBe(digestOf(made));
        expect(digestOf({ ...made, salt: `${salt}.` })).not.toBe(digestOf(made));
      }),
    );
  });
});

const emptyHost = {
  ...{ machineId: '', recipe: '', problem: '', skipped: false, stages: [], leaves: false, ledgerRun: '' },
};
