import type { LabHost } from '../lab/host.ts';
import type { Outcome } from './run-step.ts';

/** Applies a step's result for a host in memory to a host of the lab. */
export async function layOut(host: LabHost, { changed, host: virtual }: Outcome): Promise<void> {
  for (const path of changed) {
    const state = virtual.state(path);
    if (state.kind === 'file') {
      await host.writeFile(path, state.content, state.mode);
      await host.mustExec(['chown', `${state.user}:${state.group}`, path]);
    } else if (state.kind === 'symlink') {
      await host.mustExec(['ln', '-sfT', state.target, path]);
    } else if (state.kind === 'directory') {
      await host.mustExec(['mkdir', '-p', path]);
    } else throw new Error(`${path} is ${state.kind}`);
  }
}
