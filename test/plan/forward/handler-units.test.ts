import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/model/change.ts';
import type { Action, Handler } from '../../../src/model/handler.ts';
import { noReads } from '../../../src/model/reads.ts';
import { type UnitState, unitPath } from '../../../src/model/snapshot.ts';
import { fitHandlers, type UnitsOfHost, withStopGuards } from '../../../src/plan/forward/handler-units.ts';
import { snapshotOf } from '../../support/snapshot-from-folder.ts';

const running: UnitState = { load: 'loaded', active: 'active', sub: 'running', enabled: 'enabled' };
const stopped: UnitState = { load: 'loaded', active: 'inactive', sub: 'dead', enabled: 'disabled' };

function handler(id: string, actions: readonly Action[], more: Partial<Handler> = {}): Handler {
  const base = { validate: undefined, checks: [], guards: [], timeout: 60, settle: 0, rewrites: [] };
  return { id, actions, ...base, ...more };
}
const reload = handler('reload-nginx', [{ kind: 'reload', unit: 'nginx.service' }], {
  checks: [{ kind: 'active', unit: 'nginx.service' }, { kind: 'nginx-workers' }],
});
const restart = handler('restart-nginx', [{ kind: 'restart', unit: 'nginx' }]);

function fitOne(one: Handler, unit: UnitState | undefined, more: Partial<UnitsOfHost> = {}) {
  const units = new Map(unit === undefined ? [] : [['nginx.service', unit] as const]);
  const snapshot = { ...snapshotOf({ name: 'a' }, noReads), units, isSample: false };
  const host = { snapshot, changes: [], managed: new Set<string>(), givesBack: () => false, ...more };
  return fitHandlers([{ handler: one, because: [] }], host);
}

function unitChange(before: string, after: string): Change {
  const unit = (active: string) => ({ kind: 'unit' as const, enabled: 'enabled', active });
  const path = unitPath('nginx.service');
  return { path, kind: 'unit', action: 'modify', steps: [], before: unit(before), after: unit(after) };
}

describe('a handler that reloads a unit', () => {
  it('is as it is where the unit runs, or where nobody knows', () => {
    for (const unit of [running, undefined]) {
      const fitted = fitOne(reload, unit);
      expect(fitted).toMatchObject({ problem: undefined, warnings: [] });
      expect(fitted.handlers[0]?.handler).toBe(reload);
    }
  });

  const missing = { ...stopped, load: 'not-found' };
  const created = (path: string): Change => ({ ...unitChange('', ''), kind: 'file', action: 'create', path });

  it.each([reload, restart])('is refused where there is no such unit: %j', (one) => {
    expect(fitOne(one, missing).problem).toMatchObject({
      code: 'unit-missing',
      message: expect.stringMatching(/^there is no unit nginx\S* on this host, and the handler re/),
    });
  });

  it.each<[string, Partial<UnitsOfHost>]>([
    ['the plan makes the unit', { changes: [created('/etc/systemd/system/nginx.service')] }],
    ['an action may bring it', { acts: true }],
    ['the host is a sample', { snapshot: { ...snapshotOf({ name: 'a' }, noReads) } }],
  ])('is as it is where %s', (_, more) => {
    const units = new Map([['nginx.service', missing] as const]);
    const host = more.snapshot === undefined ? more : { snapshot: { ...more.snapshot, units } };
    expect(fitOne(reload, missing, host).problem).toBeUndefined();
  });

  it('knows an instance by the template that the plan makes', () => {
    const one = handler('restart', [{ kind: 'restart', unit: 'web@1.service' }]);
    const snapshot = {
      ...snapshotOf({ name: 'a' }, noReads),
      isSample: false,
      units: new Map([['web@1.service', missing] as const]),
    };
    expect(fitOne(one, undefined, { snapshot }).problem?.code).toBe('unit-missing');
    const changes = [created('/etc/systemd/system/web@.service')];
    expect(fitOne(one, undefined, { snapshot, changes }).problem).toBeUndefined();
  });

  it('leaves out what is gone where files are given back', () => {
    const fitted = fitOne(reload, missing, { givesBack: () => true });
    expect(fitted).toMatchObject({ handlers: [], problem: undefined });
    expect(fitted.warnings).toEqual([
      'there is no unit nginx.service on this host any more, so reload-nginx leaves it out',
    ]);
  });

  it('is refused where it does not run, with the command that mends it', () => {
    expect(fitOne(reload, stopped).problem).toMatchObject({
      code: 'unit-not-running',
      next: 'run on the host: systemctl start nginx.service; then run the command again',
    });
    const failed = fitOne(reload, { ...stopped, active: 'failed' }).problem;
    expect(failed?.message).toContain('nginx.service has failed');
    expect(failed?.next).toContain('systemctl reset-failed nginx.service && systemctl start nginx.service');
    expect(fitOne(reload, { ...stopped, load: 'masked' }).problem?.next).toContain(
      'systemctl unmask nginx.service',
    );
  });

  it('is not where the plan starts the unit', () => {
    const fitted = fitOne(reload, stopped, { changes: [unitChange('inactive', 'active')] });
    expect(fitted.problem).toBeUndefined();
    expect(fitted.handlers).toHaveLength(1);
  });

  it('goes where the plan stops the unit, or means it not to run', () => {
    expect(fitOne(reload, running, { changes: [unitChange('active', 'inactive')] }).handlers).toEqual([]);
    expect(fitOne(reload, stopped, { managed: new Set(['nginx.service']) })).toMatchObject({
      handlers: [],
      problem: undefined,
    });
    const both = handler('both', [...reload.actions, { kind: 'restart', unit: 'web' }], {
      checks: [...reload.checks, { kind: 'active', unit: 'web' }],
    });
    const left = fitOne(both, running, { changes: [unitChange('active', 'inactive')] }).handlers[0]?.handler;
    expect(left?.actions).toEqual([{ kind: 'restart', unit: 'web' }]);
    expect(left?.checks).toEqual([{ kind: 'active', unit: 'web' }]);
  });

  it('goes, with a warning, where files are given back: what does not run has nothing to take up', () => {
    const fitted = fitOne(reload, { ...stopped, active: 'failed' }, { givesBack: () => true });
    expect(fitted).toMatchObject({ handlers: [], problem: undefined });
    expect(fitted.warnings.join()).toContain('nginx.service is not running, so it is not reloaded');
  });
});

describe('a handler that restarts a unit', () => {
  it('starts one that does not run, and the plan says so', () => {
    const fitted = fitOne(restart, stopped);
    expect(fitted.problem).toBeUndefined();
    expect(fitted.handlers).toHaveLength(1);
    expect(fitted.warnings).toEqual(['nginx is not running now; restart-nginx starts it']);
  });

  it('is refused where it is masked, and goes where the plan stops the unit', () => {
    expect(fitOne(restart, { ...stopped, load: 'masked' }).problem?.code).toBe('unit-not-running');
    expect(fitOne(restart, running, { changes: [unitChange('active', 'inactive')] }).handlers).toEqual([]);
  });
});

it('what handlers ask before they restart a unit is asked before it is stopped', () => {
  const guards = [{ id: 'calls', query: { kind: 'command' as const, args: ['false'] } }];
  const changes = [unitChange('active', 'inactive')];
  expect(withStopGuards(changes, [restart, { ...restart, guards }])[0]?.guards).toEqual(guards);
  expect(withStopGuards(changes, [handler('other', [{ kind: 'restart', unit: 'web' }], { guards })])).toEqual(
    changes,
  );
});
