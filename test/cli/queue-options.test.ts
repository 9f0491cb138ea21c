import { describe, expect, it } from 'vitest';
import { expectQueueing, policyWith, type QueueOptions } from '../../src/cli/queue-options.ts';
import type { OperatorError } from '../../src/model/operator-error.ts';
import type { BusyPolicy, WhenBusy } from '../../src/model/when-busy.ts';

const none: QueueOptions = { whenIdle: false, withoutCordon: false };
const usual: WhenBusy = { all: undefined, roles: new Map() };

function refusal(work: () => unknown): OperatorError['problem'] | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as OperatorError).problem;
  }
}

describe('what is said of hosts that change themselves', () => {
  const said = (
    options: Partial<QueueOptions> & { whenBusy?: BusyPolicy; force?: boolean },
    whenBusy: WhenBusy = usual,
  ) => refusal(() => expectQueueing({ ...none, ...options }, { file: 'prod.yaml', whenBusy }));

  it('is refused where none does', () => {
    expect(said({ idleFor: 60 })).toMatchObject({
      code: 'usage',
      message:
        '--idle-for is about hosts that change themselves once nobody is there, and by this call and prod.yaml none does',
      next: 'add --when-idle, or leave it out',
    });
    expect(said({ until: 60, withoutCordon: true })?.message).toMatch(/^--until and --without-cordon are /);
    expect(said({ idleFor: 60, whenBusy: 'drain' })).toBeDefined();
    const later: WhenBusy = { all: 'later', roles: new Map() };
    expect(said({ idleFor: 60, force: true }, later)).toBeDefined();
  });

  it('counts where the call or the inventory wants it, for one role at least', () => {
    expect(said({})).toBeUndefined();
    expect(said({ idleFor: 60, whenBusy: 'later' })).toBeUndefined();
    const byRole: WhenBusy = { all: 'refuse', roles: new Map([['node', 'later']]) };
    expect(said({ idleFor: 60, until: 60, withoutCordon: true }, byRole)).toBeUndefined();
  });
});

it('--when-idle is the policy later, and goes with no other', () => {
  expect(policyWith({ ...none, whenIdle: true })).toMatchObject({ whenBusy: 'later' });
  expect(refusal(() => policyWith({ ...none, whenIdle: true, whenBusy: 'wait' }))?.code).toBe('usage');
  expect(refusal(() => policyWith({ ...none, whenIdle: true, force: true }))?.code).toBe('usage');
});
