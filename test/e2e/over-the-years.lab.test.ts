import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { untilServing } from '../lab/bigbluebutton/install.ts';
import { eventually, getText } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import { type Cluster, hostOf, startCluster, statuses } from './cluster.ts';
import { noLab, useLab } from './lab.ts';
import { buildOlderProgram, olderCommit } from './older-program.ts';
import { startClusterproxy } from './program.ts';
import { expectServed } from './served.ts';
import { runStates, temporaryFiles } from './services.ts';

const commit = olderCommit();
if (commit === undefined) console.warn('Tests with version 0.1 are skipped: the history does not reach back');
const MEETING =
  '<meeting><meetingName>Class 7b</meetingName><meetingID>7b</meetingID><running>true</running><participantCount>27</participantCount></meeting>';
const web = '/etc/bigbluebutton/bbb-web.properties';

/** What one cluster meets in the course of time. */
describe.skipIf(noLab)('a cluster', () => {
  const lab = useLab();
  let cluster: Cluster;
  let proxy: LabHost;
  let node: LabHost;
  beforeAll(async () => {
    cluster = await startCluster(lab(), { name: 'years', nodes: ['3.0'], hasty: true });
    [proxy, node] = [cluster.proxy, cluster.node(1)];
  });

  async function expectServing(): Promise<void> {
    await expectServed(cluster, node, '3.0');
    const { code, document } = await cluster.json('check');
    expect([...new Set(Object.values(statuses(document)))]).toEqual(['in-sync']);
    expect(code).toBe(0);
  }

  it.skipIf(commit === undefined)('settles what version 0.1 has left open, and goes on', async () => {
    const older = await buildOlderProgram(commit ?? '');
    const inventory = cluster.file.replace('inventory.yaml', 'older.yaml');
    // It doesn't understand the playbooks of today, and knows no windows.
    await writeFile(
      inventory,
      JSON.stringify({ ...cluster.inventory, windows: undefined, playbook: 'bigbluebutton' }),
    );
    await node.writeFile('/var/lib/bbb-standin/delay', '60\n');
    const { child, said } = startClusterproxy(lab(), ['apply', '--yes', '--inventory', inventory], older);
    await said('years-01: the new files are in place');
    // That version says so before they are.
    await eventually(() => node.mustExec('test -s /var/lib/clusterproxy/runs/*/started'));
    await node.powerOff();
    child.kill('SIGKILL');
    // Its own unit would settle the run at the next boot.
    await node.mustExec('rm -f /etc/systemd/system/sysinit.target.wants/clusterproxy-settle-*');
    await node.mustExec('rm -f /var/lib/bbb-standin/delay');
    await node.boot();
    await untilServing(node, '3.0');
    expect(await runStates(node)).toEqual(['open']);
    const status = await cluster.json('status');
    expect(status.code).toBe(3);
    expect(hostOf(status.document, node.name)).toMatchObject({
      status: 'open',
      unsettled: [{ state: 'open' }],
    });

    // It puts back what the plan was made from: then the plan has to be made again, whatever the API that is
    // restarted by that says.
    const lesson = '/etc/systemd/system/bbb-web.service.d/lesson.conf';
    await node.writeFile('/root/meetings.xml', MEETING);
    await node.writeFile(
      lesson,
      '[Service]\nExecStartPost=+/bin/cp /root/meetings.xml /var/lib/bbb-standin/meetings.xml\n',
    );
    await node.mustExec('systemctl daemon-reload');
    const settling = await cluster.json('apply', '--yes');
    const outcome = settling.document.hosts.map(({ name, status, error }) => ({
      name,
      status,
      code: error?.code,
    }));
    expect(outcome).toContainEqual({ name: node.name, status: 'failed', code: 'changed-meanwhile' });
    expect(await runStates(node)).toEqual(['reverted', 'refused']);
    await node.mustExec(`rm ${lesson} /var/lib/bbb-standin/meetings.xml && systemctl daemon-reload`);
    const { code, document } = await cluster.json('apply', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code).toBe(0);
    expect(hostOf(document, node.name).status).toBe('changed');
    expect(await runStates(node)).toEqual(['reverted', 'refused', 'committed']);
    expect(await temporaryFiles(node)).toBe('');
    expect((await node.mustExec("find /etc/systemd/system -name 'clusterproxy-settle-*'")).trim()).toBe('');
    await expectServing();
    // Version 0.1 leaves the host alone from now on.
    const later = startClusterproxy(lab(), ['check', '--inventory', inventory], older).child;
    expect(await once(later, 'exit')).toEqual([3, null]);
  });

  it('is set up', async () => {
    expect((await cluster.json('apply', '--yes')).code).toBe(0);
    await expectServing();
  });

  it('is not changed where a file is bound over another, or has a second name', async () => {
    await node.mustExec(`sed -i s/years.example.com/away.example.com/ ${web}`);
    await node.mustExec(`cp -p ${web} /root/bound && mount --bind /root/bound ${web}`);
    const before = cluster.manifests();
    const mounted = await cluster.json('apply', '--yes');
    expect(mounted.code).toBe(3);
    expect(hostOf(mounted.document, node.name).error).toMatchObject({ code: 'file-mounted' });
    await node.mustExec(`umount ${web} && ln ${web} /etc/bigbluebutton/second-name`);
    const linked = await cluster.json('apply', '--yes');
    expect(linked.code).toBe(3);
    expect(hostOf(linked.document, node.name).error).toMatchObject({ code: 'file-has-second-name' });
    await node.mustExec('rm /etc/bigbluebutton/second-name');
    expect(cluster.changedSince(before)).toEqual([]);
    expect((await cluster.json('apply', '--yes')).code).toBe(0);
    await expectServing();
  });

  it('gets a new machine for its proxy: its key is pinned anew, and apply makes it whole', async () => {
    // The same name and address; nothing of ours, another machine id, other keys.
    await proxy.powerOff();
    await proxy.mustExec(
      'rm -rf /var/lib/clusterproxy /etc/nginx/clusterproxy /etc/nginx/conf.d/clusterproxy-*.conf',
    );
    await proxy.writeFile('/etc/machine-id', `${randomUUID().replaceAll('-', '')}\n`);
    await proxy.mustExec('rm /etc/ssh/ssh_host_*; ssh-keygen -A');
    await proxy.boot();
    const known = await readFile(lab().knownHosts, 'utf8');
    const logins = () => getText(lab(), `https://${node.name}.example.com/bigbluebutton/api`);

    const refused = await cluster.json('apply', '--yes');
    expect(refused.code).toBe(3);
    const { error, status } = hostOf(refused.document, proxy.name);
    expect([status, error?.code]).toEqual(['unreachable', 'host-key-changed']);
    expect(`${error?.message} ${error?.next}`).toContain('clusterproxy trust --replace HOST');
    expect(['in-sync', 'not-started']).toContain(hostOf(refused.document, node.name).status);
    expect(await logins()).toContain('SUCCESS');
    // Not without being told so.
    expect((await cluster.json('trust', '--yes')).code).toBe(3);
    expect(await readFile(lab().knownHosts, 'utf8')).toBe(known);

    const trusted = await cluster.json('trust', '--yes', '--replace', proxy.name);
    expect(trusted.code).toBe(0);
    const before = cluster.manifests();
    const plan = await cluster.json('plan');
    expect(statuses(plan.document)).toEqual({ [proxy.name]: 'would-change', [node.name]: 'in-sync' });
    const { code, document } = await cluster.json('apply', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code).toBe(0);
    expect(statuses(document)).toEqual({ [proxy.name]: 'changed', [node.name]: 'in-sync' });
    expect(cluster.changedSince(before).filter((path) => path.startsWith(`${node.name}:`))).toEqual([]);
    await expectServing();
  });

  it('is forgotten by its hosts, and goes on serving', async () => {
    const before = cluster.manifests();
    const { code, document } = await cluster.json('uninstall', '--yes');
    expect(code).toBe(0);
    expect(statuses(document)).toEqual({ [proxy.name]: 'changed', [node.name]: 'changed' });
    for (const host of cluster.hosts) {
      expect((await host.exec('ls -d /var/lib/clusterproxy')).code).not.toBe(0);
      const units = await host.mustExec("systemctl list-units --all --no-legend 'clusterproxy-*'");
      expect(units.trim()).toBe('');
    }
    expect(cluster.changedSince(before)).toEqual([]);
    await expectServed(cluster, node, '3.0');
    expect(statuses((await cluster.json('uninstall', '--yes')).document)).toEqual({
      [proxy.name]: 'in-sync',
      [node.name]: 'in-sync',
    });
  });
});
