import { prefixLocations, quoteArgument } from '../../formats/nginx.ts';
import { wholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { understand } from '../shared/understand.ts';
import { bringOverPrefixes, ownHeader } from './existing-prefixes.ts';
import type { PrefixParameters } from './prefix-parameters.ts';
import { sourceText } from './prefix-source.ts';
import { redirectText } from './redirects.ts';
import { unsupportedClient } from './unsupported-client.ts';

/** Copies of the package's locations in our own file. */
export function ownFile(host: StepHost, wanted: PrefixParameters, source: string): void {
  bringOverPrefixes(host, wanted, source);
  const text = sourceText(host, wanted, source);
  // A file that isn't nginx's syntax at all is told as such by sourceText().
  const refusal = unsupportedClient(source, wanted.prefix);
  const copies = understand(host, source, text, () => prefixLocations(text, wanted.prefix), refusal);
  host.manage(wholePath(wanted.path));
  host.write(wanted.path, ownText(host, wanted, source, copies));
}

function ownText(host: StepHost, wanted: PrefixParameters, source: string, copies: string): string {
  const state = host.state(source);
  const origin = state.kind === 'symlink' ? `${source} (${state.target})` : source;
  const sets = Object.entries(wanted.variables).map(
    ([name, { value }]) => `set $${name} ${quoteArgument(value)};\n`,
  );
  return [
    `${ownHeader}, step ${host.step}: edits get lost.\n# Copies of the locations in ${origin}, under ${wanted.prefix}.\n`,
    ...(sets.length > 0 ? [sets.join('')] : []),
    ...wanted.redirects.map(redirectText),
    copies,
  ].join('\n');
}
