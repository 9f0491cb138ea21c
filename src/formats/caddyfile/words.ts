import { FormatError } from '../format-error.ts';

/**
 * A word as it can be written in a Caddyfile. FormatError for one that Caddy might read as something else:
 * in quotes too, it takes a backslash for its own and what is in braces for a placeholder.
 */
export function caddyWord(word: string): string {
  if (/^[A-Za-z0-9_./*+:@%=-]+$/.test(word)) return word;
  if (/[\\"`{}\p{Cc}]/u.test(word)) {
    throw new FormatError(`${JSON.stringify(word)} can't be written in a Caddyfile`);
  }
  return `"${word}"`;
}
