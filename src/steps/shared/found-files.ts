import { stateWords } from '../../virtual/state-words.ts';
import type { StepHost } from '../../virtual/step-host.ts';

/** A file that a pattern found, by the name that it was found under. */
export interface FoundFile {
  readonly path: string;
  readonly text: string;
}

/**
 * The files that a pattern finds. What lies beside a product's files may be anybody's: one that can't be read
 * (a block list of several MiB, a dangling link) doesn't keep the host from being planned, but is named.
 */
export function foundFiles(host: StepHost, pattern: string): readonly FoundFile[] {
  return host.glob(pattern).flatMap((path) => {
    const state = host.state(path);
    if (state.kind === 'directory') return [];
    const isLost = state.kind === 'symlink' && state.resolved === undefined;
    if (isLost || state.kind === 'unreadable') {
      host.warn(`${path} is ${stateWords(state)}; what is in it was not looked at`);
      return [];
    }
    const text = host.text(path);
    return text === undefined ? [] : [{ path, text }];
  });
}
