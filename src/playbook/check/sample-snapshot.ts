import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Ledger } from '../../model/ledger.ts';
import type { PackageManager } from '../../model/package-manager.ts';
import { type Answer, type Query, queriesIn, queryKey, type Reads } from '../../model/reads.ts';
import { isGlob, type PathState, type RegularFile, type Snapshot } from '../../model/snapshot.ts';

/**
 * A host that exists only in memory: what a probe would find on it. Used by tests and by `playbook check`.
 */
export interface SampleHost {
  readonly name?: string;
  /** folders whose contents are the host's files; the later one wins */
  readonly folders?: readonly string[];
  /** text files, links and absences in addition to those of the folders; a string is a file's text */
  readonly files?: Readonly<Record<string, string | { link: string } | { absent: true }>>;
  readonly packages?: Readonly<Record<string, string>>;
  /** units that exist in addition to those with a unit file */
  readonly units?: readonly string[];
  /** names that resolve on it; undefined if all do */
  readonly names?: readonly string[];
  readonly answers?: readonly (readonly [Query, Answer])[];
  readonly os?: Snapshot['os'];
  /** `none` if it has no supported one; undefined means apt-get */
  readonly packageManager?: PackageManager | 'none';
  readonly ledger?: Ledger;
}

const root = { user: 'root', group: 'root' };
const unitFolders = ['/etc/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system'];

/** What a probe that asks for `reads` would return from the host. */
export function snapshotOf(host: SampleHost, reads: Reads): Snapshot {
  const tree = treeOf(host);
  const included = (reads.includes ?? []).flatMap((path) => includedBy(tree, path));
  const asked = [...new Set([...reads.paths, ...included])];
  const globs = new Map(asked.filter(isGlob).map((glob) => [glob, matches(tree, glob)] as const));
  const paths = [...asked.filter((path) => !isGlob(path)), ...[...globs.values()].flat()];
  const names = reads.names.map(
    (name) => [name, (host.names?.includes(name) ?? true) ? ['192.0.2.1'] : []] as const,
  );
  return {
    host: host.name ?? 'host',
    machineId: '0123456789abcdef0123456789abcdef',
    ...root,
    os: host.os ?? { id: 'ubuntu', name: 'Ubuntu 22.04.5 LTS' },
    user: 'root',
    packageManager: host.packageManager === 'none' ? undefined : (host.packageManager ?? 'apt-get'),
    clockOffset: 0,
    freeSpace: new Map(),
    paths: new Map(paths.map((path) => [path, stateOf(tree, path)])),
    globs,
    packages: new Map(Object.entries(host.packages ?? {}).filter(([name]) => reads.packages.includes(name))),
    units: new Map(reads.units.map((unit) => [unit, unitState(unit, host, tree)])),
    names: new Map(names),
    answers: new Map([
      ...queriesIn(reads)
        .filter(({ kind }) => kind === 'search')
        .map((query) => [queryKey(query), search(tree, query)] as const),
      ...(host.answers ?? []).map(([query, answer]) => [queryKey(query), answer] as const),
    ]),
    failedUnits: [],
    isSample: true,
    ledger: host.ledger,
    unsettled: [],
  };
}

/** Every file of the host by its path; directories exist by implication. */
function treeOf(host: SampleHost): Map<string, PathState> {
  const tree = new Map<string, PathState>();
  for (const folder of host.folders ?? []) walk(folder, '', tree);
  for (const [path, content] of Object.entries(host.files ?? {})) {
    if (typeof content === 'string') tree.set(path, textFile(content));
    else if ('link' in content) tree.set(path, { kind: 'symlink', target: content.link });
    else tree.delete(path);
  }
  return tree;
}

function walk(folder: string, below: string, tree: Map<string, PathState>): void {
  for (const entry of readdirSync(join(folder, below))) {
    const path = `${below}/${entry}`;
    const real = join(folder, path);
    const found = lstatSync(real);
    if (found.isDirectory()) walk(folder, path, tree);
    else if (found.isSymbolicLink()) tree.set(path, { kind: 'symlink', target: readlinkSync(real) });
    else tree.set(path, { kind: 'file', content: readFileSync(real), mode: 0o644, ...root });
  }
}

