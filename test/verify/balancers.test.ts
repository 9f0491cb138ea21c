import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import type {
  AgentQuestion,
  ClosedQuestion,
  CommandQuestion,
  HaproxyQuestion,
  RtmpQuestion,
  StickyQuestion,
  WebsocketsQuestion,
} from '../../src/model/balancer-question.ts';
import { judgeAgent } from '../../src/verify/agent.ts';
import type { HttpAnswer, NoAnswer } from '../../src/verify/answers.ts';
import { askCertificates } from '../../src/verify/certificates.ts';
import { askClosed, judgeClosed } from '../../src/verify/closed.ts';
import { cookieSet, droppedBecause } from '../../src/verify/cookies.ts';
import { judgeHaproxy } from '../../src/verify/haproxy.ts';
import { judgeCommand, judgeSessionIds } from '../../src/verify/host-words.ts';
import { type Network, networkFromHere } from '../../src/verify/network.ts';
import { askRtmp, judgeRtmp, judgeRtmpServers } from '../../src/verify/rtmp/handshake.ts';
import { askSticky } from '../../src/verify/sticky.ts';
import { judgeWebsockets } from '../../src/verify/websockets.ts';

const output = (text: string, status = 0) => [{ status, output: text }];
const silence: NoAnswer = { kind: 'trouble', words: 'it refuses the connection', fix: 'start it' };

describe('the servers of HAProxy', () => {
  const question: HaproxyQuestion = {
    kind: 'haproxy-servers',
    backends: [{ name: 'back', servers: ['a', 'b'] }],
    queries: [],
  };
  const agents: HaproxyQuestion = { ...question, kind: 'haproxy-agents' };
  const head = '# pxname,svname,status,weight,check_status,agent_status,last_chk,last_agt,';
  const rows = (...lines: readonly string[]) => output(`${[head, ...lines].join('\n')}\n`);
  const up = (name: string) => `back,${name},UP,100,L4OK,L7OK,,via agent : up,`;

  it('are sound with their weights; other servers are not our business', () => {
    expect(judgeHaproxy(question, rows(up('a'), up('b'), 'back,other,DOWN,0,,,,,'))).toEqual({
      outcome: 'passed',
      expected: 'HAProxy has a, b, and sends clients to them',
      found: 'a has weight 100, b has weight 100',
    });
    expect(judgeHaproxy(question, rows('back,a,UP 1/3,50,* L4OK,* L7OK,,,', up('b'))).outcome).toBe('passed');
  });

  it.each([
    ['back,a,MAINT,100,,,,,', 'a is in maintenance in back'],
    ['back,a,MAINT (via back/x),100,,,,,', 'a is in maintenance in back'],
    ['back,a,DRAIN,100,L4OK,,,,', 'a is drained in back'],
    [
      'back,a,UP,0,L4OK,L7OK,,"via agent : up (cpu 95 of 90, publishers 3 of 2)",',
      'a is full (cpu 95 of 90, publishers 3 of 2) in back',
    ],
  ])('are shown as they are, and that is no fault: %s', (row, note) => {
    expect(judgeHaproxy(question, rows(row, up('b')))).toMatchObject({ outcome: 'passed', note });
    expect(judgeHaproxy(question, rows(row, row.replace('back,a', 'back,b')))).toMatchObject({
      outcome: 'failed',
      found: 'the backend back has nobody for new clients',
    });
  });

  it.each([
    ['back,a,UP,0,L4OK,,,,', 'a has weight 0, so it gets no new clients in back'],
    ['back,a,DOWN,100,L4CON,,Connection refused,,', 'a is DOWN (L4CON, Connection refused) in back'],
    ['back,other,UP,100,,,,,', 'a is not among its servers in back'],
  ])('are at fault: %s', (row, found) => {
    expect(judgeHaproxy(question, rows(row, up('b')))).toMatchObject({ outcome: 'failed', found });
  });

  it.each([
    ['L7RSP', 'an empty or wrong answer'],
    ['* L7TOUT', 'no answer in time'],
    ['L4CON', 'it refuses the connection'],
  ])('have agents that answer, which %s is not', (status, words) => {
    const row = `back,a,UP,100,L4OK,${status},,,`;
    expect(judgeHaproxy(agents, rows(row, up('b')))).toMatchObject({
      outcome: 'failed',
      found: `a: ${words} in back`,
    });
    expect(judgeHaproxy(agents, rows(up('a'), up('b'))).outcome).toBe('passed');
  });

  it('are not asked where the socket says nothing', () => {
    for (const one of [question, agents]) {
      expect(judgeHaproxy(one, [undefined]).outcome).toBe('not-asked');
      expect(judgeHaproxy(one, output('', 1)).outcome).toBe('not-asked');
    }
    expect(judgeHaproxy(question, output('No such proxy.\n'))).toMatchObject({ outcome: 'failed' });
  });
});

