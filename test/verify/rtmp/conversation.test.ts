import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { RtmpStreamQuestion } from '../../../src/model/balancer-question.ts';
import { networkFromHere } from '../../../src/verify/network.ts';
import { askRtmpConnect } from '../../../src/verify/rtmp/connect.ts';
import { connectRtmp } from '../../../src/verify/rtmp/conversation.ts';
import { holdStream, judgeStream } from '../../../src/verify/rtmp/stream.ts';
import { type Said, ScriptedRtmp, soundly, status } from './server.ts';

type Answer = ConstructorParameters<typeof ScriptedRtmp>[0];
const failing = (code: string, words: string): ReturnType<Answer> => [
  ['onStatus', 0, null, status(code, words, 'error')],
];

describe('RTMP in turns', () => {
  let server: ScriptedRtmp | undefined;
  afterEach(() => server?.close());
  const interrupted = new AbortController();
  const network = networkFromHere({ signal: new AbortController().signal, patience: 20_000 });

  /** An application whose server answers these commands in this way, and all others soundly. */
  const served = async (ways: Readonly<Record<string, (said: Said) => ReturnType<Answer>>>) => {
    server = new ScriptedRtmp((said) => (ways[said.name] ?? soundly)(said));
    return { hostname: '127.0.0.1', port: await server.listen(), tls: false, application: 'LiveApp' };
  };
  const connecting = async (answer: (said: Said) => ReturnType<Answer>) =>
    askRtmpConnect({ kind: 'rtmp-connect', servers: 2, ...(await served({ connect: answer })) }, network);
  const streaming = async (ways: Parameters<typeof served>[0], patience = network) => {
    const address = await served(ways);
    const heard = await holdStream(address, { network: patience, name: 'clusterproxy-1', players: 2 });
    const judged = (shows: RtmpStreamQuestion['shows']) =>
      judgeStream({ ...address, kind: 'rtmp-stream', servers: 2, shows }, heard);
    return { publish: judged('publish'), play: judged('play') };
  };

  it('publishes and plays a stream, and ends both', async () => {
    const { publish, play } = await streaming({});
    expect([publish.outcome, play.outcome]).toEqual(['passed', 'passed']);
    await expect.poll(() => server?.open, { timeout: 20_000 }).toBe(0);
    const said = server?.said ?? [];
    expect(said[0]?.values[0]).toEqual(
      new Map([
        ['app', 'LiveApp'],
        ['type', 'nonprivate'],
        ['flashVer', 'FMLE/3.0 (compatible; clusterproxy)'],
        ['tcUrl', expect.stringMatching(/^rtmp:\/\/127\.0\.0\.1:\d+\/LiveApp$/)],
      ]),
    );
    expect(said.filter(({ connection }) => connection === 0).map(({ name }) => name)).toEqual([
      ...['connect', 'createStream', 'publish', 'createStream', 'FCUnpublish', 'deleteStream'],
    ]);
    expect(said.find(({ name }) => name === 'publish')?.values).toEqual([null, 'clusterproxy-1', 'live']);
    expect(said.find(({ name }) => name === 'play')?.values).toEqual([null, 'clusterproxy-1']);
  });

  it('takes it for played if one of the nodes has it', async () => {
    const { play } = await streaming({
      play: (said) =>
        said.connection === 3 ? soundly(said) : failing('NetStream.Play.StreamNotFound', 'No such stream'),
    });
    expect(play).toMatchObject({ outcome: 'passed' });
  });

  it.each([
    ['hangs up after the handshake', () => 'hang up' as const, 'it hangs up when it is asked to connect'],
    [
      'has no such application',
      ({ number }: Said) => [
        [
          '_error',
          number,
          null,
          status('NetConnection.Connect.Rejected', "No scope 'LiveApp' on this server.", 'error'),
        ],
      ],
      "it refuses: 'No scope 'LiveApp' on this server.' (NetConnection.Connect.Rejected)",
    ],
    [
      'says no in the form of a yes',
      ({ number }: Said) => [
        ['_result', number, null, status('NetConnection.Connect.Failed', 'full', 'error')],
      ],
      "it refuses: 'full' (NetConnection.Connect.Failed)",
    ],
    ['says no without a word', ({ number }: Said) => [['_error', number]], 'it refuses'],
    [
      'says what nobody understands',
      () => ({ bytes: Buffer.of(0xc9, 1, 2, 3) }),
      "it doesn't keep to RTMP: a chunk refers to one that was never sent",
    ],
    [
      'has values that nobody knows',
      () => ({ bytes: Buffer.from('0300000000000214000000000d00', 'hex') }),
      "it doesn't keep to RTMP: a value has the type 13",
    ],
  ])('finds a server that %s', async (_, answer, found) => {
    expect(await connecting(answer)).toMatchObject({ outcome: 'failed', found });
  });

  it('finds one of several servers, and says how often', async () => {
    expect(await connecting((said) => (said.connection === 1 ? 'hang up' : soundly(said)))).toMatchObject({
      outcome: 'failed',
      found: 'it hangs up when it is asked to connect (1 of 4 times)',
    });
  });

  it('blames nobody where a server wants to know who connects', async () => {
    const words = '[ AccessManager.Reject ] : [ authmod=adobe ] : code=403 need auth';
    expect(
      await connecting(({ number }) => [
        ['_error', number, null, status('NetConnection.Connect.Rejected', words, 'error')],
      ]),
    ).toMatchObject({ outcome: 'not-asked', found: expect.stringContaining(words) });
  });

  it.each([
    ['NetStream.Publish.BadName', 'You are not allowed to publish the stream.', 'not-asked'],
    ['NetStream.Failed', 'the token is missing', 'not-asked'],
    ['NetStream.Failed', 'current system resources not enough', 'failed'],
    ['NetStream.Publish.Failed', '', 'failed'],
  ])('tells a refusal to publish from a fault: %s, %s', async (code, words, outcome) => {
    const { publish, play } = await streaming({ publish: () => failing(code, words) });
    expect(publish).toMatchObject({
      outcome,
      found: expect.stringContaining(words === '' ? code : `'${words}'`),
    });
    expect(play).toMatchObject({ outcome: 'not-asked', found: 'no stream could be published' });
  });

  it.each([
    ['NetStream.Failed', 'RTMP playback is disabled', 'not-applicable'],
    ['NetStream.Failed', 'You are not allowed to play the stream.', 'not-asked'],
    ['NetStream.Play.StreamNotFound', 'No such stream', 'failed'],
  ])('tells a refusal to play from a fault: %s, %s', async (code, words, outcome) => {
    const { publish, play } = await streaming({ play: () => failing(code, words) });
    expect(publish).toMatchObject({ outcome: 'passed' });
    expect(play).toMatchObject({ outcome, found: expect.stringContaining(words) });
  });

  it('finds a server that hangs up once it has said that it has begun', async () => {
    let created = 0;
    const { publish } = await streaming({
      createStream: (said) => (said.connection === 0 && created++ === 1 ? 'hang up' : soundly(said)),
    });
    expect(publish).toMatchObject({
      outcome: 'failed',
      found: 'it hangs up when it is asked to publish, although it says that it has begun',
    });
  });

  it('has patience with a server that answers something else, but not for ever', async () => {
    const hasty = networkFromHere({ signal: new AbortController().signal, patience: 300 });
    const { play } = await streaming({ play: () => [['onBWDone', 0, null]] }, hasty);
    expect(play).toMatchObject({ outcome: 'failed', found: 'it says nothing when it is asked to play' });
  });

  it('is not kept waiting by a server that says a byte now and then', async () => {
    const slow = createServer((socket) => {
      const timer = setInterval(() => socket.write(Buffer.of(3)), 10);
      socket.on('error', () => undefined);
      socket.on('close', () => clearInterval(timer));
    });
    slow.listen(0, '127.0.0.1');
    await once(slow, 'listening');
    const { port } = slow.address() as AddressInfo;
    const hasty = networkFromHere({ signal: new AbortController().signal, patience: 300 });
    const address = { hostname: '127.0.0.1', port, tls: false, application: 'LiveApp' };
    expect(await connectRtmp(hasty, address)).toEqual({
      ...{ kind: 'broken', words: 'it says nothing when it is asked to shake hands' },
    });
    slow.close();
  });

  it('is not filled by a server that talks without end while nobody listens to it', async () => {
    const open: Socket[] = [];
    const talker = createServer((socket) => {
      const part = Buffer.alloc(256 * 1024, 3);
      const talk = () => {
        while (socket.write(part));
      };
      open.push(socket.on('error', () => undefined).on('drain', talk));
      talk();
    });
    talker.listen(0, '127.0.0.1');
    await once(talker, 'listening');
    const { port } = talker.address() as AddressInfo;
    const line = await network.line({ hostname: '127.0.0.1', port, tls: false });
    await new Promise((resolve) => setTimeout(resolve, 500));
    const taken = open.reduce((sum, socket) => sum + socket.bytesWritten, 0);
    // What the kernel holds on its way is not ours.
    expect(taken).toBeLessThan(32 * 1024 * 1024);
    if (line.kind === 'line') {
      for (let heard = 0; heard < 2 * taken; ) heard += (await line.receive()).length;
      line.close();
    }
    await expect.poll(() => open.every(({ destroyed }) => destroyed), { timeout: 20_000 }).toBe(true);
    talker.close();
  });

  it('ends its stream when it is interrupted', async () => {
    const mine = networkFromHere({ signal: interrupted.signal, patience: 20_000 });
    await streaming(
      {
        play: () => {
          interrupted.abort();
          return [];
        },
      },
      mine,
    );
    await expect.poll(() => server?.open, { timeout: 20_000 }).toBe(0);
    const names = (server?.said ?? []).filter(({ connection }) => connection === 0).map(({ name }) => name);
    expect(names.slice(-2)).toEqual(['FCUnpublish', 'deleteStream']);
  });

  it("doesn't ask where no application is known that all nodes have", async () => {
    const question = { ...(await served({})), application: undefined } as const;
    expect(await askRtmpConnect({ kind: 'rtmp-connect', servers: 2, ...question }, network)).toMatchObject({
      outcome: 'not-applicable',
    });
    expect(server?.said).toEqual([]);
  });
});
