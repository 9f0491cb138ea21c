import type { Query } from '../../model/snapshot.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { type HaproxyParameters, serversOf } from './model.ts';

/** Asks a running HAProxy for its statistics; nothing where there is no such socket. */
const showStat =
  '[ -S "$1" ] && printf "show stat\\n" | curl -q -s --max-time 2 --unix-socket "$1" telnet://haproxy';

/** The question of a balancer whose servers have agents; undefined if none of them has. */
export function askAgents({ global, backends }: Partial<HaproxyParameters>): Query | undefined {
  const socket = global?.admin_socket ?? '/run/haproxy/admin.sock';
  if (socket === '' || !Array.isArray(backends) || backends.every(({ agent }) => agent === undefined)) {
    return undefined;
  }
  return { kind: 'command', args: ['sh', '-c', showStat, 'sh', socket] };
}

/**
 * Warn of agents that HAProxy asks in vain: it goes on with the weight that it had, and an overloaded server
 * keeps getting clients. An agent that lets the balancer in by another address looks well on its own host.
 */
export function warnOfSilentAgents(host: StepHost, wanted: HaproxyParameters): void {
  const query = askAgents(wanted);
  const answer = query === undefined ? undefined : host.answer(query);
  if (answer?.status !== 0) return;
  const rows = rowsOf(answer.output);
  const silent = wanted.backends.flatMap((backend) =>
    backend.agent === undefined
      ? []
      : serversOf(backend).flatMap(({ name }) => {
          const row = rows.find((one) => one.pxname === backend.name && one.svname === name);
          const status = row?.agent_status?.replace(/^\* /, '') ?? '';
          return inVain.has(status) ? [`${name} (${inVain.get(status)})`] : [];
        }),
  );
  if (silent.length === 0) return;
  const advice = wanted.backends.find(({ agent }) => agent?.advice !== undefined)?.agent?.advice;
  host.warn(
    `HAProxy gets no answer from the agent of ${silent.join(', ')}: such a server keeps its weight, whatever its load. ${advice ?? 'Check that the agents answer the address from which this balancer connects'}`,
  );
}

/**
 * Values of agent_status: HAProxy's management guide, "show stat". A connection that is closed at once is an
 * L7RSP as well.
 */
const inVain: ReadonlyMap<string, string> = new Map([
  ['L4CON', 'connection refused'],
  ['L4TOUT', 'no connection in time'],
  ['L7TOUT', 'no answer in time'],
  ['L7RSP', 'an empty or wrong answer'],
  ['SOCKERR', 'no socket'],
]);

/** CSV by the names of its columns, which differ from version to version. */
function rowsOf(output: string): readonly Readonly<Record<string, string>>[] {
  const [head = '', ...lines] = output.trim().split(/\r?\n/);
  const columns = head.replace(/^# /, '').split(',');
  return lines.map((line) => {
    const cells = line.split(',');
    return Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']));
  });
}
