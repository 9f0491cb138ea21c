import { basename, dirname, join, resolve } from 'node:path';
import { expect } from 'vitest';

/** The system calls that tell in which order data and names reach the disk. */
export const traced = 'fsync,fdatasync,rename,renameat,renameat2,link,linkat,unlink,unlinkat,write,openat';

interface Call {
  readonly name: string;
  /** of what the call is about, absolute; of a rename or link, from and to */
  readonly paths: readonly string[];
}

/** The calls of a trace in the order in which they ended; those that failed are left out. */
export function callsOf(trace: string): readonly Call[] {
  const unfinished = new Map<string, string>();
  const calls: Call[] = [];
  for (const line of trace.split('\n')) {
    const [, pid = '', text = ''] = /^(?:\[pid +)?(\d+)\]? +(.*)$/.exec(line) ?? [];
    const begun = /^(.*) <unfinished \.\.\.>$/.exec(text)?.[1];
    if (begun !== undefined) {
      unfinished.set(pid, begun);
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text)?.[1];
    const whole = resumed === undefined ? text : `${unfinished.get(pid) ?? ''}${resumed}`;
    const name = /^(\w+)\(/.exec(whole)?.[1];
    if (name === undefined || !/ = \d/.test(whole)) continue;
    const paths =
      name === 'fsync' || name === 'fdatasync' || name === 'write'
        ? [/^\w+\(\d+<([^>]*)>/.exec(whole)?.[1] ?? '']
        : [...whole.matchAll(/(?:AT_FDCWD<([^>]*)>, )?"((?:[^"\\]|\\.)*)"/g)].map(
            ([, folder = '/', path = '']) => resolve(folder, path),
          );
    calls.push({ name, paths });
  }
  return calls;
}

const isRename = (call: Call) => call.name.startsWith('rename');
const isSync = (call: Call, path: string) => call.name === 'fsync' && call.paths[0] === path;

/** What the order of a run's calls is looked at for. */
export interface Traced {
  readonly trace: string;
  readonly run: string;
  /** where a path of the host stands in the trace */
  readonly at: (path: string) => string;
  /** a file that the run replaces, one that it makes */
  readonly replaced: string;
  readonly made: string;
}

/** Data reach the disk before names change, and names before what relies on them. */
export function expectOrder({ trace, run: id, at, replaced, made }: Traced): void {
  const calls = callsOf(trace);
  const base = at('/var/lib/clusterproxy');
  const run = join(base, 'runs', id);
  const state = join(base, 'clusters', 'prod');
  const ours = (path: string) =>
    path.startsWith(base) || basename(path).startsWith('.cp-') || path.includes('clusterproxy-settle');

  // Each file that gets its name by a rename was synced after it was written to for the last time.
  const renames = calls.flatMap((call, index) =>
    isRename(call) && ours(call.paths[0] ?? '')
      ? [{ call, index, from: call.paths[0] ?? '', to: call.paths[1] ?? '' }]
      : [],
  );
  expect(renames.map(({ to }) => to)).toEqual(
    expect.arrayContaining([at(replaced), at(made), join(run, 'state'), join(state, 'ledger.json')]),
  );
  for (const { from, index } of renames) {
    const incoming = from.replace(run, join(base, 'runs', `.incoming-${id}-`));
    const earlier = calls.slice(0, index);
    const isIt = (path: string) =>
      path === from ||
      (path.startsWith(incoming.slice(0, incoming.indexOf('-/') + 1)) && path.endsWith(basename(from)));
    const written = earlier.findLastIndex((call) => call.name === 'write' && isIt(call.paths[0] ?? ''));
    const synced = earlier.findLastIndex((call) => call.name === 'fsync' && isIt(call.paths[0] ?? ''));
    expect(synced, `${from} was renamed without having been synced`).toBeGreaterThan(written);
  }

  const indexOf = (what: string, holds: (call: Call) => boolean) => {
    const index = calls.findIndex(holds);
    expect(index, what).toBeGreaterThanOrEqual(0);
    return index;
  };
  const entered = (state: string) =>
    indexOf(state, (call) => isRename(call) && call.paths[0] === join(run, 'states', state));
  const swapped = (path: string) => indexOf(path, (call) => isRename(call) && call.paths[1] === at(path));
  const syncedAfter = (path: string, from: number) =>
    from + 1 + calls.slice(from + 1).findIndex((call) => isSync(call, path));
  const unit = at(`/etc/systemd/system/clusterproxy-settle-${id}.service`);

  // The boot unit and its link are durable before the state says that files may change, and that state before
  // any does.
  const unitSynced = indexOf('the boot unit', (call) => isSync(call, unit));
  const linkSynced = syncedAfter(join(dirname(unit), 'sysinit.target.wants'), unitSynced);
  expect(linkSynced).toBeGreaterThan(unitSynced);
  const opened = entered('open');
  expect(linkSynced).toBeLessThan(opened);
  const openSynced = syncedAfter(run, opened);
  for (const path of [replaced, made]) {
    expect(openSynced).toBeLessThan(swapped(path));
    // Each change of a name is durable before a handler relies on it.
    const durable = syncedAfter(dirname(at(path)), swapped(path));
    const started = indexOf('a handler', (call) => isSync(call, join(run, 'started')));
    expect(durable).toBeGreaterThan(swapped(path));
    expect(durable).toBeLessThan(started);
  }
  // The outcome is durable before the ledger changes, the ledger before the run counts as committed.
  const decided = indexOf(
    'the outcome',
    (call) => call.name.startsWith('link') && call.paths.at(-1) === join(run, 'outcome'),
  );
  const ledger = indexOf(
    'the ledger',
    (call) => isRename(call) && call.paths[1] === join(state, 'ledger.json'),
  );
  expect(syncedAfter(run, decided)).toBeLessThan(ledger);
  expect(syncedAfter(state, ledger)).toBeLessThan(entered('committed'));
}
