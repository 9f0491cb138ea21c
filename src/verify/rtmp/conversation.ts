import type { NoAnswer } from '../answers.ts';
import type { Endpoint, Line } from '../line.ts';
import type { Network } from '../network.ts';
import { short } from '../short.ts';
import { Amf0Error, type Amf0Value, decodeAmf0, encodeAmf0 } from './amf0.ts';
import { ChunkReader, chunksOf, messageType, RtmpError, type RtmpMessage } from './chunks.ts';
import { hello, shaken } from './handshake.ts';

/** Where an application takes and gives streams. */
export interface RtmpAddress extends Endpoint {
  readonly application: string;
}

/** The server has said no, by a code of its own and in its own words. */
export interface Refusal {
  readonly kind: 'refused';
  readonly code: string;
  readonly words: string;
}

/** No answer at all, or none that anybody understands. */
export interface Broken {
  readonly kind: 'broken';
  readonly words: string;
  readonly fix?: string;
}

/** A connection to an application; each of its streams has a number. */
export interface RtmpConnection {
  readonly kind: 'connected';
  publish(name: string): Promise<Started | Refusal | Broken>;
  play(name: string): Promise<Started | Refusal | Broken>;
  /** ends what was begun, and hangs up; never fails */
  close(): void;
}

export interface Started {
  readonly kind: 'started';
}

/** A command of the server's (7.1.1): its name, the number of the one that it answers, and the rest. */
interface Command {
  readonly name: string;
  readonly answers: number;
  readonly values: readonly Amf0Value[];
}

/** Statuses that aren't the one that is waited for, and end the wait all the same (Adobe's list of codes). */
const bad = /(Failed|NotFound|BadName|Denied|Rejected|InvalidApp|InvalidArg|NoAccess|Unauthorized|Closed)/;

/** Shakes hands with an application's server, and connects to the application (7.2.1.1). */
export async function connectRtmp(
  network: Pick<Network, 'line'>,
  address: RtmpAddress,
): Promise<RtmpConnection | Refusal | Broken> {
  const line = await network.line(address);
  if (line.kind === 'trouble') return brokenBy(line);
  const talk = new Conversation(line);
  const answer = await talk.begin(address);
  if (answer.kind === 'started') return talk;
  talk.close();
  return answer;
}

class Conversation implements RtmpConnection {
  readonly kind = 'connected';
  readonly #line: Line;
  readonly #chunks = new ChunkReader();
  #commands: Command[] = [];
  #transaction = 0;
  #stream: number | undefined;
  #published: string | undefined;

  constructor(line: Line) {
    this.#line = line;
  }

  async begin({ hostname, port, tls, application }: RtmpAddress): Promise<Started | Refusal | Broken> {
    const shook = await this.#shakeHands();
    if (shook.kind !== 'started') return shook;
    const connection = new Map<string, Amf0Value>([
      ['app', application],
      ['type', 'nonprivate'],
      ['flashVer', 'FMLE/3.0 (compatible; clusterproxy)'],
      ['tcUrl', `${tls ? 'rtmps' : 'rtmp'}://${hostname}:${port}/${application}`],
    ]);
    const result = await this.#call('connect', [connection], 'to connect');
    if (result.kind !== 'result') return result;
    const status = statusOf(result);
    return status !== undefined && isRefusal(status) ? refusal(status) : { kind: 'started' };
  }

  /** Takes a name for a stream (7.2.2.6). Nothing is sent in it: no picture and no sound. */
  async publish(name: string): Promise<Started | Refusal | Broken> {
    this.#published = name;
    return this.#onStream('publish', [null, name, 'live'], 'NetStream.Publish.Start');
  }

  async play(name: string): Promise<Started | Refusal | Broken> {
    return this.#onStream('play', [null, name], 'NetStream.Play.Start');
  }

  close(): void {
    if (this.#stream !== undefined) {
      // What encoders say at the end; servers understand the one or the other.
      if (this.#published !== undefined) this.#say('FCUnpublish', [null, this.#published]);
      this.#say('deleteStream', [null, this.#stream]);
    }
    this.#line.close();
  }

  async #shakeHands(): Promise<Started | Broken> {
    this.#line.send(hello());
    let received = Buffer.alloc(0);
    for (;;) {
      const part = await this.#line.receive();
      if (typeof part === 'string') return silence(part, 'to shake hands');
      received = Buffer.concat([received, part]);
      if (received[0] !== 3) return { kind: 'broken', words: 'something else than RTMP answers' };
      const shook = shaken(received);
      if (shook === undefined) continue;
      this.#line.send(shook.c2);
      return this.#take(shook.rest) ?? { kind: 'started' };
    }
  }

