import { ownerOf } from './renewal-command.ts';
import type { Client, Kept, RenewalsFound, Runs, UnitSeen } from './renewals-found.ts';

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
 * Whether anything starts a client for a certificate that it keeps: a timer or a service of systemd, or
 * cron. Of several, one that runs is enough. Where none is found, something else may do it, such as a
 * program of the operator's.
 */
export function runningOf(client: Client, found: RenewalsFound, kept?: Kept): Running {
  const { runs, units, schedulerOff } = found;
  if (client === 'haproxy' && schedulerOff) {
    const words = 'acme.scheduler is off in its configuration';
    return { state: 'stopped', words, fix: 'take acme.scheduler off out of haproxy.cfg, and reload HAProxy' };
  }
  const daemon = daemons[client];
  const own: readonly Pick<Runs, 'kind' | 'name'>[] =
    daemon === undefined
      ? runs.filter((one) => one.client === client && isFor(one, kept, found))
      : [{ kind: 'service', name: daemon }];
  for (const { kind, name } of own) {
    if (kind === 'cron') {
      if (cronRuns(found) === true) return { state: 'runs', words: `cron runs it (${name})` };
      continue;
    }
    const active = unitsOf(name, units).find(([, unit]) => unit.active)?.[0];
    if (active === undefined) continue;
    // It may have failed for another certificate than the one in question.
    const service = active.replace(/\.timer$/, '.service');
    const failed = units.get(service)?.failed ? `, but ${service} failed last time` : '';
    return { state: 'runs', words: `${active} is active${failed}` };
  }
  const first = own.find(({ name }) => name.startsWith(`${client}.`)) ?? own[0];
  if (first === undefined) {
    const owner = kept && ownerOf(kept.file, found);
    const whose = owner === undefined || owner === 'root' ? '' : ` for ${owner}`;
    return { state: 'unknown', words: `no timer, service or line of cron that runs it${whose} was found` };
  }
  // A service without a timer is started by something else, or runs all the time.
  const isKnown = ({ kind, name }: Pick<Runs, 'kind' | 'name'>) => {
    if (kind === 'cron') return cronRuns(found) === false;
    return isThere(units.get(name)) && (kind === 'timer' || client === 'caddy' || daemon !== undefined);
  };
  if (!own.every(isKnown)) return { state: 'unknown', words: 'whether anything runs it is not known' };
  const unit =
    first.kind === 'cron' ? (cronUnits.find((name) => isThere(units.get(name))) ?? first.name) : first.name;
  const words = `${unit} is not active`;
  // A command is taken from the screen to a shell of root.
  if (!/^[A-Za-z0-9:_.@-]+$/.test(unit)) return { state: 'stopped', words };
  const unmask = units.get(unit)?.load === 'masked' ? `systemctl unmask ${unit} && ` : '';
  return { state: 'stopped', words, fix: `${unmask}systemctl enable --now ${unit}` };
}

/**
 * Whether that renews what is kept in a file: by the folder that the command line names, else that of the one
 * as whom it runs.
 */
function isFor({ client, folders, user }: Runs, kept: Kept | undefined, found: RenewalsFound): boolean {
  if (kept === undefined || client === 'caddy') return true;
  if (folders.length > 0)
    return folders.some((folder) => kept.file.startsWith(`${folder}/`)) || client === 'certbot';
  if (client === 'certbot') return true;
  const owner = ownerOf(kept.file, found);
  return owner === undefined ? !kept.file.startsWith('/root/') || user === 'root' : owner === user;
}

/** The units of a template that systemd has loaded; else the one unit. */
function unitsOf(
  name: string,
  units: RenewalsFound['units'],
): readonly (readonly [name: string, unit: UnitSeen])[] {
  const [, template, kind] = /^(.+@)(\.\w+)$/.exec(name) ?? [];
  if (template === undefined || kind === undefined) {
    const unit = units.get(name);
    return unit === undefined ? [] : [[name, unit]];
  }
  return [...units].filter(([one]) => one.startsWith(template) && one.endsWith(kind));
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
