import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readAccepted, withoutHosts, writeAccepted } from '../../src/inventory/accepted-file.ts';
import type { Accepted } from '../../src/model/accepted.ts';

let folder: string;
let inventory: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-accepted-'));
  inventory = join(folder, 'prod.yaml');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const entry = (host: string, path = '/etc/app.conf'): Accepted => ({
  ...{ host, path, key: 'size', value: `scrypt:${'0'.repeat(64)}`, who: 'ada', reason: 'exams' },
  ...{ since: '2026-11-27T06:00:00Z', until: '2026-12-31T00:00:00Z' },
});

it('those who accept at once lose nothing of each other', async () => {
  const hosts = Array.from({ length: 12 }, (_, number) => `node-${number}`);
  await Promise.all(hosts.map((host) => writeAccepted(inventory, (all) => [...all, entry(host)])));
  const accepted = await readAccepted(inventory);
  expect(accepted?.entries.map(({ host }) => host).sort()).toEqual(hosts.sort());
  expect(readdirSync(folder)).toEqual(['prod.accepted.yaml']);
});

it('a lock that was left behind is no obstacle, and a mistake in the file leaves none', async () => {
  const lock = join(folder, '.prod.accepted.yaml.lock');
  writeFileSync(lock, '');
  utimesSync(lock, new Date(0), new Date(0));
  await writeAccepted(inventory, () => [entry('node-1')]);
  writeFileSync(join(folder, 'prod.accepted.yaml'), 'accepted: 5\n');
  await expect(writeAccepted(inventory, () => [])).rejects.toThrow();
  expect(readFileSync(join(folder, 'prod.accepted.yaml'), 'utf8')).toBe('accepted: 5\n');
  expect(readdirSync(folder)).toEqual(['prod.accepted.yaml']);
});

it('says which entries are of no host', () => {
  const accepted = {
    file: 'prod.accepted.yaml',
    text: '',
    entries: ['a', 'b', 'c'].map((one) => entry(one)),
  };
  const hosts = [
    { name: 'a', state: 'active' },
    { name: 'b', state: 'retired' },
  ];
  expect(withoutHosts(accepted, hosts)).toMatchObject([
    { code: 'accepted-host-retired', message: expect.stringContaining('on b, which is retired') },
    {
      code: 'accepted-host-unknown',
      message: expect.stringContaining('on c, which is not in the inventory'),
    },
  ]);
});
