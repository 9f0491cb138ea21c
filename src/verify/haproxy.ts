import type { HaproxyQuestion } from '../model/balancer-question.ts';
import type { Verdict } from '../model/outside-check.ts';
import type { Answer } from '../model/reads.ts';
import { type Row, rowsOf } from './haproxy-rows.ts';

/** A server that must be there, and HAProxy's row for it. */
interface Expected {
  readonly backend: string;
  readonly server: string;
  /** undefined: HAProxy has no such server */
  readonly row: Row | undefined;
  /** what its agent says to the balancer itself; undefined where nobody asked it */
  readonly said: string | undefined;
}

/** Says of each server whether HAProxy sends people to it, or whether its agent answers HAProxy. */
export function judgeHaproxy(question: HaproxyQuestion, answers: readonly (Answer | undefined)[]): Verdict {
  const { kind, backends, agents = {} } = question;
  const expected =
    kind === 'haproxy-servers'
      ? `HAProxy has ${wordsOf(backends)}, and sends clients to them`
      : `the agents of ${wordsOf(backends)} answer HAProxy`;
  const said = answers.slice(0, backends.length).map((answer) => (answer?.status === 0 ? answer.output : ''));
  if (said.every((output) => output.trim() === '')) {
    return { outcome: 'not-asked', expected, found: "HAProxy's admin socket does not answer" };
  }
  const toBalancer = new Map(
    Object.keys(agents).map((server, index) => [server, answers[backends.length + index]] as const),
  );
  const servers = backends.flatMap(({ name, servers: names }, index) => {
    const rows = rowsOf(said[index] ?? '');
    return names.map(
      (server): Expected => ({
        ...{ backend: name, server },
        row: rows.find(({ pxname, svname }) => pxname === name && svname === server),
        said: saidBy(toBalancer.get(server)),
      }),
    );
  });
  const unsettled = servers.some(isUnsettled);
  const verdict =
    kind === 'haproxy-servers' ? judgeServers(servers, expected) : judgeAgents(servers, expected);
  return unsettled ? { ...verdict, unsettled } : verdict;
}

/** Without curl there, nothing was asked. */
function saidBy(answer: Answer | undefined): string | undefined {
  return answer?.status === 0 ? answer.output.trim() : undefined;
}

/**
 * Whether HAProxy has yet to make up its mind: of a server or an agent that it hasn't asked since it began,
 * of one that it is about to take for down or up (`UP 1/3`), of one that may just be coming up, or of an
 * agent that speaks by now.
 */
function isUnsettled({ row, said = '' }: Expected): boolean {
  if (row === undefined) return false;
  const { status = '', check_status: check = '' } = row;
  const agent = agentStatus(row);
  if (/^DOWN(?! \(agent\))|^UP -?\d+\/\d+/.test(status) || check === 'INI' || agent === 'INI') return true;
  return said !== '' && inVain.has(agent);
}

function agentStatus(row: Row | undefined): string {
  return (row?.agent_status ?? '').replace(/^\* /, '');
}

/**
 * A server that an operator has taken out is shown as such; one whose agent says that it is full gets nobody
 * new because it should. Only where that leaves a backend without any server is it a fault.
 */
function judgeServers(servers: readonly Expected[], expected: string): Verdict {
  const states = servers.map((one) => ({ ...one, ...stateOf(one.row) }));
  const wrong = merged(states.filter(({ fault }) => fault));
  const notes = merged(states.filter(({ fault, words }) => !fault && words !== ''));
  const empty = [...new Set(states.map(({ backend }) => backend))].filter((backend) =>
    states.every((one) => one.backend !== backend || !one.takes),
  );
  const noted = notes.length === 0 ? {} : { note: notes.join('; ') };
  const found = [...wrong, ...empty.map((backend) => `the backend ${backend} has nobody for new clients`)];
  if (found.length > 0) return { outcome: 'failed', expected, found: found.join('; '), ...noted };
  const weights = [...new Set(states.map(({ server, row }) => `${server} has weight ${row?.weight ?? ''}`))];
  return { outcome: 'passed', expected, found: weights.join(', '), ...noted };
}

