import { clean } from '../document/clean-text.ts';

/**
 * A text as any view that is not a terminal may show it. The document is harmless already; this is what
 * keeps it so, should something get into it that is not.
 */
export function visible(text: string): string {
  return clean(text);
}
