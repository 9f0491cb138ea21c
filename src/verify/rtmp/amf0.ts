/** A value of Action Message Format 0. Names in objects come from a server, so a map keeps them. */
export type Amf0Value =
  | number
  | boolean
  | string
  | null
  | undefined
  | readonly Amf0Value[]
  | ReadonlyMap<string, Amf0Value>;

/** Type markers (Adobe's specification of AMF 0, 2.1). */
const marker = {
  number: 0,
  boolean: 1,
  string: 2,
  object: 3,
  null: 5,
  undefined: 6,
  ecmaArray: 8,
  objectEnd: 9,
  strictArray: 10,
  date: 11,
  longString: 12,
} as const;

/** Values within values; what servers send has two or three. */
const deepest = 16;

/** Bytes that are no values of AMF 0, or none that a server's answer has. */
export class Amf0Error extends Error {}

/** The values in `bytes`, one after the other. Throws Amf0Error. */
export function decodeAmf0(bytes: Buffer): readonly Amf0Value[] {
  const reader = new Reader(bytes);
  const values: Amf0Value[] = [];
  while (!reader.atEnd) values.push(reader.value(0));
  return values;
}

class Reader {
  readonly #bytes: Buffer;
  #place = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get atEnd(): boolean {
    return this.#place >= this.#bytes.length;
  }

  value(depth: number): Amf0Value {
    if (depth > deepest) throw new Amf0Error('values are nested too deeply');
    const type = this.#take(1).readUInt8();
    switch (type) {
      case marker.number:
        return this.#take(8).readDoubleBE();
      case marker.boolean:
        return this.#take(1).readUInt8() !== 0;
      case marker.string:
        return this.#text();
      case marker.longString:
        return this.#take(this.#take(4).readUInt32BE()).toString('utf8');
      case marker.object:
        return this.#object(depth);
      case marker.ecmaArray:
        // How many there are is only a hint (2.10): the end is marked as that of an object is.
        this.#take(4);
        return this.#object(depth);
      case marker.strictArray:
        return this.#array(depth);
      case marker.date: {
        const time = this.#take(8).readDoubleBE();
        this.#take(2);
        return time;
      }
      case marker.null:
        return null;
      case marker.undefined:
        return undefined;
      default:
        throw new Amf0Error(`a value has the type ${type}`);
    }
  }

  #object(depth: number): ReadonlyMap<string, Amf0Value> {
    const object = new Map<string, Amf0Value>();
    for (;;) {
      const name = this.#text();
      if (name === '' && this.#bytes[this.#place] === marker.objectEnd) {
        this.#place += 1;
        return object;
      }
      object.set(name, this.value(depth + 1));
    }
  }

  #array(depth: number): readonly Amf0Value[] {
    const length = this.#take(4).readUInt32BE();
    // Each value takes a byte at least, so a length that is a lie ends where the bytes do.
    if (length > this.#bytes.length - this.#place) throw new Amf0Error('an array is longer than its message');
    return Array.from({ length }, () => this.value(depth + 1));
  }

  #text(): string {
    return this.#take(this.#take(2).readUInt16BE()).toString('utf8');
  }

  #take(length: number): Buffer {
    const end = this.#place + length;
    if (end > this.#bytes.length) throw new Amf0Error('a value is longer than its message');
    const part = this.#bytes.subarray(this.#place, end);
    this.#place = end;
    return part;
  }
}

/** Values in the shortest form. Texts longer than 65,535 bytes are not for this format's names. */
export function encodeAmf0(values: readonly Amf0Value[]): Buffer {
  return Buffer.concat(values.map(encoded));
}

function encoded(value: Amf0Value): Buffer {
  if (value === null) return Buffer.of(marker.null);
  if (value === undefined) return Buffer.of(marker.undefined);
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9);
    bytes.writeDoubleBE(value, 1);
    return bytes;
  }
  if (typeof value === 'boolean') return Buffer.of(marker.boolean, value ? 1 : 0);
  if (typeof value === 'string') {
    const text = Buffer.from(value, 'utf8');
    return text.length > 0xffff
      ? Buffer.concat([Buffer.of(marker.longString), uint32(text.length), text])
      : Buffer.concat([Buffer.of(marker.string), uint16(text.length), text]);
  }
  if (isMap(value)) {
    const entries = [...value].flatMap(([name, one]) => {
      const text = Buffer.from(name, 'utf8');
      return [uint16(text.length), text, encoded(one)];
    });
    return Buffer.concat([Buffer.of(marker.object), ...entries, uint16(0), Buffer.of(marker.objectEnd)]);
  }
  return Buffer.concat([Buffer.of(marker.strictArray), uint32(value.length), ...value.map(encoded)]);
}

function isMap(
  value: readonly Amf0Value[] | ReadonlyMap<string, Amf0Value>,
): value is ReadonlyMap<string, Amf0Value> {
  return value instanceof Map;
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
