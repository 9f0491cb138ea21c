import { type Statement, scanCaddyfile } from '../../formats/caddyfile.ts';
import type { Relayed } from '../relay/paths-check.ts';

/** The servers to which a node's requests are passed. */
export function passedTo(block: string): readonly string[] {
  const passes = block.matchAll(/^\s*reverse_proxy\s+(https?:\/\/[^/\s]+)/gm);
  return [...passes].flatMap(([, to]) => to ?? []);
}

/** What a node's block relays, read from the matchers and the `handle` blocks themselves. */
export function relayedIn(block: string): readonly Relayed[] {
  const statements = scanCaddyfile(block);
  return statements.filter(isHandle).flatMap((handle) => {
    const matcher = statements.find(({ words: [name] }) => name?.text === handle.words[1]?.text);
    const expression = wordsOf(matcher, 'expression')[1] ?? '';
    const path = /^\{http\.request\.uri\}\.startsWith\("([^"]*)"\)$/.exec(expression)?.[1];
    if (path === undefined || wordsOf(handle, 'reverse_proxy').length === 0) return [];
    const [, , , target = path] = wordsOf(handle, 'uri');
    return [{ path, target }];
  });
}

function isHandle({ words: [name], block }: Statement): boolean {
  return name?.text === 'handle' && block !== undefined;
}

function wordsOf(statement: Statement | undefined, name: string): readonly string[] {
  const found = statement?.block?.statements.find(({ words: [first] }) => first?.text === name);
  return (found?.words ?? []).map(({ text }) => text);
}
