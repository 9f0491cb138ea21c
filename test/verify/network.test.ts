import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { longestBody } from '../../src/verify/answers.ts';
import { ask, askCheck } from '../../src/verify/ask.ts';
import { networkFromHere } from '../../src/verify/network.ts';
import { chained, selfSigned } from '../support/certificates.ts';

const network = networkFromHere({ signal: new AbortController().signal, patience: 20_000 });
const servers: Server[] = [];

async function listening<Kind extends Server>(server: Kind): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

afterAll(() => {
  for (const server of servers) server.close();
});

describe('networkFromHere', () => {
  let url: string;
  const seen: { readonly path: string; readonly headers: Record<string, unknown> }[] = [];

  beforeAll(async () => {
    const server = createHttpServer((request, response) => {
      seen.push({ path: request.url ?? '', headers: request.headers });
      switch (request.url) {
        case '/page':
          response.setHeader('X-Twice', ['a', 'b']);
          response.end('<script src="there.js"></script><script src="gone.js"></script>');
          break;
        case '/there.js':
          response.end('ok');
          break;
        case '/endless': {
          const more = () => {
            while (!response.destroyed && response.write('x'.repeat(65536)));
          };
          response.on('drain', more);
          more();
          break;
        }
        case '/cut':
          response.writeHead(200, { 'content-length': '1000' });
          response.write('half');
          setImmediate(() => request.socket.destroy());
          break;
        default:
          response.statusCode = 404;
          response.end();
      }
    });
    server.on('upgrade', (request, socket) => {
      const { origin, 'sec-websocket-key': key = '' } = request.headers;
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      socket.end(
        origin === 'https://right.example.com'
          ? `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
          : 'HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n',
      );
    });
    url = `http://127.0.0.1:${await listening(server)}`;
  });

  it('gives status, headers and body, and sends the headers that it is given', async () => {
    const answer = await network.get({ url: `${url}/page`, headers: ['Origin: https://a.example.com'] });
    expect(answer).toMatchObject({ status: 200, headers: { 'x-twice': 'a, b' } });
    expect(seen.at(-1)?.headers).toMatchObject({
      origin: 'https://a.example.com',
      'user-agent': 'clusterproxy',
    });
  });

  it('stops reading a body that does not end', async () => {
    const answer = await network.get({ url: `${url}/endless`, headers: [] });
    expect(answer.kind === 'answer' && answer.body.length).toBeGreaterThanOrEqual(longestBody);
  });

  it('tells of a connection that is cut in the midst of an answer', async () => {
    expect(await network.get({ url: `${url}/cut`, headers: [] })).toMatchObject({
      kind: 'trouble',
      words: '127.0.0.1 cut the connection',
    });
  });

  it('asks for an upgrade as a browser does', async () => {
    const from = (origin: string) =>
      network.upgrade({ url: url.replace('http', 'ws'), headers: [`Origin: ${origin}`] });
    expect(await from('https://right.example.com')).toMatchObject({ status: 101 });
    expect(await from('https://wrong.example.com')).toMatchObject({ status: 403 });
  });

  it('asks for everything that a page loads, and names what is missing', async () => {
    const question = {
      ...({
        kind: 'http',
        url: `${url}/page`,
        headers: [],
        status: [200],
        contains: [],
        answers: {},
      } as const),
      location: undefined,
    };
    expect(await ask({ ...question, assets: false }, network, Date.now)).toMatchObject({ outcome: 'passed' });
    expect(await ask({ ...question, assets: true }, network, Date.now)).toMatchObject({
      outcome: 'failed',
      found: `${url}/gone.js: 404 Not Found`,
    });
  });

  it('tells why nobody answers', async () => {
    const closed = createTcpServer();
    const port = await listening(closed);
    closed.close();
    const refused = await network.get({ url: `http://127.0.0.1:${port}/`, headers: [] });
    expect(refused).toEqual({
      kind: 'trouble',
      words: '127.0.0.1 refuses the connection',
      fix: 'see on 127.0.0.1 whether its web server is running, and whether firewalls let this machine through',
    });
    const nobody = await network.get({ url: 'https://nobody.invalid/', headers: [] });
    expect(nobody).toMatchObject({
      kind: 'trouble',
      words: expect.stringMatching(/nobody\.invalid .*resolve/),
      fix: expect.stringContaining('DNS'),
    });
  });

  it('does not wait for ever', async () => {
    const silent = await listening(createTcpServer());
    const impatient = networkFromHere({ signal: new AbortController().signal, patience: 100 });
    const words = 'does not answer';
    for (const answer of [
      await impatient.get({ url: `http://127.0.0.1:${silent}/`, headers: [] }),
      await impatient.certificate('127.0.0.1', silent),
    ]) {
      expect(answer).toMatchObject({ kind: 'trouble', words: expect.stringContaining(words) });
    }
  });

  it('stops asking when it is interrupted, and then claims nothing about the server', async () => {
    const silent = createTcpServer();
    const port = await listening(silent);
    const interrupt = new AbortController();
    const { signal } = interrupt;
    const patient = networkFromHere({ signal, patience: 3_600_000 });
    const check = { id: 'a', title: 'a', fix: 'renew it' };
    const asking = { network: patient, now: Date.now, signal };
    const question = { kind: 'certificate', hostname: '127.0.0.1', port } as const;
    const socket = { kind: 'websocket', origin: 'https://a.example.com', protocol: '' } as const;
    const url = `ws://127.0.0.1:${port}/`;
    const answers = Promise.all([
      askCheck({ ...check, question }, asking),
      askCheck({ ...check, question: { ...socket, url, accepted: true } }, asking),
    ]);
    await once(silent, 'connection');
    interrupt.abort();
    const notAsked = { outcome: 'not-asked', found: 'interrupted' };
    expect(await answers).toEqual([notAsked, notAsked]);
    expect(await askCheck({ ...check, question }, asking)).toEqual(notAsked);
  });
  it.each([
    ['is silent', ''],
    ['never ends the head of its answer', 'HTTP/1.1 200 OK\r\n'],
    ['never ends its answer', 'HTTP/1.1 200 OK\r\n\r\n'],
  ])('does not wait for ever for a server that %s, whatever is collected as garbage', async (_, said) => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const port = await listening(createTcpServer((socket) => socket.on('error', () => {}).write(said)));
    const impatient = networkFromHere({ signal: new AbortController().signal, patience: 300 });
    const answer = impatient.get({ url: `http://127.0.0.1:${port}/`, headers: [] });
    const collecting = setInterval(collectGarbage, 50);
    try {
      expect(await answer).toMatchObject({ kind: 'trouble', words: '127.0.0.1 does not answer' });
    } finally {
      clearInterval(collecting);
    }
  });

  it('gives up at once when it is interrupted', async () => {
    const silent = await listening(createTcpServer());
    const interrupt = new AbortController();
    const patient = networkFromHere({ signal: interrupt.signal, patience: 60_000 });
    const answers = [
      patient.get({ url: `http://127.0.0.1:${silent}/`, headers: [] }),
      patient.certificate('127.0.0.1', silent),
    ];
    interrupt.abort();
    for (const answer of answers) expect(await answer).toMatchObject({ kind: 'trouble' });
  }, 10_000);
});

describe('certificates', () => {
  it('are verified: for a request, and told of by name where that is the question', async () => {
    const { certificate: cert, key } = selfSigned('localhost');
    const port = await listening(createServer({ cert, key }, (_, response) => response.end('secret')));
    expect(await network.get({ url: `https://localhost:${port}/`, headers: [] })).toEqual({
      kind: 'trouble',
      words: 'the certificate of localhost is self-signed',
      fix: 'put the certificate of localhost right first; nothing else can be asked there before',
    });
    expect(await network.certificate('localhost', port)).toMatchObject({
      kind: 'certificate',
      mistrust: 'the certificate of localhost is self-signed',
      validFrom: expect.any(Number),
    });
  });

  it('say where the chain breaks off, and what to do about it', async () => {
    const { certificate, intermediate, key } = chained('localhost');
    const shown = async (...chain: readonly string[]) => {
      const port = await listening(createServer({ cert: chain.join(''), key }));
      const question = { kind: 'certificate', hostname: 'localhost', port } as const;
      return ask(question, network, Date.now);
    };
    expect(await shown(certificate)).toEqual({
      outcome: 'failed',
      expected: expect.any(String),
      found:
        "localhost sends its certificate alone, without that of 'Some Intermediate', which has signed it and which this machine doesn't know",
      fix: 'let the server send the whole chain: with certbot, that is fullchain.pem and not cert.pem; if the authority is your own, name it to this machine by NODE_EXTRA_CA_CERTS',
    });
    expect(await shown(certificate, intermediate)).toMatchObject({
      outcome: 'failed',
      found: expect.stringContaining("signed by an authority that this machine doesn't trust"),
    });
  });
});
