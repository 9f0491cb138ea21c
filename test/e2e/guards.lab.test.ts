import { readFile, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LabHost } from '../lab/host.ts';
import { askedAndStarted } from './asked-and-started.ts';
import { owed, ring, rung } from './bell.ts';
import { type Cluster, hostOf, startCluster, statuses } from './cluster.ts';
import { noLab, useLab } from './lab.ts';
import { inactive, runStates, starts, startsOf, temporaryFiles } from './services.ts';

const services = [
  'nginx',
  'etherpad',
  'bbb-graphql-server',
  'bbb-graphql-middleware',
  'bbb-apps-akka',
  'bbb-web',
];

const latestRun = async (host: LabHost) => (await host.mustExec('ls /var/lib/clusterproxy/runs')).trim();
/** One that is closed for at least a day, whenever this runs and wherever. */
function closedWindow(): string {
  const day = new Date(Date.now() + 3 * 86_400_000).toLocaleDateString('en-US', { weekday: 'short' });
  return `${day.toLowerCase()} 01:00-02:00`;
}

describe.skipIf(noLab)('a class that begins in the middle of a run', () => {
  const lab = useLab();
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster(lab(), {
      name: 'bell',
      nodes: ['3.0', '3.0', '3.0', '3.0', '3.0'],
      hasty: true,
    });
    // What hangs does so until somebody has ended the run, however busy this machine is.
    const playbook = await cluster.copyPlaybook();
    const text = await readFile(playbook, 'utf8');
    await writeFile(playbook, text.replace(/\btimeout: 15$/gm, 'timeout: 90'));
    const [forward, fails, ...killed] = cluster.nodes;
    if (forward === undefined || fails === undefined) throw new Error('hosts are missing');
    await ring(forward, 'etherpad', 'begins');
    await ring(fails, 'bbb-graphql-middleware', 'fails');
    for (const host of killed) await ring(host, 'bbb-graphql-middleware', 'hangs');
  });

  it('finds a proxy whose nginx is down refused by the plan, with the command that mends it', async () => {
    await cluster.proxy.mustExec('systemctl stop nginx');
    const stopped = await cluster.json('plan');
    expect(stopped.code).toBe(3);
    expect(hostOf(stopped.document, 'bell-proxy')).toMatchObject({
      status: 'failed',
      error: { code: 'unit-not-running' },
    });
    expect(hostOf(stopped.document, 'bell-proxy').error?.next).toContain('systemctl start nginx.service');
    await cluster.proxy.mustExec(
      'systemctl start nginx; kill -KILL $(cat /run/nginx.pid); while systemctl is-active nginx; do sleep 0.1; done',
    );
    const failed = await cluster.json('apply', '--yes', '--limit', 'bell-proxy');
    expect(failed.code).toBe(3);
    expect(hostOf(failed.document, 'bell-proxy').error?.next).toContain(
      'systemctl reset-failed nginx.service && systemctl start nginx.service',
    );
    expect(await runStates(cluster.proxy)).toEqual([]);
    await cluster.proxy.mustExec('systemctl reset-failed nginx; systemctl start nginx');
  });

  it('is not in danger outside a window, nor shortly before a deadline: nothing is touched', async () => {
    const node = cluster.node(1);
    const [started, before] = [await starts(node), cluster.manifests()];
    const limit = ['--limit', 'bell-proxy,bell-01'];
    const outside = await cluster.json('apply', '--yes', '--window', closedWindow(), ...limit);
    // The proxy reloads, which interrupts nobody.
    expect(statuses(outside.document)).toMatchObject({ 'bell-proxy': 'changed', 'bell-01': 'deferred' });
    expect(outside.code).toBe(5);
    expect(hostOf(outside.document, 'bell-01').error).toMatchObject({ code: 'outside-window' });
    expect(hostOf(outside.document, 'bell-01').error?.next).toContain('--now');
    expect(outside.document.rollout).toMatchObject([
      { role: 'proxy' },
      { role: 'node', window: { state: 'closed', interrupting: ['bell-01'], deferred: ['bell-01'] } },
    ]);
    const late = await cluster.json('apply', '--yes', '--deadline', '1m', ...limit);
    expect(late.code).toBe(5);
    expect(hostOf(late.document, 'bell-01')).toMatchObject({
      ...{ status: 'deferred', error: { code: 'past-deadline' } },
    });
    expect(await starts(node)).toBe(started);
    expect(cluster.changedSince(before).filter((path) => path.startsWith('bell-01:'))).toEqual([]);
    expect(await runStates(node)).toEqual([]);
  });

  it('is not cut by the next handler: the new files stay, and what would interrupt it is owed', async () => {
    const node = cluster.node(1);
    const before = await starts(node);
    const now = ['--window', closedWindow(), '--now'];
    const { code, document } = await cluster.json('apply', '--yes', ...now, '--limit', 'bell-proxy,bell-01');
    expect(statuses(document)).toMatchObject({ 'bell-proxy': 'in-sync', 'bell-01': 'owed' });
    expect(code).toBe(5);
    const { error, handlers } = hostOf(document, 'bell-01');
    expect(error).toMatchObject({ code: 'restarts-owed' });
    expect(error?.message).toContain('running meetings: 1, with 27 people');
    const left = handlers.filter(({ ran }) => !ran).map(({ id }) => id);
    expect(left).toEqual([
      'restart-graphql-server',
      'restart-graphql-middleware',
      'restart-bbb-apps-akka',
      'restart-bbb-web',
    ]);
    expect(error?.message).toContain(
      `running meetings: 1, with 27 people), so these are still pending: ${left.join(', ')}`,
    );
    expect((await starts(node)).slice(before.length)).toMatch(/^\S+ etherpad\n$/);
    expect(await owed(node)).toEqual([...left].sort());
    expect(await runStates(node)).toEqual(['committed']);
    const told = await askedAndStarted(node);
    expect(told.starts).toMatchObject([
      { handler: 'reload-nginx', answer: undefined },
      { handler: 'restart-etherpad', way: 'forward', answer: 'none' },
    ]);
    expect(told.starts[1]?.seconds).toBeLessThanOrEqual(1);
    expect(told.refusals).toMatchObject({ 'restart-graphql-server': 'busy' });
    // Whoever asks is told of it from now on.
    const check = await cluster.json('check', '--limit', 'bell-01');
    expect(check.code).toBe(2);
    expect(hostOf(check.document, 'bell-01').changes).toEqual([]);
    expect(hostOf(check.document, 'bell-01').handlers.map(({ id }) => id)).toEqual(left);
    // As long as they are there, nothing is done.
    const again = await cluster.json('apply', '--yes', '--limit', 'bell-01');
    expect(statuses(again.document)['bell-01']).toBe('deferred');
    expect(await owed(node)).toEqual([...left].sort());
  });

  it('is not cut by what puts a run back either, whoever ended it; what is broken is mended', async () => {
    const [, fails, unlocked, settled, killed] = cluster.nodes;
    if (fails === undefined || unlocked === undefined || settled === undefined || killed === undefined)
      throw new Error('hosts are missing');
    const before = cluster.manifests();
    const counts = await Promise.all(cluster.nodes.map((host) => startsOf(host, 'etherpad')));
    const limit = ['--limit', 'bell-02,bell-03,bell-04,bell-05', '--max-failures', '9'];
    const applying = cluster.json('apply', '--yes', ...limit);
    const [byUnlock, bySettle] = await Promise.all([
      rung(unlocked).then(async () =>
        cluster.json('unlock', await latestRun(unlocked), '--yes', '--limit', unlocked.name),
      ),
      rung(settled).then(async () =>
        settled.mustExec(`sh /var/lib/clusterproxy/settle ${await latestRun(settled)} revert 2>&1`),
      ),
      rung(killed).then(async () =>
        killed.mustExec(`systemctl kill -s KILL --kill-who=main clusterproxy-${await latestRun(killed)}`),
      ),
    ]);
    const { code, document } = await applying;
    expect(code).toBe(3);
    const left = 'these handlers were not run: restart-etherpad, restart-graphql-server;';
    expect(JSON.stringify(hostOf(byUnlock.document, unlocked.name).warnings)).toContain(left);
    expect(bySettle).toContain(left);
    for (const host of [fails, unlocked, settled, killed]) {
      expect(statuses(document)[host.name], host.name).toBe('rolled-back');
      expect(JSON.stringify(hostOf(document, host.name).warnings), host.name).toContain(left);
      expect(await owed(host)).toEqual(['restart-etherpad', 'restart-graphql-server']);
      expect(await startsOf(host, 'etherpad')).toBe((counts[cluster.nodes.indexOf(host)] ?? 0) + 1);
      expect(await inactive(host, services)).toEqual([]);
      expect(await temporaryFiles(host)).toBe('');
      const told = await askedAndStarted(host);
      // Forward each was asked for; back, the one that is down is started without a question, and no other.
      expect(
        told.starts.map(({ handler, way, answer }) => [handler, way, answer]),
        host.name,
      ).toEqual([
        ['reload-nginx', 'forward', undefined],
        ['restart-etherpad', 'forward', 'none'],
        ['restart-graphql-server', 'forward', 'none'],
        ['restart-graphql-middleware', 'forward', 'none'],
        ['reload-nginx', 'back', undefined],
        ['restart-graphql-middleware', 'back', undefined],
      ]);
      for (const { answer, seconds } of told.starts)
        if (answer !== undefined) expect(seconds).toBeLessThanOrEqual(1);
      expect(told.refusals).toEqual({ 'restart-etherpad': 'busy', 'restart-graphql-server': 'busy' });
    }
    expect(cluster.changedSince(before).filter((path) => /:\/(?:etc|usr)\//.test(path))).toEqual([]);
  });

  it('is over one day: then all that is owed is done', async () => {
    for (const host of cluster.nodes) await host.mustExec('rm /var/lib/bbb-standin/meetings.xml');
    const { code, document } = await cluster.json('apply', '--yes');
    expect(code).toBe(0);
    for (const host of cluster.nodes) {
      expect(statuses(document)[host.name]).toBe('changed');
      expect(await owed(host)).toEqual([]);
      for (const { answer, seconds } of (await askedAndStarted(host)).starts) {
        expect([undefined, 'none']).toContain(answer);
        if (answer !== undefined) expect(seconds).toBeLessThanOrEqual(1);
      }
    }
    expect((await cluster.run('check')).code).toBe(0);
  });
});
