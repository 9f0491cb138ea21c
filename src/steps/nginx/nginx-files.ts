import type { StepHost } from '../../virtual/step-host.ts';

/** Where distributions keep what nginx reads, including the files to which links in sites-enabled lead. */
export const nginxFiles = {
  read: ['/etc/nginx/nginx.conf', '/etc/nginx/conf.d/*.conf', '/etc/nginx/sites-enabled/*'],
  behindLinks: ['/etc/nginx/sites-available/*'],
} as const;

/** A file as nginx reads it. */
export interface NginxFile {
  /** where its bytes are, and can be edited */
  readonly path: string;
  readonly text: string;
}

/** Files of a host by paths and globs, each file once, following links. */
export function filesAt(host: StepHost, patterns: readonly string[]): readonly NginxFile[] {
  const paths = patterns.flatMap((pattern) => (/[*?[]/.test(pattern) ? host.glob(pattern) : [pattern]));
  const files = new Map<string, NginxFile>();
  for (const path of paths) {
    const state = host.state(path);
    const readable = state.kind === 'file' || (state.kind === 'symlink' && state.resolved !== undefined);
    const text = readable ? host.text(path) : undefined;
    const real = state.kind === 'symlink' ? (state.resolved?.path ?? path) : path;
    if (text !== undefined) files.set(real, { path: real, text });
  }
  return [...files.values()];
}

/** Write a file that was found through links. A file that no step reads by its own name isn't written. */
export function writeFound(host: StepHost, path: string, text: string): void {
  if (!host.snapshot.paths.has(path)) {
    throw host.problem(
      'not-a-file',
      `what was set up by hand is in ${path}, reached by a link to a place that isn't read`,
      'remove by hand what was put there for the cluster proxy, then plan again',
    );
  }
  host.write(path, text);
}
