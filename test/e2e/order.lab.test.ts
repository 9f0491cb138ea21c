import { readFile, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { untilServing } from '../lab/bigbluebutton/install.ts';
import { eventually } from '../lab/fetch.ts';
import { type Cluster, hostOf, startCluster, statuses } from './cluster.ts';
import { noLab, useLab } from './lab.ts';

describe.skipIf(noLab)('the order of a run, and where it stops', () => {
  const lab = useLab();
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster(lab(), { name: 'order', nodes: ['3.0', '3.0', '3.0'], hasty: true });
    cluster.inventory.ssh.connect_timeout = 2;
    await cluster.save();
  });

  it('starts no node without the proxy', async () => {
    const before = cluster.manifests();
    await cluster.proxy.powerOff();
    const { code, document } = await cluster.json('apply', '--yes');
    expect(code).toBe(3);
    expect(statuses(document)).toEqual({
      'order-proxy': 'unreachable',
      'order-01': 'not-started',
      'order-02': 'not-started',
      'order-03': 'not-started',
    });
    expect(hostOf(document, 'order-proxy').error).toMatchObject({ code: 'unreachable' });
    expect(hostOf(document, 'order-01').error?.message).toContain('order-proxy comes first');
    expect(cluster.changedSince(before)).toEqual([]);
    await cluster.proxy.boot();
  });

  it('stops at the first node that fails', async () => {
    // Broken before, and noticed by nobody, as nginx runs on with what it had loaded.
    await cluster.node(1).writeFile('/etc/nginx/conf.d/broken.conf', 'prox_pass http://127.0.0.1;\n');
    await cluster.node(3).powerOff();
    const before = cluster.manifests();
    const { code, document, stderr } = await cluster.json('apply', '--yes', '--max-unavailable', '2');
    expect(code).toBe(3);
    expect(statuses(document)).toEqual({
      'order-proxy': 'changed',
      'order-01': 'rolled-back',
      'order-02': 'not-started',
      'order-03': 'unreachable',
    });
    expect(hostOf(document, 'order-proxy').warnings.join()).toContain('order-03 could not be inspected');
    expect(hostOf(document, 'order-01').error?.detail).toContain('unknown directive "prox_pass"');
    expect(cluster.changedSince(before).filter((path) => !path.startsWith('order-proxy:'))).toEqual([]);
    expect(stderr).toContain('4 of 4 done, 1 unreachable');
  });

  it('goes on with others as long as --max-failures allows, and past a node that is down', async () => {
    const { code, document } = await cluster.json(
      ...(['apply', '--yes', '--max-failures', '1', '--max-unavailable', '2'] as const),
    );
    expect(code).toBe(3);
    expect(statuses(document)).toEqual({
      'order-proxy': 'in-sync',
      'order-01': 'rolled-back',
      'order-02': 'changed',
      'order-03': 'unreachable',
    });
    await cluster.node(3).boot();
    await untilServing(cluster.node(3), '3.0');
    await cluster.node(1).mustExec('rm /etc/nginx/conf.d/broken.conf');
  });

  it('changes only what --limit names, and never a node before its proxy', async () => {
    const refused = await cluster.json('apply', '--yes', '--limit', 'order-03');
    // Nothing was touched.
    expect(refused.code).toBe(1);
    expect(hostOf(refused.document, 'order-03').error).toMatchObject({ code: 'forerunner-left-out' });
    const { code, document } = await cluster.json('apply', '--yes', '--limit', 'proxy,order-01');
    expect(code).toBe(0);
    expect(statuses(document)).toEqual({
      'order-proxy': 'changed',
      'order-01': 'changed',
      'order-02': 'skipped',
      'order-03': 'skipped',
    });
  });

  it('carries out a saved plan, and refuses it when a host, or the inventory, is no longer as it was', async () => {
    const plan = `${cluster.file}.plan`;
    const planned = await cluster.run('plan', '--out', plan, '--detailed-exitcode');
    expect(planned.code, planned.stdout + planned.stderr).toBe(2);
    expect(await readFile(plan, 'utf8')).not.toContain('securitySalt');

    const path = '/etc/bigbluebutton/bbb-html5.yml';
    await cluster.node(3).mustExec(`echo '# a note' >> ${path}`);
    const drifted = await cluster.run('apply', '--yes', '--plan', plan);
    expect(drifted.code).toBe(1);
    expect(drifted.stderr).toContain('error plan-differs');
    expect(drifted.stderr).toContain(`order-03: the change to ${path} is now different`);
    await cluster.node(3).mustExec(`sed -i '/^# a note$/d' ${path}`);

    const text = await readFile(cluster.file, 'utf8');
    await writeFile(cluster.file, `${text}\n# a note\n`);
    const edited = await cluster.json('apply', '--yes', '--plan', plan);
    expect(edited.code).toBe(1);
    expect(edited.document.errors).toMatchObject([
      { code: 'plan-differs', detail: 'the inventory has changed' },
    ]);
    await writeFile(cluster.file, text);

    const { code, document } = await cluster.json('apply', '--yes', '--plan', plan);
    expect(document.errors).toBe(undefined);
    expect(statuses(document)).toMatchObject({ 'order-03': 'changed' });
    expect(code).toBe(0);
    await eventually(async () => expect((await cluster.run('check')).code).toBe(0));
  });

  it('asks nobody where there is no terminal, and says which flag answers', async () => {
    await cluster.node(2).mustExec('rm /etc/bigbluebutton/etherpad.json');
    const before = cluster.manifests();
    const { code, stderr } = await cluster.run('apply');
    expect(code).toBe(1);
    expect(stderr).toContain('--yes');
    expect(cluster.changedSince(before)).toEqual([]);
  });
});
