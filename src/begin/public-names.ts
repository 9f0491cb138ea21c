import { effectiveConfiguration } from '../formats/nginx.ts';
import { hostnameMistake } from '../inventory/names.ts';
import type { FoundCertificate } from '../model/begun.ts';
import type { PathState, Snapshot } from '../model/snapshot.ts';
import { caddyCertificates, caddyFile, namesInCaddyfile } from './caddy-names.ts';
import { certificateIn } from './certificates.ts';

export const nginxFile = '/etc/nginx/nginx.conf';
export const haproxyFile = '/etc/haproxy/haproxy.cfg';
/** Where certbot keeps them: https://eff-certbot.readthedocs.io/en/stable/using.html#where-certs */
export const certbotFiles = '/etc/letsencrypt/live/*/fullchain.pem';

/** What the web servers of a host answer for, and the certificates that they show. */
export interface Answering {
  /** without repetition, in the order of the files */
  readonly names: readonly string[];
  /** files of certificates that they name, whether they were read or not */
  readonly files: readonly string[];
}

/** What nginx, HAProxy and Caddy of a host say that they answer for. */
export function answeringOf(snapshot: Snapshot): Answering {
  const caddy = namesInCaddyfile(textOf(snapshot, caddyFile));
  const all = [nginxOf(snapshot), haproxyOf(snapshot), caddy];
  return {
    names: unique(all.flatMap(({ names }) => names).map((name) => name.toLowerCase())).filter(isPublic),
    files: unique(all.flatMap(({ files }) => files)),
  };
}

/** The certificates that were read, of these files, of certbot's and of those that Caddy has got itself. */
export function certificatesOf(snapshot: Snapshot, files: readonly string[]): readonly FoundCertificate[] {
  const kept = [certbotFiles, caddyCertificates].flatMap((glob) => snapshot.globs.get(glob) ?? []);
  const found = unique([...files, ...kept]).flatMap((file) => {
    const content = contentOf(snapshot.paths.get(file));
    const certificate = content === undefined ? undefined : certificateIn(file, content);
    return certificate === undefined ? [] : [certificate];
  });
  return [...new Map(found.map((one) => [`${one.names} ${one.until}`, one])).values()];
}

/** A DNS name that others can look up: not an address, no wildcard, no bare or local name. */
export function isPublic(name: string): boolean {
  return (
    hostnameMistake(name) === undefined &&
    name.includes('.') &&
    !/(?:^|\.)(?:localdomain|local|lan)$/.test(name)
  );
}

function nginxOf(snapshot: Snapshot): Answering {
  const { servers } = effectiveConfiguration(nginxFile, {
    file: (path) => {
      const state = snapshot.paths.get(path);
      const content = contentOf(state);
      const real = state?.kind === 'symlink' ? (state.resolved?.path ?? path) : path;
      return content === undefined ? undefined : { path: real, text: content.toString('utf8') };
    },
    glob: (pattern) => snapshot.globs.get(pattern),
  });
  return {
    names: servers.flatMap(({ names }) => names),
    files: servers.flatMap(({ directives }) =>
      directives
        .filter(({ name }) => name === 'ssl_certificate')
        .flatMap(({ args }) => args[0]?.text ?? [])
        .filter((file) => file.startsWith('/') && !file.includes('$')),
    ),
  };
}

/** Conditions on names, and certificates of `bind`, as the configuration manual of HAProxy has them. */
function haproxyOf(snapshot: Snapshot): Answering {
  const text = textOf(snapshot, haproxyFile);
  const names = text.matchAll(/\b(?:hdr\(host\)|req\.hdr\(host\)|ssl_fc_sni)\s+-i\s+(\S+)/g);
  const files = text.matchAll(/^\s*bind\s.*?\bcrt\s+(\/\S+\.pem)/gm);
  return {
    names: [...names].flatMap(([, name]) => name ?? []),
    files: [...files].flatMap(([, file]) => file ?? []),
  };
}

function textOf(snapshot: Snapshot, path: string): string {
  return contentOf(snapshot.paths.get(path))?.toString('utf8') ?? '';
}

function contentOf(state: PathState | undefined): Buffer | undefined {
  if (state?.kind === 'file') return state.content;
  return state?.kind === 'symlink' ? state.resolved?.content : undefined;
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}
