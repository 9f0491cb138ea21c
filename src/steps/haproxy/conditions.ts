import type { HaproxyLine, Section } from '../../formats/haproxy.ts';
import { forHost } from './answers.ts';

/** What a rule is judged by. */
export interface NodePaths {
  readonly paths: readonly string[];
  /** the proxy's public name */
  readonly hostname: string;
}

/**
 * What a rule's condition is about: nothing but the nodes' paths (and the proxy's name), those and more, or
 * something else. One that names only other host names is about something else.
 */
export type Concern = 'nodes' | 'nodes and more' | 'else';

/** A test of a rule: what is looked at, and the values that it may have. */
interface Test {
  readonly what: string;
  readonly values: readonly string[];
  readonly isNegated: boolean;
}

/**
 * What a rule is about. Its alternatives (`or`) are judged each by itself, since a rule goes with all of
 * them. A name that is no ACL of the section, such as HAProxy's own `METH_POST`, is a condition like any
 * other.
 */
export function concernOf(section: Section, { args }: HaproxyLine, nodes: NodePaths): Concern {
  const condition = args.includes('if') ? args.slice(args.indexOf('if') + 1) : [];
  const concerns = alternativesOf(section, condition).map((tests) => concernOfTests(tests, nodes));
  if (concerns.every((one) => one === 'else')) return 'else';
  return concerns.every((one) => one === 'nodes') ? 'nodes' : 'nodes and more';
}

function concernOfTests(tests: readonly Test[], { paths, hostname }: NodePaths): Concern {
  const isOurs = (value: string) => paths.some((path) => concerns(value, path));
  const named = tests.filter((one) => isAboutPath(one.what) && !one.isNegated);
  const values = named.flatMap((one) => one.values);
  if (values.length === 0 || !values.every(isOurs)) return 'else';
  const hosts = tests.filter((one) => isAboutHost(one.what) && !one.isNegated);
  const isOurHost = (value: string) => isHostname(value, hostname);
  if (hosts.some((one) => !one.values.some(isOurHost))) return 'else';
  const rest = tests.filter((one) => !named.includes(one) && !hosts.includes(one));
  const isPlain = rest.length === 0 && hosts.every((one) => one.values.every(isOurHost));
  return isPlain ? 'nodes' : 'nodes and more';
}

/** The tests that have to hold together, for each alternative of a condition. */
function alternativesOf(section: Section, condition: readonly string[]): readonly (readonly Test[])[] {
  const alternatives: Test[][] = [[]];
  let isNegated = false;
  let at = 0;
  while (at < condition.length) {
    const word = condition[at] ?? '';
    at++;
    if (word === 'or' || word === '||') alternatives.push([]);
    else if (word === '!') isNegated = !isNegated;
    else {
      const [, sign = '', name = ''] = /^(!?)(.*)$/.exec(word) ?? [];
      const negated = isNegated !== (sign === '!');
      isNegated = false;
      if (name === '{') {
        const end = condition.indexOf('}', at) < 0 ? condition.length : condition.indexOf('}', at);
        alternatives.at(-1)?.push(testOf(condition.slice(at, end), negated));
        at = end + 1;
      } else alternatives.at(-1)?.push(testOfAcl(section, name, negated));
    }
  }
  return alternatives;
}

/** The lines of an ACL are alternatives: those that look at the same have the values of all of them. */
function testOfAcl(section: Section, name: string, isNegated: boolean): Test {
  const tests = aclsNamed(section, name).map(({ args }) => testOf(args.slice(1), isNegated));
  const values = tests.flatMap((one) => one.values);
  const what = [isAboutPath, isAboutHost].some((isAbout) => tests.every((one) => isAbout(one.what)))
    ? tests[0]?.what
    : undefined;
  return { what: what ?? name, values, isNegated };
}

/** The lines that define an ACL; none for one that HAProxy has itself. */
export function aclsNamed({ lines }: Section, acl: string): readonly HaproxyLine[] {
  return lines.filter(({ name, args }) => name === 'acl' && args[0] === acl.replace(/^!/, ''));
}

function testOf([what = '', ...rest]: readonly string[], isNegated: boolean): Test {
  const values: string[] = [];
  for (let at = 0; at < rest.length; at++) {
    const word = rest[at] ?? '';
    if (word === '-m' || word === '-M' || word === '-f') at++;
    else if (!/^-[a-z-]*$/.test(word)) values.push(word);
  }
  return { what, values, isNegated };
}

function isAboutPath(what: string): boolean {
  return /^(?:path|pathq|url|capture\.req\.uri)(?:_(?:beg|dir|sub|reg|end|len|dom))?(?:,|$)/.test(what);
}

function isAboutHost(what: string): boolean {
  return /^(?:req\.|req)?f?hdr(?:_\w+)?\(host\)/i.test(what) || /^(?:ssl_fc_sni|req\.ssl_sni)/.test(what);
}

/** Whether a value is the name, or the expression for it that our own rules have. */
function isHostname(value: string, hostname: string): boolean {
  return value.toLowerCase() === hostname.toLowerCase() || forHost(hostname).endsWith(` ${value}`);
}

/** Whether a value is the path, a part of it from its beginning (`/bbb-01/`), or below it. */
function concerns(value: string, path: string): boolean {
  const [one, other] = [value.replace(/^\^/, ''), path].map((text) => `${text.replace(/\/$/, '')}/`) as [
    string,
    string,
  ];
  return one.length > 1 && (one.startsWith(other) || other.startsWith(one));
}
