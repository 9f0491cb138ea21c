import { hidden } from './hidden.ts';
import { maskSecrets } from './mask.ts';
import { secrecyOf } from './name-rules.ts';

/**
 * The text of the file at `path`, masked. A file that consists of a secret (`APIKEY.txt`), or of users with
 * their passwords (`.htpasswd`), is recognized by its name.
 */
export function maskFile(path: string, text: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/(?<=.)\.[a-z]+$/i, '');
  const lines = text.split('\n');
  const full = lines.filter((line) => line.trim() !== '');
  if (secrecyOf(name) !== 'none' || /\.(?:key|secret|token)$/.test(path)) {
    if (full.length === 1 && !/[=:]/.test(full[0]?.replace(/=+\s*$/, '') ?? '')) {
      return lines.map((line) => (line.trim() === '' ? line : hidden)).join('\n');
    }
    if (full.every((line) => /^(?:#.*|[^:\s]+:\S+)$/.test(line.trimEnd()))) {
      return lines.map((line) => line.replace(/^([^#:\s][^:\s]*:)\S+/, `$1${hidden}`)).join('\n');
    }
  }
  return maskSecrets(text);
}
