import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProgressEvent } from '../../src/model/progress.ts';
import type { RunResult } from '../../src/model/result.ts';
import { applyRun } from '../../src/run/apply-run.ts';
import type { ApplyOptions } from '../../src/run/options.ts';
import { planRun } from '../../src/run/plan-run.ts';
import { type Sample, sampleHost } from '../host/sample.ts';
import { loadInventory } from '../support/load-inventory.ts';
import { runs } from '../support/random.ts';
import { applyOptions, statuses } from './cluster.ts';

const names = ['app-1', 'app-2', 'app-3', 'app-4'] as const;
type Name = (typeof names)[number];

const playbook = {
  name: 'app',
  description: 'servers with one file',
  variables: { text: { type: 'string', description: 'what is in it' } },
  roles: {
    app: {
      description: 'a server',
      steps: [
        { id: 'text', file: { path: '/etc/app.conf', template: 'app.conf.liquid' }, notify: 'take-up' },
      ],
      handlers: [
        {
          id: 'take-up',
          command: [
            'sh',
            '-c',
            'read -r time <"$CLUSTERPROXY_ROOT/time"; sleep "$time"; ! rm "$CLUSTERPROXY_ROOT/fails"',
          ],
          timeout: 20,
          settle: 0,
        },
      ],
    },
  },
};

/** What happens to a host while it is changed. */
const fates = ['well', 'slow', 'fails', 'edited', 'cut', 'unplugged'] as const;
type Fate = (typeof fates)[number];

let folder: string;
const hosts = new Map<Name, Sample>();
const hostOf = (name: string): Sample => {
  const host = hosts.get(name as Name);
  if (host === undefined) throw new Error(`no host ${name}`);
  return host;
};
const textOf = (name: string) => {
  const file = hostOf(name).path('etc/app.conf');
  return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-waves-'));
  writeFileSync(join(folder, 'app.yaml'), JSON.stringify(playbook));
  writeFileSync(join(folder, 'app.conf.liquid'), '{{ vars.text }}\n');
  await Promise.all(
    names.map(async (name, index) => {
      const host = await sampleHost({ name });
      writeFileSync(host.path('etc/machine-id'), `${`${index}`.repeat(32)}\n`);
      hosts.set(name, host);
    }),
  );
});
afterAll(async () => {
  await Promise.all([...hosts.values()].map((host) => host.close()));
  rmSync(folder, { recursive: true, force: true });
});

async function options(text: string, more: Partial<ApplyOptions>): Promise<ApplyOptions> {
  const app = names.map((name) => {
    const { port, hostKey, target } = hostOf(name).host;
    const ssh = { address: '127.0.0.1', port, host_keys: [hostKey], identity_files: target.identityFiles };
    return { name, ssh: { ...ssh, user: 'root' } };
  });
  const file = join(folder, 'inventory.yaml');
  writeFileSync(
    file,
    JSON.stringify({
      ...{
        playbook: './app.yaml',
        cluster: { name: 'app', hostname: 'app.example.com' },
        windows: 'anytime',
      },
      ...{ vars: { text }, max_unavailable: '100%', hosts: { app } },
    }),
  );
  return applyOptions(await loadInventory(file), { onFailure: 'revert-wave', maxFailures: 4, ...more });
}

/** Applies a new text, with what happens to each host meanwhile. */
async function apply(
  text: string,
  happens: Readonly<Partial<Record<Name, Fate>>> = {},
  more: Partial<ApplyOptions> = {},
): Promise<RunResult> {
  const progress = ({ ...event }: ProgressEvent) => {
    if (event.kind !== 'host' || event.phase !== 'swapped') return;
    const { host } = hostOf(event.host);
    const fate = happens[event.host as Name];
    if (fate === 'cut') host.cut();
    if (fate === 'unplugged') {
      host.unplug(true);
      host.cut();
      setTimeout(() => host.unplug(false), 1_200);
    }
  };
  for (const name of names) {
    const fate = happens[name];
    writeFileSync(hostOf(name).path('time'), fate === 'slow' ? '0.8\n' : '0.1\n');
    rmSync(hostOf(name).path('fails'), { force: true });
    if (fate === 'fails') writeFileSync(hostOf(name).path('fails'), '');
  }
  const chosen = await options(text, { progress, ...more });
  const planned = await planRun(chosen);
  for (const name of names) {
    if (happens[name] === 'edited') writeFileSync(hostOf(name).path('etc/app.conf'), `${text} of another\n`);
  }
  return applyRun(planned, chosen);
}

