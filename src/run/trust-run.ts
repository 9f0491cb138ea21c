import pLimit from 'p-limit';
import { nearestName } from '../document/nearest-name.ts';
import type { HostState, InventoryHost } from '../inventory/inventory.ts';
import { OperatorError, type Problem, problemsOf } from '../model/operator-error.ts';
import { emptyPlan } from '../model/plan.ts';
import type { HostResult, Status } from '../model/result.ts';
import type { Connector } from '../ssh/connector.ts';
import { hashesKnownHosts } from '../ssh/host-keys/hash-known-hosts.ts';
import { howToPrint } from '../ssh/host-keys/how-to-print.ts';
import { judgeKeys, type KeyJudgement } from '../ssh/host-keys/judge-keys.ts';
import { fingerprint } from '../ssh/host-keys/known-hosts.ts';
import type { KnownHostEdit } from '../ssh/host-keys/known-hosts-file.ts';
import { writeKnownHosts } from '../ssh/host-keys/write-known-hosts.ts';
import { addressOf, type SshTarget } from '../ssh/target.ts';
import { limitedTo } from './limit.ts';
import { isOff } from './look.ts';
import type { RunOptions } from './options.ts';

/** The keys that a host shows, or why they are unavailable. */
export interface ScannedHost {
  readonly name: string;
  /** `jump host` for one that isn't in the inventory but is on the way */
  readonly role: string;
  /** undefined if not even the ssh configuration says where it is */
  readonly target: SshTarget | undefined;
  readonly judgement: KeyJudgement | undefined;
  readonly problem: Problem | undefined;
  /** it doesn't answer, and need not, as the inventory says that it may be switched off */
  readonly off?: boolean;
  /** as in the inventory; left out of one that isn't in it */
  readonly state?: HostState;
  /** its address, and the hosts on the way, in words; empty if unknown */
  readonly address: string;
  /** fingerprints of its keys that were pinned in this run */
  readonly pinned: boolean;
  readonly written: readonly string[];
  readonly durationMs: number;
}

export interface TrustOptions
  extends Pick<RunOptions, 'inventory' | 'limit' | 'parallel' | 'signal' | 'progress'> {
  readonly connector: Connector;
  /** hosts whose keys may differ from the known ones */
  readonly replace: ReadonlySet<string>;
}

/**
 * Fetches the keys of all hosts, and of those on the way to them, in parallel. Only hosts on the way are
 * logged in to.
 */
export async function scanHosts(options: TrustOptions): Promise<readonly ScannedHost[]> {
  const chosen = limitedTo(options.inventory.hosts, options.limit);
  const hosts = options.inventory.hosts.filter((host) => chosen.has(host.name));
  options.progress({ kind: 'looking', total: hosts.length });
  const limit = pLimit(options.parallel);
  const resolved = await Promise.all(hosts.map((host) => limit(() => resolve(host, options))));
  const own = new Set(resolved.flatMap(({ target }) => (target === undefined ? [] : [addressOf(target)])));
  const jumps = new Map<string, SshTarget>();
  for (const jump of resolved.flatMap(({ target }) => target?.jumps ?? [])) {
    if (!own.has(addressOf(jump))) jumps.set(addressOf(jump), jump);
  }
  const all = [
    ...[...jumps.values()].map((target) => unscanned({ name: target.name, role: 'jump host' }, { target })),
    ...resolved,
  ];
  checkNames(options.replace, all);
  return Promise.all(
    all.map((host) =>
      limit(async () => {
        const scanned = await scan(host, options);
        if (host.role !== 'jump host') {
          options.progress({ kind: 'looked', host: host.name, ok: scanned.problem === undefined });
        }
        return scanned;
      }),
    ),
  );
}

/**
 * Tries again the hosts that could not be looked at because of a host on the way, which may be known by now.
 */
