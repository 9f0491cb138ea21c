import type { Change } from '../../model/change.ts';
import type { Action, Check, Guard, Handler } from '../../model/handler.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { PlannedHandler } from '../../model/plan.ts';
import { type Snapshot, type UnitState, unitOfPath } from '../../model/snapshot.ts';

/** The handlers that remain once it is known which of their units run, with problems and warnings. */
export interface FittedHandlers {
  readonly handlers: readonly PlannedHandler[];
  readonly problem: Problem | undefined;
  readonly warnings: readonly string[];
}

export interface UnitsOfHost {
  /** the host's state when the stage starts */
  readonly snapshot: Snapshot;
  readonly changes: readonly Change[];
  /** units whose `active` the plan controls: if one of them isn't running, that is intended */
  readonly managed: ReadonlySet<string>;
  /** actions of this stage may bring units that nothing names */
  readonly acts?: boolean;
  /** handlers that may turn out not to be needed, once what an action brings is known */
  readonly open?: ReadonlySet<string>;
  /**
   * whether a handler is only about files that are restored, by a rollback, on a host that leaves, or because
   * other software does the work now: a unit that isn't running doesn't need to load them
   */
  givesBack(handler: string): boolean;
}

/**
 * Fit handlers to the units of a host. systemctl(1) can't reload a unit that isn't running, and it starts a
 * stopped unit when asked to restart it. So actions on a unit that the plan itself stops are left out; a
 * reload of a unit that is down is a problem, reported with the command that fixes it; an unexpected start is
 * a warning.
 */
export function fitHandlers(handlers: readonly PlannedHandler[], host: UnitsOfHost): FittedHandlers {
  const fitted = handlers.map((planned) => fitHandler(planned, host));
  return {
    handlers: fitted.flatMap(({ planned }) => planned ?? []),
    problem: fitted.find(({ problem }) => problem !== undefined)?.problem,
    warnings: [...new Set(fitted.flatMap(({ warnings }) => warnings))],
  };
}

interface Fitted {
  readonly planned?: PlannedHandler | undefined;
  readonly problem?: Problem | undefined;
  readonly warnings: readonly string[];
}

function fitHandler(planned: PlannedHandler, host: UnitsOfHost): Fitted {
  const { handler } = planned;
  const units = [...new Set(handler.actions.flatMap((action) => ('unit' in action ? [action.unit] : [])))];
  const stopped = units.filter((unit) => isStopped(unit, host));
  const givesBack = host.givesBack(handler.id);
  const idle = givesBack
    ? units.filter((unit) => !stopped.includes(unit) && isReloaded(handler, unit) && isDown(unit, host))
    : [];
  const gone = givesBack ? units.filter((unit) => isMissing(unit, host)) : [];
  const without = new Set([...stopped, ...idle, ...gone]);
  const rest = without.size === 0 ? handler : withoutUnits(handler, without);
  const left = units.filter((unit) => !without.has(unit));
  return {
    planned: rest === undefined ? undefined : { ...planned, handler: rest },
    problem: host.open?.has(handler.id)
      ? undefined
      : left.flatMap((unit) => problemOf(unit, handler, host) ?? [])[0],
    warnings: [
      ...idle.map(
        (unit) =>
          `${unit} is not running, so it is not reloaded; it will load the former files when it is started`,
      ),
      ...gone.map((unit) => `there is no unit ${unit} on this host any more, so ${handler.id} leaves it out`),
      ...left
        .filter((unit) => !isReloaded(handler, unit) && isDown(unit, host) && !isStarted(unit, host))
        .map((unit) => `${unit} is not running now; ${handler.id} starts it`),
    ],
  };
}

/** The unit that such a check looks at. */
const workersOf = { 'nginx-workers': 'nginx.service', 'haproxy-workers': 'haproxy.service' } as const;

/** The handler without its actions and checks on these units; undefined if nothing is left to do. */
function withoutUnits(handler: Handler, units: ReadonlySet<string>): Handler | undefined {
  const keeps = (one: Action | Check) => !('unit' in one) || !names(units).has(fullName(one.unit));
  const actions = handler.actions.filter(keeps);
  if (actions.every(({ kind }) => kind === 'daemon-reload')) return undefined;
  const checks = handler.checks
    .filter(keeps)
    .filter(
      ({ kind }) => !(kind in workersOf) || !names(units).has(workersOf[kind as keyof typeof workersOf]),
    );
  return { ...handler, actions, checks };
}

