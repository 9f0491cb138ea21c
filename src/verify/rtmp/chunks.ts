/** A message of RTMP (Adobe's specification, 6.1). */
export interface RtmpMessage {
  readonly type: number;
  /** the stream that it belongs to; 0 for the connection */
  readonly stream: number;
  readonly payload: Buffer;
}

/** Types of messages (5.4, 7.1). */
export const messageType = {
  setChunkSize: 1,
  abort: 2,
  commandAmf3: 17,
  commandAmf0: 20,
} as const;

/** Bytes of a payload in one chunk, until the sender says another number (5.4.1). */
const usualChunk = 128;
/** More than any answer to a command: bytes of one message. */
const longestMessage = 64 * 1024;
/** Nobody publishes anything to us, so that a server has little to say: bytes of a connection. */
const mostBytes = 1024 * 1024;
/** Servers use four or five of the 65,599 chunk streams. */
const mostStreams = 64;
/** A timestamp with this value stands behind the header (5.3.1.3). */
const extended = 0xffffff;

/** Bytes that are no chunks, or more of them than anybody needs. */
export class RtmpError extends Error {}

interface ChunkStream {
  readonly type: number;
  readonly stream: number;
  readonly length: number;
  readonly isExtended: boolean;
  /** what has arrived of a message that isn't whole yet, and how many bytes that is */
  readonly parts: Buffer[];
  readonly size: number;
}

/** Puts messages together from chunks, whatever parts the bytes come in (5.3). */
export class ChunkReader {
  readonly #streams = new Map<number, ChunkStream>();
  #chunk = usualChunk;
  #rest: Buffer = Buffer.alloc(0);
  #received = 0;

  /** The messages that are whole now, without those that are for this layer. Throws RtmpError. */
  push(bytes: Buffer): readonly RtmpMessage[] {
    this.#received += bytes.length;
    if (this.#received > mostBytes) throw new RtmpError('the server sends more than it was asked for');
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const messages: RtmpMessage[] = [];
    for (;;) {
      const chunk = this.#next();
      if (chunk === undefined) return messages;
      this.#rest = this.#rest.subarray(chunk.end);
      if (chunk.message !== undefined && !this.#control(chunk.message)) messages.push(chunk.message);
    }
  }

  /** The first chunk of what has arrived; undefined if it isn't whole yet, and then nothing has changed. */
  #next(): { readonly end: number; readonly message?: RtmpMessage } | undefined {
    const basic = basicHeader(this.#rest);
    if (basic === undefined) return undefined;
    const { format, id } = basic;
    const before = this.#streams.get(id);
    if (format !== 0 && before === undefined)
      throw new RtmpError('a chunk refers to one that was never sent');
    const headerEnd = basic.end + (headerLength[format] ?? 0);
    if (this.#rest.length < headerEnd) return undefined;
    if (before === undefined && this.#streams.size >= mostStreams)
      throw new RtmpError(`the server uses more than ${mostStreams} chunk streams`);
    const header = this.#rest.subarray(basic.end, headerEnd);
    const isExtended = format === 3 ? (before?.isExtended ?? false) : header.readUIntBE(0, 3) === extended;
    const start = headerEnd + (isExtended ? 4 : 0);
    const length = format < 2 ? header.readUIntBE(3, 3) : (before?.length ?? 0);
    if (length > longestMessage) throw new RtmpError(`a message says that it has ${length} bytes`);
    // A header in the middle of a message begins another one.
    const isMore = format === 3 && before !== undefined && before.size > 0;
    const size = isMore ? before.size : 0;
    const end = start + Math.min(length - size, this.#chunk);
    if (this.#rest.length < end) return undefined;
    // Added to and not copied: chunks may be as short as a byte.
    const parts = isMore && before !== undefined ? before.parts : [];
    parts.push(this.#rest.subarray(start, end));
    const type = format < 2 ? header.readUInt8(6) : (before?.type ?? 0);
    const stream = format === 0 ? header.readUInt32LE(7) : (before?.stream ?? 0);
    const isWhole = size + end - start >= length;
    this.#streams.set(id, {
      ...{ type, stream, length, isExtended },
      ...(isWhole ? { parts: [], size: 0 } : { parts, size: size + end - start }),
    });
    return isWhole ? { end, message: { type, stream, payload: Buffer.concat(parts) } } : { end };
  }

  /** Does what a message says that is for this layer; false if it is for another one. */
  #control({ type, payload }: RtmpMessage): boolean {
    if (type !== messageType.setChunkSize && type !== messageType.abort) return false;
    if (payload.length < 4) throw new RtmpError('a message is shorter than its type allows');
    const value = payload.readUInt32BE();
    if (type === messageType.setChunkSize) {
      // The first bit is 0, and 0 itself is no size.
      if (value === 0 || value > 0x7fffffff) throw new RtmpError(`chunks are to have ${value} bytes`);
      this.#chunk = value;
    } else {
      const aborted = this.#streams.get(value);
      if (aborted !== undefined) this.#streams.set(value, { ...aborted, parts: [], size: 0 });
    }
    return true;
  }
}

/** Bytes of the message header by the format of the chunk (5.3.1.2). */
const headerLength: Readonly<Record<number, number>> = { 0: 11, 1: 7, 2: 3, 3: 0 };

/** Format and chunk stream of a chunk (5.3.1.1); undefined if they aren't there yet. */
function basicHeader(
  bytes: Buffer,
): { readonly format: number; readonly id: number; readonly end: number } | undefined {
  const [first, second, third] = bytes;
  if (first === undefined) return undefined;
  const format = first >> 6;
  const id = first & 0x3f;
  if (id > 1) return { format, id, end: 1 };
  if (second === undefined) return undefined;
  if (id === 0) return { format, id: second + 64, end: 2 };
  if (third === undefined) return undefined;
  return { format, id: third * 256 + second + 64, end: 3 };
}

/** The chunk stream that clients use for commands. */
const commands = 3;

/** A message in chunks of the usual size, with a timestamp of 0. */
export function chunksOf({ type, stream, payload }: RtmpMessage): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt8(commands, 0);
  header.writeUIntBE(payload.length, 4, 3);
  header.writeUInt8(type, 7);
  header.writeUInt32LE(stream, 8);
  const parts: Buffer[] = [header, payload.subarray(0, usualChunk)];
  for (let start = usualChunk; start < payload.length; start += usualChunk)
    parts.push(Buffer.of(0xc0 | commands), payload.subarray(start, start + usualChunk));
  return Buffer.concat(parts);
}
