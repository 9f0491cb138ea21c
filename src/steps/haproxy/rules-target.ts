import type { HaproxyLine, Section } from '../../formats/haproxy.ts';
import type { OperatorError } from '../../model/operator-error.ts';
import { heard } from '../../secrets/showable.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { bindsOf, hasPort, isLoopback } from './binds.ts';
import type { Configuration } from './configuration.ts';
import { isOff } from './ports.ts';

/** Rules that answer a request at once, wherever they stand: `use_backend` is looked at after all of them. */
const final = new Set(['deny', 'return', 'redirect', 'reject', 'tarpit', 'silent-drop']);

/**
 * The operator's frontend that gets the rules: the one that is named, or else the one that answers browsers
 * on port 443 with TLS. Anything less certain is refused, with a list.
 */
export function targetOf(host: StepHost, configuration: Configuration, name: string): Section {
  refuseElsewhere(host, configuration, name);
  const { sections, blockAt } = configuration;
  const all = sections.filter((one) => isEntrance(one) && blockAt(one.head.start) === undefined);
  const [chosen, ...others] =
    name === ''
      ? all.filter((one) => !isOff(one) && modeOf(sections, one) === 'http' && answersBrowsers(one))
      : all.filter((one) => one.name === name);
  if (chosen === undefined) throw notFound(host, configuration, all, name);
  if (others.length > 0) throw ambiguous(host, configuration, [chosen, ...others]);
  refuseUnused(host, configuration, chosen);
  warnOfPlain(host, configuration, chosen);
  return chosen;
}

/**
 * What answers browsers may stand in a file beside haproxy.cfg. Rules are written only to this one, which
 * alone is checked before it is loaded.
 */
function refuseElsewhere(host: StepHost, { path, sections, others }: Configuration, name: string): void {
  const isMeant = (one: Section) =>
    name === ''
      ? !isOff(one) && answersBrowsers(one) && !one.lines.some((line) => isLine(line, 'mode', 'tcp'))
      : one.name === name && !sections.some((here) => here.name === name);
  for (const file of others) {
    const one = file.sections.filter(isEntrance).find(isMeant);
    if (one === undefined) continue;
    throw host.problem(
      'server-not-found',
      `${file.path}:${one.head.line}: ${one.keyword} ${one.name} answers browsers, and clusterproxy writes rules only to ${path}`,
      `move it to ${path}; if another frontend there answers for the nodes, name that one in "server_name"`,
    );
  }
}

function isEntrance({ keyword }: Section): boolean {
  return keyword === 'frontend' || keyword === 'listen';
}

function isLine({ name, args }: HaproxyLine, wanted: string, argument: string): boolean {
  return name === wanted && args[0] === argument;
}

function refuseUnused(host: StepHost, { path, sections }: Configuration, section: Section): void {
  if (modeOf(sections, section) !== 'http') {
    throw host.problem(
      'server-not-reached',
      `${path}:${section.head.line}: ${section.keyword} ${section.name} has mode tcp, in which HAProxy sees no paths`,
      'name a frontend with "mode http" in "server_name"',
    );
  }
  const stop = section.lines.find(
    ({ name, args, condition }) =>
      condition === undefined &&
      ((name === 'http-request' && final.has(args[0] ?? '')) || name === 'redirect') &&
      !args.includes('if') &&
      !args.includes('unless'),
  );
  if (stop === undefined) return;
  throw host.problem(
    'server-not-reached',
    `${path}:${stop.line}: "${heard([stop.name, ...stop.args].join(' '))}" answers every request of ${section.keyword} ${section.name}, so rules for the nodes would never be used there`,
    'name the frontend that answers browsers in "server_name", or give that line a condition',
  );
}

/** TLS may end before HAProxy: on this host, or at something that tells the client's address (PROXY). */
function warnOfPlain(host: StepHost, { path }: Configuration, section: Section): void {
  const binds = bindsOf(section);
  const isBehind = section.lines.some(({ name, args }) => name === 'bind' && args.includes('accept-proxy'));
  if (binds.some(({ isSecure }) => isSecure) || isBehind || binds.every(isLoopback)) return;
  host.warn(
    `${path}:${section.head.line}: ${section.keyword} ${section.name} has no TLS: browsers allow microphones on https pages only`,
  );
}

function answersBrowsers(section: Section): boolean {
  return bindsOf(section).some((bind) => bind.isSecure && hasPort(bind, 443) && !isLoopback(bind));
}

/** A section's own `mode`, or else that of its defaults: those that it names, or the last ones above it. */
function modeOf(sections: readonly Section[], section: Section): string {
  const own = section.lines.findLast(({ name }) => name === 'mode')?.args[0];
  if (own !== undefined) return own;
  const { args } = section.head;
  const from = args.includes('from') ? args[args.indexOf('from') + 1] : undefined;
  const above = sections.filter(
    ({ keyword, name, head }) =>
      keyword === 'defaults' && head.start < section.head.start && (from === undefined || name === from),
  );
  const defaults = section.keyword === 'defaults' && from === undefined ? undefined : above.at(-1);
  return defaults === undefined ? 'tcp' : modeOf(sections, defaults);
}

function notFound(
  host: StepHost,
  { path }: Configuration,
  all: readonly Section[],
  name: string,
): OperatorError {
  const there = all.length === 0 ? 'none' : listed(all);
  return host.problem(
    'server-not-found',
    name === ''
      ? `${path} has no frontend in mode http that listens on port 443 with TLS; it has ${there}`
      : `${path} has no frontend ${name}; it has ${there}`,
    'name the frontend that answers browsers in "server_name", or set "proxy_server: own"',
  );
}

function ambiguous(host: StepHost, { path }: Configuration, sections: readonly Section[]): OperatorError {
  return host.problem(
    'server-ambiguous',
    `several frontends of ${path} may answer browsers, and the rules belong into one: ${listed(sections)}`,
    'name the one that browsers reach in "server_name"',
  );
}

function listed(sections: readonly Section[]): string {
  return sections
    .map((one) => {
      const binds = one.lines.filter(({ name }) => name === 'bind').map(({ args }) => args[0]);
      const on = binds.length === 0 ? '' : `, bind ${binds.join(', ')}`;
      return `${one.keyword} ${one.name} (line ${one.head.line}${on})`;
    })
    .join('; ');
}