/** Each host has brought every run to its end, whoever followed it. */
async function settled(): Promise<void> {
  const open = () =>
    names.flatMap((name) => {
      const all = hostOf(name).path('var/lib/clusterproxy/runs');
      if (!existsSync(all)) return [];
      return readdirSync(all)
        .map((run) => readFileSync(join(all, run, 'state'), 'utf8').trim())
        .filter((state) => !['committed', 'reverted', 'refused', 'deferred', 'abandoned'].includes(state));
    });
  while (open().length > 0) await sleep(50);
}

describe('hosts that are changed together', () => {
  it('stay changed if all of them are well', async () => {
    const result = await apply('one');
    expect(result.hosts.map(({ problem }) => problem)).toEqual(names.map(() => undefined));
    expect(new Set(Object.values(statuses(result)))).toEqual(new Set(['changed']));
    expect(names.map(textOf)).toEqual(names.map(() => 'one'));
  });

  it('are put back together, and say because of whom; the one that went before them stays', async () => {
    const result = await apply('two', { 'app-3': 'fails' });
    expect(statuses(result)).toEqual({
      ...{ 'app-1': 'changed', 'app-2': 'rolled-back', 'app-3': 'rolled-back', 'app-4': 'rolled-back' },
    });
    expect(result.hosts.map(({ problem }) => problem?.code)).toEqual([
      ...[undefined, 'wave-reverted', 'handler-failed', 'wave-reverted'],
    ]);
    expect(result.hosts[1]?.problem?.message).toContain('app-3 was not changed as planned');
    expect(names.map(textOf)).toEqual(['two', 'one', 'one', 'one']);
  });

  it('go in waves of the size that was asked for, and stop with the one that failed', async () => {
    const waves = { waveSize: 1, maxFailures: 0 };
    const result = await apply('three', { 'app-3': 'fails' }, waves);
    expect(statuses(result)).toEqual({
      ...{ 'app-1': 'changed', 'app-2': 'changed', 'app-3': 'rolled-back', 'app-4': 'not-started' },
    });
    const rest = await apply('three', {}, { waveSize: 2, maxFailures: 0 });
    expect(statuses(rest)).toEqual({
      ...{ 'app-1': 'in-sync', 'app-2': 'in-sync', 'app-3': 'changed', 'app-4': 'changed' },
    });
  });

  let count = 0;
  it('never end on two sides without saying so', { timeout: 1_800_000 }, async () => {
    const fate = fc.oneof(
      { weight: 3, arbitrary: fc.constant<Fate>('well') },
      { weight: 4, arbitrary: fc.constantFrom<Fate>(...fates) },
    );
    await fc.assert(
      fc.asyncProperty(fc.tuple(fate, fate, fate, fate), fc.constantFrom(undefined, 2), async (all, size) => {
        const text = `text ${++count}`;
        const happens = Object.fromEntries(names.map((name, index) => [name, all[index]]));
        const result = await apply(text, happens, { waveSize: size });
        await settled();
        const stands = (name: string) => textOf(name) === text;
        for (const { plan, status } of result.hosts) {
          expect([plan.host, status === 'changed']).toEqual([plan.host, stands(plan.host)]);
        }
        for (const wave of wavesIn(result, size)) {
          if (new Set(wave.map(stands)).size < 2) continue;
          const told = result.hosts.filter(({ plan }) => wave.includes(plan.host));
          for (const { warnings } of told) expect(warnings.join()).toContain('did not end the same');
        }
        // Nobody fails alone: without a fault in its wave, a host is as planned.
        if (all.every((one) => one === 'well' || one === 'slow')) expect(names.every(stands)).toBe(true);
      }),
      { ...runs(100, 6), endOnFailure: true },
    );
  });
});

/** The first that is changed goes alone, then as many as may. */
function wavesIn(result: RunResult, size: number = names.length): readonly (readonly string[])[] {
  const first = result.hosts.findIndex(({ status }) => status === 'changed');
  if (first === -1) return [];
  const rest = names.slice(first + 1);
  const waves = [];
  for (let from = 0; from < rest.length; from += size) waves.push(rest.slice(from, from + size));
  return waves;
}
