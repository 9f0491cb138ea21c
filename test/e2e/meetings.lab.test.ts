import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import { type Cluster, hostOf, startCluster, statuses } from './cluster.ts';
import { noLab, useLab } from './lab.ts';
import { runStates, starts } from './services.ts';

const MEETING =
  '<meeting><meetingName>Maths &amp; more, class 7b</meetingName><meetingID>7b</meetingID><running>true</running><participantCount>27</participantCount><attendees><attendee><fullName>Ada Lovelace</fullName></attendee></attendees></meeting>';

describe.skipIf(noLab)('running meetings', () => {
  const lab = useLab();
  let cluster: Cluster;
  let busy: LabHost;
  let idle: LabHost;
  let unknown: LabHost;

  beforeAll(async () => {
    cluster = await startCluster(lab(), { name: 'class', nodes: ['3.0', '2.6', '2.4', '3.0'], hasty: true });
    [busy, idle, unknown] = [cluster.node(1), cluster.node(2), cluster.node(3)];
    await busy.writeFile('/var/lib/bbb-standin/meetings.xml', MEETING);
    // Its secret isn't the one that bbb-web has loaded: the API refuses the question.
    await unknown.mustExec(
      "sed -i 's/^securitySalt=.*/securitySalt=another/' /etc/bigbluebutton/bbb-web.properties",
    );
    // Here the class begins after the plan was made, in the moment in which nginx is reloaded.
    await cluster.node(4).writeFile('/root/meetings.xml', MEETING);
    await cluster
      .node(4)
      .writeFile(
        '/etc/systemd/system/nginx.service.d/bell.conf',
        '[Service]\nExecReload=+/bin/cp /root/meetings.xml /var/lib/bbb-standin/meetings.xml\n',
      );
    await cluster.node(4).mustExec('systemctl daemon-reload');
  });

  const noName = (...texts: readonly string[]) => expect(texts.join('\n')).not.toMatch(/Maths|Ada/);

  it('are counted in the plan, with what becomes of the host, and named only where names are asked for', async () => {
    const { code, stdout } = await cluster.run('plan');
    expect(code).toBe(0);
    expect(stdout).toContain('class-01: now: running meetings: 1, with 27 people');
    noName(stdout);
    const named = await cluster.run('plan', '--names');
    expect(named.stdout).toContain('- Maths & more, class 7b: 27 people');
    expect(named.stdout).not.toContain('Ada');
    const { document } = await cluster.json('plan');
    expect(hostOf(document, busy.name).guards).toMatchObject([{ guard: 'meetings', state: 'busy' }]);
    expect(hostOf(document, unknown.name).guards).toMatchObject([{ guard: 'meetings', state: 'unknown' }]);
    expect(hostOf(document, idle.name).guards).toMatchObject([{ guard: 'meetings', state: 'idle' }]);
    expect(JSON.stringify(document)).not.toContain('sample-salt');
    // A drift report for scripts doesn't ask, and doesn't claim anything.
    const check = await cluster.json('check');
    expect(check.code).toBe(2);
    expect(hostOf(check.document, busy.name).guards).toEqual([]);
  });

  it('are still there when the API has forgotten them: clients hold their connections open', async () => {
    // As after a restart of bbb-web in the middle of a class.
    const clients = [
      [idle, '/html5client/sockjs/websocket'],
      [cluster.node(4), '/graphql'],
    ] as const;
    const headers = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
    for (const [host, path] of clients) {
      const words = [...headers, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='].map((one) => `-H '${one}'`);
      await host.mustExec(
        `systemd-run --quiet --collect --unit=pupil curl -skN --http1.1 -o /dev/null ${words.join(' ')} https://${host.name}.example.com${path}`,
      );
    }
    const guards = async () => {
      const { document } = await cluster.json('plan', '--limit', 'class-02,class-04');
      return clients.map(([host]) => hostOf(document, host.name).guards);
    };
    const forgotten = {
      guard: 'meetings',
      state: 'busy',
      sessions: ['1 person (not listed by the API, but clients are connected)'],
    };
    await eventually(async () => expect(await guards()).toMatchObject([[forgotten], [forgotten]]));
    for (const [host] of clients) await host.mustExec('systemctl stop pupil');
    const nobody = { guard: 'meetings', state: 'idle' };
    await eventually(async () => expect(await guards()).toMatchObject([[nobody], [nobody]]));
  });

  it('put their host off, and a host that can not say; the others are done', async () => {
    const before = cluster.manifests();
    const started = await Promise.all([starts(busy), starts(unknown), starts(cluster.node(4))]);
    const { code, document } = await cluster.json('apply', '--yes', '--max-failures', '9');
    expect(statuses(document)).toEqual({
      'class-proxy': 'changed',
      'class-01': 'deferred',
      'class-02': 'changed',
      'class-03': 'deferred',
      'class-04': 'deferred',
    });
    expect(code).toBe(5);
    expect(hostOf(document, busy.name).error).toMatchObject({
      code: 'busy',
      message: 'running meetings: 1, with 27 people',
    });
    expect(hostOf(document, busy.name).error?.next).toContain('--force');
    expect(hostOf(document, unknown.name).error).toMatchObject({ code: 'guard-unknown' });
    expect(hostOf(document, unknown.name).error?.detail).toContain('checksumError');
    // The fourth had its nginx reloaded before the class began, and has its old files again.
    expect(
      hostOf(document, 'class-04')
        .handlers.filter((one) => one.ran)
        .map((one) => one.id),
    ).toEqual(['reload-nginx']);
    expect(cluster.changedSince(before).filter((path) => !/^class-(?:proxy|02):/.test(path))).toEqual([]);
    expect(await Promise.all([starts(busy), starts(unknown), starts(cluster.node(4))])).toEqual(started);
    expect(await runStates(cluster.node(4))).toEqual(['deferred']);
    // Nowhere is anybody named, neither in what was told nor in what the hosts have written down.
    noName(JSON.stringify(document));
    for (const command of ['history', 'status']) {
      const { stdout, stderr } = await cluster.run(command);
      noName(stdout, stderr);
    }
    for (const host of [busy, cluster.node(4)]) {
      await host.mustExec(
        "! grep -rqE 'Maths|Ada' /var/lib/clusterproxy && grep -rq 27.people /var/lib/clusterproxy",
      );
    }
  });

  it('are waited for by a later run, or interrupted by --force', async () => {
    await cluster
      .node(4)
      .mustExec('rm /etc/systemd/system/nginx.service.d/bell.conf && systemctl daemon-reload');
    await cluster.node(4).mustExec('rm /var/lib/bbb-standin/meetings.xml');
    const later = await cluster.json('apply', '--yes');
    expect(later.code).toBe(5);
    expect(statuses(later.document)).toEqual({
      'class-proxy': 'in-sync',
      'class-01': 'deferred',
      'class-02': 'in-sync',
      'class-03': 'deferred',
      'class-04': 'changed',
    });
    const { code, document } = await cluster.json('apply', '--yes', '--force');
    expect(code).toBe(0);
    expect(statuses(document)).toMatchObject({ 'class-01': 'changed', 'class-03': 'changed' });
    expect((await cluster.run('check')).code).toBe(0);
  });

  it('put off a rollback as well', async () => {
    const { code, document } = await cluster.json('rollback', '--yes', '--limit', 'class-01');
    expect(statuses(document)).toMatchObject({ 'class-01': 'deferred', 'class-02': 'skipped' });
    expect(code).toBe(5);
  });
});
