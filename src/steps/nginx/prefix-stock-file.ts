import { editLocationPaths, locations, setVariable } from '../../formats/nginx.ts';
import { errorAt } from '../../formats/text.ts';
import { wholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { understand } from '../shared/understand.ts';
import { bringOverPrefixes } from './existing-prefixes.ts';
import type { PrefixParameters } from './prefix-parameters.ts';
import { sourceText } from './prefix-source.ts';
import { withRedirect } from './redirects.ts';
import { unsupportedClient } from './unsupported-client.ts';

/** Edit the package's file as the guides do. An upgrade of the package restores its own text. */
export function stockFile(host: StepHost, wanted: PrefixParameters, source: string): void {
  if (host.state(source).kind === 'symlink') {
    throw host.problem(
      'stock-file-is-a-link',
      `${source} is a link to one of the package's variants; editing it would change the package's own file`,
      'use "client_locations: own-file", which leaves the package\'s files alone',
    );
  }
  bringOverPrefixes(host, wanted, source);
  host.remove(wanted.path);
  editSource(host, wanted, source);
  for (const [name, { value, stock_file: file = source }] of Object.entries(wanted.variables)) {
    const path = host.exists(file) ? file : source;
    const text = host.text(path) ?? '';
    const after = understand(host, path, text, () => setVariable(text, name, value));
    host.manage(wholePath(path), { pristine: after !== text });
    edit(host, path, text, after);
  }
}

function editSource(host: StepHost, wanted: PrefixParameters, source: string): void {
  const text = sourceText(host, wanted, source);
  const pristine = understand(
    host,
    source,
    text,
    () => !locations(text).some(({ path }) => path.startsWith(`${wanted.prefix}/`)),
  );
  host.manage(wholePath(source), { pristine });
  refusePatterns(host, wanted, source, text);
  const after = understand(host, source, text, () => {
    const moved = editLocationPaths(text, (path, { modifier }) =>
      modifier !== '=' && (path === wanted.client || path.startsWith(`${wanted.client}/`))
        ? wanted.prefix + path
        : undefined,
    );
    return wanted.redirects.reduce(withRedirect, moved);
  });
  edit(host, source, text, after);
}

/** A regular expression about the client can't be put under a prefix by changing a path. */
function refusePatterns(host: StepHost, wanted: PrefixParameters, source: string, text: string): void {
  const { client, prefix } = wanted;
  const pattern = locations(text).find(
    ({ modifier, path }) => modifier.startsWith('~') && path.replaceAll('\\', '').includes(client),
  );
  if (pattern === undefined) return;
  const { modifier, path, directive } = pattern;
  const refuse = () => {
    throw errorAt(
      text,
      directive.start,
      `location ${modifier} ${path} is a regular expression, which can't be put under a prefix`,
    );
  };
  understand(host, source, text, refuse, unsupportedClient(source, prefix));
}

function edit(host: StepHost, path: string, before: string, after: string): void {
  if (after !== before) host.write(path, after);
}
