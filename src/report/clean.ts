import { clean, cleanLine } from '../plan/clean.ts';
import { maskSecrets } from '../plan/mask.ts';

export { clean, cleanLine };

/** A message, warning or another program's words as they may be shown: cleaned, secrets hidden. */
export function showable(text: string): string {
  return clean(maskSecrets(text));
}

/** The same on one line. */
export function showableLine(text: string): string {
  return cleanLine(maskSecrets(text));
}
