import type { Client, RenewalsFound, Runs, UnitSeen } from './renewals-found.ts';

/** Whether a client runs at all, in words that follow "renewed by CLIENT;". */
export interface Running {
  readonly state: 'runs' | 'stopped' | 'unknown';
  readonly words: string;
  /** what makes it run again; undefined unless it is stopped */
  readonly fix?: string;
}

const cronUnits = ['cron.service', 'crond.service'];
const daemons: Partial<Record<Client, string>> = { nginx: 'nginx.service', haproxy: 'haproxy.service' };

/**
 * Whether anything starts a client: a timer or a service of systemd, or cron. Of several, one that runs is
 * enough. Where none is found, something else may do it, such as a program of the operator's.
 */
export function runningOf(client: Client, found: RenewalsFound): Running {
  const { runs, units, schedulerOff } = found;
  if (client === 'haproxy' && schedulerOff) {
    const words = 'acme.scheduler is off in its configuration';
    return { state: 'stopped', words, fix: 'take acme.scheduler off out of haproxy.cfg, and reload HAProxy' };
  }
  const daemon = daemons[client];
  const own: readonly Runs[] =
    daemon === undefined
      ? runs.filter((one) => one.client === client)
      : [{ client, kind: 'service', name: daemon, line: '' }];
  const isActive = ({ kind, name }: Runs) =>
    kind === 'cron' ? cronRuns(found) === true : units.get(name)?.active;
  const active = own.find(isActive);
  if (active !== undefined) {
    if (active.kind === 'cron') return { state: 'runs', words: `cron runs it (${active.name})` };
    // It may have failed for another certificate than the one in question.
    const service = active.name.replace(/\.timer$/, '.service');
    const failed = units.get(service)?.failed ? `, but ${service} failed last time` : '';
    return { state: 'runs', words: `${active.name} is active${failed}` };
  }
  const first = own.find(({ name }) => name.startsWith(`${client}.`)) ?? own[0];
  if (first === undefined) {
    return { state: 'unknown', words: 'no timer, service or line of cron that runs it was found' };
  }
  // A service without a timer is started by something else, or runs all the time.
  const isKnown = ({ kind, name }: Runs) => {
    if (kind === 'cron') return cronRuns(found) === false;
    return isThere(units.get(name)) && (kind === 'timer' || client === 'caddy' || daemon !== undefined);
  };
  if (!own.every(isKnown)) return { state: 'unknown', words: 'whether anything runs it is not known' };
  const unit =
    first.kind === 'cron' ? (cronUnits.find((name) => isThere(units.get(name))) ?? first.name) : first.name;
  const words = `${unit} is not active`;
  const unmask = units.get(unit)?.load === 'masked' ? `systemctl unmask ${unit} && ` : '';
  return { state: 'stopped', words, fix: `${unmask}systemctl enable --now ${unit}` };
}

function isThere(unit: UnitSeen | undefined): boolean {
  return unit?.load === 'loaded' || unit?.load === 'masked';
}

/** Undefined where no unit of cron is there. */
function cronRuns({ units }: RenewalsFound): boolean | undefined {
  const those = cronUnits.flatMap((name) => units.get(name) ?? []);
  if (those.some(({ active }) => active)) return true;
  return those.some(isThere) ? false : undefined;
}
