import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ReportDocument } from '../../src/report/document/schema.ts';
import { type Cluster, hostOf, startCluster } from '../e2e/cluster.ts';
import { noLab, useLab } from '../e2e/lab.ts';
import { eventually } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import { documented } from './fault-table.ts';

/** Something wrong with a cluster, and which nodes `check` names for it; nothing else may be wrong. */
interface Fault {
  readonly name: string;
  readonly host: (cluster: Cluster) => LabHost;
  readonly make: string;
  /** back to how it was */
  readonly mend: string;
  readonly found: readonly (1 | 2)[];
  /** what is told of it */
  readonly words: RegExp;
}

const modern = (cluster: Cluster) => cluster.node(2);

describe.skipIf(noLab)('the proxy asks itself for each node', () => {
  const lab = useLab();
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster(lab(), { name: 'asked', nodes: ['2.6', '3.0.28'], hasty: true });
    const { code, stderr } = await cluster.run('apply', '--yes');
    expect([code, stderr.match(/error .*/)?.[0]]).toEqual([0, undefined]);
  });

  const often = process.env.CLUSTERPROXY_LONG ? 50 : 2;

  it(`and finds nothing wrong with a sound cluster, ${often} times in a row`, async () => {
    for (let times = 0; times < often; times += 1) {
      const { code, document } = await cluster.json('check');
      expect([code, failed(document)]).toEqual([0, []]);
      expect(document.checks?.map(({ host, id, outcome }) => `${host} ${id} ${outcome}`)).toEqual([
        'asked-01 meteor-page passed',
        'asked-02 api-addresses passed',
      ]);
    }
  });

  const faults: readonly Fault[] = [
    {
      name: 'bbb-web is dead',
      host: modern,
      make: 'systemctl stop bbb-web',
      mend: 'systemctl start bbb-web',
      found: [2],
      words: /502 Bad Gateway/,
    },
  ];

  let mend: (() => Promise<void>) | undefined;
  afterEach(async () => {
    await mend?.();
    mend = undefined;
  });

  async function put({ host, make, mend: back }: Pick<Fault, 'host' | 'make' | 'mend'>): Promise<void> {
    const at = host(cluster);
    mend = async () => {
      await at.mustExec(back);
      await eventually(async () => expect(failed((await cluster.json('check')).document)).toEqual([]));
    };
    await at.mustExec(make);
  }

  it.each(faults)('and finds: $name', async (fault) => {
    await put(fault);
    const names = fault.found.map((number) => cluster.node(number).name);
    await eventually(async () => {
      const { code, document } = await cluster.json('check');
      expect([failed(document), code]).toEqual([names, 4]);
      for (const name of names) {
        const { error } = hostOf(document, name);
        expect([error?.code, error?.host]).toEqual(['answers-wrongly', name]);
        expect(error?.message).toMatch(fault.words);
        expect(error?.next).toBeTruthy();
      }
    });
    const { stdout } = await cluster.run('plan');
    expect(stdout).toContain('a browser would get a wrong answer for');
  });

  it('is written down for operators', () => {
    documented(
      'check',
      faults.map(({ name }) => ({ fault: name, found: ['check answers-wrongly'] })),
    );
  });
});

/** The hosts that answer wrongly. */
function failed({ hosts }: ReportDocument): readonly string[] {
  return hosts.filter(({ error }) => error !== undefined).map(({ name }) => name);
}
