import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DemoCluster, inventoryName, makeCluster } from '../../../src/demo/cluster.ts';
import type { SampleHost } from '../../../src/demo/sample-host.ts';
import { type ReportDocument, reportSchema } from '../../../src/report/document/schema.ts';
import { buildProgram, main } from '../../cli/program.ts';

/** Looks of an hour and more, without the time between them: a change of the inventory brings the next. */
const looks = Number(process.env.CLUSTERPROXY_LOOKS ?? 40);
const samples: readonly SampleHost[] = [
  { name: 'proxy-1', hostname: 'bbb-proxy.example.com', sample: 'proxy' },
  ...Array.from({ length: 49 }, (_, index) => {
    const name = `bbb-${String(index + 1).padStart(2, '0')}`;
    return { name, hostname: `${name}.example.com`, sample: index % 2 === 0 ? '3.0' : '2.6' };
  }),
];

let folder: string;
let inventory: string;
let cluster: DemoCluster;
beforeAll(async () => {
  await buildProgram();
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-watch-'));
  inventory = join(folder, inventoryName);
  cluster = await makeCluster(folder, samples);
}, 300_000);
afterAll(async () => {
  await cluster.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What the process has in memory; kilobytes. */
function resident({ pid }: ChildProcess): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(text)?.[1]);
}

it(`asks 50 hosts ${looks} times, over the same connections and in the same memory`, {
  timeout: 3_000_000,
}, async () => {
  const words = ['watch', '-i', inventory, '--state', join(folder, 'state'), '--every', '10m', '--json'];
  const child = spawn(process.execPath, [main, ...words, '--listen', 'none'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Where there is room, what is no longer needed stays for long.
    env: { PATH: process.env.PATH, HOME: folder, NODE_OPTIONS: '--max-old-space-size=128' },
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const documents: ReportDocument[] = [];
  const lines = createInterface({ input: child.stdout as Readable });
  const told = lines[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await told.next();
    if (done === true) throw new Error('it has ended');
    const document = reportSchema.parse(JSON.parse(value));
    documents.push(document);
    return document;
  };
  const restarting = cluster.hosts.get('bbb-17');
  const memory: number[] = [];
  let connections: number[] = [];
  const all = () =>
    [...cluster.hosts].filter(([name]) => name !== 'bbb-17').map(([, host]) => host.connections);
  for (let look = 1; look <= looks; look += 1) {
    if (look === 10) {
      restarting?.unplug(true);
      restarting?.cut();
    }
    const { summary } = await next();
    memory.push(resident(child));
    if (look === 5) connections = all();
    if (look === 10) {
      expect(summary.statuses.unreachable).toBe(1);
      restarting?.unplug(false);
      // It is asked by itself, and looked at as soon as it answers.
      const [down, back] = [performance.now(), await next()];
      expect(back.summary.statuses.unreachable).toBe(undefined);
      console.log(`back after ${Math.round((performance.now() - down) / 1_000)} s, with the look itself`);
    } else {
      expect(summary.statuses.unreachable).toBe(undefined);
    }
    const now = new Date();
    utimesSync(inventory, now, now);
  }
  expect(all()).toEqual(connections);
  const [early, late] = [Math.max(...memory.slice(4, 12)), Math.max(...memory.slice(-8))];
  console.log(`memory: ${memory.map((kilobytes) => Math.round(kilobytes / 1_024)).join(' ')} MB`);
  expect(late).toBeLessThan(early * 1.15);
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  expect(await closed).toEqual([0, null]);
  expect(stderr.trim()).toBe('interrupted: watching ends. Interrupt again to leave now.');
});
