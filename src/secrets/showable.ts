import { clean, cleanLine } from '../document/clean-text.ts';
import { maskSecrets } from './mask.ts';

/** A message, warning or another program's words as they may be shown: cleaned, secrets hidden. */
export function showable(text: string): string {
  return clean(maskSecrets(text));
}

/** The same on one line. */
export function showableLine(text: string): string {
  return cleanLine(maskSecrets(text));
}
