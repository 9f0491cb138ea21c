import { dirname } from 'node:path';
import { type Caddyfile, caddyfileOf, type Site } from '../../formats/caddyfile.ts';
import { wholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { understand } from '../shared/understand.ts';

/** The Caddyfile that the service of Caddy's packages reads. */
export const mainCaddyfile = '/etc/caddy/Caddyfile';

/** Where people keep what Caddy reads. */
export const caddyFiles: readonly string[] = [
  mainCaddyfile,
  '/etc/caddy/*.caddy',
  '/etc/caddy/Caddyfile.d/*',
  '/etc/caddy/conf.d/*',
  '/etc/caddy/sites/*',
  '/etc/caddy/sites-enabled/*',
  '/etc/caddy/sites-available/*',
  '/etc/caddy/clusterproxy/*.caddy',
];

/** A file as Caddy reads it. */
export interface CaddyFile {
  /** where its bytes are, and can be edited */
  readonly path: string;
  readonly text: string;
  readonly parts: Caddyfile;
}

export interface PlacedSite extends Site {
  readonly file: CaddyFile;
}

/** Files of a host by paths and globs, each file once, following links. */
export function filesAt(host: StepHost, patterns: readonly string[]): readonly CaddyFile[] {
  const paths = patterns.flatMap((pattern) => (/[*?[]/.test(pattern) ? host.glob(pattern) : [pattern]));
  const files = new Map<string, CaddyFile>();
  for (const path of paths) {
    const file = fileAt(host, path);
    if (file !== undefined) files.set(file.path, file);
  }
  return [...files.values()];
}

export function fileAt(host: StepHost, path: string): CaddyFile | undefined {
  const state = host.state(path);
  const isThere = state.kind === 'file' || (state.kind === 'symlink' && state.resolved?.kind === 'file');
  const text = isThere || state.kind === 'pending' ? host.text(path) : undefined;
  if (text === undefined) return undefined;
  const real = state.kind === 'symlink' ? (state.resolved?.path ?? path) : path;
  return { path: real, text, parts: understand(host, real, text, () => caddyfileOf(text)) };
}

/** What Caddy reads, from its Caddyfile on, as the steps so far leave it. */
export interface CaddyOnHost {
  readonly files: readonly CaddyFile[];
  /** patterns of `import` lines that lead to files that weren't read, each with the file that has the line */
  readonly unread: readonly string[];
}

/** Follows the `import` lines at the top level, among files that were read. */
export function caddyOn(host: StepHost, main: string, lookIn: readonly string[]): CaddyOnHost {
  const known = filesAt(host, lookIn);
  const first = fileAt(host, main);
  const files = new Map<string, CaddyFile>();
  const unread: string[] = [];
  const queue = first === undefined ? [] : [first];
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    if (files.has(file.path)) continue;
    files.set(file.path, file);
    for (const pattern of importedBy(file)) {
      const matches = known.filter(({ path }) => isMatched(path, pattern));
      queue.push(...matches);
      const isKnown = lookIn.includes(pattern) || host.snapshot.globs.has(pattern);
      if (matches.length === 0 && !isKnown && !host.snapshot.paths.has(pattern)) unread.push(pattern);
    }
  }
  return { files: [...files.values()], unread };
}

/** The sites of these files, but for those of a file of ours that this plan removes. */
export function sitesOf(host: StepHost, { files }: CaddyOnHost): readonly PlacedSite[] {
  return files
    .filter(({ path }) => !host.isManaged(wholePath(path)))
    .flatMap((file) => file.parts.sites.map((one) => ({ ...one, file })));
}

/** Absolute patterns of what a file imports at its top level; the name of a snippet is none. */
export function importedBy({ path, parts }: CaddyFile): readonly string[] {
  const snippets = new Set(parts.snippets.map(({ words: [name] }) => name?.text));
  return parts.imports
    .map(({ words }) => words[1]?.text ?? '')
    .filter((pattern) => pattern !== '' && !pattern.includes('{') && !snippets.has(`(${pattern})`))
    .map((pattern) => (pattern.startsWith('/') ? pattern : `${dirname(path)}/${pattern}`));
}

/** Whether a path fits a pattern as Go's filepath.Match takes it, in which a `*` stops at a slash. */
export function isMatched(path: string, pattern: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replace(/\*/g, '[^/]*')
    .replace(/\?/g, '[^/]');
  return new RegExp(`^${expression}$`).test(path);
}

/** The line of an offset, from 1. */
export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** `/etc/caddy/Caddyfile:12` */
export function placeOf({ file, statement }: PlacedSite): string {
  return `${file.path}:${lineOf(file.text, statement.start)}`;
}
