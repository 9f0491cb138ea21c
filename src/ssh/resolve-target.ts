import { userInfo } from 'node:os';
import { join } from 'node:path';
import { OperatorError } from '../model/operator-error.ts';
import { home } from './home.ts';
import type { SshSettings } from './settings.ts';
import type { SshTarget } from './target.ts';

/** Everything that is needed to connect, from the inventory and the operator's ssh configuration. */
export async function resolveTarget(settings: SshSettings): Promise<SshTarget> {
  return plainTarget(settings);
}

/** The inventory alone, with the defaults of ssh(1): the local user's name, port 22, the usual files. */
export function plainTarget(settings: SshSettings): SshTarget {
  const { identityFiles } = settings;
  const agent = process.env.SSH_AUTH_SOCK;
  return {
    name: settings.host,
    config: settings.config,
    host: settings.host,
    port: settings.port ?? 22,
    user: settings.user ?? localUser(),
    addressFamily: 'any',
    bindAddress: undefined,
    jumps: [],
    proxyCommand: undefined,
    become: settings.become,
    identityFiles: identityFiles ?? usualIdentities.map((name) => join(home(), '.ssh', name)),
    identitiesNamed: identityFiles !== undefined,
    identitiesOnly: false,
    certificateFiles: [],
    agent: agent === '' ? undefined : agent,
    methods: new Set(['publickey', 'password', 'keyboard-interactive']),
    hostKeys: settings.hostKeys ?? [],
    hostKeyAlias: undefined,
    knownHostsFiles: settings.knownHostsFiles ?? [...userKnownHosts(), ...systemKnownHosts],
    connectTimeout: settings.connectTimeout ?? 10,
    keepalive: { interval: 5, count: 3 },
    transport: settings.transport === 'openssh' ? 'openssh' : 'node',
    transportReason: settings.transport === 'openssh' ? 'the inventory says so' : 'it is the usual one',
    password: settings.password,
    passphrase: settings.passphrase,
    sudoPassword: settings.sudoPassword,
  };
}

/** Key files that OpenSSH looks for when none is named, as far as ssh2 can use them. */
const usualIdentities = ['id_ed25519', 'id_ecdsa', 'id_rsa'];

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
      message: 'the local user has no name, so it is not known who is to log in',
      next: 'write it into the inventory: ssh: {user: …}',
    });
  }
}
