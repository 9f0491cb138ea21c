import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { InOrder, type InOrderOptions } from '../../../src/run/hooks/in-order.ts';

let folder: string;
let warnings: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hooks-'));
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

function hook(name: string, text: string, more: Partial<InOrderOptions> = {}): InOrder {
  writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(folder, name), 0o755);
  const words = [`./${name}`];
  return new InOrder(
    { name: `./${name}`, words, folder },
    {
      ...{ signal: new AbortController().signal, withheld: [], limit: 20_000, patience: 20_000 },
      ...{ warn: (text) => warnings.push(text), ...more },
    },
  );
}
const call = (host: string) => ({
  host,
  document: () => JSON.stringify({ hosts: [{ name: host }] }),
  variables: { CLUSTERPROXY_HOST: host },
});
const lines = (name: string) => readFileSync(join(folder, name), 'utf8').trim().split('\n');

it('is called for one host after the other, in the order in which they end', async () => {
  // The first takes the longest; each says when it has ended.
  const one = hook('log', 'case $CLUSTERPROXY_HOST in a) sleep 0.3;; esac; cat >>got; echo >>got');
  for (const host of ['a', 'c', 'b']) one.add(call(host));
  await one.finish();
  expect(lines('got').map((line) => JSON.parse(line).hosts[0].name)).toEqual(['a', 'c', 'b']);
  one.add(call('d'));
  await one.finish();
  expect(lines('got')).toHaveLength(4);
  expect(warnings).toEqual([]);
});

it('that hangs is not called again, and holds up no other hook', async () => {
  const slow = hook('slow', 'echo x >>called; touch $CLUSTERPROXY_HOST; sleep 100', { limit: 300 });
  const other = hook('other', 'cat >/dev/null; echo "$CLUSTERPROXY_HOST" >>got');
  for (const host of ['a', 'b', 'c']) for (const one of [slow, other]) one.add(call(host));
  await Promise.all([slow.finish(), other.finish()]);
  expect(lines('got')).toEqual(['a', 'b', 'c']);
  expect(lines('called')).toHaveLength(1);
  expect(warnings).toEqual([
    'the hook ./slow (after-host, a) failed: it took longer than 0.3 s',
    'the hook ./slow (after-host) was not called for b, c, as it took too long before',
  ]);
});

it('that fails is called for the next host all the same, and what it said is told', async () => {
  const one = hook('fails', 'echo x >>called; echo "no network" >&2; exit 7');
  for (const host of ['a', 'b']) one.add(call(host));
  await one.finish();
  expect(lines('called')).toHaveLength(2);
  expect(warnings).toEqual(
    ['a', 'b'].map((host) => `the hook ./fails (after-host, ${host}) failed: it exited with 7: no network`),
  );
});

it('gets only so much time once the run is over', async () => {
  const one = hook('slow', 'touch $CLUSTERPROXY_HOST; sleep 100', { patience: 300 });
  const hosts = Array.from({ length: 12 }, (_, index) => `h${index + 1}`);
  for (const host of hosts) one.add(call(host));
  await one.finish();
  expect(existsSync(join(folder, 'h2'))).toBe(false);
  expect(warnings).toEqual([
    'the hook ./slow (after-host, h1) failed: it was still at work when everything else was over',
    `the hook ./slow (after-host) was not called for ${hosts.slice(1, 11).join(', ')}, 1 more, as the run was over`,
  ]);
});

it('is ended by an interruption', async () => {
  const leave = new AbortController();
  const one = hook('slow', 'touch begun; sleep 100', { signal: leave.signal });
  for (const host of ['a', 'b']) one.add(call(host));
  while (!existsSync(join(folder, 'begun'))) await new Promise((resolve) => setTimeout(resolve, 10));
  leave.abort();
  await one.finish();
  expect(warnings).toEqual([
    'the hook ./slow (after-host, a) failed: interrupted',
    'the hook ./slow (after-host) was not called for b, as the run was interrupted',
  ]);
});
