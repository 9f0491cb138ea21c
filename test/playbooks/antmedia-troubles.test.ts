import { expect, it } from 'vitest';
import { mergeReads } from '../../src/model/merge-reads.ts';
import { noReads, type Query } from '../../src/model/reads.ts';
import { viewCluster } from '../../src/playbook/resolve/contexts.ts';
import { readsOf } from '../../src/playbook/resolve/reads.ts';
import { judgeTroubles, symptomReads } from '../../src/playbook/resolve/troubles.ts';
import { inventoryOf } from '../support/sample-cluster.ts';
import { snapshotOf } from '../support/snapshot-from-folder.ts';

/** The troubles that doctor finds on an Ant Media Server whose log has this line. */
async function foundIn(line: string): Promise<readonly string[]> {
  const inventory = await inventoryOf(`playbook: antmedia
cluster: {name: prod, hostname: ams.example.com}
hosts:
  balancer: [{name: lb-1, address: 192.0.2.5}]
  node: [{name: ams-01, address: 192.0.2.11}]
`);
  const host = inventory.hosts.find(({ name }) => name === 'ams-01');
  if (host === undefined) throw new Error('the inventory has no node');
  const reads = mergeReads(
    [readsOf(inventory, host, { guards: false }), ...symptomReads(inventory, host)].map((some) => ({
      ...noReads,
      ...some,
    })),
  );
  const searches = reads.queries.filter(({ kind }) => kind === 'search');
  // grep(1) searches on the host, in the log alone.
  const answer = ({ args: [pattern = '', path] }: Query) =>
    path === '/usr/local/antmedia/log/ant-media-server.log' && new RegExp(pattern).test(line) ? 0 : 1;
  const answers = searches.map((query) => [query, { status: answer(query), output: '' }] as const);
  const snapshot = snapshotOf({ name: 'ams-01', answers }, reads);
  const troubles = judgeTroubles(viewCluster(inventory, new Map([['ams-01', snapshot]])), 'ams-01');
  expect(troubles.every(({ outcome }) => outcome !== 'unknown')).toBe(true);
  for (const trouble of troubles.filter(({ outcome }) => outcome === 'found'))
    expect(Object.values(trouble).join()).not.toContain('{{');
  return troubles.filter(({ outcome }) => outcome === 'found').map(({ id }) => id);
}

it.each([
  ['WARN  StatsCollector - Not enough resource. Due to high cpu load: 86 cpu limit: 75', 'streams-refused'],
  ['java.net.SocketException: Too many open files', 'open-files-used-up'],
  ['java.lang.OutOfMemoryError: Java heap space', 'memory-used-up'],
  ['com.mongodb.MongoSocketReadTimeoutException: Timeout while receiving message', 'database-silent'],
  ['com.mongodb.MongoTimeoutException: Timed out after 30000 ms', 'database-silent'],
])('finds what the log tells: %s', async (line, trouble) => {
  expect(await foundIn(line)).toEqual([trouble]);
});

it('finds none in the log of a sound server', async () => {
  expect(await foundIn('INFO  o.a.m.d.MongoStore - connected; 12 open files; resource usage 40%')).toEqual(
    [],
  );
});
