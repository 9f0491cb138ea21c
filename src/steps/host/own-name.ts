import { z } from 'zod';
import { decode } from '../../formats/decode.ts';
import { FormatError } from '../../formats/format-error.ts';
import { properties } from '../../formats/properties.ts';
import type { Problem } from '../../model/operator-error.ts';
import type { PathState } from '../../model/snapshot.ts';
import type { VirtualHost } from '../../virtual/virtual-host.ts';
import type { PlannedHost } from '../cross-check.ts';
import { type LocationsParameters, locationsName } from '../nginx/locations-parameters.ts';
import { absolutePath, hostname } from '../shared/parameters.ts';
import type { StepModule } from '../step-module.ts';

const parameters = z.strictObject({
  hostname: hostname.describe('what the inventory calls the host'),
  files: z
    .array(absolutePath)
    .min(1)
    .describe('properties files in which the host says what it is called; the first that has the key counts'),
  key: z.string().min(1).describe('the key: an address such as https://NAME, or a name'),
  hosts: z
    .union([
      z.literal('').transform((): { name: string; hostname?: string | undefined }[] => []),
      z.array(z.looseObject({ name: z.string(), hostname: z.string().optional() })),
    ])
    .default([])
    .describe('the hosts that it could be taken for; `{{ hosts.node }}` will do'),
  rename_with: z.string().default('').describe('the command that gives the host its name, to be advised'),
});

type OwnNameParameters = z.infer<typeof parameters>;

/** What a host says of itself. */
interface OwnName {
  readonly name: string;
  /** '' where it's that of the scheme */
  readonly port: string;
  readonly file: string;
}

const name = 'own-name';

/**
 * Compare what a host calls itself with what the inventory calls it: two lines that were swapped, or a host
 * that was copied, would otherwise be set up as somebody else. A host may have several names, so another one
 * is a warning; the name of another host of the inventory is an error, found by the cross-check, as then the
 * proxy isn't to be changed either.
 */
export const ownName: StepModule<OwnNameParameters> = {
  name,
  description: 'whether a host calls itself as the inventory does; changes nothing',
  parameters,
  reads: ({ files }) => ({ paths: Array.isArray(files) ? files : [] }),
  crossCheck: { name: 'own-names', check: compareNames },
  writes: () => [],
  apply: (host, wanted) => {
    const found = ownNameOf((path) => host.state(path), wanted);
    if (found === undefined || takenFor(found, wanted) !== undefined) return;
    const says = `${wanted.key} in ${found.file}`;
    if (found.name !== wanted.hostname.toLowerCase()) {
      host.warn(
        `this host calls itself ${found.name} (${says}), and the inventory calls it ${wanted.hostname}: if that is not a name of this host as well, correct \`hostname\` or \`address\` in the inventory before anything is changed`,
      );
    } else if (found.port !== '') {
      host.warn(`${says} has port ${found.port}, and the addresses that are written for this host have none`);
    }
  },
};

function compareNames(planned: ReadonlyMap<string, PlannedHost>): ReadonlyMap<string, Problem> {
  const problems = new Map<string, Problem>();
  for (const [host, { steps, host: virtual }] of planned) {
    for (const { module, parameters: given } of steps) {
      if (module !== name) continue;
      const problem = problemOf(host, virtual, given as OwnNameParameters);
      if (problem === undefined) continue;
      problems.set(host, problem);
      for (const proxy of proxiesOf(planned, host)) problems.set(proxy, { ...problem, host: proxy });
    }
  }
  return problems;
}

function problemOf(host: string, virtual: VirtualHost, wanted: OwnNameParameters): Problem | undefined {
  const found = ownNameOf((path) => virtual.state(path), wanted);
  const other = found === undefined ? undefined : takenFor(found, wanted);
  if (found === undefined || other === undefined) return undefined;
  return {
    code: 'another-hosts-name',
    message: `${host} is ${wanted.hostname} in the inventory, and calls itself ${found.name} (${wanted.key} in ${found.file}), which is the hostname of ${other}`,
    next: `compare the inventory's lines of ${host} and ${other}, whose hostnames or addresses may be swapped; if ${host} was copied from ${other}, give it its own name first${wanted.rename_with === '' ? '' : `: ${wanted.rename_with}`}`,
    host,
  };
}

/** The hosts that would relay pages to it. */
function proxiesOf(planned: ReadonlyMap<string, PlannedHost>, node: string): readonly string[] {
  return [...planned]
    .filter(([, { steps }]) =>
      steps.some(
        ({ module, parameters: given }) =>
          module === locationsName && (given as LocationsParameters).nodes.some((one) => one.name === node),
      ),
    )
    .map(([proxy]) => proxy);
}

/** The other host that has this name in the inventory. */
function takenFor(found: OwnName, { hostname: own, hosts }: OwnNameParameters): string | undefined {
  if (found.name === own.toLowerCase()) return undefined;
  return hosts.find((one) => one.hostname?.toLowerCase() === found.name)?.name;
}

function ownNameOf(stateAt: (path: string) => PathState, wanted: OwnNameParameters): OwnName | undefined {
  for (const file of wanted.files) {
    const value = valueIn(stateAt(file), wanted.key);
    if (value !== undefined) return parsed(value, file);
  }
  return undefined;
}

/** A file that can't be read is for the step that edits it. */
function valueIn(state: PathState, key: string): string | undefined {
  const content = state.kind === 'symlink' ? state.resolved : state;
  if (content?.kind !== 'file') return undefined;
  try {
    const value = properties.get(decode(content.content).text, [key]);
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

/** Whatever the scheme: what serves the host's TLS may stand before it. Undefined: no address. */
function parsed(value: string, file: string): OwnName | undefined {
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `https://${value}`;
  if (!URL.canParse(address)) return undefined;
  const { hostname: found, port } = new URL(address);
  return { name: found.toLowerCase().replace(/\.$/, ''), port, file };
}