describe('an agent', () => {
  const question: AgentQuestion = {
    kind: 'agent',
    port: 9707,
    limits: { publishers: 10, hls: 5 },
    keys: { publishers: ['in_a', 'in_b'], hls: ['hls'] },
    queries: [],
  };
  const page = (figures: string) => `-----Streams-----\n${figures.split(' ').join('\n')}\n`;
  const say = (line: string, before: string, after = before) =>
    judgeAgent(question, output([page(before), line, page(after)].join('\n--clusterproxy--\n')));

  it('goes by its thresholds', () => {
    expect(say('up 100%', 'in_a=3 in_b=4 hls=0')).toMatchObject({
      outcome: 'passed',
      expected: 'the agent answers on port 9707, and goes by the thresholds publishers, hls',
      found: "it says 'up 100%'",
    });
    expect(say('up 0% #publishers 10 of 10', 'in_a=6 in_b=4 hls=0').outcome).toBe('passed');
    expect(say('up 50% #hls 4 of 5', 'in_a=0 hls=4').outcome).toBe('passed');
    expect(say('up 100%', 'in_a=9 hls=0', 'in_a=10 hls=0').outcome).toBe('passed');
    expect(say('up 100% #band-in not measured yet', 'in_a=0 hls=0').outcome).toBe('passed');
  });

  it.each([
    ['up 100%', 'in_a=6 in_b=4 hls=0', "publishers is 10 of 10, but it says 'up 100%'"],
    ['up 40%', 'in_a=0 hls=7', "hls is 7 of 5, but it says 'up 40%'"],
    ['up 100% #publishers unknown', 'x=1', "it can't tell publishers: 'up 100% #publishers unknown'"],
    ['up 100% #the statistics page does not answer', 'x=1', 'does not answer'],
    ['', 'in_a=0', 'it says nothing to the host itself'],
    ['down#CPU overload', 'in_a=0', "it says 'down#CPU overload'"],
    ['HTTP/1.1 400 Bad Request', 'in_a=0', "it says 'HTTP/1.1 400 Bad Request'"],
  ])('is at fault with %s', (line, figures, found) => {
    expect(say(line, figures)).toMatchObject({ outcome: 'failed', found: expect.stringContaining(found) });
  });

  it("isn't asked where the host could not be", () => {
    expect(judgeAgent(question, [undefined]).outcome).toBe('not-asked');
  });
});

describe('a port that is closed to this machine', () => {
  const question: ClosedQuestion = {
    ...{ kind: 'closed', address: '198.51.100.7', port: 9707, send: '' },
    clients: ['192.0.2.10', '203.0.113.0/24', 'lb.example.com'],
  };
  const talked = (text: string, from: string) =>
    ({ kind: 'talked', received: Buffer.from(text), from }) as const;

  it('says nothing, whatever way it says nothing', () => {
    expect(judgeClosed(question, silence).outcome).toBe('passed');
    expect(judgeClosed(question, talked('', '198.51.100.99')).outcome).toBe('passed');
  });

  it('answers: that is a fault, unless this machine may ask, or may pass for one that may', () => {
    expect(judgeClosed(question, talked('up 100%\r\n', '198.51.100.99'))).toMatchObject({
      outcome: 'failed',
      found: "it answers 198.51.100.99: 'up 100%'",
    });
    for (const from of ['192.0.2.10', '::ffff:203.0.113.77', '198.51.100.7', '127.0.0.1', '::1']) {
      expect([from, judgeClosed(question, talked('up 100%\n', from)).outcome]).toEqual([
        from,
        'not-applicable',
      ]);
    }
    expect(judgeClosed(question, talked('up\n', '10.0.0.5')).outcome).toBe('not-applicable');
    const inside = { ...question, address: '10.0.0.7', clients: ['10.0.0.1'] };
    expect(judgeClosed(inside, talked('up\n', '10.0.0.5')).outcome).toBe('failed');
  });
});

