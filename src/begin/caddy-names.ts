import { caddyfileOf } from '../formats/caddyfile.ts';
import { FormatError } from '../formats/format-error.ts';

export const caddyFile = '/etc/caddy/Caddyfile';
/** Where Caddy of the distributions keeps those that it has got itself; a folder for each authority. */
export const caddyCertificates = '/var/lib/caddy/.local/share/caddy/certificates/*/*/*.crt';

/**
 * The hosts of a Caddyfile's sites, and the files of certificates that they name; nothing of one that can't
 * be read.
 */
export function namesInCaddyfile(text: string): {
  readonly names: readonly string[];
  readonly files: readonly string[];
} {
  try {
    const { sites } = caddyfileOf(text);
    return {
      names: sites.flatMap(({ addresses }) =>
        addresses.filter((one) => !one.isUnknown).map(({ host }) => host),
      ),
      files: sites
        .flatMap(({ statements }) => statements)
        .map(({ words }) => words.map((word) => word.text))
        .flatMap(([name, file = '']) => (name === 'tls' && file.startsWith('/') ? [file] : [])),
    };
  } catch (error) {
    if (error instanceof FormatError) return { names: [], files: [] };
    throw error;
  }
}
