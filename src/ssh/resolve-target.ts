import { userInfo } from 'node:os';
import { join } from 'node:path';
import { OperatorError } from '../model/operator-error.ts';
import { chooseTransport } from './choose-transport.ts';
import type { ClientConfig } from './config/client-config.ts';
import type { ConfigLookup } from './config/config-lookup.ts';
import { expandPath, type Tokens } from './config/expand.ts';
import { home } from './config/home.ts';
import { type Hop, parseProxyJump } from './config/proxy-jump.ts';
import { createKeyring, type Keyring } from './keys/keyring.ts';
import type { SshSettings } from './settings.ts';
import type { SshTarget } from './target.ts';

/**
 * Everything that is needed to connect: from the inventory, else from the operator's ssh configuration, else
 * the defaults of ssh(1). Throws an OperatorError `ssh-config-invalid`, `proxy-jump-invalid`,
 * `proxy-jump-loop` or `no-local-user`.
 *
 * A host without its own address is first looked up by its name in the inventory: a `Host` of that name
 * counts if it has a HostName. Otherwise the host's DNS name is looked up, as if given to ssh.
 */
export async function resolveTarget(
  settings: SshSettings,
  lookup: ConfigLookup,
  keyring: Keyring = createKeyring(),
): Promise<SshTarget> {
  const target = await resolvePath(settings, lookup, []);
  return chooseTransport(target, settings.transport, keyring);
}

/** From the inventory alone: no ssh configuration, no jump hosts, ssh2. */
export function plainTarget(settings: SshSettings): SshTarget {
  return targetOf(settings, { name: settings.host, answer: undefined });
}

/** A target and the hosts on the way to it; `visited`: the hosts that are reached through it. */
async function resolvePath(
  settings: SshSettings,
  lookup: ConfigLookup,
  visited: readonly string[],
): Promise<SshTarget> {
  const found = await ask(settings, lookup);
  const target = targetOf(settings, found);
  const proxyJump = settings.proxyJump ?? found.answer?.proxyJump;
  if (proxyJump === undefined) return target;
  const here = `${target.user}@${target.host}:${target.port}`;
  if (visited.includes(here)) throw loop([...visited, here]);
  let jumps: readonly SshTarget[] = [];
  for (const [index, hop] of parseProxyJump(proxyJump).entries()) {
    // Only the first hop is reached by its own configuration, the others through the hop before them, as with
    // `ssh -J`.
    const own = index === 0 ? {} : { proxyJump: 'none' };
    const reached = await resolvePath({ ...settingsOfHop(hop, settings), ...own }, lookup, [
      ...visited,
      here,
    ]);
    const before = index === 0 ? reached.jumps : jumps;
    jumps = [...before, { ...reached, jumps: before }];
  }
  return { ...target, jumps, proxyCommand: undefined };
}

/** The inventory's general ssh settings also apply to the hosts on the way; those of a single host don't. */
function settingsOfHop({ name, user, port }: Hop, settings: SshSettings): SshSettings {
  const { identityFiles, knownHostsFiles, connectTimeout, config, passphrase } = settings;
  return { host: name, user, port, identityFiles, knownHostsFiles, connectTimeout, config, passphrase };
}

interface Found {
  /** the name that was looked up */
  readonly name: string;
  readonly answer: ClientConfig | undefined;
}

async function ask(settings: SshSettings, lookup: ConfigLookup): Promise<Found> {
  const { alias, host, user, port, config } = settings;
  if (alias !== undefined && alias !== host) {
    const answer = await lookup({ name: alias, user, port, config });
    const hostname = answer?.hostname?.toLowerCase() ?? alias.toLowerCase();
    if (hostname !== alias.toLowerCase()) return { name: alias, answer };
  }
  return { name: host, answer: await lookup({ name: host, user, port, config }) };
}

