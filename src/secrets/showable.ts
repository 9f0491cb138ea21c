import { clean, cleanLine } from '../document/clean-text.ts';
import { maskSecrets } from './mask.ts';

/**
 * A message, a warning or another program's output in a form that may be shown: cleaned, with its secrets
 * hidden.
 */
export function showable(text: string): string {
  return clean(maskSecrets(text));
}

/** The same on one line. */
export function showableLine(text: string): string {
  return cleanLine(maskSecrets(text));
}
