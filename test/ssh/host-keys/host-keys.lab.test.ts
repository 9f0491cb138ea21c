import { createHmac, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { fingerprint } from '../../../src/ssh/host-keys/known-hosts.ts';
import { labAvailable } from '../../lab/available.ts';
import type { LabHost } from '../../lab/host.ts';
import { type Lab, startLab } from '../../lab/lab.ts';
import { Reach, transports } from '../reach.ts';
import { startRelay } from '../relay.ts';
import { type Sshd, startSshd } from '../sshd.ts';

const availability = await labAvailable();
if (!availability.available) console.warn(`Host keys on real hosts are skipped: ${availability.reason}`);

const printOf = (key = '') => fingerprint(Buffer.from(key.split(' ')[1] ?? '', 'base64'));

describe.skipIf(!availability.available)('host keys', () => {
  let lab: Lab;
  let host: LabHost;
  let usual: Sshd;
  let rsaOnly: Sshd;
  let certified: Sshd;
  let authority: string;
  let impostor: Sshd;

  beforeAll(async () => {
    lab = await startLab([{ name: 'keys' }, { name: 'other' }]);
    host = lab.host('keys');
    authority = await makeAuthority(host);
    usual = await startSshd(host, { port: 2201 });
    rsaOnly = await startSshd(host, { port: 2202, newHostKeys: ['rsa'] });
    certified = await startSshd(host, {
      port: 2203,
      newHostKeys: ['ed25519'],
      certifiedBy: { authority: '/root/authority', names: `${host.address},keys` },
    });
    impostor = await startSshd(lab.host('other'), { port: 2201 });
  });
  afterAll(async () => {
    await lab?.destroy();
  });

  describe.each(transports)('over %s', (transport) => {
    let reach: Reach;
    let file: string;
    let count = 0;
    beforeAll(() => {
      reach = new Reach(lab, transport);
    });
    afterEach(() => reach.renew());

    /** Settings by which an sshd is known from these lines alone. */
    const known = (sshd: Sshd, ...lines: string[]) => {
      file = join(lab.directory, `known-${transport}-${count++}`);
      writeFileSync(file, `${lines.join('\n')}\n`);
      return { host: sshd.address, port: sshd.port, knownHostsFiles: [file] };
    };
    const name = (sshd: Sshd) => `[${sshd.address}]:${sshd.port}`;
    const isLetIn = async (settings: Parameters<Reach['run']>[0]) =>
      expect((await reach.run(settings, 'echo in')).stdout.toString()).toBe('in\n');

    test.each<[string, (sshd: Sshd) => string[]]>([
      ['plain', (sshd) => [`${name(sshd)} ${sshd.hostKeys[0]}`]],
      ['plain, of another type', (sshd) => [`${name(sshd)} ${sshd.hostKeys[1]}`]],
      ['hashed', (sshd) => [`${hashed(name(sshd))} ${sshd.hostKeys[0]}`]],
      ['among several names', (sshd) => [`example.com,${name(sshd)} ${sshd.hostKeys[0]} a comment`]],
      ['without its port', (sshd) => [`${sshd.address} ${sshd.hostKeys[0]}`]],
      ['by a pattern', (sshd) => [`[10.213.*]:220? ${sshd.hostKeys[0]}`]],
      [
        'after a line that is damaged',
        (sshd) => [`${name(sshd)} ssh-ed25519 AAAA`, `${name(sshd)} ${sshd.hostKeys[0]}`],
      ],
      [
        'as one of two keys',
        (sshd) => [`${name(sshd)} ${impostor.hostKeys[0]}`, `${name(sshd)} ${sshd.hostKeys[0]}`],
      ],
      [
        'where another one is revoked',
        (sshd) => [`@revoked * ${impostor.hostKeys[0]}`, `${name(sshd)} ${sshd.hostKeys[0]}`],
      ],
    ])('known: %s', async (_, lines) => {
      await isLetIn(known(usual, ...lines(usual)));
    });

    test('known: RSA alone', async () => {
      await isLetIn(known(rsaOnly, `${name(rsaOnly)} ${rsaOnly.hostKeys[0]}`));
    });

    test('known: in the second file, where the first one is not there', async () => {
      const settings = known(usual, `${name(usual)} ${usual.hostKeys[0]}`);
      await isLetIn({
        ...settings,
        knownHostsFiles: [join(lab.directory, 'none'), ...settings.knownHostsFiles],
      });
    });

    test('known: under a HostKeyAlias of the ssh configuration', async () => {
      const settings = known(usual, `the-alias ${usual.hostKeys[0]}`);
      const config = join(lab.directory, `alias-${transport}`);
      writeFileSync(config, 'Host *\n  HostKeyAlias the-alias\n');
      await isLetIn({ ...settings, config });
    });

    test.each([0, 1])('pinned by fingerprint: key %i', async (index) => {
      await isLetIn({ ...known(usual), hostKeys: [printOf(usual.hostKeys[index])] });
    });

    test.each<[string, (sshd: Sshd) => string[]]>([
      ['nothing', () => []],
      ['another port', (sshd) => [`[${sshd.address}]:2222 ${sshd.hostKeys[0]}`]],
      ['another key without a port', (sshd) => [`${sshd.address} ${impostor.hostKeys[0]}`]],
      ['a pattern that takes it out again', (sshd) => [`[10.213.*]:*,!${name(sshd)} ${sshd.hostKeys[0]}`]],
      ['another name, hashed', (sshd) => [`${hashed('[192.0.2.1]:2201')} ${sshd.hostKeys[0]}`]],
    ])('unknown: %s is known', async (_, lines) => {
      const { code, words } = await reach.refusal(known(usual, ...lines(usual)));
      expect(code).toBe('host-key-unknown');
      expect(words).toMatch(new RegExp(usual.hostKeys.map(printOf).join('|').replaceAll('+', '\\+')));
      expect(words).toContain('clusterproxy trust');
    });

    test('changed: refused with both fingerprints, the file and the line', async () => {
      const settings = known(usual, '# old', `${name(usual)} ${impostor.hostKeys[0]}`);
      const { code, words } = await reach.refusal(settings);
      expect(code).toBe('host-key-changed');
      expect(words).toContain(printOf(usual.hostKeys[0]));
      expect(words).toContain(printOf(impostor.hostKeys[0]));
      expect(words).toContain(`${file}, line 2`);
    });

    test('changed: another one than the pinned, though known_hosts has it', async () => {
      const settings = known(usual, `${name(usual)} ${usual.hostKeys[0]}`);
      const { code } = await reach.refusal({ ...settings, hostKeys: [printOf(impostor.hostKeys[0])] });
      expect(code).toBe('host-key-changed');
    });

    test('revoked: refused although it is known', async () => {
      const lines = usual.hostKeys.flatMap((key) => [`${name(usual)} ${key}`, `@revoked * ${key}`]);
      expect((await reach.refusal(known(usual, ...lines))).code).toBe('host-key-revoked');
    });

    test('revoked: refused although it is pinned', async () => {
      const settings = known(usual, ...usual.hostKeys.map((key) => `@revoked ${name(usual)} ${key}`));
      const { code } = await reach.refusal({ ...settings, hostKeys: usual.hostKeys.map(printOf) });
      expect(code).toBe('host-key-revoked');
    });

    test('a configuration that switches verification off is of no avail', async () => {
      const config = join(lab.directory, `careless-${transport}`);
      writeFileSync(
        config,
        'Host *\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  NoHostAuthenticationForLocalhost yes\n  VerifyHostKeyDNS yes\n',
      );
      const { knownHostsFiles: _, ...settings } = known(usual);
      expect((await reach.refusal({ ...settings, knownHostsFiles: undefined, config })).code).toBe(
        'host-key-unknown',
      );
    });

    test('a man in the middle is refused before anything is tried', async () => {
      const before = (await impostor.log()).length;
      // What is known is the first host's; the other one answers.
      const settings = known(
        impostor,
        `${name(impostor)} ${usual.hostKeys[0]}`,
        `${name(impostor)} ${usual.hostKeys[1]}`,
      );
      expect((await reach.refusal(settings)).code).toBe('host-key-changed');
      const log = (await impostor.log()).slice(before);
      expect(log).toContain('Connection from');
      expect(log).not.toMatch(/userauth|Accepted|Failed|Postponed|attempt/i);
    });

    test('by the address of two hosts that are both known, only the first one is let in', async () => {
      const proxy = await startRelay(host.address, usual.port);
      try {
        const settings = {
          ...known(
            usual,
            ...[usual, impostor].flatMap((one) =>
              one.hostKeys.map((key) => `[127.0.0.1]:${proxy.port} ${key}`),
            ),
          ),
          host: '127.0.0.1',
          port: proxy.port,
        };
        const all = reach.settings(settings);
        await (await reach.connector.connect(all)).close();
        proxy.turnTo(impostor.address, impostor.port);
        await expect(reach.connector.connect(all)).rejects.toMatchObject({ code: 'host-key-changed' });
        proxy.turnTo(host.address, usual.port);
        await (await reach.connector.connect(all)).close();
      } finally {
        proxy.close();
      }
    });

    if (transport === 'openssh') {
      test('known: by an authority', async () => {
        await isLetIn(known(certified, `@cert-authority ${name(certified)} ${authority}`));
      });
    }

    test('by an authority that did not sign it: refused', async () => {
      const { code } = await reach.refusal(known(usual, `@cert-authority * ${authority}`));
      expect(code).toBe('host-key-unknown');
    });
  });

  test('a host that is known by an authority only is reached by the system ssh, without being told to', async () => {
    const file = join(lab.directory, 'known-authority');
    writeFileSync(
      file,
      `@cert-authority ${host.address} ${authority}\n@cert-authority [${host.address}]:2203 ${authority}\n`,
    );
    const reach = new Reach(lab, 'node');
    const settings = reach.settings({
      host: host.address,
      port: 2203,
      knownHostsFiles: [file],
      transport: 'auto',
    });
    expect(await reach.connector.resolve(settings)).toMatchObject({
      transport: 'openssh',
      transportReason: expect.stringContaining('@cert-authority'),
    });
    expect((await reach.run(settings, 'echo in')).stdout.toString()).toBe('in\n');
    await reach.renew();
  });
});

function hashed(name: string): string {
  const salt = randomBytes(20);
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

async function makeAuthority(host: LabHost): Promise<string> {
  await host.mustExec(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', '/root/authority']);
  return (await host.mustExec(['cut', '-d ', '-f1,2', '/root/authority.pub'])).trim();
}