describe('cookies', () => {
  it('are found among others, with their attributes', () => {
    const header =
      'A=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Path=/, SERVERID=wcs-01; path=/; HttpOnly; Secure, B=2';
    expect(cookieSet(header, 'SERVERID')).toEqual({
      value: 'wcs-01',
      attributes: { path: '/', httponly: '', secure: '' },
    });
    expect(cookieSet(header, 'ID')).toBeUndefined();
    expect(cookieSet(undefined, 'A')).toBeUndefined();
  });

  it('are dropped where they are for another site, or may go to other sites without TLS', () => {
    const cookie = (attributes: Record<string, string>) => ({ value: '1', attributes });
    expect(droppedBecause(cookie({ domain: '.example.com' }), 'a.example.com')).toBeUndefined();
    expect(droppedBecause(cookie({ domain: 'b.example.com' }), 'a.example.com')).toBe(
      'it is for b.example.com',
    );
    expect(droppedBecause(cookie({ samesite: 'None' }), 'a.example.com')).toContain('without Secure');
    expect(droppedBecause(cookie({ samesite: 'None', secure: '' }), 'a.example.com')).toBeUndefined();
  });
});

describe('clients that come back', () => {
  const question: StickyQuestion = {
    ...{ kind: 'sticky', url: 'https://media.example.com/a.m3u8', cookie: 'JSESSIONID', mode: 'prefix' },
    ...{ server: 'a', servers: 2, sameSite: '' },
  };
  /** A balancer over a and b, in turn; `sends` decides by the request's cookie who gets it. */
  const balancer = (
    sends: (cookie: string | undefined, turn: number) => { node: string; cookie?: string; status?: number },
  ): Network => {
    let turn = 0;
    const answer = async ({ headers }: { headers: readonly string[] }): Promise<HttpAnswer> => {
      const cookie = headers.find((one) => one.startsWith('Cookie: '))?.replace(/^Cookie: \w+=/, '');
      const { cookie: set, status = 200 } = sends(cookie, turn++);
      return { kind: 'answer', status, headers: set === undefined ? {} : { 'set-cookie': set }, body: '' };
    };
    return { get: answer, upgrade: answer } as unknown as Network;
  };
  const inTurn = (turn: number) => (turn % 2 === 0 ? 'b' : 'a');
  const fresh = (node: string) => ({ node, cookie: `JSESSIONID=${node}~${node}1; Path=/; HttpOnly` });
  const sticky = (cookie: string | undefined, turn: number) => {
    const named = cookie?.split('~')[0] ?? '';
    if (!['a', 'b'].includes(named)) return fresh(inTurn(turn));
    return cookie === `${named}~${named}1` ? { node: named } : fresh(named);
  };

  it('do so by the cookie that names their server', async () => {
    expect(await askSticky(question, balancer(sticky))).toMatchObject({
      outcome: 'passed',
      found: 'so they do, 4 times',
    });
  });

  it('insert: the same, by a cookie of the balancer, which has to have the right SameSite', async () => {
    const insert = (cookie: string | undefined, turn: number) =>
      ['a', 'b'].includes(cookie ?? '')
        ? { node: cookie ?? '' }
        : { node: inTurn(turn), cookie: `ID=${inTurn(turn)}; path=/; Secure; SameSite=None` };
    const wanted: StickyQuestion = { ...question, cookie: 'ID', mode: 'insert', sameSite: 'None' };
    expect((await askSticky(wanted, balancer(insert))).outcome).toBe('passed');
    expect(await askSticky({ ...wanted, sameSite: 'Lax' }, balancer(insert))).toMatchObject({
      outcome: 'failed',
      found: 'the cookie ID has SameSite None, not Lax',
    });
    expect(
      await askSticky(
        wanted,
        balancer(() => ({ node: 'a' })),
      ),
    ).toMatchObject({
      outcome: 'failed',
      found: 'it sets no cookie ID',
    });
  });

  it.each([
    [
      'come to another',
      (cookie: string | undefined, turn: number) =>
        cookie === `${inTurn(turn)}~${inTurn(turn)}1` ? { node: inTurn(turn) } : fresh(inTurn(turn)),
      'a client of a came to b',
    ],
    [
      'get a cookie that names nobody',
      () => ({ node: 'a', cookie: 'JSESSIONID=0123; Path=/' }),
      "the cookie JSESSIONID doesn't name the node that set it",
    ],
    [
      'get a cookie of another site',
      (_: string | undefined, turn: number) => ({
        node: 'a',
        cookie: `JSESSIONID=${inTurn(turn)}~1; domain=other.example.com`,
      }),
      'browsers drop the cookie JSESSIONID: it is for other.example.com',
    ],
    [
      'are refused with a cookie of another site',
      (cookie: string | undefined, turn: number) =>
        cookie?.startsWith('0123') ? { node: 'a', status: 400 } : sticky(cookie, turn),
      "with a cookie JSESSIONID that it didn't set, it answers 400 Bad Request",
    ],
  ])('%s', async (_, sends, found) => {
    expect(await askSticky(question, balancer(sends))).toMatchObject({ outcome: 'failed', found });
  });

  it('is not asked where nobody serves', async () => {
    const nobody = balancer(() => ({ node: '', status: 503 }));
    expect((await askSticky(question, nobody)).outcome).toBe('not-asked');
  });

  it('says nothing of a node that gets nobody, or of players that get no cookie', async () => {
    const onlyB = (cookie: string | undefined) => sticky(cookie?.startsWith('b~') ? cookie : undefined, 0);
    expect((await askSticky(question, balancer(onlyB))).outcome).toBe('not-applicable');
    expect(
      (
        await askSticky(
          question,
          balancer(() => ({ node: 'a' })),
        )
      ).outcome,
    ).toBe('not-applicable');
  });
});

