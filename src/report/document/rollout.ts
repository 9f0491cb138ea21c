import type { RoleRollout, RoleWindow } from '../../model/rollout.ts';
import { ownLine } from '../../secrets/showable.ts';
import { cleanName } from './harmless.ts';
import { queueDocument } from './queued.ts';
import type { ReportRollout } from './schema.ts';

/** How a run will go through the hosts of one role. */
export function rolloutDocument(one: RoleRollout): ReportRollout {
  const { role, hosts, atOnce, maxUnavailable, down, held, whenBusy, handsOver, queue } = one;
  return {
    role: cleanName(role),
    hosts: hosts.map(cleanName),
    ...{ atOnce, maxUnavailable },
    held: held.map(cleanName),
    down: down.map(({ host, why }) => ({ name: cleanName(host), why: ownLine(why) })),
    ...(one.waves === undefined ? {} : { waves: one.waves.map((names) => names.map(cleanName)) }),
    ...(one.heldUpBy === undefined ? {} : { heldUpBy: cleanName(one.heldUpBy) }),
    ...(one.noDrain ? { noDrain: true } : {}),
    ...(one.after === undefined ? {} : { after: one.after }),
    ...(one.revertsWaves ? { onFailure: 'revert-wave' } : {}),
    ...(whenBusy === undefined ? {} : { whenBusy }),
    ...(handsOver === undefined
      ? {}
      : { handsOver: { hosts: handsOver.hosts.map(cleanName), what: ownLine(handsOver.what) } }),
    ...(queue === undefined ? {} : { queue: queueDocument(queue) }),
    ...(one.window === undefined ? {} : { window: windowDocument(one.window) }),
  };
}

function windowDocument(window: RoleWindow): NonNullable<ReportRollout['window']> {
  const { timeZone, timeZoneFrom, state, now, closes, opens, deadline, lastBegin, regardless } = window;
  return {
    ...{ timeZone, timeZoneFrom, now, regardless },
    ...(state === undefined ? {} : { state }),
    ...(closes === undefined ? {} : { closes }),
    ...(opens === undefined ? {} : { opens }),
    ...(deadline === undefined ? {} : { deadline }),
    ...(lastBegin === undefined ? {} : { lastBegin }),
    interrupting: window.interrupting.map(cleanName),
    deferred: window.deferred.map(cleanName),
    pastDeadline: window.pastDeadline.map(cleanName),
  };
}
