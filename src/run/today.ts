import { calendarOf, isByDay, usualDay } from '../calendar/calendar.ts';
import { localIso } from '../calendar/words.ts';
import type { RenewalsFound } from '../doctor/renewals-found.ts';
import type { Surroundings } from '../doctor/surroundings.ts';
import type { InventoryHost } from '../inventory/inventory.ts';
import { isoOf } from '../model/claims.ts';
import { type ClusterPlan, type HostPlan, stagesOf } from '../model/plan.ts';
import { noReads } from '../model/reads.ts';
import type { MayNow, Present, RoleCapacity, Today } from '../model/today.ts';
import { reportsOf } from '../plan/forward/guard-reports.ts';
import { guardsOf } from '../playbook/resolve/reads.ts';
import { holdsIn } from './claims/held.ts';
import { isOverHere } from './claims/leases.ts';
import type { RunOptions } from './options.ts';
import { usualApply } from './options.ts';
import { planRun } from './plan-run.ts';
import { askingSurroundings, certificatesIn } from './shown-certificates.ts';
import { wavesOf } from './wave.ts';
import type { RunWindow } from './windows/run-window.ts';
import { askingRenewals } from './with-renewers.ts';

/** Looks at all hosts, each by one command, and says whether they may be changed now. Changes nothing. */
export async function todayRun(
  options: RunOptions,
  window: RunWindow,
): Promise<{ readonly plan: ClusterPlan; readonly today: Today }> {
  const { inventory } = options;
  const surroundings = await askingSurroundings(inventory);
  const asking = await askingRenewals();
  // What may be done now doesn't depend on whom a run would be limited to.
  const { plan } = await planRun({
    ...options,
    limit: [],
    beside: (host) => ({ ...noReads, queries: [surroundings.query(host), asking.query] }),
  });
  const seen = new Map(
    inventory.hosts.flatMap((host): [string, Surroundings][] => {
      const { snapshot } = plan.hosts.find((one) => one.host === host.name) ?? {};
      const read = surroundings.read(host, snapshot);
      return read === undefined ? [] : [[host.name, read]];
    }),
  );
  const renewals = new Map(
    plan.hosts.flatMap(({ host, snapshot }): [string, RenewalsFound][] => {
      const read = asking.read(snapshot);
      return read === undefined ? [] : [[host, read]];
    }),
  );
  return { plan, today: todayOf(plan, seen, { ...options, window, renewals }) };
}

type TodayOptions = Pick<RunOptions, 'inventory' | 'parallel'> & {
  readonly window: RunWindow;
  /** who renews certificates on each host, as far as it is known */
  readonly renewals?: ReadonlyMap<string, RenewalsFound>;
};

/** What a plan, and what was found beside it, mean for whoever wants to change something now. */
export function todayOf(
  plan: ClusterPlan,
  surroundings: ReadonlyMap<string, Surroundings>,
  options: TodayOptions,
): Today {
  const { window, inventory } = options;
  const now = window.now();
  const atWork = plan.hosts.filter(isAtWork).map(({ host }) => host);
  const found = windowNow(window, now);
  const roles = capacities(plan.hosts, options);
  return {
    ...{ now: localIso(now, window.zone), zone: window.zone, zoneFrom: window.zoneFrom },
    may: mayNow({ isHeld: holdsIn(plan).length > 0, atWork, open: found.open, roles }),
    window: found,
    ...{ atWork, roles },
    people: inventory.hosts.flatMap((host) => present(host, plan, options)),
    edited: plan.hosts.flatMap((one) => lastEdited(one)),
    certificates: certificatesIn(surroundings, options.renewals ?? new Map(), now),
    reboots: [...surroundings].flatMap(([host, { reboot }]) =>
      reboot === undefined ? [] : [{ host, packages: reboot }],
    ),
  };
}

/** Where one role is as short of hosts as it may be, nothing can be interrupted there. */
function mayNow(found: {
  readonly isHeld: boolean;
  readonly atWork: readonly string[];
  readonly open: boolean;
  readonly roles: readonly RoleCapacity[];
}): MayNow {
  if (found.isHeld || found.atWork.length > 0) return 'nothing';
  const isShort = found.roles.some((role) => isFull(role));
  return found.open && !isShort ? 'everything' : 'what-interrupts-nobody';
}

/** Whether no further host of a role may be out, although some still serve. */
function isFull({ hosts, maxUnavailable, out }: RoleCapacity): boolean {
  return out.length >= maxUnavailable && out.length < hosts;
}

function isAtWork({ unsettled, snapshot }: HostPlan): boolean {
  const lease = snapshot?.lease;
  return unsettled.some(({ alive }) => alive === true) || (lease !== undefined && !isOverHere({ lease }));
}

function windowNow({ rule, calendar, zone }: RunWindow, now: number): Today['window'] {
  const iso = (instant: number | undefined) => (instant === undefined ? undefined : localIso(instant, zone));
  if (rule === 'anytime') return { rule, open: true, closes: undefined, opens: undefined };
  if (rule === 'windows') {
    const open = calendar?.isOpen(now) ?? false;
    return {
      ...{ rule, open },
      closes: open ? iso(calendar?.closesAt(now)) : undefined,
      opens: open ? undefined : iso(calendar?.opensNext(now)),
    };
  }
  const byDay = calendarOf({ weekly: [usualDay], zone });
  const open = !isByDay(now, zone);
  return {
    ...{ rule, open },
    closes: open ? iso(byDay.opensNext(now)) : undefined,
    opens: open ? undefined : iso(byDay.closesAt(now)),
  };
}

function capacities(plans: readonly HostPlan[], options: TodayOptions): readonly RoleCapacity[] {
  const { inventory } = options;
  const waves = wavesOf(plans, { ...usualApply, ...options });
  // Those of a role that leave the cluster are a wave of their own, with the same limit.
  const first = waves.filter(({ role }, at) => waves.findIndex((wave) => wave.role === role) === at);
  return first.map(({ role, limit, down }) => ({
    role,
    hosts: inventory.hosts.filter((host) => host.role === role && host.state !== 'retired').length,
    maxUnavailable: limit,
    out: down,
  }));
}

function present(host: InventoryHost, { hosts }: ClusterPlan, { inventory }: TodayOptions): Present[] {
  const plan = hosts.find((one) => one.host === host.name);
  if (plan?.snapshot === undefined) return [];
  const guards = reportsOf(plan.snapshot, guardsOf(inventory, host, plan.snapshot));
  return guards.length === 0 ? [] : [{ host: host.name, guards }];
}

/** By when the host's own files say that they last became what they are. */
function lastEdited(plan: HostPlan): Today['edited'] {
  const { host, snapshot } = plan;
  const times = stagesOf(plan).flatMap(({ changes }) =>
    changes.flatMap(({ path }) => snapshot?.changedAt?.get(path) ?? []),
  );
  if (times.length === 0) return [];
  return [{ host, at: isoOf(Math.max(...times) - (snapshot?.clockOffset ?? 0)) }];
}
