import pLimit from 'p-limit';
import {
  entriesByHost,
  foreignNames,
  type ListableHost,
  tellOf,
  toldUnknown,
} from '../doctor/listed-hosts.ts';
import type { HostReply, ListedServer, ListTold } from '../model/server-list.ts';
import { type RoleServerList, serverListsOf } from '../playbook/resolve/server-lists.ts';
import { SecretRegister } from '../secrets/register.ts';
import { heard } from '../secrets/showable.ts';
import { askHost, askServerList, type ListAsking } from '../verify/server-list.ts';
import { short } from '../verify/short.ts';
import type { RunOptions } from './options.ts';

/** How many are asked at the same time. */
const atOnce = 16;
/** Names of others that are looked up: a list may serve many clusters. */
const mostForeign = 500;

/**
 * What server lists tell of the hosts, by their names. The secrets in a list stay here: they are compared by
 * what the hosts say to them, and what the list says in words is shown without them.
 */
export async function askServerLists(
  { inventory }: Pick<RunOptions, 'inventory'>,
  asking: ListAsking,
): Promise<ReadonlyMap<string, ListTold>> {
  const told = await Promise.all(serverListsOf(inventory).map((list) => askList(list, asking)));
  return new Map(told.flatMap((some) => [...some]));
}

async function askList(role: RoleServerList, asking: ListAsking): Promise<ReadonlyMap<string, ListTold>> {
  const { list, at, secret } = role;
  const noneKnown = (words: string) => {
    const unknown = toldUnknown(words);
    return new Map(role.hosts.map(({ host }) => [host.name, unknown] as const));
  };
  if (secret === undefined) return noneKnown(`the secret ${list.secret} could not be had`);
  if (secret === '') return noneKnown(`the inventory has no ${list.secret}, and ${list.title} asks for it`);
  const [answer, hosts] = await Promise.all([
    askServerList(list, { at, secret }, asking),
    Promise.all(role.hosts.map((one) => listable(one, asking))),
  ]);
  if (answer.kind === 'unasked') return noneKnown(answer.words);
  const { servers, now } = answer;
  const names = foreignNames(servers, hosts).slice(0, mostForeign);
  const all = entriesByHost(servers, hosts, await resolved(names, asking));
  const replies = await askHosts(role, all, asking);
  const telling = {
    ...{ list, all, now, count: servers.length },
    reply: (host: ListableHost, server: ListedServer) => replies.get(host)?.get(server.secret),
  };
  const known = new SecretRegister();
  for (const { secret: one } of servers) known.add(one);
  return new Map(
    all.map((entries) => {
      const told = tellOf(entries, telling);
      const { error } = told;
      // A list is told by somebody else, in whose words anything may stand.
      const words =
        typeof error !== 'string' || error === '' ? error : ` ("${short(heard(known.mask(error)))}")`;
      return [entries.host.name, { ...told, error: words }] as const;
    }),
  );
}

async function listable(
  { host, wanted }: RoleServerList['hosts'][number],
  { network }: ListAsking,
): Promise<ListableHost> {
  const found = await network.addresses(wanted.hostname);
  const otherNames = [host.name, host.address, host.givenAddress]
    .flatMap((name) => name?.toLowerCase() ?? [])
    .filter((name) => name !== wanted.hostname);
  return {
    ...{ name: host.name, isActive: host.state !== 'retired', wanted, otherNames },
    addresses: found.kind === 'addresses' ? found.addresses : [],
  };
}

async function resolved(
  names: readonly string[],
  { network }: ListAsking,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const limit = pLimit(atOnce);
  const found = names.map((name) =>
    limit(async () => {
      const answer = await network.addresses(name);
      return [name, answer.kind === 'addresses' ? answer.addresses : []] as const;
    }),
  );
  return new Map(await Promise.all(found));
}

/** What hosts say to the secrets of the entries that are in use, by secret. */
async function askHosts(
  { list }: RoleServerList,
  all: ReturnType<typeof entriesByHost>,
  { network }: ListAsking,
): Promise<ReadonlyMap<ListableHost, ReadonlyMap<string, HostReply>>> {
  const limit = pLimit(atOnce);
  const asked = all.map(async ({ host, own, likely }) => {
    const inUse = host.isActive ? [...own, ...likely].filter((server) => server.inUse) : [];
    const secrets = [...new Set(inUse.map(({ secret }) => secret))].filter((secret) => secret !== '');
    const replies = secrets.map((secret) =>
      limit(async () => {
        const address = host.wanted.href.replace(/\/+$/, '');
        return [secret, await askHost(list.ask, { address, secret }, network)] as const;
      }),
    );
    return [host, new Map(await Promise.all(replies))] as const;
  });
  return new Map(await Promise.all(asked));
}
