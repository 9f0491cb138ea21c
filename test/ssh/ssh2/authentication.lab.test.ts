import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { labAvailable } from '../../lab/available.ts';
import { mustRun, run } from '../../lab/command.ts';
import type { LabHost } from '../../lab/host.ts';
import { type Lab, startLab } from '../../lab/lab.ts';
import { Reach, transports } from '../reach.ts';
import { type Sshd, startSshd } from '../sshd.ts';

const availability = await labAvailable();
if (!availability.available) console.warn(`Logins on real hosts are skipped: ${availability.reason}`);

describe.skipIf(!availability.available)('logins', () => {
  let lab: Lab;
  let host: LabHost;
  let passwords: Sshd;
  let interactive: Sshd;
  let both: Sshd;
  let certified: Sshd;
  let strict: Sshd;
  let old: Sshd;
  let quantum: Sshd;
  let known: string;
  let agent: ChildProcess;
  let keys: Keys;

  beforeAll(async () => {
    lab = await startLab([{ name: 'door' }]);
    host = lab.host('door');
    const allowing = (port: number, ...config: string[]) => startSshd(host, { port, config });
    passwords = await allowing(2201, 'PasswordAuthentication yes', 'PubkeyAuthentication no');
    interactive = await allowing(2202, 'KbdInteractiveAuthentication yes', 'PubkeyAuthentication no');
    both = await allowing(2203, 'AuthenticationMethods publickey,password', 'PasswordAuthentication yes');
    certified = await allowing(2204, 'AuthorizedKeysFile none', 'TrustedUserCAKeys /etc/ssh/users.pub');
    strict = await allowing(2205, 'MaxAuthTries 2');
    old = await allowing(2206, 'KexAlgorithms diffie-hellman-group14-sha1,diffie-hellman-group1-sha1');
    quantum = await allowing(2207, 'KexAlgorithms sntrup761x25519-sha512@openssh.com');
    known = join(lab.directory, 'known-door');
    writeFileSync(
      known,
      [passwords, interactive, both, certified, strict, old, quantum]
        .flatMap((sshd) => sshd.hostKeys.map((key) => `[${sshd.address}]:${sshd.port} ${key}\n`))
        .join(''),
    );
    keys = await makeKeys(lab);
    agent = await startAgent(keys.agent);
    await host.writeFile('/etc/ssh/users.pub', readFileSync(`${keys.authority}.pub`));
  }, 120_000);
  afterAll(async () => {
    agent?.kill();
    await lab?.destroy();
  });

  describe.each(transports)('over %s', (transport) => {
    let reach: Reach;
    beforeAll(() => {
      reach = new Reach(lab, transport);
      vi.stubEnv('SSH_AUTH_SOCK', '');
    });
    afterEach(() => reach.renew());
    afterAll(() => {
      vi.unstubAllEnvs();
    });
    const at = (sshd: { address: string; port: number }) => ({
      host: sshd.address,
      port: sshd.port,
      knownHostsFiles: [known, lab.knownHosts],
    });
    const isLetIn = async (settings: Parameters<Reach['run']>[0]) =>
      expect((await reach.run(settings, 'echo in')).stdout.toString()).toBe('in\n');
    const withAgent = (lines: readonly string[]) => {
      const config = join(lab.directory, `agent-${transport}-${Math.random()}`);
      writeFileSync(config, ['Host *', `IdentityAgent ${keys.agent}`, ...lines, ''].join('\n'));
      return config;
    };

    test('a key that the agent holds', async () => {
      await fillAgent(keys, keys.locked);
      const config = withAgent(['IdentityFile none']);
      await isLetIn({ ...at(host), identityFiles: undefined, config });
    });

    test('with IdentitiesOnly the key of the agent that a file names, by its public half', async () => {
      await fillAgent(keys, keys.locked, keys.stranger);
      const publicOnly = join(lab.directory, 'only-public');
      copyFileSync(`${keys.locked}.pub`, `${publicOnly}.pub`);
      await isLetIn({
        ...at(strict),
        identityFiles: undefined,
        config: withAgent(['IdentitiesOnly yes', `IdentityFile ${publicOnly}`]),
      });
      const { code } = await reach.refusal({
        ...at(strict),
        identityFiles: undefined,
        config: withAgent(['IdentitiesOnly yes', `IdentityFile ${keys.stranger}`]),
      });
      expect(code).toBe('authentication-failed');
    });

    test('a named key before the many that the agent holds', async () => {
      await fillAgent(keys, ...keys.many);
      await isLetIn({ ...at(strict), identityFiles: [lab.sshKey], config: withAgent([]) });
    });

    test('too many keys of an agent: what to do is said', async () => {
      await fillAgent(keys, ...keys.many);
      const { code, words } = await reach.refusal({
        ...at(strict),
        identityFiles: undefined,
        config: withAgent(['IdentityFile none']),
      });
      expect(code).toBe('authentication-failed');
      expect(words).toMatch(/too many/i);
      expect(words).toContain('identity_files');
    });

    test('an agent that is gone does not keep a key file from being used', async () => {
      const config = join(lab.directory, `gone-${transport}`);
      writeFileSync(config, 'Host *\n  IdentityAgent /nonexistent/agent\n');
      await isLetIn({ ...at(host), config });
    });

    test('an encrypted key: its passphrase is asked for once for all connections', async () => {
      const asked: string[] = [];
      await reach.renew({
        askPassphrase: async (file, attempt) => {
          asked.push(`${file} ${attempt}`);
          return attempt === 1 ? 'wrong' : 'secret words';
        },
      });
      const settings = { ...at(host), identityFiles: [keys.locked] };
      const all = await Promise.all(Array.from({ length: 5 }, () => reach.run(settings, 'echo in')));
      expect(all.map(({ stdout }) => stdout.toString())).toEqual(Array.from({ length: 5 }, () => 'in\n'));
      expect(asked).toEqual([`${keys.locked} 1`, `${keys.locked} 2`]);
    });

    test('an encrypted key is not asked for where another one is accepted', async () => {
      const asked: string[] = [];
      await reach.renew({
        askPassphrase: async (file) => {
          asked.push(file);
          return undefined;
        },
      });
      await isLetIn({ ...at(host), identityFiles: [keys.locked, lab.sshKey] });
      expect(asked).toEqual([]);
    });

    test('an encrypted key with its passphrase by reference', async () => {
      let looked = 0;
      const passphrase = async () => {
        looked++;
        return 'secret words';
      };
      const settings = { ...at(host), identityFiles: [keys.locked], passphrase };
      await isLetIn(settings);
      await isLetIn(settings);
      expect(looked).toBe(1);
    });

    test('an encrypted key, and nobody to ask: what to do is said', async () => {
      const { code, words } = await reach.refusal({ ...at(host), identityFiles: [keys.locked] });
      expect(code).toBe('authentication-failed');
      expect(words).toContain(`ssh-add ${keys.locked}`);
      expect(words).toContain('ssh.passphrase');
    });

    test('a key that others can read is not used', async () => {
      const open = join(lab.directory, `open-${transport}`);
      copyFileSync(lab.sshKey, open);
      chmodSync(open, 0o644);
      const { code, words } = await reach.refusal({ ...at(host), identityFiles: [open] });
      expect(code).toBe('authentication-failed');
      expect(words).toContain(open);
    });

    test.each(['rsa', 'ecdsa'] as const)('a key of type %s', async (type) => {
      await isLetIn({ ...at(host), identityFiles: [keys[type]] });
    });

    test.each([
      ['password', () => passwords],
      ['keyboard-interactive', () => interactive],
      ['publickey and then password', () => both],
    ] as const)('by password: %s', async (_, sshd) => {
      const password = async () => 'lab-password';
      await isLetIn({ ...at(sshd()), user: 'deputy', password });
    });

    test.each([
      ['password', () => passwords],
      ['keyboard-interactive', () => interactive],
    ] as const)('a wrong password is said, sent once and shown nowhere: %s', async (_, sshd) => {
      const before = (await sshd().log()).length;
      const { code, words } = await reach.refusal({
        ...at(sshd()),
        user: 'deputy',
        password: async () => 'not-the-password',
      });
      expect(code).toBe('authentication-failed');
      expect(words).toContain('password');
      expect(words).not.toContain('not-the-password');
      const log = (await sshd().log()).slice(before);
      expect(log.match(/Failed (?:password|keyboard-interactive\/pam) for/g)).toHaveLength(1);
    });

    test('a password that was not given: what the server takes is said', async () => {
      const { code, words } = await reach.refusal({ ...at(passwords), user: 'deputy' });
      expect(code).toBe('authentication-failed');
      expect(words).toMatch(/accepts.*password|password.*accepts/s);
    });

    test('nothing but weak algorithms: what is offered and what is taken is said', async () => {
      const { code, words } = await reach.refusal(at(old));
      expect(code).toBe('no-common-algorithm');
      expect(words).toContain('diffie-hellman-group1-sha1');
      expect(words).toContain('KexAlgorithms');
    });

    if (transport === 'openssh') {
      test('a user certificate', async () => {
        await isLetIn({ ...at(certified), identityFiles: [keys.certified] });
      });

      test('weak algorithms that the operator allows in their own configuration', async () => {
        const config = join(lab.directory, 'weak');
        writeFileSync(config, 'Host *\n  KexAlgorithms +diffie-hellman-group14-sha1\n');
        await isLetIn({ ...at(old), config });
      });
    }
  });

  describe('the transport is chosen', () => {
    let reach: Reach;
    beforeAll(() => {
      reach = new Reach(lab, 'node');
      vi.stubEnv('SSH_AUTH_SOCK', '');
    });
    afterEach(() => reach.renew());
    afterAll(() => {
      vi.unstubAllEnvs();
    });
    const settings = (sshd: { address: string; port: number }) =>
      reach.settings({
        host: sshd.address,
        port: sshd.port,
        knownHostsFiles: [known, lab.knownHosts],
        transport: 'auto',
      });
    const says = async (all: Parameters<Reach['run']>[0], transport: string, reason: string | RegExp) => {
      expect(await reach.connector.resolve(all)).toMatchObject({
        transport,
        transportReason: expect.stringMatching(reason),
      });
      expect((await reach.run(all, 'echo in')).stdout.toString()).toBe('in\n');
    };

    test('node where nothing speaks against it', async () => {
      await says(settings(host), 'node', 'default');
    });

    test('openssh for a certificate beside the key', async () => {
      await says(
        { ...settings(certified), identityFiles: [keys.certified] },
        'openssh',
        /certified-cert\.pub/,
      );
    });

    test('openssh for a ProxyCommand', async () => {
      const config = join(lab.directory, 'command');
      writeFileSync(
        config,
        `Host door\n  HostName ${host.address}\n  ProxyCommand ssh -F ${lab.sshConfig} -W %h:%p door\n`,
      );
      const all = { ...settings(host), host: 'door', config };
      await says(all, 'openssh', 'ProxyCommand');
    });

    test('openssh for a host that has post-quantum key exchange only, once it turns out', async () => {
      const all = settings(quantum);
      await (await reach.connector.connect(all)).close();
      expect(await reach.connector.resolve(all)).toMatchObject({
        transport: 'openssh',
        transportReason: expect.stringContaining('sntrup761x25519'),
      });
    });

    test('a ProxyCommand with transport node is a contradiction', async () => {
      const config = join(lab.directory, 'command-node');
      writeFileSync(config, 'Host *\n  ProxyCommand nc %h %p\n');
      const { code } = await reach.refusal({ ...settings(host), config, transport: 'node' });
      expect(code).toBe('transport-unfit');
    });
  });
});

