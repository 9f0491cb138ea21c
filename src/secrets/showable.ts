import { clean, cleanLine } from '../document/clean-text.ts';
import { maskForms } from './form-rules.ts';
import { maskSecrets } from './mask.ts';
import { hidePrivateKeys } from './private-keys.ts';

/**
 * Two kinds of words are shown. Those of others (a host's file, another program's output) are masked by
 * guessing. Our own sentences aren't, since guessing destroys advice such as `ops ALL=(root) NOPASSWD: ALL`:
 * they get the values out that are known as secrets, and what has the form of a secret. Where a sentence of
 * ours quotes words of others, these are `heard` when they are put into it.
 */

/** Words of others in a form that may be shown: cleaned, with whatever may be a secret hidden. */
export function showable(text: string): string {
  return clean(maskSecrets(text));
}

/** The same on one line. */
export function showableLine(text: string): string {
  return cleanLine(maskSecrets(text));
}

/**
 * A sentence of ours in a form that may be shown: cleaned, with what has the form of a secret hidden. The
 * run's secrets have to be out of it already; see SecretRegister.
 */
export function ownWords(text: string): string {
  return clean(hideForms(text));
}

/** The same on one line. */
export function ownLine(text: string): string {
  return cleanLine(hideForms(text));
}

/** Words of others for a sentence of ours: what may be a secret is hidden, the rest is as it was. */
export function heard(text: string): string {
  return maskSecrets(text);
}

function hideForms(text: string): string {
  return hidePrivateKeys(text.split('\n'))
    .map((line) => maskForms(line, 'form'))
    .join('\n');
}
