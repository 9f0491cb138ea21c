import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { probe } from '../../../src/host/probe.ts';
import { bootstrap, framed, newNonce } from '../../../src/host/program.ts';
import { OperatorError } from '../../../src/model/operator-error.ts';
import { noReads } from '../../../src/model/reads.ts';
import type { SshSettings } from '../../../src/ssh/settings.ts';
import { buildProgram, clusterproxyJson } from '../../e2e/program.ts';
import { labAvailable } from '../../lab/available.ts';
import type { LabHost } from '../../lab/host.ts';
import { type Lab, startLab } from '../../lab/lab.ts';
import { Reach, transports } from '../reach.ts';

const availability = await labAvailable();
if (!availability.available) console.warn(`sudo on real hosts is skipped: ${availability.reason}`);

/** User accounts and what their sudoers file says; every one but `ops` has this password. */
const password = 'lab pass-word';
const rules: Readonly<Record<string, string>> = {
  asks: 'asks ALL=(ALL:ALL) ALL',
  nopasswd: 'nopasswd ALL=(root) NOPASSWD: ALL',
  onlysh: 'onlysh ALL=(root) NOPASSWD: /usr/bin/sh',
  needstty: 'Defaults:needstty requiretty\nneedstty ALL=(root) NOPASSWD: ALL',
  pty: 'Defaults:pty use_pty, log_output\npty ALL=(root) NOPASSWD: ALL',
  limited:
    'Cmnd_Alias SERVICES = /usr/bin/systemctl, /usr/bin/journalctl\nlimited ALL=(root) NOPASSWD: SERVICES',
  limitedpw: 'limitedpw ALL=(root) /usr/bin/systemctl',
  nobodys: '# nobodys may do nothing',
  shutout: 'shutout ALL=(root) NOPASSWD: ALL',
  hostless: 'hostless nowhere=(root) NOPASSWD: ALL',
  rootpw: 'Defaults:rootpw rootpw\nrootpw ALL=(root) ALL',
  once: 'Defaults:once passwd_tries=1, badpass_message="Nanu?"\nonce ALL=(root) ALL',
  lectured: 'Defaults:lectured lecture=always\nlectured ALL=(root) ALL',
};

const playbook = `
name: note
description: one line in one file
roles:
  node:
    description: has the line
    hosts: {minimum: 1}
    steps:
      - id: note
        properties: {path: /etc/note.properties, set: {greeting: hello}}
`;

