import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { noLab, useLab } from '../e2e/lab.ts';
import { clusterproxy, clusterproxyJson } from '../e2e/program.ts';
import { eventually } from '../lab/fetch.ts';
import type { Lab } from '../lab/lab.ts';
import { transports } from './reach.ts';
import { type Sshd, startSshd } from './sshd.ts';

const living = 17;

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

/**
 * Several sshd's of one machine stand for many hosts: an address with different ports is as good as different
 * addresses.
 */
describe.skipIf(noLab)('20 hosts of which 3 are dead', () => {
  const theLab = useLab();
  let lab: Lab;
  let sshds: readonly Sshd[];
  /** Takes connections and says nothing, as a host that hangs does, unless it ends them. */
  let silent: Server;
  const hanging = new Set<Socket>();
  let ends = false;
  beforeAll(async () => {
    lab = theLab();
    const [host] = await lab.addHosts([{ name: 'many' }]);
    if (host === undefined) throw new Error('the lab made no host');
    await host.writeFile('/etc/note.properties', 'other=1\n');
    sshds = await Promise.all(
      Array.from({ length: living }, (_, index) =>
        startSshd(host, {
          ...{ port: 2201 + index, newHostKeys: ['ed25519'] },
          machineId: `${index + 1}`.padStart(32, 'a'),
        }),
      ),
    );
    silent = createServer((socket) => {
      if (ends) socket.destroy();
      else hanging.add(socket);
      socket.on('error', () => {}).on('close', () => hanging.delete(socket));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
  });
  afterAll(() => silent?.close());

  describe.each(transports)('over %s', (transport) => {
    let inventory: string;
    /** the same, with as much patience as nobody has */
    let patient: string;
    beforeAll(() => {
      const folder = join(lab.directory, `many-${transport}`);
      mkdirSync(folder);
      const known = sshds.map(({ address, port, hostKeys }) => `[${address}]:${port} ${hostKeys[0]}\n`);
      writeFileSync(join(folder, 'known_hosts'), known.join(''));
      writeFileSync(join(folder, 'note.yaml'), playbook);
      const { address } = lab.host('many');
      const { port } = silent.address() as AddressInfo;
      const node = [
        { name: 'refuses', address, ssh: { port: 9 } },
        { name: 'hangs', address: '127.0.0.1', ssh: { port } },
        { name: 'nameless', address: 'no-such-host.example.com' },
        ...sshds.map((sshd) => ({ name: `n-${sshd.port}`, address, ssh: { port: sshd.port } })),
      ];
      const ssh = {
        ...{ user: 'root', config: 'none', transport, identity_files: [lab.sshKey] },
        known_hosts: ['known_hosts'],
      };
      const cluster = { name: 'prod', hostname: 'cluster.example.com' };
      const written = (name: string, connect_timeout: number) => {
        const content = {
          playbook: './note.yaml',
          cluster,
          ssh: { ...ssh, connect_timeout },
          hosts: { node },
        };
        writeFileSync(join(folder, name), JSON.stringify(content));
        return join(folder, name);
      };
      inventory = written('inventory.yaml', 10);
      patient = written('patient.yaml', 250);
    });

    test('the other 17 are done, and of each of the three it is said what is wrong and what to do', async () => {
      const { code, document } = await clusterproxyJson(lab, ['check', '-i', inventory]);
      expect(code).toBe(3);
      expect(document.summary.statuses).toEqual({ 'would-change': living, unreachable: 3 });
      const errors = new Map(document.hosts.map(({ name, error }) => [name, error]));
      expect(errors.get('refuses')).toMatchObject({
        code: 'unreachable',
        message: expect.stringContaining('refuses connections'),
        next: expect.stringContaining('ssh.port'),
      });
      expect(errors.get('hangs')).toMatchObject({
        code: 'connect-timeout',
        message: expect.stringContaining('within 10 seconds'),
        next: expect.stringContaining('ssh.connect_timeout'),
      });
      expect(errors.get('nameless')).toMatchObject({
        code: 'unreachable',
        message: expect.stringContaining("doesn't resolve"),
        next: expect.stringContaining('ssh.address'),
      });
      expect(document.hosts.filter(({ error }) => error !== undefined)).toHaveLength(3);
    });

    test('none of the others waits for the one that hangs', async () => {
      const commands = async () =>
        (await Promise.all(sshds.map((sshd) => sshd.log()))).map(
          (log) => log.match(/Starting session: command/g)?.length ?? 0,
        );
      const before = await commands();
      const checked = clusterproxyJson(lab, ['check', '-i', patient]);
      // It goes on hanging until each of the others has been asked something.
      await eventually(async () => {
        const now = await commands();
        expect(now.filter((count, index) => count > (before[index] ?? 0))).toHaveLength(living);
      });
      expect(hanging.size).toBeGreaterThan(0);
      ends = true;
      for (const socket of hanging) socket.destroy();
      const { code, document } = await checked;
      ends = false;
      expect(code).toBe(3);
      expect(document.summary.statuses).toEqual({ 'would-change': living, unreachable: 3 });
    });

    test('and a person reads it', async () => {
      const { code, stdout } = await clusterproxy(lab, ['check', '-i', inventory]);
      expect(code).toBe(3);
      for (const name of ['refuses', 'hangs', 'nameless'])
        expect(stdout).toMatch(new RegExp(`error [a-z-]+: ${name}|${name}:`));
      expect(stdout).toMatch(/20 hosts: 17 would change, 3 unreachable/);
    });
  });
});