  async #onStream(
    command: 'publish' | 'play',
    values: readonly Amf0Value[],
    code: string,
  ): Promise<Started | Refusal | Broken> {
    const created = await this.#call('createStream', [null], 'to create a stream');
    if (created.kind !== 'result') return created;
    const [, stream] = created.values;
    if (typeof stream !== 'number' || !Number.isInteger(stream) || stream < 0 || stream > 0xffffffff)
      return { kind: 'broken', words: 'the stream that the server creates has no number' };
    this.#stream = stream;
    this.#say(command, values, stream);
    for (;;) {
      const said = await this.#next(`to ${command}`);
      if ('kind' in said) return said;
      const status = statusOf(said);
      if (status === undefined) continue;
      if (status.code === code) return this.#stands(command);
      if (isRefusal(status)) return refusal(status);
    }
  }

  /** nginx's module says that something has begun, and hangs up when it finds that it isn't allowed. */
  async #stands(command: 'publish' | 'play'): Promise<Started | Refusal | Broken> {
    const answer = await this.#call(
      'createStream',
      [null],
      `to ${command}, although it says that it has begun`,
    );
    return answer.kind === 'result' ? { kind: 'started' } : answer;
  }

  /** Calls the server, and waits for its answer to that call. */
  async #call(
    name: string,
    values: readonly Amf0Value[],
    purpose: string,
  ): Promise<{ readonly kind: 'result'; readonly values: readonly Amf0Value[] } | Refusal | Broken> {
    const number = this.#say(name, values);
    for (;;) {
      const said = await this.#next(purpose);
      if ('kind' in said) return said;
      if (said.answers !== number) continue;
      if (said.name === '_result') return { kind: 'result', values: said.values };
      if (said.name === '_error') return refusal(statusOf(said) ?? { code: '', level: 'error', words: '' });
    }
  }

  #say(name: string, values: readonly Amf0Value[], stream = 0): number {
    this.#transaction += 1;
    const payload = encodeAmf0([name, this.#transaction, ...values]);
    this.#line.send(chunksOf({ type: messageType.commandAmf0, stream, payload }));
    return this.#transaction;
  }

  async #next(purpose: string): Promise<Command | Broken> {
    for (;;) {
      const command = this.#commands.shift();
      if (command !== undefined) return command;
      const part = await this.#line.receive();
      if (typeof part === 'string') return silence(part, purpose);
      const broken = this.#take(part);
      if (broken !== undefined) return broken;
    }
  }

  #take(bytes: Buffer): Broken | undefined {
    try {
      this.#commands.push(...this.#chunks.push(bytes).flatMap(commandIn));
      return undefined;
    } catch (error) {
      if (!(error instanceof RtmpError || error instanceof Amf0Error)) throw error;
      return { kind: 'broken', words: `it doesn't keep to RTMP: ${error.message}` };
    }
  }
}

/** The command in a message, if it is one. In those of AMF 3, a byte is in front of the same values. */
function commandIn({ type, payload }: RtmpMessage): readonly Command[] {
  const isAmf3 = type === messageType.commandAmf3;
  if (type !== messageType.commandAmf0 && !isAmf3) return [];
  const [name, answers, ...values] = decodeAmf0(isAmf3 ? payload.subarray(1) : payload);
  return typeof name === 'string' && typeof answers === 'number' ? [{ name, answers, values }] : [];
}

interface Status {
  readonly code: string;
  readonly level: string;
  readonly words: string;
}

/** What the server says of how things stand; undefined if the command has no such thing in it. */
function statusOf({ values }: Pick<Command, 'values'>): Status | undefined {
  const info = values.find((value): value is ReadonlyMap<string, Amf0Value> => {
    return value instanceof Map && typeof value.get('code') === 'string';
  });
  if (info === undefined) return undefined;
  const text = (name: string) => {
    const value = info.get(name);
    return typeof value === 'string' ? value : '';
  };
  return { code: text('code'), level: text('level'), words: text('description') };
}

function isRefusal({ level, code }: Status): boolean {
  return level === 'error' || bad.test(code);
}

function refusal({ code, words }: Status): Refusal {
  return { kind: 'refused', code: short(code), words: short(words) };
}

function silence(how: 'ended' | 'silent', purpose: string): Broken {
  const does = how === 'ended' ? 'it hangs up' : 'it says nothing';
  return { kind: 'broken', words: `${does} when it is asked ${purpose}` };
}

function brokenBy({ words, fix }: NoAnswer): Broken {
  return { kind: 'broken', words, fix };
}