interface ServerState {
  readonly fault: boolean;
  /** whether new clients may come to it */
  readonly takes: boolean;
  /** '' where there is nothing to say */
  readonly words: string;
}

/** Values of `status`: management guide, 9.1, column 18, and `UP 1/3` while it is changing. */
function stateOf(row: Row | undefined): ServerState {
  if (row === undefined) return { fault: true, takes: false, words: 'is not among its servers' };
  const { status = '', weight = '', check_status: check = '' } = row;
  if (/^MAINT/.test(status)) return { fault: false, takes: false, words: 'is in maintenance' };
  if (/^DRAIN/.test(status)) return { fault: false, takes: false, words: 'is drained' };
  if (/^(?:DOWN|NOLB)/.test(status)) {
    const why = check.replace(/^\* /, '');
    const last = row.last_chk ?? '';
    const reason = [why, last].filter((text) => text !== '').join(', ');
    return { fault: true, takes: false, words: `is ${status}${reason === '' ? '' : ` (${reason})`}` };
  }
  if (weight !== '0') return { fault: false, takes: true, words: '' };
  const agent = agentStatus(row);
  if (agent === 'L7OK') return { fault: false, takes: false, words: `is full${agentWords(row)}` };
  return { fault: true, takes: false, words: 'has weight 0, so it gets no new clients' };
}

/** What the agent gives as its reason, as in `via agent : up (cpu 95 of 90)`. */
function agentWords({ last_agt: last = '' }: Row): string {
  const reason = /\((.*)\)\s*$/.exec(last)?.[1];
  return reason === undefined ? ', as its agent says' : ` (${reason})`;
}

function judgeAgents(servers: readonly Expected[], expected: string): Verdict {
  const silent = servers.flatMap((one) => {
    const words = silenceOf(one);
    return words === undefined ? [] : [{ ...one, words: `: ${words}` }];
  });
  if (silent.length > 0) return { outcome: 'failed', expected, found: merged(silent).join('; ') };
  const unknown = servers.filter(({ row }) => agentStatus(row) !== 'L7OK');
  if (unknown.length === servers.length) {
    return { outcome: 'not-asked', expected, found: 'HAProxy has not asked any agent yet' };
  }
  return { outcome: 'passed', expected, found: 'they do' };
}

/** Why HAProxy hears nothing of an agent, or won't as soon as it asks again; undefined if it does. */
function silenceOf({ row, said }: Expected): string | undefined {
  const words = inVain.get(agentStatus(row));
  return said === '' ? (words ?? 'it says nothing to the balancer') : words;
}

/**
 * Values of agent_status: HAProxy's management guide, "show stat". A connection that is closed at once is an
 * L7RSP as well.
 */
const inVain: ReadonlyMap<string, string> = new Map([
  ['L4CON', 'it refuses the connection'],
  ['L4TOUT', 'no connection in time'],
  ['L7TOUT', 'no answer in time'],
  ['L7RSP', 'an empty or wrong answer'],
  ['SOCKERR', 'no socket'],
]);

/** The same of several backends in one sentence: `ams-1 is drained (ams_origin, ams_edge)`. */
function merged(
  states: readonly { readonly backend: string; readonly server: string; readonly words: string }[],
): readonly string[] {
  const places = new Map<string, string[]>();
  for (const { backend, server, words } of states) {
    const sentence = `${server}${words.startsWith(':') ? '' : ' '}${words}`;
    places.set(sentence, [...(places.get(sentence) ?? []), backend]);
  }
  return [...places].map(([sentence, backends]) => `${sentence} in ${backends.join(', ')}`);
}

function wordsOf(backends: HaproxyQuestion['backends']): string {
  return [...new Set(backends.flatMap(({ servers }) => servers))].join(', ');
}
