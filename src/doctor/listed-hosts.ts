import type { HostReply, ListedServer, ListTold, PlaybookServerList } from '../model/server-list.ts';

/** A host that a server list may have. */
export interface ListableHost {
  readonly name: string;
  readonly isActive: boolean;
  /** what the list should have of it */
  readonly wanted: URL;
  /** other names and addresses that the inventory has of it, in lower case */
  readonly otherNames: readonly string[];
  /** what its hostname resolves to here */
  readonly addresses: readonly string[];
}

/** The entries that are, or may be, for one host. */
export interface HostEntries {
  readonly host: ListableHost;
  /** under a name that the inventory has */
  readonly own: readonly ListedServer[];
  /** under a foreign name with the host's address: its, if it takes the secret */
  readonly likely: readonly ListedServer[];
}

/**
 * Whose the entries of a list are. Those that are nobody's belong to others, who are none of our business.
 * `addressesOf` has what foreign names resolve to; an address that several hosts share tells nothing.
 */
export function entriesByHost(
  servers: readonly ListedServer[],
  hosts: readonly ListableHost[],
  addressesOf: ReadonlyMap<string, readonly string[]> = new Map(),
): readonly HostEntries[] {
  const owners = new Map(servers.map((server) => [server, ownerOf(server, hosts, addressesOf)] as const));
  const of = (host: ListableHost, by: 'name' | 'address') =>
    servers.filter((server) => owners.get(server)?.host === host && owners.get(server)?.by === by);
  return hosts.map((host) => ({ host, own: of(host, 'name'), likely: of(host, 'address') }));
}

/** The names in a list that no host has, each once. */
export function foreignNames(
  servers: readonly ListedServer[],
  hosts: readonly ListableHost[],
): readonly string[] {
  const foreign = servers.filter((server) => ownerOf(server, hosts, new Map()) === undefined);
  return [...new Set(foreign.map(nameIn))];
}

function ownerOf(
  server: ListedServer,
  hosts: readonly ListableHost[],
  addressesOf: ReadonlyMap<string, readonly string[]>,
): { readonly host: ListableHost; readonly by: 'name' | 'address' } | undefined {
  const name = nameIn(server);
  const named = hosts.find(({ wanted }) => wanted.hostname === server.address.hostname);
  if (named !== undefined) return { host: named, by: 'name' };
  const [known, ...more] = hosts.filter(({ otherNames }) => otherNames.includes(name));
  if (known !== undefined && more.length === 0) return { host: known, by: 'name' };
  const addresses = addressesOf.get(name) ?? [name];
  const [there, ...others] = hosts.filter((host) => addresses.some((one) => host.addresses.includes(one)));
  return there === undefined || others.length > 0 ? undefined : { host: there, by: 'address' };
}

function nameIn({ address }: ListedServer): string {
  return address.hostname.replace(/^\[|\]$/g, '');
}

export interface Telling {
  readonly list: Pick<PlaybookServerList, 'title' | 'entries'>;
  /** of all hosts */
  readonly all: readonly HostEntries[];
  /** how many servers the list has */
  readonly count: number;
  /** what a host said to an entry's secret */
  readonly reply: (host: ListableHost, server: ListedServer) => HostReply | undefined;
  /** milliseconds since the epoch, by the clock of the list */
  readonly now: number;
}

const nothingTold: ListTold = {
  ...{ list: '', entry: '', address: '', form: '', use: '', state: '' },
  ...{ health: '', error: '', unheard: '', secret: '', answer: '' },
};

/** What is told of every host where the list could not be read. */
export function toldUnknown(words: string): ListTold {
  const unknown = { unknown: words };
  return {
    ...{ list: unknown, entry: unknown, address: unknown, form: unknown, use: unknown, state: unknown },
    ...{ health: unknown, error: unknown, unheard: unknown, secret: unknown, answer: unknown },
  };
}

/** What the list tells of a host. */
export function tellOf(entries: HostEntries, { list, all, count, reply, now }: Telling): ListTold {
  const { host } = entries;
  const counted = entriesOf(entries, reply);
  const inUse = counted.filter((server) => server.inUse !== false);
  const meant = inUse.length > 0 ? inUse : counted;
  const told = { ...nothingTold, list: list.title };
  const [server] = [...meant].sort((one, other) => rank(one, host) - rank(other, host));
  if (server === undefined) {
    const isAny = all.some((one) => one.host.isActive && entriesOf(one, reply).length > 0);
    return { ...told, entry: isAny ? 'missing' : { unknown: noneWords(list.title, count) } };
  }
  const { state, health = '', error } = server;
  const known = {
    address: meant.map(({ address }) => plain(address)).join(' and '),
    form: formOf(server, host),
  };
  const entry = meant.length === 1 ? 'once' : 'twice';
  if (server.inUse === undefined) {
    const use = { unknown: `${list.title} says a state of it that is not known here` };
    return { ...told, entry, ...known, use };
  }
  if (!server.inUse) return { ...told, entry, ...known, use: 'no', state };
  return {
    ...{ ...told, entry, ...known, use: 'yes', state, health, error },
    unheard: unheardWords(server, list.entries.heardWithin, now),
    ...replyTold(server.secret === '' ? undefined : reply(host, server)),
  };
}

function entriesOf({ host, own, likely }: HostEntries, reply: Telling['reply']): readonly ListedServer[] {
  return [...own, ...likely.filter((server) => server.inUse && reply(host, server)?.kind === 'takes')];
}

function noneWords(title: string, count: number): string {
  const servers = count === 0 ? 'no server' : count === 1 ? 'one server' : `${count} servers`;
  const none = count === 0 ? '' : ', and none of this cluster';
  return `${title} has ${servers}${none}; it may not be the one that is meant`;
}

const forms = ['right', 'path', 'scheme', 'name'] as const;

function rank(server: ListedServer, host: ListableHost): number {
  return forms.indexOf(formOf(server, host));
}

function formOf({ address }: ListedServer, { wanted }: ListableHost): (typeof forms)[number] {
  if (address.hostname !== wanted.hostname) return 'name';
  if (address.protocol !== wanted.protocol) return 'scheme';
  const isSame = address.port === wanted.port && plain(address) === plain(wanted);
  return isSame ? 'right' : 'path';
}

function plain(address: URL): string {
  return `${address.origin}${address.pathname.replace(/\/+$/, '')}`;
}

function unheardWords({ heard }: ListedServer, within: number, now: number): string {
  if (heard === undefined) return '';
  if (Number.isNaN(heard)) return 'so far';
  return now - heard <= within * 1000 ? '' : `since ${new Date(heard).toISOString().slice(0, 19)}Z`;
}

function replyTold(reply: HostReply | undefined): Pick<ListTold, 'secret' | 'answer'> {
  if (reply === undefined) return { secret: '', answer: '' };
  switch (reply.kind) {
    case 'takes':
      return { secret: 'taken', answer: '' };
    case 'refuses':
      return { secret: 'refused', answer: '' };
    case 'other':
      return { secret: '', answer: reply.words };
    default:
      return { secret: { unknown: reply.words }, answer: { unknown: reply.words } };
  }
}
