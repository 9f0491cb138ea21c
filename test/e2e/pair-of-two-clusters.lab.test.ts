import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../lab/fetch.ts';
import { nginx } from './door/nginx.ts';
import { noLab, useLab } from './lab.ts';
import { Audience } from './pair/audience.ts';
import { type Pair, startPair } from './pair/pair.ts';
import { secondCluster } from './pair/second-cluster.ts';

const hostname = 'town.example.com';

describe.skipIf(noLab)('a pair of proxies with the addresses of two clusters', () => {
  const lab = useLab();
  let school: Pair;
  let town: Pair;

  beforeAll(async () => {
    school = await startPair(lab(), {
      ...{ name: 'school', nodes: ['3.0', '3.0'], software: nginx, names: [hostname] },
    });
    town = await secondCluster(school, 'town', hostname);
    for (const { cluster } of [school, town]) {
      const { code, document, stderr } = await cluster.json('apply', '--yes');
      expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
      expect(code, stderr).toBe(0);
    }
    await school.holder();
    await town.holder();
    // keepalived has asked often enough by then to know which host is fit.
    await sleep(6_000);
  });

  it('keeps both where runs of the two interrupt one proxy each at the same time', async () => {
    const [one, other] = school.cluster.proxies;
    if (one === undefined || other === undefined) throw new Error('there is no pair');
    const audiences = [school, town].map((pair) => new Audience(pair.door, pair.page()));
    const ended = await Promise.all([
      school.cluster.json('reboot', one.name, '--yes'),
      town.cluster.json('reboot', other.name, '--yes'),
    ]);
    for (const { document, code, stderr } of ended) {
      expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
      expect(document.hosts.flatMap((host) => host.warnings)).toEqual([]);
      expect(code, stderr).toBe(0);
    }
    const waited = ended.filter(({ stderr }) => stderr.includes('waiting for another run'));
    console.warn(`${waited.length} of 2 runs has waited for the other one`);
    for (const audience of audiences) {
      const { answered, retried, failed, longestGap } = await audience.end();
      console.warn(
        `${answered} answered at once, ${retried.length} at the second try, ${failed.length} not; longest time without an answer ${longestGap} ms`,
      );
      expect(failed).toEqual([]);
    }
    for (const host of [one, other]) {
      await eventually(() => host.mustExec('systemctl is-active keepalived.service nginx.service'));
      const { stdout } = await host.exec('ls -A /run/clusterproxy-away /run/clusterproxy-turn/turn');
      expect(stdout).toBe('');
    }
  });
});
