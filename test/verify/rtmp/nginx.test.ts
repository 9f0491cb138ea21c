import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { networkFromHere } from '../../../src/verify/network.ts';
import { askRtmpConnect } from '../../../src/verify/rtmp/connect.ts';
import { connectRtmp } from '../../../src/verify/rtmp/conversation.ts';
import { holdStream } from '../../../src/verify/rtmp/stream.ts';
import { rtmpModule } from '../../lab/antmedia/rtmp.ts';
import { type RunningRtmp, startRtmp } from './nginx-rtmp.ts';

const missing = !existsSync(rtmpModule);
if (missing) console.warn("Tests are skipped: nginx's RTMP module is not installed (libnginx-mod-rtmp)");

describe.skipIf(missing)('RTMP with a real server', () => {
  let server: RunningRtmp;
  beforeAll(async () => {
    server = await startRtmp({
      live: 'idle_streams off;',
      closed: 'deny publish all;',
      unplayed: 'deny play all;',
    });
  });
  afterAll(() => server?.stop());
  const network = networkFromHere({ signal: new AbortController().signal, patience: 20_000 });
  const at = (application: string) => ({
    ...{ hostname: '127.0.0.1', port: server.port, tls: false, application },
  });
  /** Every stream has ended: the server notices when a connection is closed. */
  const untilNothingIsPublished = () =>
    expect.poll(() => server.published(), { timeout: 20_000 }).toEqual([]);

  it('connects to an application, and not to one that is not there', async () => {
    const question = { kind: 'rtmp-connect', servers: 2 } as const;
    expect(await askRtmpConnect({ ...question, ...at('live') }, network)).toMatchObject({
      outcome: 'passed',
      expected: `rtmp://127.0.0.1:${server.port}/live takes each of 4 connections`,
    });
    expect(await askRtmpConnect({ ...question, ...at('none') }, network)).toMatchObject({
      outcome: 'failed',
      found: 'it hangs up when it is asked to connect',
    });
  });

  it('publishes a stream under its name, and ends it', async () => {
    const connection = await connectRtmp(network, at('live'));
    if (connection.kind !== 'connected') throw new Error(JSON.stringify(connection));
    expect(await connection.publish('one')).toEqual({ kind: 'started' });
    expect(await server.published()).toEqual(['one']);
    const other = await connectRtmp(network, at('live'));
    if (other.kind !== 'connected') throw new Error(JSON.stringify(other));
    expect(await other.publish('one')).toMatchObject({ kind: 'refused', code: 'NetStream.Publish.BadName' });
    other.close();
    connection.close();
    await untilNothingIsPublished();
  });

  it('plays a stream that is published, and none that is not', async () => {
    const stream = { network, name: 'two', players: 1 };
    const heard = await holdStream(at('live'), stream);
    expect(heard.published).toEqual({ kind: 'started' });
    expect(heard.played).toContainEqual({ kind: 'started' });
    await untilNothingIsPublished();
    const connection = await connectRtmp(network, at('live'));
    if (connection.kind !== 'connected') throw new Error(JSON.stringify(connection));
    expect(await connection.play('three')).toMatchObject({
      ...{ kind: 'refused', code: 'NetStream.Play.StreamNotFound' },
    });
    connection.close();
  });

  it('is told when it may neither publish nor play, and leaves nothing behind', async () => {
    const stream = { network, name: 'four', players: 1 };
    // Before it looks at what it has been told, this server says that all is well.
    const begun = 'although it says that it has begun';
    expect(await holdStream(at('closed'), stream)).toEqual({
      published: { kind: 'broken', words: `it hangs up when it is asked to publish, ${begun}` },
      played: undefined,
    });
    const { played } = await holdStream(at('unplayed'), stream);
    expect(played).toEqual(
      Array.from({ length: 2 }, () => ({
        kind: 'broken',
        words: `it hangs up when it is asked to play, ${begun}`,
      })),
    );
    await untilNothingIsPublished();
  });
});
