import { type Change, changeBetween } from '../../src/model/change.ts';
import type { Handler } from '../../src/model/handler.ts';
import type { ClusterPlan, HostPlan, PlannedHandler } from '../../src/model/plan.ts';
import type { HostResult, RunResult, Status } from '../../src/model/result.ts';
import type { PathState } from '../../src/model/snapshot.ts';
import { type Given, planOf } from '../support/host-plan.ts';

/** Plans and results built by hand, for tests of what is printed of them. */

export const absent: PathState = { kind: 'absent' };

export function file(content: string): PathState {
  return { kind: 'file', content: Buffer.from(content), mode: 0o644, user: 'root', group: 'root' };
}

export function fileChange(
  path: string,
  before: string | undefined,
  after: string | undefined,
  steps = ['client-url'],
): Change {
  const [one, other] = [before, after].map((text) => (text === undefined ? absent : file(text))) as [
    PathState,
    PathState,
  ];
  const change = changeBetween(path, one, other, steps);
  if (change === undefined) throw new Error('nothing changes');
  return change;
}

export function handler(rest: Partial<Handler> & Pick<Handler, 'id'>): Handler {
  return {
    validate: undefined,
    actions: [],
    checks: [],
    guards: [],
    timeout: 90,
    settle: 3,
    rewrites: [],
    ...rest,
  };
}

export function hostPlan(host: string, rest: Given = {}): HostPlan {
  const recipe = { name: '2.6', reason: 'BigBlueButton 2.6' };
  return planOf(host, 'node', { recipe, durationMs: 120, ...rest });
}

const meetings = { id: 'meetings', query: { kind: 'http', args: [] } } as const;

export const restartWeb: PlannedHandler = {
  handler: handler({
    id: 'restart-bbb-web',
    actions: [{ kind: 'restart', unit: 'bbb-web.service' }],
    checks: [
      { kind: 'active', unit: 'bbb-web.service' },
      { kind: 'port', port: 8090 },
    ],
    guards: [meetings],
  }),
  because: ['client-url', 'cors'],
};

export const reloadNginx: PlannedHandler = {
  handler: handler({
    id: 'reload-nginx',
    validate: ['nginx', '-t'],
    actions: [{ kind: 'reload', unit: 'nginx.service' }],
    checks: [{ kind: 'nginx-workers' }],
  }),
  because: ['locations'],
};

/** A node with one changed value, a secret in the context, and a handler that people notice. */
export function nodePlan(host: string, rest: Given = {}): HostPlan {
  const before = 'securitySalt=330a8b\ndefaultHTML5ClientUrl=/html5client/join\nx=1\n';
  const after = before.replace('/html5client/join', `https://${host}.example.com/${host}/html5client/join`);
  return hostPlan(host, {
    changes: [fileChange('/etc/bigbluebutton/bbb-web.properties', before, after)],
    handlers: [restartWeb],
    ...rest,
  });
}

export function clusterPlan(hosts: readonly HostPlan[], rest: Partial<ClusterPlan> = {}): ClusterPlan {
  return { hosts, byHand: [], warnings: [], ...rest };
}

export function hostResult(plan: HostPlan, status: Status, rest: Partial<HostResult> = {}): HostResult {
  return { plan, status, problem: undefined, ran: [], warnings: plan.warnings, durationMs: 0, ...rest };
}

export function runResult(hosts: readonly HostResult[], rest: Partial<RunResult> = {}): RunResult {
  return {
    command: 'apply',
    run: '20261121T074501Z-4f2a9c',
    hosts,
    warnings: [],
    interrupted: false,
    ...rest,
  };
}
