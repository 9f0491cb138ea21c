import { dirname, resolve } from 'node:path';
import { localTime } from '../calendar/time-zone.ts';
import { parseClock } from '../calendar/written.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { NotifySettings, NotifyTarget } from '../inventory/notify-schema.ts';
import { severities } from '../model/notify.ts';
import { mostOut, usualMaxUnavailable } from '../model/rollout.ts';
import { type Notifying, noSecret, type Target } from '../schedule/notify/notifying.ts';
import type { Way } from '../schedule/notify/send.ts';
import { Spool } from '../schedule/notify/spool.ts';
import { keysFor, printOf } from '../schedule/notify/target-keys.ts';
import type { SecretReference } from '../secrets/reference.ts';
import type { Environment } from './environment.ts';
import { type NotifySecrets, notifySecretsOf } from './notify-secrets.ts';

/** What is taken from an inventory to tell people. */
export type ToldOf = Pick<
  Inventory,
  'file' | 'timeZone' | 'notify' | 'notifySecrets' | 'secrets' | 'maxUnavailable'
> & { readonly cluster: Pick<Inventory['cluster'], 'name'> };

/**
 * Who is told; undefined where the inventory names nobody. A target whose secret can't be had keeps its
 * messages, and says so. Variables with secrets are taken out of the environment at once, and whatever else
 * it takes is looked up when there is something to tell.
 */
export async function openNotifying(
  inventory: ToldOf,
  folder: string,
  environment: Environment,
): Promise<Notifying | undefined> {
  const { notify } = inventory;
  if (notify === undefined) return undefined;
  const secrets = notifySecretsOf(inventory, notify, environment);
  const zone = inventory.timeZone ?? environment.clock.zone;
  const { all, roles } = inventory.maxUnavailable;
  const { dead_man: deadMan } = notify;
  return {
    ...{ cluster: inventory.cluster.name, folder, now: () => environment.clock.now() },
    deadMan: deadMan === undefined ? undefined : () => secrets.value(deadMan),
    targets: (await targetsOf(inventory, folder)).map((target, index) => ({
      ...target,
      way: () => wayOf(notify.targets[index] as NotifyTarget, secrets, resolve(dirname(inventory.file))),
    })),
    isQuiet: (now) => isQuiet(notify, localTime(now, zone).minute),
    mostOut: (role, hosts) => mostOut(roles.get(role) ?? all ?? usualMaxUnavailable, hosts),
  };
}

/** Who is told, without what it takes to tell them. */
export async function targetsOf(
  { notify }: Pick<Inventory, 'notify'>,
  folder: string,
): Promise<readonly Omit<Target, 'way'>[]> {
  const all = (notify?.targets ?? []).map(({ severities: wanted = [...severities], name, ...target }) => ({
    ...{ wanted, target },
    known: { kind: kindOf(target), print: printOf(target), ...(name === undefined ? {} : { name }) },
  }));
  const keys = keysFor(
    await new Spool(folder).targets(),
    all.map(({ known }) => known),
  );
  return all.map(({ wanted, target, known }, index) => ({
    ...{ known: { ...known, key: keys[index] ?? '' }, severities: wanted },
    name: `${index + 1}: ${wordsFor(target, known.name)}`,
  }));
}

type Unnamed = Omit<NotifyTarget, 'severities' | 'name'>;

function kindOf(target: Unnamed): 'webhook' | 'mail' | 'command' {
  return 'mail' in target ? 'mail' : 'command' in target ? 'command' : 'webhook';
}

function wordsFor(target: Unnamed, name: string | undefined): string {
  const way = nameOf(target);
  return name === undefined ? way : `${name}, ${way}`;
}

function nameOf(target: Unnamed): string {
  if ('mail' in target) return `mail to ${(target.mail as { to: string[] }).to.join(', ')}`;
  if ('command' in target) return `the command ${(target.command as string[])[0]}`;
  const { form = 'json' } = target as { form?: string | object };
  return `webhook (${typeof form === 'string' ? form : 'template'})`;
}

async function wayOf(target: NotifyTarget, secrets: NotifySecrets, folder: string): Promise<Way> {
  if ('command' in target) return { kind: 'command', words: target.command, folder };
  const valueIn = async (given: string | SecretReference | undefined) =>
    given === undefined ? undefined : ((await secrets.value(given)) ?? missing);
  if ('mail' in target) {
    const { to, from, smtp } = target.mail;
    const { host, port, security = 'starttls', user } = smtp;
    const password = await valueIn(smtp.password);
    if (password === missing) return unusable;
    return { kind: 'mail', to, from, host, port, security, user, password };
  }
  const { webhook, form = 'json' } = target;
  const [url, secret] = await Promise.all([valueIn(webhook), valueIn(target.secret)]);
  if (url === undefined || url === missing || secret === missing) return unusable;
  return {
    ...{ kind: 'webhook', url, secret },
    form: typeof form === 'string' ? form : { template: resolve(folder, form.template) },
  };
}

const missing = Symbol('missing');
const unusable: Way = { kind: 'unusable', why: noSecret };

function isQuiet({ quiet_hours: quiet }: NotifySettings, minute: number): boolean {
  if (quiet === undefined) return false;
  const [from, to] = [parseClock(quiet.from) ?? 0, parseClock(quiet.to) ?? 0];
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}
