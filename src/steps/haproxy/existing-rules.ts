import { type HaproxyLine, removeHaproxyLines, type Section } from '../../formats/haproxy.ts';
import type { OperatorError } from '../../model/operator-error.ts';
import { heard } from '../../secrets/showable.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { relayedNodes } from '../relay/nodes.ts';
import type { Finding } from '../shared/existing-set-up.ts';
import { bindsOf, hasPort, isLoopback } from './binds.ts';
import { aclsNamed, type Concern, concernOf } from './conditions.ts';
import type { Configuration } from './configuration.ts';
import type { HaproxyLocationsParameters } from './locations-parameters.ts';
import { isOff } from './ports.ts';

/** A `use_backend` that somebody wrote for the nodes' paths. */
interface Rule {
  readonly concern: Concern;
  readonly section: Section;
  readonly line: HaproxyLine;
}

/**
 * Rules for the nodes' paths outside our blocks: where they come first, ours would never be used. A problem
 * if some are for something else as well, which would be lost with them.
 */
export function findRules(
  host: StepHost,
  configuration: Configuration,
  wanted: HaproxyLocationsParameters,
): readonly Finding[] {
  const rules = rulesOf(configuration, wanted);
  const mixed = rules.filter(({ concern }) => concern === 'nodes and more');
  if (mixed.length > 0)
    throw toDecide(
      host,
      mixed.map((one) => findingOf(configuration, one)),
    );
  return rules.map((one) => findingOf(configuration, one));
}

function findingOf(configuration: Configuration, { line }: Rule): Finding {
  const what = [line.name, ...line.args].join(' ') + namedAcls(configuration, line);
  return { path: configuration.path, line: line.line, what };
}

function toDecide(host: StepHost, findings: readonly Finding[]): OperatorError {
  const places = findings.map(({ path, line, what }) => `${path}:${line}: ${heard(what)}`);
  return host.problem(
    'rule-to-decide',
    `this is about the nodes' paths, and about more than those: ${places.join('; ')}`,
    'decide by hand, since clusterproxy can\'t know what the rest is for, not even with "adopt": remove what is for the nodes\' pages, keep the rest in a rule of its own, and plan again',
  );
}

/**
 * Remove them; everything else stays byte for byte. ACLs and backends that nothing uses then are named in a
 * warning, since an operator may want to look at them before they go.
 */
export function bringOverRules(
  host: StepHost,
  configuration: Configuration,
  wanted: HaproxyLocationsParameters,
): void {
  const rules = rulesOf(configuration, wanted);
  if (rules.length === 0) return;
  const gone = new Set(rules.map(({ line }) => line.start));
  host.write(
    configuration.path,
    removeHaproxyLines(
      configuration.text,
      rules.map(({ line }) => line),
    ),
  );
  const unused = [...unusedAcls(rules, gone), ...unusedBackends(configuration, rules, gone)];
  for (const one of new Set(unused)) {
    host.warn(`${configuration.path}: nothing uses ${one} any more; remove it if you don't need it`);
  }
}

function rulesOf(
  { sections, blockAt }: Configuration,
  { nodes, hostname }: HaproxyLocationsParameters,
): readonly Rule[] {
  const paths = relayedNodes(nodes).flatMap((one) => one.locations.map(({ path }) => path));
  return sections.filter(mayServe).flatMap((section) =>
    section.lines
      .filter((line) => line.name === 'use_backend' && blockAt(line.start) === undefined)
      .map((line) => ({ section, line, concern: concernOf(section, line, { paths, hostname }) }))
      .filter(({ concern }) => concern !== 'else'),
  );
}

/**
 * Whether browsers that ask for the cluster may arrive in a section: on a web port, or behind something that
 * ends TLS. What listens elsewhere alone takes nothing from our rules.
 */
function mayServe(section: Section): boolean {
  if (isOff(section)) return false;
  const lines = section.lines.filter(({ name }) => name === 'bind');
  const binds = bindsOf(section);
  if (lines.some(({ args }) => args.includes('accept-proxy')) || binds.length < lines.length) return true;
  return binds.some((one) => hasPort(one, 443) || hasPort(one, 80) || isLoopback(one));
}

/** The ACLs that a rule goes by, in words behind it. */
function namedAcls({ sections }: Configuration, line: HaproxyLine): string {
  const section = sections.find(({ lines }) => lines.includes(line));
  if (section === undefined) return '';
  const acls = line.args.slice(2).flatMap((word) => aclsNamed(section, word));
  const words = acls.map(({ args }) => `acl ${args.join(' ')}`);
  return words.length === 0 ? '' : ` (${[...new Set(words)].join('; ')})`;
}

function unusedAcls(rules: readonly Rule[], gone: ReadonlySet<number>): readonly string[] {
  return rules.flatMap(({ section, line }) => {
    const rest = section.lines.filter(({ name, start }) => name !== 'acl' && !gone.has(start));
    const used = new Set(rest.flatMap(({ args }) => args.map((word) => word.replace(/^!/, ''))));
    return line.args
      .slice(2)
      .map((word) => word.replace(/^!/, ''))
      .filter((word) => aclsNamed(section, word).length > 0 && !used.has(word))
      .map((word) => `the acl ${word} of ${section.keyword} ${section.name}`);
  });
}

function unusedBackends(
  { sections }: Configuration,
  rules: readonly Rule[],
  gone: ReadonlySet<number>,
): readonly string[] {
  const rest = sections.flatMap(({ lines }) =>
    lines.filter(({ name, start }) => /^(?:use|default)_backend$/.test(name) && !gone.has(start)),
  );
  const used = new Set(rest.map(({ args }) => args[0]));
  // What is only known with a request may be any of them.
  if ([...used].some((name) => name?.includes('%['))) return [];
  return rules
    .map(({ line }) => line.args[0] ?? '')
    .filter(
      (name) => !used.has(name) && sections.some((one) => one.keyword === 'backend' && one.name === name),
    )
    .map((name) => `the backend ${name}`);
}
