import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadInventory } from '../../src/playbook/resolve/load-inventory.ts';
import { applyRun } from '../../src/run/apply-run.ts';
import { planRun } from '../../src/run/plan-run.ts';
import { labAvailable } from '../lab/available.ts';
import type { LabHost } from '../lab/host.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { stageOf } from '../support/host-plan.ts';
import { applyOptions, problems, statuses } from './cluster.ts';

const availability = await labAvailable();
if (!availability.available)
  console.warn(`Restarts that are owed on real hosts are skipped: ${availability.reason}`);

const keys = '/etc/lab/web.properties';
const site = '/etc/nginx/conf.d/lab.conf';

const playbook = `name: owed
description: a key of one service, and a file of nginx
variables:
  generation: {type: string, description: what all values are}
roles:
  node:
    description: any host
    steps:
      - id: keys
        properties: {path: ${keys}, set: {generation: '{{ vars.generation }}'}}
        notify: restart-web
      - id: site
        file: {path: ${site}, content: '# {{ vars.generation }}'}
        notify: reload-nginx
    handlers:
      - {id: restart-web, restart: lab-web.service, ready: [{active: lab-web.service}], timeout: 20, settle: 0}
      - {id: reload-nginx, reload: nginx.service, ready: [{active: nginx.service}, nginx-workers], timeout: 20, settle: 0}
`;

describe.skipIf(!availability.available)('what a service has not taken up', () => {
  let lab: Lab;
  let host: LabHost;
  beforeAll(async () => {
    lab = await startLab([
      {
        name: 'owed-01',
        services: ['nginx', 'lab-web'],
        prepare: async (one) => {
          await one.writeFile(
            '/etc/systemd/system/lab-web.service',
            '[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n',
          );
          await one.writeFile(keys, 'generation=none\n');
        },
      },
    ]);
    host = lab.host('owed-01');
  });
  afterAll(async () => {
    await lab?.destroy();
  });

  async function options(generation: string) {
    const folder = join(lab.directory, 'owed');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'playbook.yaml'), playbook);
    const file = join(folder, 'inventory.yaml');
    const inventory = {
      playbook: './playbook.yaml',
      cluster: { name: 'owed', hostname: 'owed.example.com' },
      windows: 'anytime',
      ssh: { user: 'root', identity_files: [lab.sshKey], known_hosts: [lab.knownHosts] },
      vars: { generation },
      hosts: { node: [{ name: host.name, address: host.address }] },
    };
    await writeFile(file, JSON.stringify(inventory));
    return applyOptions(await loadInventory(file));
  }
  async function apply(generation: string) {
    const given = await options(generation);
    const result = await applyRun(await planRun(given), given);
    expect(problems(result)).toEqual([]);
    return result;
  }
  /** What is still to be done: changed paths and owed handlers. */
  async function due(generation: string): Promise<readonly string[]> {
    const { plan } = await planRun(await options(generation));
    return plan.hosts
      .map(stageOf)
      .flatMap(({ changes, handlers }) => [
        ...changes.map(({ path }) => path),
        ...handlers.map(({ handler, owed }) => `${handler.id}${owed === undefined ? '' : ' owed'}`),
      ]);
  }
  /**
   * The host tells whole seconds, by two clocks: what happens within two of them may count as not taken up.
   */
  const nextSecond = () => host.mustExec('sleep 2.1');

  test('is seen although a package brought an old time with its file', async () => {
    expect(statuses(await apply('one'))).toEqual({ 'owed-01': 'changed' });
    expect(await due('one')).toEqual([]);
    await nextSecond();
    await host.mustExec(`set -e
      mkdir -p /root/lab-web/DEBIAN /root/lab-web/etc/lab
      printf 'Package: lab-web\\nVersion: 2\\nArchitecture: all\\nMaintainer: Lab <lab@example.com>\\nDescription: lab\\n' > /root/lab-web/DEBIAN/control
      printf 'generation=two\\n' > /root/lab-web/${keys}
      touch -d 2001-01-01 /root/lab-web/${keys}
      dpkg-deb --build --root-owner-group /root/lab-web /root/lab-web.deb
      dpkg --install /root/lab-web.deb
      printf '# two' > ${site}; sleep 2.1; systemctl reload nginx`);
    expect((await host.mustExec(['stat', '-c', '%y', keys])).slice(0, 4)).toBe('2001');
    await nextSecond();
    expect(await due('two')).toEqual(['restart-web owed']);
    const result = await apply('two');
    expect(result.hosts.map(({ plan, ran }) => [stageOf(plan).changes.length, ran])).toEqual([
      [0, ['restart-web']],
    ]);
    expect(await due('two')).toEqual([]);
  });

  test('is seen of nginx until it is reloaded, by whomever, although systemd tells no new start', async () => {
    await apply('two');
    await nextSecond();
    await host.mustExec(
      `printf '# three' > ${site}; sed -i s/two/three/ ${keys}; sleep 2.1; systemctl restart lab-web`,
    );
    expect(await due('three')).toEqual(['reload-nginx owed']);
    const entered = () => host.mustExec('systemctl show -p ActiveEnterTimestamp -p ExecMainPID nginx');
    const before = await entered();
    await nextSecond();
    await host.mustExec('systemctl reload nginx');
    expect(await entered()).toBe(before);
    // Until the workers with the old file have gone.
    await expect.poll(() => due('three'), { timeout: 60_000, interval: 300 }).toEqual([]);
  });

  test('a change of what is not managed owes nothing, whatever its time', async () => {
    await apply('four');
    await nextSecond();
    await host.mustExec(`echo 'theirs=yes' >> ${keys}`);
    expect(await due('four')).toEqual([]);
  });
});
