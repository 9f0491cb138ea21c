import { decode } from '../formats/decode.ts';
import type { Stage } from '../model/plan.ts';
import type { PathState } from '../model/snapshot.ts';

/**
 * The name of a server that stands in a host's files where these changes write `name`; undefined where they
 * write it in place of nothing. A line counts that is the same but for the name, and is changed: files name
 * other servers as well, in lines that stay.
 */
export function formerName(changes: Stage['changes'], name: string): string | undefined {
  const former = changes.flatMap(({ before, after }) => {
    const [then, now] = [linesOf(before), linesOf(after)];
    const old = without(then, now).join('\n');
    return without(now, then)
      .filter((line) => holdsWord(line, name))
      .flatMap((line) => old.match(lineWithAnother(line, name))?.[1] ?? [])
      .filter(isServerName);
  });
  const count = (one: string) => former.filter((other) => other === one).length;
  return [...new Set(former)].sort((left, right) => count(right) - count(left))[0];
}

/** What stands in configurations in the form of a server's name, but ends in no top-level domain. */
const files =
  /\.(?:conf|cfg|ini|inc|nginx|pem|crt|cer|csr|key|sock|socket|log|html?|js|css|json|ya?ml|php|txt|xml|lua|service|properties)$/i;

/** Whether it may be a server's name, rather than an address or a file: no top-level domain is a number. */
function isServerName(text: string): boolean {
  return !/\.\d+$/.test(text) && !files.test(text);
}

/** The text with one server's name in place of another's. */
export function withName(text: string, from: string, to: string): string {
  return text.replace(wordOf(from, 'g'), () => to);
}

/** Whether the text has the name of the server, and not only as a part of another one. */
export function holdsWord(text: string, name: string): boolean {
  return text.includes(name) && wordOf(name).test(text);
}

function wordOf(name: string, flags = ''): RegExp {
  return new RegExp(`(?<![\\w.-])${escaped(name)}(?![\\w-])`, flags);
}

function lineWithAnother(line: string, name: string): RegExp {
  const [first = '', ...rest] = line.split(wordOf(name)).map(escaped);
  const another = rest.map((part, index) => `${index === 0 ? '([\\w-]+(?:\\.[\\w-]+)+)' : '\\1'}${part}`);
  return new RegExp(`^${first}${another.join('')}$`, 'm');
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function without(lines: readonly string[], others: readonly string[]): readonly string[] {
  const known = new Set(others);
  return lines.filter((line) => !known.has(line));
}

function linesOf(state: PathState): readonly string[] {
  return state.kind === 'file' ? decode(state.content).text.split(/\r?\n/) : [];
}
