import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { eventually } from '../lab/fetch.ts';
import { hostOf, startCluster, statuses } from './cluster.ts';
import { noLab, useLab } from './lab.ts';
import { runStates, sshdCounts, temporaryFiles } from './services.ts';

describe.skipIf(noLab).concurrent('a run that loses its controller', () => {
  const lab = useLab();

  it('killed in the middle: the host finishes by itself, and resume goes on with the others', async () => {
    const cluster = await startCluster(lab(), { name: 'killed', nodes: ['3.0', '3.0'], hasty: true });
    const { child, said } = cluster.start('apply', '--yes');
    await said('killed-01: the new files are in place');
    child.kill('SIGKILL');
    await eventually(async () => expect(await runStates(cluster.node(1))).toEqual(['committed']));
    expect(await temporaryFiles(cluster.node(1))).toBe('');
    const { document: history } = await cluster.json('history');
    const run = history.runs?.[0]?.run ?? '';
    expect((await cluster.json('follow', run)).document).toMatchObject({
      followed: { phase: 'lost' },
      summary: { exitStatus: 3, statuses: { 'not-started': 1 } },
    });
    const { code, document } = await cluster.json('resume', run, '--yes');
    expect(statuses(document)).toEqual({
      'killed-proxy': 'done',
      'killed-01': 'done',
      'killed-02': 'changed',
    });
    expect(code).toBe(0);
    expect((await cluster.run('check')).code).toBe(0);
  });

  it('by a connection that is cut: it comes back and sees how it ended', async () => {
    const cluster = await startCluster(lab(), { name: 'cut', nodes: ['3.0'], hasty: true });
    const node = cluster.node(1);
    const { child, said } = cluster.start('apply', '--yes');
    const ended = once(child, 'exit');
    await said('cut-01: the new files are in place');
    const { logins } = await sshdCounts(node);
    const start = performance.now();
    // The processes that hold the connections; sshd itself goes on.
    await node.mustExec("kill -KILL $(pgrep -f '^sshd: ops')");
    expect(await ended).toEqual([0, null]);
    // Once to come back, once to give back what the run had reserved, and every ten seconds to ask whether
    // somebody has aborted it.
    const asked = Math.ceil((performance.now() - start) / 10_000);
    const more = (await sshdCounts(node)).logins - logins;
    expect(more).toBeGreaterThanOrEqual(2);
    expect(more).toBeLessThanOrEqual(2 + asked);
    expect(await runStates(node)).toEqual(['committed']);
    expect((await cluster.run('check')).code).toBe(0);
  });

  it('interrupted by the operator: what has begun is brought to its end, nothing else is begun, exit 130', async () => {
    const cluster = await startCluster(lab(), { name: 'ctrl-c', nodes: ['3.0', '3.0'], hasty: true });
    const { child, said } = cluster.start('apply', '--yes');
    const ended = once(child, 'exit');
    await said('ctrl-c-01: the new files are in place');
    child.kill('SIGINT');
    await said('no further host is started');
    expect(await ended).toEqual([130, null]);
    expect(await runStates(cluster.node(1))).toEqual(['committed']);
    expect(await runStates(cluster.node(2))).toEqual([]);

    // Two operators go on at the same moment: one of them changes both nodes, the other none.
    await cluster.node(1).mustExec('rm /etc/bigbluebutton/etherpad.json');
    const both = [cluster.start('apply', '--yes'), cluster.start('apply', '--yes')];
    const codes = await Promise.all(both.map(async (one) => (await once(one.child, 'exit'))[0]));
    expect(codes).toContain(0);
    const { document } = await cluster.json('history');
    const [interruptedRun, ...runs] = [...(document.runs ?? [])].reverse();
    expect(interruptedRun?.hosts.map(({ name }) => name)).toContain('ctrl-c-01');
    const changed = runs.flatMap(({ run, hosts }) =>
      hosts.filter(({ state }) => state === 'committed').map(({ name }) => `${name} by ${run}`),
    );
    const winner = changed[0]?.split(' by ')[1];
    expect(changed).toEqual([`ctrl-c-01 by ${winner}`, `ctrl-c-02 by ${winner}`]);
    expect((await cluster.run('check')).code).toBe(0);
  });

  it('while another run is at work on a host: refused, by name', async () => {
    const cluster = await startCluster(lab(), { name: 'locked', nodes: ['3.0'] });
    // bbb-web has three minutes to come up, and is up as soon as the file is gone.
    await cluster.node(1).writeFile('/var/lib/bbb-standin/delay', '150\n');
    const first = cluster.start('apply', '--yes');
    const ended = once(first.child, 'exit');
    await first.said('locked-01: the new files are in place');
    await eventually(() => cluster.node(1).mustExec('rm /etc/bigbluebutton/etherpad.json'));
    const { code, document } = await cluster.json('apply', '--yes');
    await cluster.node(1).mustExec('rm /var/lib/bbb-standin/delay');
    const { error, unsettled } = hostOf(document, 'locked-01');
    expect(error, JSON.stringify(document)).toMatchObject({ code: 'leased' });
    expect(error?.message).toMatch(/^this host is reserved by another run: \S+ from \S+, apply, run /);
    expect(unsettled).toMatchObject([{ state: 'open' }]);
    expect(code).toBe(3);
    expect(await ended).toEqual([0, null]);
  });
});
