import type { Change } from '../../src/model/change.ts';
import type { HostPlan } from '../../src/model/plan.ts';

export const oneChange: Change = {
  path: '/etc/example',
  kind: 'file',
  action: 'create',
  steps: ['example'],
  before: { kind: 'absent' },
  after: { kind: 'file', content: Buffer.from('text\n'), mode: 0o644, user: 'root', group: 'root' },
};

/** A plan of a host with one change; what a test is about goes into `rest`. */
export function hostPlan(host: string, role: string, rest: Partial<HostPlan> = {}): HostPlan {
  return {
    host,
    role,
    recipe: undefined,
    problem: undefined,
    skipped: false,
    unreachable: false,
    actions: [],
    changes: [oneChange],
    handlers: [],
    guards: [],
    warnings: [],
    unsettled: [],
    units: [],
    ledger: undefined,
    snapshot: undefined,
    durationMs: 0,
    ...rest,
  };
}
