import { beforeAll, describe, expect, it } from 'vitest';
import { untilServing } from '../lab/bigbluebutton/install.ts';
import { type Cluster, hostOf, startCluster, statuses } from './cluster.ts';
import { noLab, useLab } from './lab.ts';
import { runStates } from './services.ts';

const MEETING =
  '<meeting><meetingName>Maths</meetingName><meetingID>7b</meetingID><running>true</running><participantCount>27</participantCount></meeting>';
const meetings = '/var/lib/bbb-standin/meetings.xml';
/** What a clone is advised to do. */
const newId = 'truncate -s 0 /etc/machine-id; rm -f /var/lib/dbus/machine-id; reboot';
const broken = '/etc/nginx/conf.d/broken.conf';

/** Commands that look at hosts, with what each needs besides. */
const looking: readonly (readonly [string, ...string[]])[] = [
  ['plan'],
  ['check'],
  ['status'],
  ['apply', '--yes'],
  ['apply', '--dry-run'],
];

describe.skipIf(noLab)('whom a run may touch, and how many at once', () => {
  const lab = useLab();
  let cluster: Cluster;
  let names: readonly string[];

  beforeAll(async () => {
    cluster = await startCluster(lab(), { name: 'roll', nodes: ['3.0', '3.0', '3.0', '3.0'], hasty: true });
    cluster.inventory.ssh.connect_timeout = 2;
    await cluster.save();
    names = cluster.hosts.map(({ name }) => name);
  });

  /** The inventory for a while: logins as somebody else, or hosts at other addresses. */
  async function withInventory(change: (copy: Cluster['inventory']) => void, work: () => Promise<void>) {
    const { ssh, hosts } = structuredClone(cluster.inventory);
    change(cluster.inventory);
    await cluster.save();
    try {
      await work();
    } finally {
      Object.assign(cluster.inventory, { ssh, hosts });
      await cluster.save();
    }
  }

  type Commands = readonly (readonly [string, ...string[]])[];
  async function refusesPlainAccounts(commands: Commands, overOpenSsh: Commands) {
    const before = cluster.manifests();
    for (const [user, transport, given] of [
      ['ops', 'node', commands],
      ['deputy', 'openssh', overOpenSsh],
    ] as const) {
      await withInventory(
        ({ ssh }) => Object.assign(ssh, { user, become: 'none', transport }),
        async () => {
          for (const [command, ...args] of given) {
            const { code, document } = await cluster.json(command, ...args);
            expect([command, code]).toEqual([command, 3]);
            expect(document.hosts.map(({ name, status }) => [name, status])).toEqual(
              (command === 'rollback' ? [...names].reverse() : names).map((name) => [name, 'failed']),
            );
            for (const { name, error, warnings } of document.hosts) {
              expect(error).toMatchObject({ code: 'not-permitted', host: name });
              expect(error?.message).toContain(`${user}@${name} is not root, and may not read`);
              expect(error?.next).toContain('`become: sudo`');
              expect(warnings).toEqual([]);
            }
          }
          const { code, stdout, stderr } = await cluster.run('plan');
          expect(code).toBe(3);
          expect(stdout + stderr).not.toMatch(/not-a-file|certificate-missing|regular file/);
        },
      );
    }
    expect(cluster.changedSince(before)).toEqual([]);
  }

  it('nobody whose files may not be read: one error a host, over both transports', () =>
    refusesPlainAccounts(looking, [['check']]));

  it('a host that may only be looked at by who logs in is planned, and not changed', async () => {
    // All that is read is open to everybody here, and nothing of ours is there yet.
    const open = (path: string) => cluster.node(1).mustExec(`chmod o+r ${path}`);
    await open('/etc/bigbluebutton/bbb-web.properties');
    await open('/etc/default/bbb-graphql-server');
    await withInventory(
      ({ ssh }) => Object.assign(ssh, { user: 'ops', become: 'none' }),
      async () => {
        const planned = await cluster.json('plan');
        const host = hostOf(planned.document, 'roll-01');
        expect(host.status).toBe('would-change');
        expect(host.warnings.join()).toContain(
          'ops is not root: this host can be inspected, but not changed',
        );
        const before = cluster.manifests();
        const { document } = await cluster.json('apply', '--yes');
        expect(hostOf(document, 'roll-01')).toMatchObject({
          status: 'failed',
          error: { code: 'not-permitted' },
        });
        expect(cluster.changedSince(before)).toEqual([]);
      },
    );
  });

  it('no machine that has two names', async () => {
    const before = cluster.manifests();
    const [first, second] = ['roll-01', 'roll-02'];
    await withInventory(
      ({ hosts }) => {
        const entry = hosts.node[1];
        if (entry) entry.ssh = { address: cluster.node(1).address };
      },
      async () => {
        for (const [command, ...args] of looking) {
          const only = command === 'apply' ? ['--limit', `${first},${second}`] : [];
          const { code, document } = await cluster.json(command, ...args, ...only);
          expect([command, code]).toEqual([command, 3]);
          for (const name of [first, second]) {
            const { status, error } = hostOf(document, name ?? '');
            expect([command, status, error?.code]).toEqual([command, 'failed', 'same-machine']);
            expect(error?.message).toContain(first);
            expect(error?.message).toContain(second);
            expect(error?.next).toContain('correct an address');
          }
          // What the proxy has for a node isn't planned from another one.
          expect(JSON.stringify(hostOf(document, 'roll-proxy').changes)).not.toContain('/roll-02/');
        }
        expect(cluster.changedSince(before)).toEqual([]);
        expect(await runStates(cluster.node(1))).toEqual([]);
      },
    );
  });

  it('no clone with the machine id of another, whichever roles they have', async () => {
    const clone = cluster.node(3);
    await clone.writeFile('/etc/machine-id', await cluster.proxy.readFile('/etc/machine-id'));
    const { code, document } = await cluster.json('apply', '--yes');
    expect(code).toBe(3);
    expect(statuses(document)).toEqual({
      'roll-proxy': 'failed',
      'roll-01': 'not-started',
      'roll-02': 'not-started',
      'roll-03': 'failed',
      'roll-04': 'not-started',
    });
    for (const name of ['roll-proxy', 'roll-03']) {
      expect(hostOf(document, name).error).toMatchObject({
        code: 'same-machine',
        next: expect.stringContaining(newId),
      });
    }
    await clone.mustExec(newId.replace('; reboot', ''));
    expect(hostOf((await cluster.json('plan')).document, 'roll-03').error?.code).toBe('no-machine-id');
    await clone.powerOff();
    await clone.boot();
    await untilServing(clone, '3.0');
    const after = await cluster.json('plan');
    expect(after.document.hosts.map(({ status }) => status)).toEqual(Array(5).fill('would-change'));
  });

  it('one host alone until one was really changed: one that is put off proves nothing', async () => {
    await cluster.node(1).writeFile(meetings, MEETING);
    const faulty = [cluster.node(2), cluster.node(3), cluster.node(4)];
    await Promise.all(faulty.map((host) => host.writeFile(broken, 'prox_pass http://127.0.0.1;\n')));
    const { document } = await cluster.json('apply', '--yes', '--max-unavailable', '100%');
    expect(statuses(document)).toMatchObject({
      'roll-01': 'deferred',
      'roll-02': 'rolled-back',
      'roll-03': 'not-started',
      'roll-04': 'not-started',
    });
    expect((await Promise.all(faulty.map(runStates))).flat()).toEqual(['reverted']);
    await cluster.node(1).mustExec(`rm ${meetings}`);
    await Promise.all(faulty.map((host) => host.mustExec(`rm ${broken}`)));
  });

  it('nobody more while as many are down as may be; one that is down may be mended', async () => {
    await cluster.node(4).powerOff();
    const planned = await cluster.run('plan');
    expect(planned.stdout.replace(/\s+/g, ' ')).toContain(
      'at most 1 of the role node may be out at once, and roll-04 (unreachable) is out already',
    );
    const { code, document } = await cluster.json('apply', '--yes');
    expect(code).toBe(3);
    for (const name of ['roll-01', 'roll-02', 'roll-03']) {
      expect(hostOf(document, name)).toMatchObject({
        status: 'not-started',
        error: { code: 'too-many-out' },
      });
    }
    // Nobody can say who is there, hence --force.
    await cluster.node(3).mustExec('systemctl stop bbb-web.service');
    const mended = await cluster.json('apply', '--yes', '--force', '--limit', 'roll-proxy,roll-03');
    expect(statuses(mended.document)).toMatchObject({ 'roll-03': 'changed' });
  });

  it('as many as the operator allows, and it says how it will go', async () => {
    const { code, document } = await cluster.json('apply', '--yes', '--max-unavailable', '2');
    expect(document.rollout?.find(({ role }) => role === 'node')).toMatchObject({
      hosts: ['roll-01', 'roll-02'],
      atOnce: 1,
      maxUnavailable: 2,
      down: [{ name: 'roll-04', why: 'unreachable' }],
      held: [],
    });
    expect(statuses(document)).toMatchObject({ 'roll-01': 'changed', 'roll-02': 'changed' });
    expect(code).toBe(3);
    await cluster.node(4).boot();
    await untilServing(cluster.node(4), '3.0');
  });

  it('nobody whose record may not be read: history, rollback and unlock say so', async () => {
    await cluster.node(4).mustExec('install -d -m 0700 /var/lib/clusterproxy');
    await refusesPlainAccounts([['status'], ['history'], ['rollback', '--yes']], [['history']]);
    await withInventory(
      ({ ssh }) => Object.assign(ssh, { user: 'ops', become: 'none' }),
      async () => {
        const unlock = await cluster.json('unlock', '20260101T000000Z-000000', '--yes');
        expect(unlock.code).not.toBe(0);
        expect(unlock.document.errors?.map((error) => error.code)).toContain('not-permitted');
      },
    );
  });
});
