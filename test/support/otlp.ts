import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A span as a collector gets it. */
export interface SeenSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** empty: it has none */
  readonly parentId: string;
  readonly name: string;
  /** milliseconds since the epoch */
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** 0: unset, 2: error */
  readonly status: number;
  readonly message: string;
}

export interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly resource: SeenSpan['attributes'];
  readonly spans: readonly SeenSpan[];
  readonly body: Buffer;
}

export interface Collector {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  close(): Promise<void>;
}

/**
 * A receiver of OTLP/HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp), of protobuf alone. `answer`
 * may leave out to answer.
 */
export async function startCollector(
  answer: (response: ServerResponse) => void = (response) => response.writeHead(200).end(),
): Promise<Collector> {
  const requests: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts);
      const { url: path = '', headers } = request;
      requests.push({ path, headers, body, ...read(body) });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** opentelemetry/proto/collector/trace/v1/trace_service.proto, and what it is made of. */
function read(body: Buffer): Pick<SeenRequest, 'resource' | 'spans'> {
  const all = fieldsOf(body).filter(([number]) => number === 1);
  const resourceSpans = all.map(([, value]) => fieldsOf(value as Buffer));
  const resources = resourceSpans.flatMap((fields) => buffers(fields, 1));
  const scopes = resourceSpans.flatMap((fields) => buffers(fields, 2));
  return {
    resource: attributesIn(resources.flatMap(fieldsOf), 1),
    spans: scopes.flatMap((scope) => buffers(fieldsOf(scope), 2)).map(spanOf),
  };
}

function spanOf(body: Buffer): SeenSpan {
  const fields = fieldsOf(body);
  const hex = (number: number) => buffers(fields, number)[0]?.toString('hex') ?? '';
  const time = (number: number) => Number(fixed(fields, number) / 1_000_000n);
  const status = buffers(fields, 15).flatMap(fieldsOf);
  return {
    ...{ traceId: hex(1), spanId: hex(2), parentId: hex(4) },
    name: buffers(fields, 5)[0]?.toString() ?? '',
    ...{ start: time(7), end: time(8) },
    attributes: attributesIn(fields, 9),
    status: Number(fixed(status, 3)),
    message: buffers(status, 2)[0]?.toString() ?? '',
  };
}

type Field = readonly [number: number, value: Buffer | bigint];

function attributesIn(fields: readonly Field[], number: number): SeenSpan['attributes'] {
  return Object.fromEntries(
    buffers(fields, number).map((body) => {
      const pair = fieldsOf(body);
      const key = buffers(pair, 1)[0]?.toString() ?? '';
      const [kind, value] = buffers(pair, 2).flatMap(fieldsOf)[0] ?? [1, Buffer.alloc(0)];
      if (typeof value !== 'bigint') return [key, value.toString()];
      return [key, kind === 2 ? value === 1n : Number(value)];
    }),
  );
}

function buffers(fields: readonly Field[], number: number): readonly Buffer[] {
  return fields.flatMap(([one, value]) => (one === number && typeof value !== 'bigint' ? [value] : []));
}

function fixed(fields: readonly Field[], number: number): bigint {
  const value = fields.find(([one]) => one === number)?.[1];
  return typeof value === 'bigint' ? value : 0n;
}

/** https://protobuf.dev/programming-guides/encoding/ */
function fieldsOf(body: Buffer): readonly Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = body.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < body.length) {
    const tag = Number(varint());
    const [number, kind] = [tag >> 3, tag & 7];
    if (kind === 0) fields.push([number, varint()]);
    else if (kind === 1) {
      fields.push([number, body.readBigUInt64LE(at)]);
      at += 8;
    } else if (kind === 5) {
      fields.push([number, BigInt(body.readUInt32LE(at))]);
      at += 4;
    } else if (kind === 2) {
      const length = Number(varint());
      fields.push([number, body.subarray(at, at + length)]);
      at += length;
    } else throw new Error(`wire type ${kind} at ${at}`);
  }
  return fields;
}