export function textFile(text: string): RegularFile {
  return { kind: 'file', content: Buffer.from(text), mode: 0o644, ...root };
}

function stateOf(tree: Map<string, PathState>, path: string): PathState {
  const state = tree.get(path);
  if (state === undefined) {
    return isDirectory(tree, path) ? { kind: 'directory', mode: 0o755, ...root } : { kind: 'absent' };
  }
  if (state.kind !== 'symlink') return state;
  const target = resolve(dirname(path), state.target);
  const destination = tree.get(target);
  return destination?.kind === 'file'
    ? { ...state, resolved: { ...destination, path: target } }
    : { ...state, resolved: undefined };
}

/** The usual directories of a system exist on every host. */
const systemDirectories = [
  '/etc',
  '/etc/ssl',
  '/etc/sysctl.d',
  '/usr',
  '/usr/local',
  '/var',
  '/var/lib',
  '/etc/systemd/system',
  '/etc/nginx',
  '/etc/nginx/conf.d',
  '/etc/default',
];

function isDirectory(tree: Map<string, PathState>, path: string): boolean {
  return systemDirectories.includes(path) || [...tree.keys()].some((other) => other.startsWith(`${path}/`));
}

function matches(tree: Map<string, PathState>, glob: string): readonly string[] {
  const parts = glob.split('/').map((part) => {
    const source = part
      .replace(/[.+^${}()|\\]/g, '\\$&')
      .replaceAll('*', '[^/]*')
      .replaceAll('?', '[^/]');
    return /^[*?[]/.test(part) ? `(?!\\.)${source}` : source;
  });
  const expression = new RegExp(`^${parts.join('/')}$`);
  return [...tree.keys()].filter((path) => expression.test(path)).sort();
}

/**
 * A main file of nginx, and the paths and globs that it and its files include, as probe-paths.sh finds them.
 */
function includedBy(tree: Map<string, PathState>, main: string): readonly string[] {
  const asked = new Set([main]);
  const queue = [main];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const state = stateOf(tree, next);
    const file = state.kind === 'symlink' ? state.resolved : state;
    const text = file?.kind === 'file' ? file.content.toString() : '';
    for (const [, argument = ''] of text.matchAll(
      /(?:^|[\s;{}])include\s+("[^"]*"|'[^']*'|[^\s;{}]+)\s*;/g,
    )) {
      const path = argument.replace(/^["']|["']$/g, '');
      const pattern = path.startsWith('/') ? path : `${dirname(main)}/${path}`;
      if (asked.has(pattern)) continue;
      asked.add(pattern);
      queue.push(...(isGlob(pattern) ? matches(tree, pattern) : [pattern]));
    }
  }
  return [...asked];
}

/** What grep -E reports about the files at a path. */
function search(tree: Map<string, PathState>, { args: [pattern = '', path = ''] }: Query): Answer {
  const files = (isGlob(path) ? matches(tree, path) : [path]).map((one) => stateOf(tree, one));
  const texts = files.flatMap((state) => (state.kind === 'file' ? [state.content.toString()] : []));
  const found = texts.some((text) => new RegExp(pattern, 'm').test(text));
  return { status: found ? 0 : texts.length > 0 ? 1 : 2, output: '' };
}

function unitState(
  unit: string,
  host: SampleHost,
  tree: Map<string, PathState>,
): Snapshot['units'] extends ReadonlyMap<string, infer State> ? State : never {
  const there = host.units?.includes(unit) || unitFolders.some((folder) => tree.has(`${folder}/${unit}`));
  return there
    ? { load: 'loaded', active: 'active', sub: 'running', enabled: 'enabled' }
    : { load: 'not-found', active: 'inactive', sub: 'dead', enabled: '' };
}
