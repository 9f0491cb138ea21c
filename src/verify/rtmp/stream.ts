import type { RtmpStreamQuestion } from '../../model/balancer-question.ts';
import type { Verdict } from '../../model/outside-check.ts';
import type { Network } from '../network.ts';
import { timesFor } from '../several.ts';
import { urlOf } from './connect.ts';
import { connectRtmp, type RtmpAddress, type RtmpConnection } from './conversation.ts';
import { countedWords, isSwitchedOff, type RtmpAnswer, wantsPermission, wordsOf } from './refusals.ts';

/** What came of one stream. */
export interface StreamHeard {
  readonly published: RtmpAnswer;
  /** of those who wanted to play it; undefined if nobody was to */
  readonly played: readonly RtmpAnswer[] | undefined;
}

export interface StreamOptions {
  readonly network: Pick<Network, 'line'>;
  /** of the stream; nobody else may have it */
  readonly name: string;
  /** how many servers may get a connection; 0 if nobody is to play the stream */
  readonly players: number;
}

/**
 * Publishes a stream without any picture or sound, and has it played, until the first player has it. A node
 * may have only the streams that were published to it, so that there are enough players for every node. All
 * of it is ended, however it goes.
 */
export async function holdStream(
  address: RtmpAddress,
  { network, name, players }: StreamOptions,
): Promise<StreamHeard> {
  const connection = await connectRtmp(network, address);
  if (connection.kind !== 'connected') return { published: connection, played: undefined };
  try {
    const published = await connection.publish(name);
    if (published.kind !== 'started' || players === 0) return { published, played: undefined };
    return { published, played: await playSomewhere(address, { network, name, players }) };
  } finally {
    connection.close();
  }
}

async function playSomewhere(
  address: RtmpAddress,
  { network, name, players }: StreamOptions,
): Promise<readonly RtmpAnswer[]> {
  const open = new Set<RtmpConnection>();
  const hangUp = () => {
    for (const connection of open) connection.close();
  };
  let isPlayed = false;
  // All at once, and each stays: a balancer would give the next one the same node otherwise.
  const play = async (): Promise<RtmpAnswer> => {
    const connection = await connectRtmp(network, address);
    if (connection.kind !== 'connected') return connection;
    open.add(connection);
    if (isPlayed) {
      connection.close();
      return { kind: 'broken', words: 'it was no longer asked to play' };
    }
    const answer = await connection.play(name);
    if (answer.kind === 'started') {
      isPlayed = true;
      hangUp();
    }
    return answer;
  };
  try {
    return await Promise.all(Array.from({ length: timesFor(players) }, play));
  } finally {
    hangUp();
  }
}

/** What the stream says to one of the questions. */
export function judgeStream(question: RtmpStreamQuestion, heard: StreamHeard): Verdict {
  return question.shows === 'publish' ? judgePublish(question, heard) : judgePlay(question, heard);
}

function judgePublish(question: RtmpStreamQuestion, { published }: StreamHeard): Verdict {
  const expected = `${urlOf(question)} takes a stream that is published there`;
  if (published.kind === 'started') return { outcome: 'passed', expected, found: 'it does' };
  const found = wordsOf(published);
  if (published.kind === 'refused' && wantsPermission(published)) {
    return { outcome: 'not-asked', expected, found: `${found}; it lets only those publish whom it knows` };
  }
  const fix = published.kind === 'broken' ? published.fix : undefined;
  return { outcome: 'failed', expected, found, ...(fix === undefined ? {} : { fix }) };
}

function judgePlay(question: RtmpStreamQuestion, { published, played = [] }: StreamHeard): Verdict {
  const expected = `${urlOf(question)} plays a stream that is published there`;
  if (published.kind !== 'started') {
    return { outcome: 'not-asked', expected, found: 'no stream could be published' };
  }
  const wrong = played.flatMap((answer) => (answer.kind === 'started' ? [] : [answer]));
  if (wrong.length < played.length) return { outcome: 'passed', expected, found: 'it does' };
  const refusals = wrong.flatMap((answer) => (answer.kind === 'refused' ? [answer] : []));
  const off = refusals.find(isSwitchedOff);
  if (off !== undefined) return { outcome: 'not-applicable', expected, found: wordsOf(off) };
  const permission = refusals.find(wantsPermission);
  if (permission !== undefined) {
    return {
      outcome: 'not-asked',
      expected,
      found: `${wordsOf(permission)}; it lets only those play whom it knows`,
    };
  }
  return { outcome: 'failed', expected, found: countedWords(wrong, played.length) };
}
