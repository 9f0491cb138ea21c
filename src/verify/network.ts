import { readFileSync } from 'node:fs';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import { createSecureContext, rootCertificates, type SecureContext, connect as tlsConnect } from 'node:tls';
import { addressesOf } from './addresses.ts';
import {
  type Addresses,
  type HttpAnswer,
  longestBody,
  type NoAnswer,
  type ShownCertificate,
} from './answers.ts';
import { aloneWords } from './chain.ts';
import { type Endpoint, type Line, openLine } from './line.ts';
import { type NetworkOptions, waitFor } from './patience.ts';
import { type Talk, type Talked, talk } from './talk.ts';
import { noAnswer, troubleWords } from './trouble-words.ts';

/** A request as a browser sends it; redirects are not followed. */
export interface Request {
  readonly url: string;
  /** each `Name: value` */
  readonly headers: readonly string[];
  /** of the answer's body no more is read: bytes; `longestBody` if undefined */
  readonly longest?: number | undefined;
}

/** How servers are asked from here. Nothing is thrown: what went wrong is an answer as well. */
export interface Network {
  get(request: Request): Promise<HttpAnswer | NoAnswer>;
  /** the answer to a request for an upgrade to WebSocket (RFC 6455, 4.1): status 101 if it is accepted */
  upgrade(request: Request): Promise<HttpAnswer | NoAnswer>;
  /** `at`: the address that is asked for it; undefined: whatever the name leads to */
  certificate(hostname: string, port: number, at?: string): Promise<ShownCertificate | NoAnswer>;
  /** as programs of this machine resolve a name; none where it doesn't exist */
  addresses(hostname: string): Promise<Addresses | NoAnswer>;
  /** says something over a connection, and takes what comes back */
  talk(talk: Talk): Promise<Talked | NoAnswer>;
  /** connects, for a conversation of several turns; whoever gets a line has to close it */
  line(endpoint: Endpoint): Promise<Line | NoAnswer>;
}

/** Asks by the network, each time over a connection of its own, with every certificate verified. */
export function networkFromHere({ signal, patience }: NetworkOptions): Network {
  const context = trustedHere();
  const asked = async (request: Request, more: readonly string[]): Promise<HttpAnswer | NoAnswer> => {
    const { hostname } = new URL(request.url);
    const { longest = longestBody } = request;
    try {
      return await answerTo(() => start(request, more), longest, { signal, patience });
    } catch (error) {
      return noAnswer(error, hostname, hostname);
    }
  };
  const start = ({ url, headers }: Request, more: readonly string[]) => {
    const { protocol } = new URL(url);
    const options: RequestOptions & { readonly secureContext: SecureContext } = {
      // node:https hands it to tls.connect, as it does everything else.
      secureContext: context,
      agent: false,
      headers: headersOf(['User-Agent: clusterproxy', ...headers, ...more]),
    };
    return protocol === 'https:' || protocol === 'wss:'
      ? httpsRequest(url.replace(/^wss:/, 'https:'), options)
      : httpRequest(url.replace(/^ws:/, 'http:'), options);
  };
  return {
    get: (request) => asked(request, ['Accept-Encoding: identity']),
    upgrade: (request) => asked(request, upgradeHeaders),
    certificate: (hostname, port, at = hostname) =>
      certificateOf({ hostname, port, at }, { context, signal, patience }),
    addresses: (hostname) => addressesOf(hostname, { signal, patience }),
    talk: (wanted) => talk(wanted, { context, signal, patience }),
    line: (endpoint) => openLine(endpoint, { context, signal, patience }),
  };
}

/** The key is the one of RFC 6455, 1.3: nothing depends on it, since nothing is sent afterwards. */
const upgradeHeaders = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

function headersOf(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
}

function answerTo(start: () => ClientRequest, longest: number, options: NetworkOptions): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const request = start();
    const stopWaiting = waitFor(options, (error) => {
      reject(error);
      request.destroy();
    });
    request.on('close', stopWaiting);
    const end = (answer: HttpAnswer) => {
      request.destroy();
      resolve(answer);
    };
    request.on('error', reject);
    request.on('upgrade', (response, socket) => {
      socket.destroy();
      end(answerOf(response, ''));
    });
    request.on('response', (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on('data', (part: Buffer) => {
        parts.push(part);
        size += part.length;
        if (size >= longest) end(answerOf(response, Buffer.concat(parts).toString('utf8')));
      });
      response.on('end', () => end(answerOf(response, Buffer.concat(parts).toString('utf8'))));
      response.on('error', reject);
    });
    request.end();
  });
}

function answerOf(response: IncomingMessage, body: string): HttpAnswer {
  const headers = Object.entries(response.headersDistinct).map(
    ([name, values = []]) => [name, values.join(', ')] as const,
  );
  return {
    kind: 'answer',
    status: response.statusCode ?? 0,
    headers: Object.fromEntries(headers),
    body,
  };
}

function certificateOf(
  { hostname, port, at }: { readonly hostname: string; readonly port: number; readonly at: string },
  { context, ...options }: NetworkOptions & { readonly context: SecureContext },
): Promise<ShownCertificate | NoAnswer> {
  return new Promise((resolve) => {
    const socket = tlsConnect({
      host: at,
      port,
      // RFC 6066, 3: an address is no server name.
      ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
      secureContext: context,
      // What is wrong with it is told, and nothing else is said over this connection.
      rejectUnauthorized: false,
    });
    const end = (result: ShownCertificate | NoAnswer) => {
      socket.destroy();
      resolve(result);
    };
    const server = port === 443 ? at : `${at}, port ${port},`;
    const trouble = (error: Error) => end(noAnswer(error, server, at));
    socket.on('error', trouble);
    const stopWaiting = waitFor(options, trouble);
    socket.on('close', stopWaiting);
    socket.on('secureConnect', () => {
      const shown = socket.getPeerCertificate(true);
      const { valid_from, valid_to, serialNumber: serial } = shown;
      // Node gives the code of OpenSSL's verification, or an Error where the names differ.
      const { authorizationError: why } = socket;
      const code = why instanceof Error ? (why as NodeJS.ErrnoException).code : why;
      const alone = socket.authorized ? undefined : aloneWords(String(code), shown, hostname);
      const mistrust = alone?.words ?? troubleWords({ code: String(code) }, hostname);
      end({
        kind: 'certificate',
        mistrust: socket.authorized ? undefined : mistrust,
        ...(alone === undefined ? {} : { fix: alone.fix }),
        serial,
        validFrom: Date.parse(valid_from),
        validTo: Date.parse(valid_to),
      });
    });
  });
}

/** Where distributions keep the authorities that the system trusts; curl(1) and browsers read them there. */
const systemAuthorities = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
];

/** Node's own authorities, the system's, and those that the user has named for Node. */
export function trustedHere(): SecureContext {
  const { NODE_EXTRA_CA_CERTS: extra } = process.env;
  const files = [...systemAuthorities, ...(extra === undefined ? [] : [extra])];
  return createSecureContext({ ca: [...rootCertificates, ...files.flatMap(readIfThere)] });
}

function readIfThere(file: string): string[] {
  try {
    return [readFileSync(file, 'utf8')];
  } catch {
    return [];
  }
}
