import {
  type ConfigurationFile,
  type ConfigurationFiles,
  type Directive,
  type EffectiveConfiguration,
  type EffectiveServer,
  effectiveConfiguration,
  type Socket,
  scanWalkable,
  socketsOf,
} from '../../formats/nginx.ts';
import type { Reads } from '../../model/reads.ts';
import { stateWords } from '../../virtual/state-words.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { understand } from '../shared/understand.ts';
import { lineOf } from './directives.ts';
import { namesInclude } from './include-format.ts';

/** Where nginx begins to read, as all distributions build it. */
export const mainFile = '/etc/nginx/nginx.conf';

/** What has to be read of a host to know its nginx's whole configuration. */
export const wholeConfiguration = {
  includes: [mainFile],
  /** for the name `$hostname` */
  paths: ['/etc/hostname'],
} as const satisfies Partial<Reads>;

/** nginx on a host, as the steps so far leave it. */
export interface NginxOnHost extends EffectiveConfiguration {
  readonly sockets: readonly Socket[];
}

export interface NginxOptions {
  /** what nginx is taken to include if the host has no main file */
  readonly usually: readonly string[];
  /** files that this plan removes */
  readonly without?: ((path: string) => boolean) | undefined;
}

export function nginxOn(host: StepHost, { usually, without = () => false }: NginxOptions): NginxOnHost {
  const files: ConfigurationFiles = {
    file: (path) => {
      const file = path === mainFile ? mainOf(host, usually) : fileAt(host, path);
      return file === undefined || without(file.path) ? undefined : file;
    },
    glob: (pattern) => (host.snapshot.globs.has(pattern) ? host.glob(pattern) : undefined),
  };
  const configuration = effectiveConfiguration(mainFile, files);
  const name = host.snapshot.paths.has('/etc/hostname') ? host.text('/etc/hostname')?.trim() : undefined;
  return { ...configuration, sockets: socketsOf(configuration.servers, name) };
}

/** What `http` has beside its server blocks, in all files that nginx reads. */
export function inHttp({ shared }: EffectiveConfiguration): readonly Directive[] {
  return shared('http').map(({ directive }) => directive);
}

/** Say what couldn't be read, and so may have a server block that nobody reckons with. */
export function warnOfUnread(host: StepHost, { unread }: EffectiveConfiguration): void {
  for (const path of unread) {
    const state = host.snapshot.paths.get(path);
    // nginx itself can't load without it, or it is what this plan removes.
    if (state?.kind === 'absent' || state?.kind === 'file') continue;
    const why = state === undefined ? '' : ` (${stateWords(state)})`;
    host.warn(
      `nginx includes ${path}, which could not be read${why}: server blocks in it are not considered`,
    );
  }
}

/** `/etc/nginx/sites-available/learn:12` */
export function placeOf({ file, directive }: EffectiveServer): string {
  return `${file.path}:${lineOf(file.text, directive.start)}`;
}

/** `server_name *.example.com` */
export function nameWords({ names }: EffectiveServer): string {
  return names.length === 0 ? 'without a server_name' : `server_name ${names.join(' ')}`;
}

/** Whether a server block has the name itself, and not a pattern that matches it. */
export function hasName({ names }: EffectiveServer, wanted: string): boolean {
  return namesInclude(names, wanted);
}

function mainOf(host: StepHost, usually: readonly string[]): ConfigurationFile | undefined {
  const known = host.snapshot.paths.get(mainFile);
  if (known !== undefined && known.kind !== 'absent') return fileAt(host, mainFile);
  const lines = usually.filter((path) => path !== mainFile).map((path) => `include ${path};`);
  return { path: mainFile, text: `http {\n${lines.join('\n')}\n}\n` };
}

function fileAt(host: StepHost, path: string): ConfigurationFile | undefined {
  if (!host.snapshot.paths.has(path)) return undefined;
  const state = host.state(path);
  const isReadable = state.kind === 'file' || (state.kind === 'symlink' && state.resolved !== undefined);
  const text = isReadable || state.kind === 'pending' ? host.text(path) : undefined;
  if (text === undefined) return undefined;
  const real = state.kind === 'symlink' ? (state.resolved?.path ?? path) : path;
  understand(host, real, text, () => scanWalkable(text));
  return { path: real, text };
}
