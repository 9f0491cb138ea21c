import type { Problem } from '../model/operator-error.ts';
import { diffText } from './diff.ts';

/** What stands below a problem: another program's words, then what would change. Not made harmless yet. */
export function detailOf({ detail, changes = [] }: Problem): string | undefined {
  return detail === undefined ? undefined : detail + changes.map(diffText).join('');
}
