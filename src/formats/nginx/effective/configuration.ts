import { type Directive, scanWalkable } from '../scan.ts';
import { type Listen, listensOf, usualListen } from './listen.ts';

/** A file that nginx reads. */
export interface ConfigurationFile {
  /** where its bytes are; an `include` may lead there by a link */
  readonly path: string;
  readonly text: string;
}

/** How the files of a host are found. */
export interface ConfigurationFiles {
  /** what is read under a name; undefined if there is nothing that can be read */
  file(path: string): ConfigurationFile | undefined;
  /** the files that match a pattern, in nginx's order; undefined if it isn't known */
  glob(pattern: string): readonly string[] | undefined;
}

/** A server block that nginx has loaded. */
export interface EffectiveServer {
  readonly file: ConfigurationFile;
  /** its place in that file */
  readonly directive: Directive;
  /** as written; in several forms, see `ServerNames` */
  readonly names: readonly string[];
  readonly listen: readonly Listen[];
  /** its directives, with those of the files that it includes */
  readonly directives: readonly Directive[];
  /** the same with their files, and with what is within each of them */
  readonly content: () => readonly PlacedDirective[];
}

/** A directive, the file in which it is, and what is in its block, with the files that that includes. */
export interface PlacedDirective {
  readonly file: ConfigurationFile;
  readonly directive: Directive;
  readonly within: readonly PlacedDirective[];
}

/** nginx's configuration as it is after all files have been included, in its order. */
export interface EffectiveConfiguration {
  readonly servers: readonly EffectiveServer[];
  /** server blocks of the context `stream`, which pass connections on unread */
  readonly streams: readonly EffectiveServer[];
  /** where the files are that were read */
  readonly files: ReadonlySet<string>;
  /** what is included and couldn't be read: paths and patterns */
  readonly unread: readonly string[];
  /** what a context has beside server blocks; `main` is around all others, which don't count there */
  readonly shared: (context: 'main' | 'events' | 'http' | 'stream') => readonly PlacedDirective[];
}

/** What nginx makes of its main file: ngx_conf_parse and ngx_conf_include in ngx_conf_file.c. */
export function effectiveConfiguration(main: string, files: ConfigurationFiles): EffectiveConfiguration {
  const folder = main.replace(/\/[^/]*$/, '');
  const reading: Reading = { files, folder, read: new Set(), unread: [], scanned: new Map(), followed: 0 };
  const placed = reading.files.file(main);
  const top = placed === undefined ? [] : contentOf(reading, placed, []);
  const serversIn = (context: string): readonly EffectiveServer[] =>
    inside(reading, top, context).flatMap((one) => serverOf(reading, one, context));
  return {
    servers: serversIn('http'),
    streams: serversIn('stream'),
    files: reading.read,
    unread: [...new Set(reading.unread)],
    shared: (context) =>
      (context === 'main' ? top : inside(reading, top, context))
        .filter(({ directive: { name, block } }) =>
          context === 'main' ? block === undefined : name !== 'server',
        )
        .map((one) => contentWithin(reading, one)),
  };
}

interface Reading {
  readonly files: ConfigurationFiles;
  /** where relative paths begin */
  readonly folder: string;
  readonly read: Set<string>;
  readonly unread: string[];
  readonly scanned: Map<string, readonly Directive[]>;
  /** how many directives and includes have been followed */
  followed: number;
}

/** A directive and the file in which it is. */
interface Placed {
  readonly file: ConfigurationFile;
  readonly directive: Directive;
  /** the files that include each other up to here */
  readonly chain: readonly string[];
}

/**
 * nginx knows no limit but that of open files; a file that includes itself, also by way of others, never
 * comes to an end there.
 */
const deepest = 40;
/** Files that include each other several times make far more of this than any host's nginx would load. */
const mostFollowed = 300_000;

function contentOf(reading: Reading, file: ConfigurationFile, above: readonly string[]): readonly Placed[] {
  reading.read.add(file.path);
  const directives = reading.scanned.get(file.path) ?? scanWalkable(file.text);
  reading.scanned.set(file.path, directives);
  return followed(reading, { file, chain: [...above, file.path] }, directives);
}

/** Directives, each `include` replaced by what it stands for. */
function followed(
  reading: Reading,
  { file, chain }: Omit<Placed, 'directive'>,
  directives: readonly Directive[],
): readonly Placed[] {
  reading.followed += directives.length;
  return directives.flatMap((directive) => {
    if (directive.name !== 'include') return [{ file, directive, chain }];
    const pattern = absolute(reading, directive.args[0]?.text ?? '');
    const paths = /[*?[]/.test(pattern) ? reading.files.glob(pattern) : [pattern];
    if (paths === undefined || chain.length > deepest) reading.unread.push(pattern);
    if (paths === undefined || chain.length > deepest) return [];
    return paths.flatMap((path) => includedAt(reading, path, chain));
  });
}

function includedAt(reading: Reading, path: string, chain: readonly string[]): readonly Placed[] {
  reading.followed++;
  const included = reading.followed > mostFollowed ? undefined : reading.files.file(path);
  if (included !== undefined && !chain.includes(included.path)) return contentOf(reading, included, chain);
  reading.unread.push(path);
  return [];
}

function absolute({ folder }: Reading, path: string): string {
  return path.startsWith('/') ? path : `${folder}/${path}`;
}

/** What is directly within the blocks of that name. */
function inside(reading: Reading, placed: readonly Placed[], context: string): readonly Placed[] {
  return placed
    .filter(({ directive }) => directive.name === context)
    .flatMap((one) => followed(reading, one, one.directive.block?.directives ?? []));
}

/** An upstream's `server` lines don't count. */
function serverOf(reading: Reading, placed: Placed, context: string): readonly EffectiveServer[] {
  const { directive, file } = placed;
  if (directive.name !== 'server' || directive.block === undefined) return [];
  const inner = followed(reading, placed, directive.block.directives).map((one) => one.directive);
  const argumentsOf = (name: string) =>
    inner.filter((one) => one.name === name).map(({ args }) => args.map(({ text }) => text));
  const written = argumentsOf('listen');
  const listen = written.length === 0 && context === 'http' ? [usualListen] : written.flatMap(listensOf);
  const content = () => contentWithin(reading, placed).within;
  return [{ file, directive, names: argumentsOf('server_name').flat(), listen, directives: inner, content }];
}

function contentWithin(reading: Reading, placed: Placed): PlacedDirective {
  const { file, directive } = placed;
  const within = followed(reading, placed, directive.block?.directives ?? []);
  return { file, directive, within: within.map((one) => contentWithin(reading, one)) };
}