function targetOf(settings: SshSettings, { name, answer }: Found): SshTarget {
  const host = answer?.hostname ?? name;
  const port = settings.port ?? answer?.port ?? 22;
  const user = settings.user ?? answer?.user ?? localUser();
  const hostKeyAlias = answer?.hostKeyAlias;
  const tokens: Tokens = { name, host, port, user, hostKeyAlias, proxyJump: answer?.proxyJump };
  const paths = (files: readonly string[]) => files.flatMap((file) => expandPath(file, tokens) ?? []);
  const named = settings.identityFiles ?? namedIdentities(answer);
  return {
    name,
    config: settings.config,
    host,
    port,
    user,
    addressFamily: answer?.addressFamily ?? 'any',
    bindAddress: answer?.bindAddress,
    jumps: [],
    proxyCommand: settings.proxyJump === undefined ? answer?.proxyCommand : undefined,
    become: settings.become,
    identityFiles: paths(named ?? usualIdentities.map((file) => `~/.ssh/${file}`)),
    identitiesNamed: named !== undefined,
    identitiesOnly: answer?.identitiesOnly ?? false,
    certificateFiles: paths(answer?.certificateFiles ?? []),
    agent: agentSocket(answer?.identityAgent, tokens),
    methods: answer?.methods ?? new Set(['publickey', 'password', 'keyboard-interactive']),
    hostKeys: settings.hostKeys ?? [],
    hostKeyAlias,
    knownHostsFiles:
      settings.knownHostsFiles ??
      (answer === undefined
        ? [...userKnownHosts(), ...systemKnownHosts]
        : paths([...answer.userKnownHostsFiles, ...answer.globalKnownHostsFiles])),
    connectTimeout: settings.connectTimeout ?? answer?.connectTimeout ?? 10,
    keepalive: keepaliveOf(answer),
    foreign: answer?.foreign ?? [],
    transport: 'node',
    transportReason: 'it is the default',
    password: settings.password,
    passphrase: settings.passphrase,
    sudoPassword: settings.sudoPassword,
  };
}

/**
 * Key files that ssh(1) tries if none is named, from ssh_config(5), those with the shortest signatures first.
 */
const usualIdentities = ['id_ed25519', 'id_ecdsa', 'id_rsa', 'id_ed25519_sk', 'id_ecdsa_sk'];

/** `ssh -G` prints its own list if the configuration has none. */
function namedIdentities(answer: ClientConfig | undefined): readonly string[] | undefined {
  if (answer === undefined || answer.identityFiles.length === 0) return undefined;
  const files = new Set(answer.identityFiles);
  const isUsual = ['id_ed25519', 'id_ecdsa', 'id_rsa'].every((file) => files.has(`~/.ssh/${file}`));
  return isUsual ? undefined : answer.identityFiles.filter((file) => file !== 'none');
}

function agentSocket(identityAgent: string | undefined, tokens: Tokens): string | undefined {
  if (identityAgent === 'none') return undefined;
  const variable =
    identityAgent === undefined || identityAgent === 'SSH_AUTH_SOCK'
      ? 'SSH_AUTH_SOCK'
      : /^\$([A-Za-z0-9_]+)$/.exec(identityAgent)?.[1];
  if (variable === undefined) return expandPath(identityAgent ?? '', tokens);
  const socket = process.env[variable];
  return socket === '' ? undefined : socket;
}

/** Always on, and shorter than usual: a host that is gone must not delay the run. Seconds. */
function keepaliveOf(answer: ClientConfig | undefined): SshTarget['keepalive'] {
  if (answer?.serverAliveInterval === undefined) return { interval: 5, count: 3 };
  return { interval: answer.serverAliveInterval, count: answer.serverAliveCountMax ?? 3 };
}

function userKnownHosts(): readonly string[] {
  return ['known_hosts', 'known_hosts2'].map((name) => join(home(), '.ssh', name));
}

const systemKnownHosts = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];

function localUser(): string {
  try {
    return userInfo().username;
  } catch {
    throw new OperatorError({
      code: 'no-local-user',
      message: 'the local user has no name, so there is no user name to log in with',
      next: 'set one in the inventory: ssh: {user: …}',
    });
  }
}

function loop(path: readonly string[]): OperatorError {
  return new OperatorError({
    code: 'proxy-jump-loop',
    message: `the path to it is a loop: ${path.join(', which is reached through ')}`,
    next: 'your ssh configuration sends a jump host through itself: exclude it with `Host * !bastion`, or set `ProxyJump none` for it',
  });
}
