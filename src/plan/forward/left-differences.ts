import type { AcceptedNow, LeftAsIs } from '../../model/accepted.ts';
import { changeBetween } from '../../model/change.ts';
import { stateIn } from '../../model/snapshot.ts';
import type { SecretRegister } from '../../secrets/register.ts';
import { isFor, placeName, shownPath } from '../accepted.ts';
import { itemHash, itemValue } from '../items.ts';
import { concealChanges, type KnownItem } from './conceal.ts';
import type { Evaluation, StageEvaluation } from './evaluate.ts';

/** What the steps of a stage would change and a run leaves as it is. */
export function leftInStage(
  { host, traces }: StageEvaluation,
  items: readonly KnownItem[],
  secrets: SecretRegister,
): readonly LeftAsIs[] {
  return traces.flatMap((trace) =>
    trace.left.flatMap(({ path, items: left, left: now, wanted }): readonly LeftAsIs[] => {
      // Not with what later steps make of the file: that is no part of what stays.
      const difference = changeBetween(path, now, wanted, [trace.step]);
      if (difference === undefined) return [];
      const changes = concealChanges([difference], items, { secrets, formats: host.formats });
      const handlers = trace.changed ? [] : trace.notify;
      return changes.map((change) => ({ step: trace.step, items: left, change, handlers }));
    }),
  );
}

/**
 * What is to be said of differences that were accepted on this host and are not left as they are: their time
 * is over, the value is another one, or there is nothing to accept any more.
 */
export function acceptanceWarnings(
  { host, stages, traces }: Evaluation,
  all: readonly AcceptedNow[] = [],
): readonly string[] {
  const accepted = all.filter((one) => one.host === host.snapshot.host);
  // What isn't known yet may still be what was accepted.
  if (accepted.length === 0 || traces.some(({ later }) => later !== undefined)) return [];
  const left = traces.flatMap((trace) => trace.left);
  return accepted.flatMap((one) => {
    const stays = left.some(({ path, items }) =>
      items.some(
        (item) => item.accepted?.since === one.since && (isFor(one, item) || shownPath(path) === one.path),
      ),
    );
    if (stays) return [];
    const name = placeName(one);
    const by = `${one.who} accepted ${name} on ${one.since.slice(0, 10)} (${one.reason})`;
    const byStep = left
      .flatMap(({ items }) => items)
      .filter((item) => isFor(one, item) || (one.key === undefined && shownPath(item.path) === one.path));
    if (byStep.length > 0 || differs(one, stages)) {
      const isKept = byStep.length > 0 && byStep.every(({ because }) => because === 'keep');
      const now = isKept ? ', and its step keeps it as it is' : ', so it is drift again';
      return one.ended
        ? [`${by}, until ${minute(one.until)}: that time is over${now}`]
        : [`${by}: it has changed again since${now}`];
    }
    const end = `end it with: clusterproxy accept --end ${one.host} ${one.path}${one.key === undefined ? '' : ` ${one.key}`}`;
    return isManagedHere(one, stages)
      ? [`${by}, and it no longer differs from the plan; ${end}`]
      : [`${by}, and no step of the playbook manages that on this host; ${end}`];
  });
}

function differs(one: AcceptedNow, stages: readonly StageEvaluation[]): boolean {
  return stages.some(({ host, traces }) => {
    if (one.key === undefined && host.touched.some((path) => shownPath(path) === one.path)) {
      return host.touched.some((path) => {
        if (shownPath(path) !== one.path) return false;
        const before = stateIn(host.snapshot, path) ?? ({ kind: 'absent' } as const);
        return changeBetween(path, before, host.state(path), []) !== undefined;
      });
    }
    return traces.some(({ managed }) =>
      managed.some((item) => {
        if (!isFor(one, item)) return false;
        const before = stateIn(host.snapshot, item.path) ?? ({ kind: 'absent' } as const);
        const value = (state: typeof before) => itemHash(itemValue(item, state, host.formats));
        return value(before) !== value(host.state(item.path));
      }),
    );
  });
}

function isManagedHere(one: AcceptedNow, stages: readonly StageEvaluation[]): boolean {
  return stages.some(({ traces }) =>
    traces.some(({ managed, paths }) =>
      one.key === undefined
        ? [...managed.map(({ path }) => path), ...paths].some((path) => shownPath(path) === one.path)
        : managed.some((item) => isFor(one, item)),
    ),
  );
}

/** `2026-12-31 16:00 UTC` */
function minute(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}