export async function scanAgain(
  hosts: readonly ScannedHost[],
  options: TrustOptions,
): Promise<readonly ScannedHost[]> {
  const limit = pLimit(options.parallel);
  return Promise.all(
    hosts.map((host) =>
      isBehindUnknown(host) ? limit(() => scan({ ...host, problem: undefined }, options)) : host,
    ),
  );
}

/** A host's own key can't be refused while it is only being read, so this is about a host on the way. */
export function isBehindUnknown({ target, problem }: ScannedHost): boolean {
  return (target?.jumps.length ?? 0) > 0 && problem?.code === 'host-key-unknown';
}

/** Throws for a name that isn't one of these hosts. */
function checkNames(names: ReadonlySet<string>, hosts: readonly ScannedHost[]): void {
  const known = hosts.map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const meant = nearestName(name, known);
    throw new OperatorError({
      code: 'host-unknown',
      message: `--replace names ${name}, which is not one of the hosts that are looked at`,
      next: meant ? `did you mean ${meant}?` : `choose from: ${known.join(', ')}`,
    });
  }
}

async function resolve(host: InventoryHost, { connector }: TrustOptions): Promise<ScannedHost> {
  try {
    return { ...unscanned(host, { target: await connector.resolve(host.ssh) }), state: host.state };
  } catch (error) {
    return unscanned(host, { problem: problemsOf(error)[0] });
  }
}

function unscanned(
  { name, role }: { readonly name: string; readonly role: string },
  rest: Partial<Pick<ScannedHost, 'target' | 'problem'>>,
): ScannedHost {
  const { target, problem } = rest;
  const address = target === undefined ? '' : addressOf(target);
  const none = { judgement: undefined, pinned: false, written: [], durationMs: 0 };
  return { name, role, target, address, problem: problem && { ...problem, host: name }, ...none };
}

async function scan(host: ScannedHost, { connector, signal }: TrustOptions): Promise<ScannedHost> {
  const { target } = host;
  if (target === undefined || host.problem !== undefined) return host;
  const start = performance.now();
  const took = () => Math.round(performance.now() - start);
  try {
    const keys = await connector.scan(target, { signal });
    return { ...host, judgement: await judgeKeys(target, keys), durationMs: took() };
  } catch (error) {
    const [problem] = problemsOf(error);
    if (isOff({ state: host.state ?? 'active' }, problem)) return { ...host, off: true, durationMs: took() };
    return { ...host, problem: problem && { ...problem, host: host.name }, durationMs: took() };
  }
}

/**
 * The keys that a yes pins: new ones, and replacements for known ones if requested. A contradiction prevents
 * all of a host's keys from being pinned: a host that shows one wrong key may show another.
 */
export function keysToPin(host: ScannedHost, replace: ReadonlySet<string>): readonly Buffer[] {
  const { name, judgement, pinned, problem } = host;
  if (pinned || problem !== undefined) return [];
  if (judgement === undefined || judgement.keys.some(({ state }) => state === 'revoked')) return [];
  const contradicts = judgement.keys.some(({ state }) => state === 'contradicts');
  if (contradicts && (!replace.has(name) || !judgement.replaceable)) return [];
  return judgement.keys.flatMap(({ state, key }) =>
    state === 'new' || state === 'contradicts' ? [key] : [],
  );
}

/**
 * Writes the keys to the file in which the operator's ssh looks for them. A host whose file can't be written
 * is its own failure.
 */
export async function pinHosts(
  hosts: readonly ScannedHost[],
  replace: ReadonlySet<string>,
): Promise<readonly ScannedHost[]> {
  const done: ScannedHost[] = [];
  // One after the other: most of them go into the same file.
  for (const host of hosts) {
    const keys = keysToPin(host, replace);
    done.push(keys.length > 0 ? await pin(host, keys) : host);
  }
  return done;
}

async function pin(host: ScannedHost, add: readonly Buffer[]): Promise<ScannedHost> {
  const { target, judgement } = host;
  if (target === undefined || judgement === undefined) return host;
  try {
    await pinKeys(target, judgement, add);
    return { ...host, pinned: true, written: add.map(fingerprint) };
  } catch (error) {
    const [problem] = problemsOf(error);
    return { ...host, problem: problem && { ...problem, host: host.name } };
  }
}