describe('RTMP', () => {
  const servers: Server[] = [];
  afterAll(() => {
    for (const server of servers) server.close();
  });
  /** What a server of RTMP says to each connection, by its number. */
  const listening = async (reply: (connection: number) => Buffer) => {
    let connections = 0;
    const server = createServer((socket) => {
      const text = reply(connections++);
      socket.once('data', () => socket.end(text));
      socket.on('error', () => undefined);
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };
  const network = networkFromHere({ signal: new AbortController().signal, patience: 20_000 });
  const whole = Buffer.concat([Buffer.of(3), Buffer.alloc(3072)]);
  const asked = (port: number): RtmpQuestion => ({
    ...{ kind: 'rtmp', hostname: '127.0.0.1', port, tls: false, servers: 2 },
  });

  it('shakes hands with every server behind a port', async () => {
    const port = await listening(() => whole);
    expect(await askRtmp(asked(port), network)).toMatchObject({
      outcome: 'passed',
      found: 'it does, 4 times',
    });
  });

  it.each([
    ['says nothing', Buffer.alloc(0), 'takes the connection, but says nothing'],
    ['speaks something else', Buffer.from('HTTP/1.1 400 Bad Request\r\n'), 'something else than RTMP'],
    ['breaks off', whole.subarray(0, 100), 'breaks off after 100 of 3073 bytes'],
  ])('finds one of them that %s', async (_, reply, found) => {
    const port = await listening((connection) => (connection === 1 ? reply : whole));
    const verdict = await askRtmp(asked(port), network);
    expect(verdict).toMatchObject({ outcome: 'failed', found: expect.stringContaining(found) });
    expect(verdict.found).toContain('(1 of 4 times)');
  });

  it('is refused: the words are those of the trouble', () => {
    expect(judgeRtmp(asked(1), [silence, silence])).toMatchObject({
      ...{ outcome: 'failed', found: silence.words, fix: silence.fix },
    });
  });

  it("is asked by the balancer too, who can't always ask", () => {
    const question = { kind: 'rtmp-servers', servers: ['a', 'b'], queries: [] } as const;
    const said = (one: string, other: string) => [...output(one), ...output(other)];
    expect(judgeRtmpServers(question, said('1\n', '1\n')).outcome).toBe('passed');
    expect(judgeRtmpServers(question, said('1\n', '0\n'))).toMatchObject({
      outcome: 'failed',
      found: 'no answer from b',
    });
    expect(judgeRtmpServers(question, [...output('1'), undefined]).outcome).toBe('not-asked');
  });

  it('is also how a closed port is seen', async () => {
    const port = await listening(() => Buffer.from('up 100%\n'));
    const closed = { kind: 'closed', address: '127.0.0.1', port, send: 'x', clients: [] } as const;
    expect((await askClosed(closed, network)).outcome).toBe('not-applicable');
    const quiet = await listening(() => Buffer.alloc(0));
    expect((await askClosed({ ...closed, port: quiet }, network)).outcome).toBe('passed');
  });
});

describe('WebSockets of several servers', () => {
  const question: WebsocketsQuestion = {
    ...{ kind: 'websockets', url: 'wss://a.example.com/', origin: 'https://a.example.com' },
    ...{ headers: [], servers: 2 },
  };
  const answer = (status: number): HttpAnswer => ({ kind: 'answer', status, headers: {}, body: '' });

  it('are all accepted, or it says how many are not', () => {
    expect(judgeWebsockets(question, [answer(101), answer(101)]).outcome).toBe('passed');
    expect(judgeWebsockets(question, [answer(101), answer(502)])).toMatchObject({
      outcome: 'failed',
      found: 'it answers 502 Bad Gateway (1 of 2 times)',
    });
    expect(judgeWebsockets(question, [silence])).toMatchObject({ found: silence.words, fix: silence.fix });
  });
});

describe('what a command on the host says', () => {
  const question: CommandQuestion = {
    ...{ kind: 'command', status: 0, answers: '^401$', expected: 'it asks for the password', queries: [] },
  };

  it.each([
    ['401', 0, 'passed'],
    ['200', 0, 'failed'],
    ['000', 7, 'failed'],
    ['', 127, 'not-asked'],
    ['', 124, 'not-asked'],
  ])('%s with status %i: %s', (text, status, outcome) => {
    expect(judgeCommand(question, output(text, status)).outcome).toBe(outcome);
    expect(judgeCommand(question, [undefined]).outcome).toBe('not-asked');
  });
});

describe('the ids of sessions', () => {
  const question = {
    kind: 'session-ids',
    key: 'sessionId',
    balancers: ['192.0.2.1', 'lb'],
    queries: [],
  } as const;
  const ids = (...all: readonly string[]) => output(JSON.stringify(all.map((sessionId) => ({ sessionId }))));

  it("hold the clients' addresses", () => {
    expect(judgeSessionIds(question, ids('/198.51.100.4:5000-ab', '/192.0.2.10:80-cd')).outcome).toBe(
      'passed',
    );
    expect(judgeSessionIds(question, ids('/198.51.100.4:5000-ab', '/192.0.2.1:4711-cd'))).toMatchObject({
      outcome: 'failed',
      found: "a session has the id '/192.0.2.1:4711-cd'",
    });
  });

  it.each(['', '[]', '{"error": 404}', 'not JSON'])('are none with %s', (text) => {
    expect(judgeSessionIds(question, output(text)).outcome).toBe('not-applicable');
  });
});

describe('certificates at several ports', () => {
  it('are all judged, and the port of a bad one is named', async () => {
    const now = Date.UTC(2026, 0, 1);
    const day = 86_400_000;
    const network = {
      certificate: async (_: string, port: number) => ({
        ...{ kind: 'certificate', validFrom: now - day, validTo: now + 60 * day },
        mistrust: port === 5443 ? 'the certificate of a is self-signed' : undefined,
      }),
    } as unknown as Network;
    const ask = (ports: readonly number[]) =>
      askCertificates({ kind: 'certificates', names: ['a'], ports }, network, () => now);
    expect((await ask([443])).outcome).toBe('passed');
    expect(await ask([443, 5443])).toMatchObject({
      outcome: 'failed',
      found: 'port 5443: the certificate of a is self-signed',
    });
  });
});
