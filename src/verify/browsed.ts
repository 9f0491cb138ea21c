import type { Answer } from '../model/reads.ts';
import { type HttpAnswer, longestBody, type NoAnswer } from './answers.ts';

/**
 * What came of a question that a host asked itself as a browser would (src/host/remote/browse.sh): an answer
 * as it was sent, or why there is none. `nobody` is a host that nothing listens on, or that doesn't speak
 * TLS; undefined: it has nothing to ask with.
 */
export type Browsed = HttpAnswer | (NoAnswer & { readonly nobody: boolean });

export function readBrowsed({ output }: Answer): Browsed | undefined {
  if (output.startsWith('HTTP/')) return readAnswer(output);
  const text = output.trim();
  if (text === '') return undefined;
  const status = Number(/^curl: \((\d+)\)/.exec(text)?.[1] ?? Number.NaN);
  return {
    kind: 'trouble',
    words: words.get(status) ?? text.slice(0, 200),
    fix: '',
    nobody: unheard.has(status),
  };
}

/** Exit statuses of curl(1) of a server that isn't there at all, and of one without TLS. */
const unheard: ReadonlySet<number> = new Set([7, 35]);

const words: ReadonlyMap<number, string> = new Map([
  [7, 'the connection was refused'],
  [28, 'no answer within 2 seconds'],
  [35, 'the TLS handshake failed'],
  [52, 'the connection was closed without an answer'],
  [56, 'the connection was cut off'],
]);

/** RFC 9112, sections 4 and 5. */
function readAnswer(text: string): HttpAnswer {
  const end = /\r?\n\r?\n/.exec(text);
  const head = text.slice(0, end?.index ?? text.length).split(/\r?\n/);
  const headers: Record<string, string> = {};
  for (const line of head.slice(1)) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
  }
  const body = end === null ? '' : text.slice(end.index + end[0].length, longestBody);
  return { kind: 'answer', status: Number(/^\S+ (\d{3})/.exec(head[0] ?? '')?.[1] ?? 0), headers, body };
}