/**
 * Writes keys of a host to the file in which the operator's ssh looks for them, in place of those that they
 * contradict. Returns the file. Throws an OperatorError `known-hosts-not-written`.
 */
export async function pinKeys(
  target: SshTarget,
  judgement: KeyJudgement,
  add: readonly Buffer[],
): Promise<string> {
  const edit: KnownHostEdit = {
    name: judgement.name,
    add,
    remove: [],
    hash: await hashesKnownHosts(target),
  };
  const [file] = target.knownHostsFiles;
  if (file === undefined) throw new OperatorError(noFile());
  const removedFrom = (old: string) =>
    judgement.old.flatMap((entry) => (entry.file === old ? [entry.key] : []));
  // The file that receives the new key comes last: until then the host is at worst unknown.
  for (const old of new Set(judgement.old.map((entry) => entry.file))) {
    if (old !== file) await writeKnownHosts(old, [{ ...edit, add: [], remove: removedFrom(old) }]);
  }
  await writeKnownHosts(file, [{ ...edit, remove: removedFrom(file) }]);
  return file;
}

function noFile(): Problem {
  return {
    code: 'known-hosts-not-written',
    message: 'your ssh configuration names no known_hosts file, so the key cannot be stored',
    next: 'set ssh.known_hosts in the inventory, or UserKnownHostsFile in your ssh configuration; or add the fingerprint under ssh.host_keys',
  };
}

/** In the form of a command's results. */
export function resultOf(host: ScannedHost, replace: ReadonlySet<string>): HostResult {
  return {
    plan: { ...emptyPlan(host), unreachable: host.judgement === undefined && !host.off },
    status: statusOf(host, replace),
    problem: problemOf(host, replace),
    ran: [],
    warnings: [],
    durationMs: host.durationMs,
  };
}

function statusOf(host: ScannedHost, replace: ReadonlySet<string>): Status {
  const { judgement, pinned, problem } = host;
  if (judgement === undefined) return host.off ? 'off' : 'unreachable';
  if (problem !== undefined) return 'failed';
  if (pinned) return 'changed';
  if (refusal(host) !== undefined && keysToPin(host, replace).length === 0) return 'failed';
  return judgement.keys.some(({ state }) => state === 'new' || state === 'contradicts')
    ? 'would-change'
    : 'in-sync';
}

/** The operator has already said what to do about a key that `--replace` is for. */
function problemOf(host: ScannedHost, replace: ReadonlySet<string>): Problem | undefined {
  const isSettled = host.pinned || keysToPin(host, replace).length > 0;
  const problem = host.problem ?? (isSettled ? undefined : refusal(host));
  return problem && { ...problem, host: host.name };
}

/** Why a mere yes doesn't pin a host's keys. */
function refusal({ name, target, judgement }: ScannedHost): Problem | undefined {
  if (target === undefined || judgement === undefined) return undefined;
  const where = addressOf(target);
  const revoked = judgement.keys.find(({ state }) => state === 'revoked');
  if (revoked !== undefined) {
    return {
      code: 'host-key-revoked',
      message: `${where} shows a host key marked as revoked (${revoked.type} ${revoked.fingerprint})`,
      next: 'such a key is never pinned: do not log in there until you know why it is marked',
    };
  }
  const wrong = judgement.keys.flatMap(({ state, type }) => (state === 'contradicts' ? [type] : []));
  if (wrong.length === 0) return undefined;
  return {
    code: 'host-key-changed',
    message: `${where} shows a different host key than the known one`,
    next: judgement.replaceable
      ? `someone may be intercepting the connection, or the host was reinstalled. Compare it with the output of \`${howToPrint(wrong)}\` on the host's own console; if it is the same: clusterproxy trust --replace ${name}`
      : 'the known key is under ssh.host_keys in the inventory: if the host was reinstalled, change it there',
  };
}
