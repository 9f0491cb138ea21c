import type { StepHost } from '../../virtual/step-host.ts';

/** Folder in which certbot shows what it keeps under a name. Source: certbot(1). */
export const liveFolder = '/etc/letsencrypt/live';

/** By what certbot renews a certificate: without it, it doesn't know one, whatever is in its folders. */
export function renewalFile(name: string): string {
  return `/etc/letsencrypt/renewal/${name}.conf`;
}

/** certbot's name for a certificate in its folders; undefined for one that is elsewhere. */
export function lineageOf(chain: string): string | undefined {
  return /^\/etc\/letsencrypt\/live\/([^/]+)\/[^/]+$/.exec(chain)?.[1];
}

/** Where challenges on port 80 are answered from. */
export type Answered =
  | { readonly by: 'folders'; readonly folders: readonly string[] }
  /** whoever has port 80 passes them on to this one, where certbot answers */
  | { readonly by: 'port'; readonly port: number };

/**
 * Warns where certbot keeps a certificate and can't renew it, since nobody answers its challenges in the way
 * that it was got: that would show only weeks later, once it has become late. Nothing is said of the ways
 * that don't go by what answers on port 80 here, such as dns-01, or that see to it themselves, such as
 * certbot's plugin for nginx.
 */
export function warnOfRenewal(host: StepHost, name: string, answered: Answered): void {
  const path = renewalFile(name);
  const kind = host.snapshot.paths.has(path) ? host.state(path).kind : 'absent';
  if (kind !== 'file' && kind !== 'symlink') return;
  const settings = readRenewal(host.text(path) ?? '');
  const fault = faultOf(settings, answered);
  if (fault === undefined) return;
  host.warn(
    `certbot can't renew the certificate ${name}: ${fault}; once this is applied, have it get it in a way that works: certbot certonly ${wayOf(answered)} --cert-name ${name}${ofServer(settings)} --force-renewal`,
  );
}

interface Renewal {
  /** directory of the authority; empty: nothing is written down */
  readonly server: string;
  readonly authenticator: string;
  readonly port: number;
  readonly folders: readonly string[];
}

/** certbot's own files: `key = value`, and sections in brackets (configobj). */
function readRenewal(text: string): Renewal {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const settingOf = (key: string) => {
    const line = lines.find((one) => new RegExp(`^${key}\\s*=`).test(one));
    return line?.slice(line.indexOf('=') + 1).trim() ?? '';
  };
  const map = lines.slice(lines.findIndex((line) => /^\[\[webroot_map\]\]$/.test(line)) + 1);
  const next = map.findIndex((line) => line.startsWith('['));
  const mapped = lines.includes('[[webroot_map]]')
    ? map.slice(0, next === -1 ? undefined : next).flatMap((line) => /^[^#=]+=\s*(.+)$/.exec(line)?.[1] ?? [])
    : [];
  const listed = settingOf('webroot_path').split(',');
  return {
    server: settingOf('server'),
    authenticator: settingOf('authenticator'),
    // certbot's own port where none is written down
    port: Number(settingOf('http01_port') || 80),
    folders: (mapped.length > 0 ? mapped : listed).map(plainFolder).filter((folder) => folder !== ''),
  };
}

function plainFolder(text: string): string {
  const bare = text.trim().replace(/^(["'])(.*)\1$/, '$2');
  return bare.length > 1 ? bare.replace(/\/+$/, '') : bare;
}

function faultOf({ authenticator, port, folders }: Renewal, answered: Answered): string | undefined {
  switch (authenticator) {
    case 'standalone':
      if (answered.by === 'port' && port === answered.port) return undefined;
      return port === 80
        ? 'it wants to answer on port 80 itself, which is taken'
        : `it wants to answer on port ${port}, and nobody passes challenges on to it there`;
    case 'webroot': {
      if (answered.by === 'port') return 'it puts its answers into a folder, and no folder is looked into';
      const other = folders.find((folder) => !answered.folders.includes(folder));
      return other === undefined
        ? undefined
        : `it puts its answers into ${other}, and port 80 answers from ${answered.folders.join(' and ')}`;
    }
    case 'apache':
      return 'it was got by its plugin for Apache, which is not what answers on port 80';
    case 'nginx':
      return answered.by === 'port'
        ? 'it was got by its plugin for nginx, which is not what answers on port 80'
        : undefined;
    default:
      return undefined;
  }
}

/** Otherwise certbot would go to the authority that it asks by default, where there may be no account. */
function ofServer({ server }: Renewal): string {
  return /^https:\/\/[\w.:/-]+$/.test(server) ? ` --server ${server}` : '';
}

function wayOf(answered: Answered): string {
  return answered.by === 'folders'
    ? `--webroot --webroot-path ${answered.folders[0] ?? ''}`
    : `--standalone --http-01-port ${answered.port} --http-01-address 127.0.0.1`;
}
