import type { PathState } from '../../model/snapshot.ts';
import type { LookedAt } from '../../plan/forward/plan-cluster.ts';
import type { Meant } from './job.ts';

/**
 * In bytes. An edit of a YAML file of this size takes 0.15 s on a machine with nothing else to do; to start a
 * thread takes less. The largest settings of BigBlueButton have 40 KB, and all files of a node 120 KB.
 */
const largeFile = 64 * 1024;
const largeHost = 256 * 1024;

/** Whether planning these hosts takes so long that it is better done on another thread. */
export function isLarge({ hosts, only }: Meant): boolean {
  return hosts
    .filter(({ name }) => only === undefined || only.has(name))
    .some((host) => {
      const sizes = filesOf(host).map(({ size }) => size);
      const all = sizes.reduce((sum, size) => sum + size, 0);
      return all > largeHost || sizes.some((size) => size > largeFile);
    });
}

interface SizedFile {
  readonly host: string;
  readonly path: string;
  readonly size: number;
}

/** The largest file of these hosts; undefined if they have none. */
export function largestFile(hosts: readonly LookedAt[]): SizedFile | undefined {
  return hosts.flatMap(filesOf).reduce<SizedFile | undefined>((largest, file) => {
    return largest === undefined || file.size > largest.size ? file : largest;
  }, undefined);
}

function filesOf({ name, snapshot }: LookedAt): readonly SizedFile[] {
  return [...(snapshot?.paths ?? [])].map(([path, state]) => ({ host: name, path, size: sizeOf(state) }));
}

function sizeOf(state: PathState): number {
  if (state.kind === 'file') return state.content.length;
  return state.kind === 'symlink' ? (state.resolved?.content.length ?? 0) : 0;
}
