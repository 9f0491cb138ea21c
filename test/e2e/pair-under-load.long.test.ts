import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../lab/fetch.ts';
import { nginx } from './door/nginx.ts';
import { noLab, useLab } from './lab.ts';
import { Crowd, KeptSocket } from './pair/crowd.ts';
import { cutPower } from './pair/network.ts';
import { type Pair, startPair } from './pair/pair.ts';

const [perSecond, connected] = [200, 50];

/** One story: each part on the hosts as the one before left them. Times are told, and never asserted. */
describe.skipIf(noLab)(`a pair with ${perSecond} requests a second and ${connected} WebSockets`, () => {
  const lab = useLab();
  let pair: Pair;
  let crowd: Crowd;
  let sockets: readonly KeptSocket[] = [];

  const gathers = async () => {
    sockets = Array.from({ length: connected }, () => new KeptSocket(pair.door, pair.socket()));
    await allHeardSince(Date.now());
    crowd = new Crowd(pair.door, pair.page(), perSecond);
    await sleep(2_000);
  };
  const allHeardSince = (moment: number) =>
    eventually(async () => {
      const dead = sockets.filter(({ lastHeard }) => lastHeard <= moment).length;
      if (dead > 0) throw new Error(`${dead} WebSockets are dead`);
    });
  /** What became of all of them after something was done at that moment. */
  const tells = async (what: string, moment: number) => {
    await allHeardSince(Date.now());
    const again = sockets.flatMap(({ opened }) => opened.filter((time) => time > moment));
    const last = again.length === 0 ? 0 : Math.max(...again) - moment;
    console.warn(
      `${what}: ${await crowd.end()}; ${again.length} WebSockets opened anew, the last of them after ${last} ms`,
    );
    expect(crowd.failed).toEqual([]);
    return again.length;
  };
  const configurations = () =>
    Promise.all(
      pair.cluster.proxies.map((host) =>
        host.mustExec('cat /etc/nginx/clusterproxy/loaded/nodes.conf /etc/nginx/conf.d/clusterproxy-*.conf'),
      ),
    );

  beforeAll(async () => {
    pair = await startPair(lab(), { name: 'loaded', nodes: ['3.0'], software: nginx });
    const { code, stderr } = await pair.cluster.json('apply', '--yes');
    expect(code, stderr).toBe(0);
    await pair.holder();
    await sleep(6_000);
  });

  afterEach(async () => {
    await Promise.all(sockets.map((one) => one.end()));
    sockets = [];
  });

  it('moves no address, fails no request and cuts no WebSocket while both are changed and reload', async () => {
    const before = await pair.holder();
    await gathers();
    const moment = Date.now();
    pair.cluster.inventory.vars.http2 = false;
    await pair.cluster.save();
    const { code, document, stderr } = await pair.cluster.json('apply', '--yes');
    expect(code, stderr).toBe(0);
    expect(document.summary).toMatchObject({ reloads: 2, restarts: 0 });
    await sleep(2_000);
    expect(await tells('both reloaded', moment)).toBe(0);
    expect(crowd.retried).toBe(0);
    expect((await pair.holder()).name).toBe(before.name);
  });

  it('is served with one more try, and every WebSocket is back, where nginx is killed', async () => {
    const before = await pair.holder();
    // Nobody starts it again.
    await before.writeFile('/run/systemd/system/nginx.service.d/off.conf', '[Service]\nRestart=no\n');
    await before.mustExec('systemctl daemon-reload');
    await gathers();
    const moment = Date.now();
    await before.mustExec('systemctl kill --signal=SIGKILL --kill-whom=all nginx.service');
    await eventually(async () =>
      expect((await pair.holders()).map(({ name }) => name)).not.toContain(before.name),
    );
    await pair.holder();
    await sleep(3_000);
    expect(await tells('nginx killed', moment)).toBeGreaterThanOrEqual(connected);
    expect((await pair.holder()).name).toBe(pair.other(before).name);
    await before.mustExec('systemctl reset-failed nginx.service; systemctl start nginx.service');
    await sleep(6_000);
  });

  it('is served with one more try, and every WebSocket is back, where the host is dead', async () => {
    const before = await pair.holder();
    await gathers();
    const moment = Date.now();
    await cutPower(before, pair.virtual);
    await pair.holder();
    await sleep(3_000);
    expect(await tells('host dead', moment)).toBeGreaterThanOrEqual(connected);
    await before.boot();
    await eventually(() => before.mustExec('systemctl is-active keepalived.service nginx.service'));
  });

  it('relays the same by both at the end, as verify says', async () => {
    const [one, other] = await configurations();
    expect(one).toBe(other);
    await eventually(async () => {
      const { document } = await pair.cluster.json('verify');
      const asked = (document.checks ?? []).filter(({ id }) =>
        ['same-relays', 'virtual-address'].includes(id),
      );
      expect(asked.map(({ outcome }) => outcome)).toEqual(['passed', 'passed', 'passed', 'passed']);
    });
  });
});
