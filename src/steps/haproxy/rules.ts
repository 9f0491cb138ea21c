import { z } from 'zod';
import { removeManagedBlock, type Section } from '../../formats/haproxy.ts';
import { heard } from '../../secrets/showable.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { directoriesOf, hostname } from '../shared/parameters.ts';
import { understand } from '../shared/understand.ts';
import type { StepModule } from '../step-module.ts';
import { forHost } from './answers.ts';
import { haproxyRulesBlock, rulesBlock, sectionWith } from './block-formats.ts';
import { concernOf } from './conditions.ts';
import { type Configuration, readConfiguration } from './configuration.ts';
import { clusterRoutes } from './frontend.ts';
import { clusterName, configurationPath, usualPath } from './locations-parameters.ts';
import { otherReads } from './other-files.ts';
import { useBackendLines } from './render-rules.ts';
import { targetOf } from './rules-target.ts';
import { askVersion, checkVersion } from './version.ts';

const parameters = z.strictObject({
  path: configurationPath,
  cluster: clusterName,
  hostname: hostname.describe("the proxy's public name, for which alone the rules hold"),
  frontend: z
    .string()
    .regex(/^[A-Za-z0-9_.:-]*$/, 'expected the name of a frontend')
    .default('')
    .describe('the frontend that answers browsers; empty: the only one on port 443 with TLS'),
});

type RulesParameters = z.infer<typeof parameters>;

/**
 * Rules in a frontend that somebody else maintains, which send requests for the nodes to their backends;
 * nothing else in the file is touched. They come before its other `use_backend` lines.
 */
export const haproxyRules: StepModule<RulesParameters> = {
  name: 'haproxy-rules',
  description: "on a proxy with HAProxy: rules for the nodes in an operator's frontend",
  parameters,
  reads: ({ path = usualPath }) => ({
    paths: [path, ...directoriesOf(path), ...otherReads.paths],
    queries: [askVersion, ...otherReads.queries],
  }),
  itemFormats: [haproxyRulesBlock],
  writes: ({ path }) => [path],
  apply: (host, wanted) => {
    checkVersion(host);
    const configuration = readConfiguration(host, wanted.path, wanted.cluster);
    const section = targetOf(host, configuration, wanted.frontend);
    const { text } = configuration;
    warnOfEarlier(host, wanted, configuration, section);
    const after = understand(host, wanted.path, text, () => withRules(host, wanted, text, section.name));
    if (after !== text) host.write(wanted.path, after);
  },
};

/** HAProxy goes by these before it looks for a backend: such a line may take a request away from ours. */
function warnOfEarlier(
  host: StepHost,
  { cluster, hostname }: RulesParameters,
  { path, text, blockAt }: Configuration,
  section: Section,
): void {
  const paths = clusterRoutes(text, cluster).map((route) => route.path);
  for (const line of section.lines) {
    if (line.name !== 'http-request' && line.name !== 'redirect') continue;
    if (blockAt(line.start) !== undefined) continue;
    if (concernOf(section, line, { paths, hostname }) === 'else') continue;
    host.warn(
      `${path}:${line.line}: "${heard([line.name, ...line.args].join(' '))}" is about paths of the nodes, and HAProxy goes by it before clusterproxy's rules; remove it if it was for the nodes`,
    );
  }
}

function withRules(host: StepHost, wanted: RulesParameters, text: string, frontend: string): string {
  const name = rulesBlock(wanted.cluster);
  const lines = useBackendLines(clusterRoutes(text, wanted.cluster), forHost(wanted.hostname));
  // Without nodes there is nothing to say; rules in another frontend than now are taken out there.
  const isElsewhere = sectionWith(text, name)?.name !== frontend;
  const rest = isElsewhere || lines.length === 0 ? removeManagedBlock(text, name) : text;
  if (lines.length === 0) return rest;
  host.manage({ path: wanted.path, format: haproxyRulesBlock.name, key: [wanted.cluster, frontend] });
  const body = lines.map((line) => `    ${line}\n`).join('');
  return haproxyRulesBlock.set(rest, [wanted.cluster, frontend], body);
}
