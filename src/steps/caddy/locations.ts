import { caddyWord } from '../../formats/caddyfile.ts';
import type { Query } from '../../model/reads.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { type Dialect, readsOfBlocks, writeBlocks } from '../relay/blocks.ts';
import { isMissing } from '../relay/trusted-certificates.ts';
import { existingSetUp } from '../shared/existing-set-up.ts';
import { directoriesOf } from '../shared/parameters.ts';
import { understand } from '../shared/understand.ts';
import type { StepModule } from '../step-module.ts';
import { refuseAdminOff } from './admin.ts';
import { caddyBlock } from './block-format.ts';
import { caddyFiles } from './caddy-files.ts';
import { caddyPaths } from './caddy-paths.ts';
import { bringOverRules, findRules } from './existing-rules.ts';
import { type LocationsParameters, locationsName, locationsParameters } from './locations-parameters.ts';
import { caddyUser, mayRead, refuseUnreadable } from './readable.ts';
import { passedTo } from './relayed.ts';
import { type RenderOptions, renderRelays } from './render-relays.ts';
import { askVersion, caddyAbilities } from './version.ts';

/**
 * On a proxy with Caddy: each node's rules, in one block with markers for each node. See `writeBlocks` for
 * nodes that aren't there or can't be asked, and `unresolvedNodes` for what happens to such a node itself.
 */
export const caddyLocations: StepModule<LocationsParameters> = {
  name: locationsName,
  description: "on a proxy with Caddy: the rules that relay each node's pages",
  parameters: locationsParameters,
  reads: (wanted) => {
    const blocks = readsOfBlocks(wanted);
    return {
      ...blocks,
      paths: [wanted.path, ...directoriesOf(wanted.path), ...(wanted.look_in ?? caddyFiles)],
      queries: [...(blocks.queries ?? []), askVersion, ...askTrusted(wanted)],
    };
  },
  itemFormats: [caddyBlock],
  crossCheck: caddyPaths,
  writes: ({ path }) => [path],
  apply: (host, wanted) => {
    refuseAdminOff(host, wanted.look_in);
    judgeTrusted(host, wanted);
    const findings = findRules(host, wanted);
    if (findings.length > 0 && !wanted.adopt) throw existingSetUp(host, findings);
    if (findings.length > 0) host.adopt();
    bringOverRules(host, wanted);
    const start = `# The nodes of a cluster; written by clusterproxy, step ${host.step}.\n`;
    const abilities = caddyAbilities(host);
    const options = { prefix: `clusterproxy_${wanted.cluster}`, abilities, skipsVerify: true };
    for (const name of writeBlocks(host, wanted, dialect(options), start)) {
      host.manage({ path: wanted.path, format: caddyBlock.name, key: [name] });
    }
  },
};

function dialect(options: RenderOptions): Dialect {
  return {
    render: (relays, name) => renderRelays(relays, name, options),
    leadsTo: passedTo,
    // Caddy looks a name up whenever it connects.
    whenUnresolved: ', and Caddy answers with an error until it does',
  };
}

function askTrusted(wanted: Partial<LocationsParameters>): readonly Query[] {
  const { trusted_certificate: file = '', user = caddyUser } = wanted;
  return file === '' ? [] : [mayRead(user, file)];
}

/** Refuses authorities that Caddy couldn't be told of, or couldn't read: it would load nothing at all. */
function judgeTrusted(host: StepHost, { trusted_certificate: file, user }: LocationsParameters): void {
  if (file === '' || isMissing(host, file)) return;
  understand(host, file, '', () => caddyWord(file), {
    code: 'path-not-writable',
    message: (what) => `"trusted_certificate" names a file that Caddy can't be told of: ${what}`,
    next: 'give the file a path without quotes, braces, backslashes and control characters',
  });
  refuseUnreadable(host, user, file);
}
