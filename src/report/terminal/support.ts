import type { ReportDocument, ReportSupport } from '../document/schema.ts';
import { count } from '../shared/prose.ts';

type Host = ReportSupport['hosts'][number];
type Run = ReportSupport['runs'][number];
type Change = Host['planned'][number];

/**
 * A support bundle in Markdown, for people as well as for an issue of a forge. The lines are the same on a
 * terminal and in the file, so they aren't wrapped: what is agreed to is what is written.
 */
export function renderSupport({ support }: ReportDocument): readonly string[] {
  if (support === undefined) return [];
  const { program, cluster, hosts, runs, checks, errors } = support;
  return [
    '# clusterproxy support bundle',
    '',
    `- clusterproxy ${program.version}, Node.js ${program.node}, ${program.platform}`,
    ...(cluster === undefined
      ? ['- the inventory could not be used; the errors below say why']
      : clusterLines(cluster)),
    '- names and addresses are replaced: `host-1`, `address-1`, …',
    ...section('Errors', errors.map(errorLine)),
    ...hosts.flatMap(hostLines),
    ...section('Checks from outside', checkTable(checks)),
    ...(runs.length === 0 ? [] : ['', '## Runs', ...runs.flatMap(runLines)]),
  ];
}

function clusterLines(cluster: NonNullable<ReportSupport['cluster']>): readonly string[] {
  const roles = cluster.roles.map(({ role, hosts }) => `${role}: ${hosts ?? 'external'}`);
  const variables = cluster.variables.map(({ name, value }) => `${name}: ${value ?? 'set'}`);
  return [
    `- playbook ${cluster.playbook}${cluster.isOwnPlaybook ? " (the operator's own)" : ''}; ${roles.join(', ')}`,
    ...(variables.length === 0 ? [] : [`- variables: ${variables.join(', ')}`]),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines];
}

function errorLine({ code, host, step, line, column, stack }: ReportSupport['errors'][number]): string {
  return [
    `- ${code}`,
    ...(host === undefined ? [] : [`on ${host}`]),
    ...(step === undefined ? [] : [`in step ${step}`]),
    ...(line === undefined ? [] : [`at line ${line}, column ${column}`]),
    ...(stack.length === 0 ? [] : [`(${stack.join(' < ')})`]),
  ].join(' ');
}

function hostLines(host: Host): readonly string[] {
  const { machine, connection, planned, keys, unsettled, warnings, nginx } = host;
  const recipe =
    host.recipe === undefined ? '' : `, recipe ${host.recipe}${host.isRecipeForced ? ' (forced)' : ''}`;
  return [
    '',
    `## ${host.host}: ${host.role}${recipe}, ${host.status}${host.retired ? ', retired' : ''}`,
    '',
    `- ssh: transport ${connection.transport}, become ${connection.become}${connection.jumps ? ', through a jump host' : ''}`,
    ...(machine === undefined ? ['- the host could not be looked at'] : machineLines(machine)),
    ...listed(
      'facts',
      host.facts.map(({ name, value }) => `${name} ${value}`),
    ),
    ...listed(
      'packages',
      host.packages.map(({ name, version }) => `${name} ${version}`),
    ),
    ...listed(
      'units',
      host.units.map(({ unit, ...state }) => `${unit} ${unitWords(state)}`),
    ),
    ...listed(
      'guards',
      host.guards.map(({ guard, state, sessions }) => `${guard} ${state} (${sessions})`),
    ),
    ...listed(
      'handlers due',
      host.handlers.map(({ handler, owed }) => `${handler}${owed ? ' (owed)' : ''}`),
    ),
    ...listed(
      'unsettled runs',
      unsettled.map(({ run, state, alive }) => `${run} ${state}${alive ? ', at work' : ''}`),
    ),
    ...textLines('warnings', warnings),
    ...subsection('What a run would change', planned.map(changeLine)),
    ...subsection('What is managed', keys.length === 0 ? [] : keyTable(keys)),
    ...nginx.flatMap(({ path, lines }) => ['', `### ${path}`, '', '```nginx', ...lines, '```']),
  ];
}

function machineLines(machine: NonNullable<Host['machine']>): readonly string[] {
  const { os, osVersion, systemd, packageManager, isRoot, isLookOnly, clockOffset, freeSpace } = machine;
  const parts = [
    `${os} ${osVersion}`,
    `systemd ${systemd ?? 'unknown'}`,
    packageManager,
    isRoot ? 'as root' : `not as root${isLookOnly ? ', may only look' : ''}`,
    `clock ${clockOffset >= 0 ? '+' : ''}${clockOffset} s`,
    ...freeSpace.map(({ path, percent }) => `${path} ${percent} % free`),
  ];
  return [`- machine: ${parts.join(', ')}`, ...textLines('failed units', machine.failedUnits)];
}

function unitWords({ load, active, sub, enabled }: Omit<Host['units'][number], 'unit'>): string {
  return load === 'loaded' ? `${active} (${sub}, ${enabled})` : load;
}

function listed(label: string, items: readonly string[]): readonly string[] {
  return items.length === 0 ? [] : [`- ${label}: ${items.join(', ')}`];
}

function textLines(label: string, { known, others }: Host['warnings']): readonly string[] {
  if (known.length === 0 && others === 0) return [];
  const rest = others === 0 ? [] : [`${others} of which the words are not told`];
  return [`- ${label}: ${[...known, ...rest].join('; ')}`];
}

function subsection(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `### ${title}`, '', ...lines];
}

function changeLine({ path, kind, action, steps }: Change): string {
  return `- ${action} ${kind} ${path}${steps.length === 0 ? '' : ` (${steps.join(', ')})`}`;
}

function keyTable(keys: Host['keys']): readonly string[] {
  return table(
    ['step', 'path', 'key', 'format', 'before', 'a run'],
    keys.map(({ step, path, key, format, first, isPlanned }) => {
      return [step, path, key.join(' > '), format, first, isPlanned ? 'changes it' : 'leaves it'];
    }),
  );
}

function checkTable(checks: ReportSupport['checks']): readonly string[] {
  if (checks.length === 0) return [];
  return table(
    ['host', 'check', 'outcome'],
    checks.map(({ host, check, outcome }) => [host, check, outcome]),
  );
}

function runLines({
  run,
  command,
  version,
  operator,
  from,
  undoes,
  undoneBy,
  hosts,
}: Run): readonly string[] {
  const undone = undoneBy === undefined ? '' : `, undone by ${undoneBy}`;
  return [
    '',
    `### ${run}: ${command}${undoes === undefined ? '' : ` of ${undoes}`} by ${operator} from ${from}, clusterproxy ${version}${undone}`,
    '',
    ...hosts.flatMap((host) => [
      `- ${host.host}: ${host.role}, ${host.state}${host.seconds === undefined ? '' : ` in ${host.seconds} s`}${host.error === undefined ? '' : `, error ${host.error}`}${host.warnings === 0 ? '' : `, ${count(host.warnings, 'warning')}`}`,
      ...host.changes.map((change) => `  ${changeLine(change)}`),
      ...(host.handlers.length === 0 ? [] : [`  - handlers: ${host.handlers.join(', ')}`]),
    ]),
  ];
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const row = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [row(head), row(head.map(() => '---')), ...rows.map(row)];
}
