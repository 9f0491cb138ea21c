import { dirname, resolve } from 'node:path';
import { localTime } from '../calendar/time-zone.ts';
import { parseClock } from '../calendar/written.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { NotifySettings, NotifyTarget } from '../inventory/notify-schema.ts';
import { severities } from '../model/notify.ts';
import { mostOut, usualMaxUnavailable } from '../model/rollout.ts';
import { targetKey } from '../schedule/notify/message.ts';
import type { Way } from '../schedule/notify/send.ts';
import type { Notifying, Target } from '../schedule/notify/tell.ts';
import type { SecretReference } from '../secrets/reference.ts';
import { lookUpSecrets, referenceId } from '../secrets/resolve.ts';
import { home } from '../ssh/config/home.ts';
import type { Environment } from './environment.ts';

/**
 * Who is told, with the secrets that this takes; undefined where the inventory names nobody. A target whose
 * secret can't be had keeps its messages, and says so.
 */
export async function openNotifying(
  inventory: Inventory,
  folder: string,
  environment: Environment,
): Promise<Notifying | undefined> {
  const { notify } = inventory;
  if (notify === undefined) return undefined;
  const values = await secretsOf(inventory, notify, environment);
  const zone = inventory.timeZone ?? environment.clock.zone;
  const { all, roles } = inventory.maxUnavailable;
  const deadMan = notify.dead_man === undefined ? undefined : given(notify.dead_man, values);
  return {
    ...{ cluster: inventory.cluster.name, folder, now: () => environment.clock.now(), deadMan },
    targets: targetsOf(inventory).map((target, index) => ({
      ...target,
      way: wayOf(notify.targets[index] as NotifyTarget, values, resolve(dirname(inventory.file))),
    })),
    isQuiet: (now) => isQuiet(notify, localTime(now, zone).minute),
    mostOut: (role, hosts) => mostOut(roles.get(role) ?? all ?? usualMaxUnavailable, hosts),
  };
}

/** Who is told, without what it takes to tell them. */
export function targetsOf({ notify }: Inventory): readonly Omit<Target, 'way'>[] {
  return (notify?.targets ?? []).map(({ severities: wanted = [...severities], ...target }, index) => ({
    ...{ key: targetKey(target), severities: wanted },
    name: `${index + 1}: ${nameOf(target)}`,
  }));
}

function nameOf(target: Omit<NotifyTarget, 'severities'>): string {
  if ('mail' in target) return `mail to ${(target.mail as { to: string[] }).to.join(', ')}`;
  if ('command' in target) return `the command ${(target.command as string[])[0]}`;
  const { form = 'json' } = target as { form?: string | object };
  return `webhook (${typeof form === 'string' ? form : 'template'})`;
}

type Values = ReadonlyMap<string, string>;

function given(value: string | SecretReference | undefined, values: Values): string | undefined {
  return typeof value === 'object' ? values.get(referenceId(value)) : value;
}

function wayOf(target: NotifyTarget, values: Values, folder: string): Way {
  const missing = referencesOf(target).some((one) => !values.has(referenceId(one)));
  if (missing) return { kind: 'unusable', why: 'a secret that it needs can not be looked up' };
  if ('command' in target) return { kind: 'command', words: target.command, folder };
  if ('mail' in target) {
    const { to, from, smtp } = target.mail;
    const { host, port, security = 'starttls', user, password } = smtp;
    return { kind: 'mail', to, from, host, port, security, user, password: given(password, values) };
  }
  const { webhook, form = 'json', secret } = target;
  return {
    ...{ kind: 'webhook', url: given(webhook, values) ?? '', secret: given(secret, values) },
    form: typeof form === 'string' ? form : { template: resolve(folder, form.template) },
  };
}

function referencesOf(target: NotifyTarget): readonly SecretReference[] {
  if ('command' in target) return [];
  const all = 'mail' in target ? [target.mail.smtp.password] : [target.webhook, target.secret];
  return all.filter((one) => typeof one === 'object');
}

async function secretsOf(
  inventory: Inventory,
  { targets, dead_man: deadMan }: NotifySettings,
  environment: Environment,
): Promise<Values> {
  const references = [...targets.flatMap(referencesOf), ...(typeof deadMan === 'object' ? [deadMan] : [])];
  // Addresses are often all that it takes to write there.
  for (const one of [...targets.map((target) => ('webhook' in target ? target.webhook : '')), deadMan])
    if (typeof one === 'string') environment.secrets.add(one);
  const names = references.flatMap((one) => ('env' in one ? [one.env] : []));
  const { values } = await lookUpSecrets(
    references.map((reference) => ({
      reference,
      location: { file: inventory.file, line: 1, column: 1, text: '' },
    })),
    {
      ...{ directory: resolve(dirname(inventory.file)), home: home(), variables: environment.variables },
      ...{ withheld: new Set(names), terminal: false, signal: environment.signal },
      ...{ register: environment.secrets, progress: () => undefined },
    },
  );
  // Programs that are run from now on have no business with them; those that hosts get are looked up later.
  const used = new Set(
    inventory.secrets.flatMap(({ value }) =>
      typeof value === 'object' && 'env' in value ? [value.env] : [],
    ),
  );
  for (const name of names) if (!used.has(name)) environment.forget?.(name);
  return values;
}

function isQuiet({ quiet_hours: quiet }: NotifySettings, minute: number): boolean {
  if (quiet === undefined) return false;
  const [from, to] = [parseClock(quiet.from) ?? 0, parseClock(quiet.to) ?? 0];
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}
