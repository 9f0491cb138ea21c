import type { PathState } from '../model/snapshot.ts';

/** What is at a path, in words that can follow "is". */
export function stateWords(state: PathState): string {
  switch (state.kind) {
    case 'absent':
      return 'not there';
    case 'symlink':
      return `a symbolic link to ${state.target}`;
    case 'directory':
      return 'a directory';
    case 'file':
      return 'a file';
    case 'unreadable':
      return state.reason;
    case 'pending':
      return `known after ${state.after}`;
    case 'unit':
      return 'a unit';
  }
}
