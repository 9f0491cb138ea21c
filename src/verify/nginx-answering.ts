import { decode } from '../formats/decode.ts';
import {
  type ConfigurationFile,
  type EffectiveConfiguration,
  type EffectiveServer,
  effectiveConfiguration,
  isLocal,
  socketsOf,
  walk,
} from '../formats/nginx.ts';
import type { Snapshot } from '../model/snapshot.ts';

/** Where nginx begins to read, as all distributions build it. */
export const mainFile = '/etc/nginx/nginx.conf';

/** nginx as it has loaded its files, and who answers for the cluster's name. */
export interface Answering {
  readonly configuration: EffectiveConfiguration;
  /** each with whether it also answers for names that it doesn't have */
  readonly servers: readonly { readonly server: EffectiveServer; readonly isDefault: boolean }[];
}

/** Whether a server block includes the cluster's own locations. */
export function hasOurs(server: EffectiveServer, locations: string): boolean {
  return [...walk(server.content())].some(({ file }) => file.path === locations);
}

/** The server blocks that answer for a name, at the ports of the web or wherever one has that name. */
export function answeringFor(hostname: string, snapshot: Snapshot): Answering {
  const configuration = effectiveConfiguration(mainFile, {
    file: (path) => fileIn(snapshot, path),
    glob: (pattern) => snapshot.globs.get(pattern),
  });
  const self = fileIn(snapshot, '/etc/hostname')?.text.trim();
  const found = new Map<EffectiveServer, boolean>();
  for (const socket of socketsOf(configuration.servers, self)) {
    const { server, by } = socket.answer(hostname);
    const isUsual = [80, 443].includes(socket.port) && !isLocal(socket);
    if (!isUsual && by === 'default') continue;
    const isDefault = socket.defaultServer === server;
    found.set(server, isDefault || (found.get(server) ?? false));
  }
  return {
    configuration,
    servers: [...found].map(([server, isDefault]) => ({ server, isDefault })),
  };
}

function fileIn({ paths }: Snapshot, path: string): ConfigurationFile | undefined {
  const state = paths.get(path);
  if (state?.kind === 'file') return { path, text: decode(state.content).text };
  if (state?.kind !== 'symlink' || state.resolved === undefined) return undefined;
  return { path: state.resolved.path, text: decode(state.resolved.content).text };
}
