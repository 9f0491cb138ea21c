import { type HaproxyLine, removeHaproxyLines, type Section } from '../../formats/haproxy.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { relayedNodes } from '../relay/nodes.ts';
import type { Finding } from '../shared/existing-set-up.ts';
import type { Configuration } from './configuration.ts';
import type { HaproxyLocationsParameters } from './locations-parameters.ts';

/** A `use_backend` that somebody wrote for the nodes' paths. */
interface Rule {
  readonly section: Section;
  readonly line: HaproxyLine;
}

/** Rules for the nodes' paths outside our blocks: where they come first, ours would never be used. */
export function findRules(
  configuration: Configuration,
  wanted: HaproxyLocationsParameters,
): readonly Finding[] {
  return rulesOf(configuration, wanted).map(({ line }) => ({
    path: configuration.path,
    line: line.line,
    what: [line.name, ...line.args].join(' ') + namedAcls(configuration, line),
  }));
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
  return sections.flatMap((section) =>
    section.lines
      .filter(
        (line) =>
          line.name === 'use_backend' &&
          blockAt(line.start) === undefined &&
          isRuleFor(section, line, { paths, hostname }),
      )
      .map((line) => ({ section, line })),
  );
}

/** A test of a rule: what is looked at, and the values that it may have. */
interface Test {
  readonly what: string;
  readonly values: readonly string[];
}

/**
 * Whether a rule is for these paths and nothing else: all paths that it names are theirs. One that is only
 * for another host name isn't.
 */
export function isRuleFor(
  section: Section,
  { args }: HaproxyLine,
  { paths, hostname }: { readonly paths: readonly string[]; readonly hostname: string },
): boolean {
  const tests = testsOf(section, args.includes('if') ? args.slice(args.indexOf('if') + 1) : []);
  const named = tests.filter(({ what }) => isAboutPath(what)).flatMap(({ values }) => values);
  if (named.length === 0) return false;
  if (!named.every((value) => paths.some((path) => concerns(value, path)))) return false;
  const hosts = tests.filter(({ what }) => isAboutHost(what)).flatMap(({ values }) => values);
  return hosts.length === 0 || hosts.some((value) => value.toLowerCase() === hostname.toLowerCase());
}

/** The tests that have to hold for a rule, without those that must not; those of named ACLs are looked up. */
function testsOf(section: Section, condition: readonly string[]): readonly Test[] {
  const tests: Test[] = [];
  let at = 0;
  while (at < condition.length) {
    const word = condition[at] ?? '';
    at++;
    if (word === '{' || word === '!{') {
      const end = condition.indexOf('}', at);
      const inside = condition.slice(at, end < 0 ? undefined : end);
      at = end < 0 ? condition.length : end + 1;
      if (word === '{') tests.push(testOf(inside));
    } else if (word === '!') at += condition[at] === '{' ? condition.indexOf('}', at) - at + 1 : 1;
    else tests.push(...aclsNamed(section, word).map(({ args }) => testOf(args.slice(1))));
  }
  return tests;
}

function testOf([what = '', ...rest]: readonly string[]): Test {
  const values: string[] = [];
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] ?? '';
    if (word === '-m' || word === '-M' || word === '-f') at++;
    else if (!/^-[a-z-]*$/.test(word)) values.push(word);
  }
  return { what, values };
}

function isAboutPath(what: string): boolean {
  return /^(?:path|pathq|url|capture\.req\.uri)(?:_(?:beg|dir|sub|reg|end|len|dom))?(?:,|$)/.test(what);
}

function isAboutHost(what: string): boolean {
  return /^(?:req\.|req)?f?hdr(?:_\w+)?\(host\)/i.test(what) || /^(?:ssl_fc_sni|req\.ssl_sni)/.test(what);
}

/** Whether a value is the path, a part of it from its beginning (`/bbb-01/`), or below it. */
function concerns(value: string, path: string): boolean {
  const [one, other] = [value.replace(/^\^/, ''), path].map((text) => `${text.replace(/\/$/, '')}/`) as [
    string,
    string,
  ];
  return one.length > 1 && (one.startsWith(other) || other.startsWith(one));
}

function aclsNamed({ lines }: Section, acl: string): readonly HaproxyLine[] {
  return lines.filter(({ name, args }) => name === 'acl' && args[0] === acl.replace(/^!/, ''));
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