function problemOf(unit: string, handler: Handler, host: UnitsOfHost): Problem | undefined {
  const { snapshot } = host;
  if (isMissing(unit, host)) {
    return {
      code: 'unit-missing',
      message: `there is no unit ${unit} on this host, and the handler ${handler.id} would act on it; nothing was changed`,
      next: 'install the software that brings it, or correct the name of the unit in the playbook',
      host: snapshot.host,
    };
  }
  const state = stateOf(unit, host);
  if (state === undefined || isStarted(unit, host)) return undefined;
  const verb = isReloaded(handler, unit) ? 'reload' : 'restart';
  if (state.load === 'masked') {
    return {
      code: 'unit-not-running',
      message: `${unit} is masked, so the handler ${handler.id} can't ${verb} it; nothing was changed`,
      next: `run on the host: systemctl unmask ${unit} && systemctl start ${unit}; then run the command again`,
      host: snapshot.host,
    };
  }
  if (verb === 'restart' || !isDown(unit, host)) return undefined;
  const failed = state.active === 'failed';
  return {
    code: 'unit-not-running',
    message: `${unit} ${failed ? 'has failed' : 'is not running'}, and the handler ${handler.id} can only reload it, so the new files would not be loaded; nothing was changed`,
    next: `run on the host: ${failed ? `systemctl reset-failed ${unit} && ` : ''}systemctl start ${unit}${failed ? ` (journalctl -u ${unit} says why it failed)` : ''}; then run the command again`,
    host: snapshot.host,
  };
}

/** Stopped by the plan, or intentionally not running. */
function isStopped(unit: string, host: UnitsOfHost): boolean {
  const after = changeOf(unit, host)?.after;
  if (after !== undefined) return after.kind === 'unit' && after.active !== 'active';
  return names(host.managed).has(fullName(unit)) && isDown(unit, host);
}

/** The plan starts it, or may do so; whether anything prevents that is known later. */
function isStarted(unit: string, host: UnitsOfHost): boolean {
  const after = changeOf(unit, host)?.after;
  return after?.kind === 'pending' || (after?.kind === 'unit' && after.active === 'active');
}

function isDown(unit: string, host: UnitsOfHost): boolean {
  const state = stateOf(unit, host);
  return state !== undefined && ['inactive', 'failed'].includes(state.active);
}

/** It doesn't exist, and nothing in the plan may bring it. */
function isMissing(unit: string, host: UnitsOfHost): boolean {
  const { snapshot, changes, acts } = host;
  if (acts === true || snapshot.isSample === true || snapshot.pending !== undefined || isStarted(unit, host))
    return false;
  const found = namesOf(unit).flatMap((name) => snapshot.units.get(name) ?? []);
  if (found.length === 0 || found.some(({ load }) => load !== 'not-found')) return false;
  const files = [fullName(unit), fullName(unit).replace(/@[^.]*\./, '@.')];
  return !changes.some(
    ({ path, after }) => after.kind !== 'absent' && files.some((file) => path.endsWith(`/${file}`)),
  );
}

/**
 * Undefined if it wasn't read or doesn't exist: an action may bring it; see isMissing.
 */
function stateOf(unit: string, { snapshot }: UnitsOfHost): UnitState | undefined {
  const found = namesOf(unit);
  if (found.some((name) => snapshot.pending?.units.has(name))) return undefined;
  const state = found.flatMap((name) => snapshot.units.get(name) ?? [])[0];
  return state?.load === 'not-found' ? undefined : state;
}

function isReloaded({ actions }: Handler, unit: string): boolean {
  return !actions.some((action) => action.kind === 'restart' && action.unit === unit);
}

function changeOf(unit: string, { changes }: UnitsOfHost): Change | undefined {
  return changes.find(({ path }) => fullName(unitOfPath(path) ?? '') === fullName(unit));
}

/**
 * The changes; each change of a unit gets the guards that are asked before the plan or a revert stops it:
 * those of handlers that restart, reload or wait for the unit, since these interrupt the same people.
 */
export function withStopGuards(changes: readonly Change[], handlers: readonly Handler[]): readonly Change[] {
  return changes.map((change) => {
    const unit = unitOfPath(change.path);
    if (unit === undefined) return change;
    const guards = uniqueGuards(handlers.filter((handler) => concerns(handler, unit)));
    return guards.length === 0 ? change : { ...change, guards };
  });
}

function concerns({ actions, checks }: Handler, unit: string): boolean {
  return [...actions, ...checks].some((one) => 'unit' in one && fullName(one.unit) === fullName(unit));
}

export function uniqueGuards(handlers: readonly Handler[]): readonly Guard[] {
  const guards = handlers.flatMap((handler) => handler.guards);
  return [...new Map(guards.map((guard) => [guard.id, guard] as const)).values()];
}

/** systemctl(1) takes a name without a suffix as that of a service. */
function fullName(unit: string): string {
  return /\.[a-z]+$/.test(unit) ? unit : `${unit}.service`;
}

function namesOf(unit: string): readonly string[] {
  return [unit, fullName(unit), shortName(unit)];
}

function shortName(unit: string): string {
  return unit.replace(/\.service$/, '');
}

function names(units: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...units].map(fullName));
}
