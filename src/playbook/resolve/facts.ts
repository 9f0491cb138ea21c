import { decode } from '../../formats/decode.ts';
import type { Value } from '../../formats/keyed-format.ts';
import { OperatorError } from '../../model/operator-error.ts';
import type { Fact, Role } from '../../model/playbook.ts';
import {
  isGlob,
  type PathState,
  type Query,
  queryKey,
  type Reads,
  type Snapshot,
} from '../../model/snapshot.ts';

export type Facts = Readonly<Record<string, Value>>;

/** What a host looks like, in the words of its role's playbook. Throws OperatorError where a file can't be read. */
export function factsOf(role: Role, snapshot: Snapshot): Facts {
  return Object.fromEntries(
    Object.entries(role.facts).map(([name, fact]) => [name, answer(name, fact, snapshot)]),
  );
}

/** What the facts of a role need to know of a host. */
export function factReads(role: Role): readonly Partial<Reads>[] {
  return Object.values(role.facts).map((fact): Partial<Reads> => {
    switch (fact.kind) {
      case 'unit':
        return { units: [fact.unit] };
      case 'package':
        return { packages: [fact.package] };
      case 'exists':
        return { paths: fact.paths };
      case 'search':
        return { queries: [searchFor(fact)] };
      default:
        return { paths: [fact.path] };
    }
  });
}

/** What a fact's answer is made of; a condition's values are checked against it. */
export function factType(fact: Fact): 'string' | 'boolean' {
  return fact.kind === 'package' || fact.kind === 'capture' ? 'string' : 'boolean';
}

function answer(name: string, fact: Fact, snapshot: Snapshot): Value {
  switch (fact.kind) {
    case 'unit':
      return snapshot.units.get(fact.unit)?.load === 'loaded';
    case 'package':
      return snapshot.packages.get(fact.package) ?? '';
    case 'exists':
      return fact.paths.some((path) => states(path, snapshot).some(([, state]) => isThere(state)));
    case 'contains':
      return texts(name, fact.path, snapshot).some((text) => text.includes(fact.text));
    case 'search':
      return isFound(name, fact, snapshot);
    case 'capture': {
      const matches = texts(name, fact.path, snapshot).map((text) => fact.pattern.exec(text)?.[1]);
      return matches.find((found) => found !== undefined) ?? '';
    }
  }
}

/** What an action is to bring counts once it's there: facts are what was found. */
function isThere({ kind }: PathState): boolean {
  return kind !== 'absent' && kind !== 'pending';
}

function searchFor({ path, pattern }: Extract<Fact, { kind: 'search' }>): Query {
  return { kind: 'search', args: [pattern, path] };
}

/** grep(1): 0 found, 1 not found, 2 no such file. */
function isFound(name: string, fact: Extract<Fact, { kind: 'search' }>, snapshot: Snapshot): boolean {
  const status = snapshot.answers.get(queryKey(searchFor(fact)))?.status ?? 2;
  if (status <= 2) return status === 0;
  throw new OperatorError({
    code: 'fact-unreadable',
    message: `the fact ${name} can't be known: looking through ${fact.path} took too long`,
    next: 'look at the load of the host, and run the command again',
    host: snapshot.host,
  });
}

function states(path: string, snapshot: Snapshot): readonly (readonly [string, PathState])[] {
  const paths = isGlob(path) ? (snapshot.globs.get(path) ?? []) : [path];
  return paths.map((one) => [one, snapshot.paths.get(one) ?? { kind: 'absent' }] as const);
}

/** The texts of all files at a path or glob; what isn't a file has none. */
function texts(name: string, path: string, snapshot: Snapshot): readonly string[] {
  return states(path, snapshot).flatMap(([one, state]) => {
    if (state.kind === 'unreadable') {
      throw new OperatorError({
        code: 'fact-unreadable',
        message: `the fact ${name} can't be known: ${one} is ${state.reason}`,
        next: 'look at that file on the host',
        host: snapshot.host,
      });
    }
    const file = state.kind === 'symlink' ? state.resolved : state;
    return file?.kind === 'file' ? [decode(file.content).text] : [];
  });
}