describe.skipIf(!availability.available)('sudo', () => {
  let lab: Lab;
  let host: LabHost;
  beforeAll(async () => {
    await buildProgram();
    lab = await startLab([
      { name: 'host', prepare },
      { name: 'bare', prepare: (bare) => bare.mustExec('rm /usr/bin/sudo').then(() => undefined) },
    ]);
    host = lab.host('host');
  });
  afterAll(async () => {
    await lab?.destroy();
  });

  async function prepare(made: LabHost): Promise<void> {
    for (const [user, rule] of Object.entries(rules)) {
      await made.mustExec(['useradd', '--create-home', '--shell', '/bin/bash', user]);
      await made.mustExec(['chpasswd'], { input: `${user}:${password}\n` });
      await made.mustExec(['install', '-d', '-o', user, '-m', '0700', `/home/${user}/.ssh`]);
      const keys = `/home/${user}/.ssh/authorized_keys`;
      await made.mustExec(['install', '-o', user, '-m', '0600', '/root/.ssh/authorized_keys', keys]);
      await made.writeFile(`/etc/sudoers.d/${user}`, `${rule}\n`, 0o440);
    }
    await made.mustExec(['visudo', '-c']);
    // An account that sshd lets in and sudo's PAM section doesn't.
    const pam = await made.readFile('/etc/pam.d/sudo');
    await made.writeFile('/etc/pam.d/sudo', `account required pam_succeed_if.so user != shutout\n${pam}`);
  }

  describe.each(transports)('over %s', (transport) => {
    let reach: Reach;
    beforeAll(() => {
      reach = new Reach(lab, transport);
    });
    afterEach(async () => {
      vi.unstubAllEnvs();
      await reach.renew();
    });

    const as = (user: string, given?: string): SshSettings => ({
      host: host.address,
      user,
      become: 'sudo',
      sudoPassword: given === undefined ? undefined : async () => given,
    });
    const id = async (settings: SshSettings) => {
      const { code, stdout, stderr } = await reach.run(settings, 'id -u; cat');
      expect({ code, stderr: stderr.toString() }).toEqual({ code: 0, stderr: '' });
      return stdout.toString();
    };
    const refusal = async (settings: SshSettings) => {
      try {
        await reach.run(settings, 'id -u');
      } catch (error) {
        if (!(error instanceof OperatorError)) throw error;
        const { code, message, next = '', detail = '' } = error.problem;
        return { code, words: `${message}\n${next}\n${detail}` };
      }
      return expect.unreachable('it became root');
    };

    test.each(['ops', 'nopasswd', 'onlysh', 'pty'])('%s needs no password', async (user) => {
      expect(await id(as(user))).toBe('0\n');
      expect(await id(as(user, 'never asked for'))).toBe('0\n');
    });

    test.each(['asks', 'once', 'lectured'])('%s is asked for a password, and has one', async (user) => {
      expect(await id(as(user, password))).toBe('0\n');
    });

    test('root needs no sudo, and may have it', async () => {
      expect(await id({ host: host.address, user: 'root' })).toBe('0\n');
      expect(await id({ host: lab.host('bare').address, user: 'root', become: 'sudo' })).toBe('0\n');
    });

    test('a host is looked at as root, with the password and without one being asked for', async () => {
      for (const user of ['asks', 'nopasswd']) {
        const snapshot = await probe(await reach.connect(as(user, password)), 'host', noReads);
        expect(snapshot.user).toBe('root');
      }
    });

    test.each(['asks', 'nopasswd'])(
      'nothing of the password of %s reaches the program, a list of processes or a log',
      async (user) => {
        const connection = await reach.connect(as(user, password));
        const program = 'ps axeww -o args; cat /proc/self/environ; set; cat; journalctl -o cat --since -60s';
        const nonce = newNonce();
        const result = await connection.exec(bootstrap, framed(program, 'request', nonce), {
          timeout: 60,
          maximumOutput: 10_000_000,
        });
        const said = result.stdout.toString() + result.stderr.toString();
        expect(said).toContain('USER=root ; COMMAND=');
        expect(said).toContain('sudo-started-');
        expect(said).not.toContain('pass-word');
        const found = await host.mustExec('grep -rlaF pass-word /var/log /run /tmp /var/tmp /home || true');
        expect(found).toBe('');
      },
    );

    test('a whole run: plan, apply, nothing to do, rollback; the password is nowhere', async () => {
      const folder = join(lab.directory, `sudo-${transport}`);
      await mkdir(folder);
      const cluster = { name: `sudo-${transport}`, hostname: 'cluster.example.com' };
      const ssh = {
        ...{
          user: 'asks',
          become: 'sudo',
          sudo_password: { env: 'LAB_SUDO_PASSWORD' },
          config: 'none',
          transport,
        },
        ...{ identity_files: [lab.sshKey], known_hosts: [lab.knownHosts] },
      };
      const hosts = { node: [{ name: 'host', address: host.address }] };
      const inventory = join(folder, 'inventory.yaml');
      await writeFile(
        inventory,
        JSON.stringify({ playbook: './note.yaml', cluster, windows: 'anytime', ssh, hosts }),
      );
      await writeFile(join(folder, 'note.yaml'), playbook);
      await host.writeFile('/etc/note.properties', 'other=1\n');
      vi.stubEnv('LAB_SUDO_PASSWORD', password);
      const written: string[] = [];
      for (const [command, status] of [
        [['apply', '--yes'], 'changed'],
        [['check'], 'in-sync'],
        [['rollback', '--yes'], 'changed'],
      ] as const) {
        const run = await clusterproxyJson(lab, [...command, '-i', inventory]);
        written.push(run.stdout, run.stderr);
        expect([command, run.document.hosts[0]?.status]).toEqual([command, status]);
      }
      expect((await host.readFile('/etc/note.properties')).toString()).toBe('other=1\n');
      const kept = await host.mustExec(
        'grep -rlaF pass-word /var/lib/clusterproxy /var/log /run /tmp || true',
      );
      expect(kept).toBe('');
      expect(written.join('')).not.toContain('pass-word');
      await host.mustExec('rm -r /var/lib/clusterproxy');
    });

    test('a wrong password is tried once', async () => {
      const since = (await host.mustExec('date +%s')).trim();
      const settings = as('asks', 'not the one');
      const refused = await refusal(settings);
      expect(refused.code).toBe('sudo-password-refused');
      expect(refused.words).toContain('tried once');
      expect(refused.words).not.toContain('not the one');
      const log = await host.mustExec(`journalctl -o cat --since @${since} _COMM=sudo`);
      expect(log.match(/pam_unix\(sudo:auth\): authentication failure/g)).toHaveLength(1);
      expect(log).toContain('1 incorrect password attempt');
    });

    test.each([
      ['asks', undefined, 'sudo-password', /ssh\.sudo_password/],
      ['once', 'wrong', 'sudo-password-refused', /1 incorrect password attempt/],
      ['rootpw', password, 'sudo-password-refused', /rootpw/],
      ['needstty', undefined, 'sudo-terminal', /Defaults:needstty !requiretty/],
      ['needstty', password, 'sudo-terminal', /requiretty/],
      ['shutout', undefined, 'sudo-account', /chage -l shutout/],
      ['shutout', password, 'sudo-account', /account validation failure/],
      [
        'limited',
        undefined,
        'sudo-limited',
        /\(root\) NOPASSWD: \/usr\/bin\/systemctl, \/usr\/bin\/journalctl/,
      ],
      ['limited', password, 'sudo-limited', /'sh -c \.\.\.'/],
      ['limitedpw', password, 'sudo-limited', /limitedpw ALL=\(root\) NOPASSWD: ALL/],
      ['nobodys', undefined, 'sudo-password', /not allowed to run anything/],
      ['nobodys', password, 'sudo-refused', /not in the sudoers file/],
      ['hostless', password, 'sudo-refused', /not allowed to run sudo/],
    ] as const)('%s with the password %s: %s', async (user, given, code, words) => {
      const refused = await refusal(as(user, given));
      expect(refused.code).toBe(code);
      expect(refused.words).toMatch(words);
      expect(refused.words).not.toContain('while IFS');
    });

    test('a host without sudo', async () => {
      const refused = await refusal({ ...as('ops'), host: lab.host('bare').address });
      expect(refused.code).toBe('sudo-missing');
    });

    test('sudoers that cannot be read, and a sudo that lost its setuid bit', async () => {
      await host.writeFile('/etc/sudoers.d/broken', 'what is this\n', 0o666);
      await host.mustExec('mv /etc/sudoers /etc/sudoers.gone');
      try {
        expect((await refusal(as('nopasswd'))).code).toBe('sudo-failed');
      } finally {
        await host.mustExec('mv /etc/sudoers.gone /etc/sudoers; rm /etc/sudoers.d/broken');
      }
      await host.mustExec('chmod u-s /usr/bin/sudo');
      try {
        const refused = await refusal(as('nopasswd'));
        expect(refused.code).toBe('sudo-failed');
        expect(refused.words).toContain('setuid');
      } finally {
        await host.mustExec('chmod u+s /usr/bin/sudo');
      }
    });

    test('a host that cannot resolve its own name makes noise, no more', async () => {
      await host.mustExec('cp /etc/hosts /etc/hosts.kept; hostname unheard-of');
      try {
        const { stdout } = await reach.run(as('asks', password), 'id -u');
        expect(stdout.toString()).toBe('0\n');
        const refused = await refusal(as('asks', 'wrong'));
        expect(refused.code).toBe('sudo-password-refused');
        expect(refused.words).not.toContain('unable to resolve host');
      } finally {
        await host.mustExec('hostname host');
      }
    });
  });
});
