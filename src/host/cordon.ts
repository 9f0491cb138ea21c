import { OperatorError } from '../model/operator-error.ts';
import { heard } from '../secrets/showable.ts';
import type { Connection } from '../ssh/contract.ts';
import { anotherMachine, notThisMachine } from './another-machine.ts';
import { sentPrograms } from './own-programs.ts';
import { bootstrap, framed, newNonce, program } from './program.ts';
import { counted, fields, printable, record } from './records.ts';

/** Whose node a cordon is, and in which run. */
export interface CordonedNode {
  readonly cluster: string;
  readonly node: string;
  /** id of the run; empty: whichever it is */
  readonly run: string;
  /** of the host that tells the balancer */
  readonly machineId: string;
}

/** How a balancer is asked for a node, or told of it. */
export interface DrainProgram {
  /** a program of the playbook, in sh: docs/your-own-playbook.md has its contract */
  readonly program: string;
  readonly args: readonly string[];
  /** what the node answers when it is well; asked before it is given back */
  readonly answers: readonly { readonly url: string; readonly contains: string }[];
}

/** What a host is to tell a balancer of a node. */
export interface CordonRequest extends CordonedNode, DrainProgram {
  /** who, from where, with which command, for others to read */
  readonly holder: string;
  /** the run has the node's lease: whoever took it out before is at work there no more */
  readonly over?: boolean | undefined;
  /** after so many seconds the host gives the node back by itself, as its run is over by then */
  readonly seconds: number;
}

/** How a host answered: what it did or found, and what the balancer says of the node. */
export interface CordonAnswer {
  /**
   * - `cordoned`: it gets no new people, because of this run;
   * - `kept`: somebody else has taken it out, and it isn't given back by this run;
   * - `last`: no other would get people, so it was left as it is;
   * - `others`: another run has taken it out;
   * - `released`: it gets people again, or did already;
   * - `stays`: it isn't well, so it is still out;
   * - `none`: clusterproxy hasn't taken it out;
   * - `seen`: it was only asked for;
   * - `unknown`: the balancer doesn't know it;
   * - `failed`: in words
   */
  readonly verdict: (typeof verdicts)[number];
  /** `enabled`, `cordoned`, or another word; empty where it isn't known */
  readonly state: string;
  readonly health: string;
  readonly words: string;
  /** whose cordon is there */
  readonly holder: string;
}

const verdicts = [
  ...(['cordoned', 'kept', 'last', 'others', 'released', 'stays', 'none', 'seen', 'unknown'] as const),
  'failed',
] as const;

/** How long a balancer may take to see that a node is well again. Seconds. */
export const untilOnline = 150;

/** Slow programs of balancers (a rake task takes 10 s) run several times. Seconds. */
const patience = 600;

/**
 * Has a host tell a balancer to send no more people to a node. The host gives the node back by itself after
 * the time that is asked for. Throws an OperatorError `another-machine`, `cordon-failed` if the answer is
 * malformed, or one of the connection's.
 */
export async function cordon(connection: Connection, request: CordonRequest): Promise<CordonAnswer> {
  return sending(connection, 'cordon', request);
}

/**
 * What the balancer says of a node: `seen`, with `holder` where clusterproxy has taken it out, `unknown` or
 * `failed`. In `words` is how somebody adds or removes it there, where there is something to do and the
 * program knows how. Nothing is told or changed. Throws as `cordon` does.
 */
export function askBalancer(
  connection: Connection,
  node: CordonedNode & DrainProgram,
  how: 'how-to-add' | 'how-to-remove',
): Promise<CordonAnswer> {
  return sending(connection, 'ask', { ...node, holder: how, seconds: 0 });
}

async function sending(connection: Connection, verb: string, request: CordonRequest): Promise<CordonAnswer> {
  const [text = Buffer.alloc(0)] = await sentPrograms([request.program]);
  const giveBack = Buffer.from(await program('give-back'));
  const lines = [
    verbRecord(verb, request, { ...request, lengths: `${text.length} ${giveBack.length}` }),
    record('args', ...counted(request.args)),
    ...request.answers.map(({ url, contains }) => record('check', url, contains)),
  ];
  return ask(connection, lines.join('\n'), [text, giveBack]);
}

/** Looks at a cordon of this run. Throws as `cordon` does. */
export function cordonState(connection: Connection, node: CordonedNode): Promise<CordonAnswer> {
  return ask(connection, verbRecord('state', node));
}

/**
 * Gives a node back, if it answers rightly, and waits so many seconds for the balancer to see that it is
 * well. Throws as `cordon` does.
 */
export function releaseCordon(
  connection: Connection,
  node: CordonedNode,
  seconds: number,
): Promise<CordonAnswer> {
  return ask(connection, verbRecord('release', node, { holder: '', seconds, lengths: '0 0' }));
}

/** Leaves a node out until an operator has looked, and notes why. Throws as `cordon` does. */
export function keepCordoned(connection: Connection, node: CordonedNode, why: string): Promise<CordonAnswer> {
  return ask(connection, verbRecord('stays', node, { holder: why, seconds: 0, lengths: '0 0' }));
}

interface More {
  readonly holder: string;
  readonly seconds: number;
  readonly lengths: string;
  readonly over?: boolean | undefined;
}

function verbRecord(
  verb: string,
  { cluster, node, run, machineId }: CordonedNode,
  { holder, seconds, lengths, over = false }: More = { holder: '', seconds: 0, lengths: '0 0' },
): string {
  return record(
    verb,
    cluster,
    node,
    run,
    machineId,
    holder.replace(/\s+/g, ' '),
    seconds,
    lengths,
    over ? 'over' : '',
  );
}

async function ask(
  connection: Connection,
  request: string,
  sent: readonly Buffer[] = [],
): Promise<CordonAnswer> {
  const nonce = newNonce();
  const input = Buffer.concat([framed(await program('cordon'), request, nonce), ...sent]);
  const result = await connection.exec(bootstrap, input, { timeout: patience, maximumOutput: 1024 * 1024 });
  const line = new RegExp(`${nonce} (.*)\n`).exec(result.stdout.toString('utf8'))?.[1] ?? '';
  const [verdict = '', state = '', health = '', , words = '', , holder = ''] = fields(line);
  if (verdict === notThisMachine) throw new OperatorError(anotherMachine());
  const known = verdicts.find((one) => one === verdict);
  if (known === undefined) {
    throw new OperatorError({
      code: result.code === null ? 'connection-lost' : 'cordon-failed',
      message: 'the answer of the host that tells the balancer is incomplete',
      next: 'run clusterproxy status to see which nodes are out',
      detail: printable(result.stderr.subarray(0, 2_000).toString('utf8')).trim(),
    });
  }
  const said = (text: string) => heard(printable(text.replaceAll('\u001e', '\n')).trim());
  return {
    verdict: known,
    ...{ state: said(state), health: said(health), words: said(words), holder: said(holder) },
  };
}
