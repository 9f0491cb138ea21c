import { hidden } from './hidden.ts';
import { maskNested, maskSecrets } from './mask.ts';
import { secrecyOf } from './name-rules.ts';
import { isNothing } from './plain-value.ts';
import { SecretRegister } from './register.ts';

/** A line of one of the operator's YAML files, and the keys above it, from the outermost. */
export interface QuotedLine {
  readonly text: string;
  readonly under?: readonly string[] | undefined;
}

/**
 * The line with what stands under a secret's key hidden, unless that is a reference: a reference is no
 * secret, and often it is what has to be corrected.
 */
export function quotedLine({ text, under = [] }: QuotedLine): string {
  const holder = under.findIndex((key) => secrecyOf(key) !== 'none');
  const secrecy = secrecyOf(under[holder] ?? '');
  if (secrecy !== 'none' && !isPartOfReference(text, under.slice(holder + 1))) {
    return maskSecrets(maskNested(text, secrecy === 'always' ? 'keys' : 'plain'));
  }
  const [, start = '', name = '', value = ''] = pair.exec(text) ?? [];
  if (secrecyOf(name) === 'always' && !isNothing(value) && !isReference(value)) return start + hidden;
  return maskSecrets(text, referenceLength);
}

/**
 * What `quotedLine` hides of the line, for the sentences about it: they may quote a part of it, such as the
 * anchor that doesn't exist.
 */
export function hiddenOf(line: QuotedLine): SecretRegister {
  const register = new SecretRegister();
  const masked = quotedLine(line);
  if (!masked.includes(hidden)) return register;
  const shown = masked.split(hidden).map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  const found = new RegExp(`^${shown.join('(.*?)')}$`).exec(line.text) ?? [];
  for (const text of found.slice(1)) {
    for (const part of [text, ...text.split(/\s+/)]) {
      // YAML's indicators and quotes aren't part of the value.
      for (const value of [part, part.replace(/^[*&!|>%@`'"]+|['"]+$/g, '')]) {
        if (value.trim().length >= shortest) register.add(value.trim());
      }
    }
  }
  return register;
}

/** Anything shorter would be found in the words of every sentence. */
const shortest = 3;

const pair = /^(\s*(?:-[ \t]+)*["']?([\w.-]+)["']?[ \t]*:[ \t]+)(\S.*)$/;
const key = String.raw`["']?(?:env|file)["']?\s*:\s+`;
const word = String.raw`(?:"[^"]*"|'[^']*'|[^\s{}[\],"'][^{}[\],"']*)`;
const command = String.raw`["']?command["']?\s*:\s+\[\s*${word}(?:\s*,\s*${word})*\s*,?\s*\]`;
const reference = new RegExp(String.raw`^\{\s*(?:${key}${word}|${command})\s*,?\s*\}`);
const entry = new RegExp(String.raw`^\s*(?:${key}${word}|${command}|["']?command["']?\s*:)\s*(?:#.*)?$`);

function referenceLength(rest: string): number {
  return reference.exec(rest)?.[0].length ?? 0;
}

function isReference(value: string): boolean {
  const length = referenceLength(value);
  return length > 0 && /^\s*(?:#.*)?$/.test(value.slice(length));
}

/** Directly below the secret's key, or in the list of the command's words. */
function isPartOfReference(text: string, between: readonly string[]): boolean {
  if (between.length === 0) return entry.test(text);
  return between.length === 1 && between[0] === 'command' && new RegExp(`^\\s*- ${word}\\s*$`).test(text);
}