interface Keys {
  readonly agent: string;
  /** encrypted by the passphrase `secret words`; the lab's own key */
  readonly locked: string;
  readonly stranger: string;
  readonly many: readonly string[];
  readonly rsa: string;
  readonly ecdsa: string;
  readonly authority: string;
  readonly certified: string;
}

async function makeKeys(lab: Lab): Promise<Keys> {
  const path = (name: string) => join(lab.directory, name);
  const make = async (name: string, ...args: string[]) => {
    await mustRun('ssh-keygen', ['-q', '-C', name, '-f', path(name), '-N', '', ...args]);
    return path(name);
  };
  copyFileSync(lab.sshKey, path('locked'));
  copyFileSync(`${lab.sshKey}.pub`, path('locked.pub'));
  await mustRun('ssh-keygen', ['-q', '-p', '-a', '1', '-P', '', '-N', 'secret words', '-f', path('locked')]);
  const many: string[] = [];
  for (let index = 0; index < 6; index++) many.push(await make(`many-${index}`, '-t', 'ed25519'));
  const [rsa, ecdsa] = [await make('rsa', '-t', 'rsa', '-b', '2048'), await make('ecdsa', '-t', 'ecdsa')];
  const authority = await make('users', '-t', 'ed25519');
  const certified = await make('certified', '-t', 'ed25519');
  await mustRun('ssh-keygen', ['-q', '-s', authority, '-I', 'lab', '-n', 'root', `${certified}.pub`]);
  for (const host of lab.hosts) {
    const accepted = [rsa, ecdsa].map((key) => readFileSync(`${key}.pub`, 'utf8')).join('');
    await host.mustExec('cat >> /root/.ssh/authorized_keys', { input: accepted });
  }
  const stranger = await make('stranger', '-t', 'ed25519');
  return {
    agent: path('agent.sock'),
    locked: path('locked'),
    stranger,
    many,
    rsa,
    ecdsa,
    authority,
    certified,
  };
}

async function startAgent(socket: string): Promise<ChildProcess> {
  const child = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  for (let attempt = 0; attempt < 100; attempt++) {
    const { code } = await run('ssh-add', ['-l'], {
      env: { ...process.env, SSH_AUTH_SOCK: socket } as never,
    });
    if (code !== 2) return child;
    await sleep(50);
  }
  throw new Error('no ssh-agent');
}

/** These keys and no others. */
async function fillAgent(keys: Keys, ...files: string[]): Promise<void> {
  const askpass = `${keys.agent}.askpass`;
  writeFileSync(askpass, "#!/bin/sh\necho 'secret words'\n", { mode: 0o700 });
  const env = {
    ...process.env,
    SSH_AUTH_SOCK: keys.agent,
    SSH_ASKPASS: askpass,
    SSH_ASKPASS_REQUIRE: 'force',
  };
  await mustRun('ssh-add', ['-q', '-D'], { env: env as never });
  await mustRun('ssh-add', ['-q', ...files], { env: env as never });
}
