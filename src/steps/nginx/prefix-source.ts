import { locations } from '../../formats/nginx.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { understand } from '../shared/understand.ts';
import type { PrefixParameters } from './prefix-parameters.ts';

/**
 * The text of the package's file, which must have at least one location of the client: copies of nothing
 * would be a node whose client answers nowhere. Without one the file is empty, was emptied by somebody, or
 * belongs to another release.
 */
export function sourceText(host: StepHost, { client, prefix }: PrefixParameters, source: string): string {
  const text = host.text(source) ?? '';
  const isClient = (path: string) => path === client || path.startsWith(`${client}/`);
  const found = understand(host, source, text, () => locations(text));
  const some = found.some(
    ({ modifier, path }) =>
      modifier !== '@' &&
      (isClient(path) || isClient(path.startsWith(prefix) ? path.slice(prefix.length) : path)),
  );
  // A regular expression about the client is refused later, with its line.
  if (some || found.some(({ modifier }) => modifier.startsWith('~'))) return text;
  throw host.problem(
    'client-locations-missing',
    `${source} ${text.trim() === '' ? 'is empty' : `has no location for ${client}`}, so nothing there could be put under ${prefix}`,
    `reinstall the package that brings ${source} (\`dpkg -S ${source}\` names it), then plan again`,
  );
}
