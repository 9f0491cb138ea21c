import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { guardProgram } from '../support/guard-program.ts';

/** What the programs of built-in playbooks' guards say. That of BigBlueButton: test/host/probe.test.ts. */

const library = readFileSync(join(packageRoot(), 'src/host/remote/library.sh'), 'utf8');
let folder: string;
let server: Server;
let page: string | undefined;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'guard-programs-'));
  server = createServer((_, response) => {
    response.writeHead(page === undefined ? 503 : 200).end(page ?? 'busy');
  });
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A program that the host has in place of this machine's. */
function stand(name: string, text: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(folder, name), 0o755);
}

function ask(
  name: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<{ status: number | null; output: string }> {
  const child = spawn('sh', ['-c', `${library}\n${guardProgram(name)}`, 'guard', ...args], {
    env: { PATH: `${folder}:${process.env.PATH}`, CLUSTERPROXY_ROOT: folder, ...variables },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    output += part;
  });
  return new Promise((done) => {
    child.on('close', (status) => done({ status, output }));
  });
}

describe('the guard of WCS nodes', () => {
  const sessions = (variables?: Readonly<Record<string, string>>) => {
    const statistics = `http://127.0.0.1:${(server.address() as AddressInfo).port}/?action=stat`;
    return ask('wcs-sessions.sh', [statistics, 'restart-it', '8080 1935'], variables);
  };
  /** Form: proc_net_tcp in the kernel's documentation; 1F90 is 8080. */
  const connected = (...ports: readonly string[]) =>
    writeFileSync(
      join(folder, 'proc/net/tcp'),
      `  sl  local_address rem_address   st\n${ports.map((port) => ` 1: 0100007F:${port} 0200007F:C000 01\n`).join('')}`,
    );
  const idle =
    '-----Stream Stats-----\nconnections=0\nstreams_webrtc_in=0\nstreams_hls=0\nstreams_viewed=4\n';

  /** Of the section streams_stats in Flashphoner's documentation. */
  const kinds = [
    ...['webrtc', 'rtmp', 'rtsp', 'rtmfp', 'rtsp_push'].flatMap((name) => [
      `streams_${name}_in`,
      `streams_${name}_out`,
    ]),
    ...['streams_websocket_out', 'streams_rtmp_client_out', 'streams_hls'],
  ];
  const noStreams =
    'streams_viewers=one/3;two/1\nstreams_synchronization=one/-20\nstreams_play_rate=2\nstreams_stop_rate=1\nports_media_busy=4\n';

  beforeAll(() => {
    mkdirSync(join(folder, 'proc/net'), { recursive: true });
    stand('systemctl', 'test "$*" = "is-active --quiet webcallserver.service"');
  });
  beforeEach(() => connected());

  it.each<[string, string | undefined, number]>([
    ['nobody', idle, 0],
    ['a client', idle.replace('connections=0', 'connections=1'), 1],
    ['a stream without a client', idle.replace('streams_hls=0', 'streams_hls=2'), 1],
    ...kinds.map((kind): [string, string, number] => [`a stream: ${kind}`, `${idle}${kind}=1\n`, 1]),
    ['a client of a kind', `${idle}connections_hls=1\n`, 1],
    ['rates, names and what is no stream', `${idle}${noStreams}`, 0],
    ['nobody, with CRLF', `${idle}${kinds.join('=0\n')}=0\n`.replaceAll('\n', '\r\n'), 0],
    ['a stream, with CRLF', `${idle}streams_rtsp_push_out=1\n`.replaceAll('\n', '\r\n'), 1],
    ['a page that says something else', 'hello\n', 2],
    ['no page', undefined, 2],
  ])('%s', async (_, text, status) => {
    page = text;
    const output = status === 2 ? 'the statistics page does not say how many are connected\n' : '';
    expect(await sessions()).toEqual({ status, output });
  });

  it('somebody whom the statistics page does not count', async () => {
    page = idle;
    connected('1F90', '078F', '0050');
    expect(await sessions()).toEqual({
      status: 1,
      output: '2\u001f\u001f\u001fnot counted by the statistics page, but connected\n',
    });
    rmSync(join(folder, 'proc/net/tcp'));
    expect(await sessions()).toEqual({ status: 2, output: 'the kernel does not say who is connected\n' });
  });

  it('somebody, but a second later the kernel can no longer be asked', async () => {
    page = idle;
    connected('1F90');
    stand('sleep', 'rm "$CLUSTERPROXY_ROOT/proc/net/tcp"');
    try {
      expect(await sessions()).toEqual({ status: 2, output: 'the kernel does not say who is connected\n' });
    } finally {
      rmSync(join(folder, 'sleep'));
    }
  });

  it('no page of a server that a run has restarted which is being put back: who is connected decides', async () => {
    page = undefined;
    const begun = (handlers: string) => sessions({ CLUSTERPROXY_BEGUN: handlers });
    expect(await begun('restart-it other ')).toEqual({ status: 0, output: '' });
    expect((await begun('restart-other ')).status).toBe(2);
    connected('1F90');
    expect((await begun('other restart-it ')).status).toBe(1);
  });

  it('a systemd that does not answer', async () => {
    page = idle;
    stand('systemctl', 'echo "Failed to connect to bus" >&2; exit 1');
    expect(await sessions()).toMatchObject({
      status: 2,
      output: expect.stringContaining('systemd does not say whether the server runs\n'),
    });
  });

  it('a service that does not run serves nobody', async () => {
    page = undefined;
    stand('systemctl', 'exit 3');
    expect(await sessions()).toEqual({ status: 0, output: '' });
  });
});

describe('the guard of BigBlueButton, where meetings are ignored', () => {
  const US = '\u001f';
  const ago = (seconds: number) => Date.now() - seconds * 1000;
  interface Meeting {
    readonly id?: string;
    readonly internal?: string;
    readonly name?: string;
    readonly people?: number | string;
    readonly joined?: boolean | undefined;
    readonly created?: number | undefined;
    readonly started?: number;
    readonly more?: string;
  }
  /** The order and the fields are those of BigBlueButton's template of the answer. */
  const xml = ({ id = 'a', internal = `${id}-1`, name = 'Maths', people = 0, more = '', ...rest }: Meeting) =>
    [
      `<meeting><meetingName>${name}</meetingName><meetingID>${id}</meetingID>`,
      `<internalMeetingID>${internal}</internalMeetingID>`,
      rest.created === undefined ? '' : `<createTime>${rest.created}</createTime>`,
      rest.joined === undefined ? '' : `<hasUserJoined>${rest.joined}</hasUserJoined>`,
      `<startTime>${rest.started ?? 0}</startTime><participantCount>${people}</participantCount>`,
      `<voiceParticipantCount>0</voiceParticipantCount>${more}</meeting>`,
    ].join('\n');
  const never = { joined: false, created: ago(3_600) };
  const holds = (...meetings: readonly Meeting[]) => {
    const inner = meetings.map(xml).join('\n');
    writeFileSync(
      join(folder, 'answer.xml'),
      `<response><returncode>SUCCESS</returncode><meetings>${inner}</meetings></response>`,
    );
  };
  const clients = (...ports: readonly number[]) =>
    writeFileSync(
      join(folder, 'proc/net/tcp'),
      ports
        .map(
          (port, index) =>
            ` 1: 0100007F:${port.toString(16).toUpperCase().padStart(4, '0')} 0200007F:C00${index} 01\n`,
        )
        .join(''),
    );
  const meetings = (emptyFor: string, ...ids: readonly string[]) =>
    ask('bbb-meetings.sh', ['http://api', '', '8378 4100-4139', '3008', emptyFor, '/etc/bbb', '--', ...ids]);
  const lines = ({ output }: { readonly output: string }) =>
    output
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(US));

  beforeAll(() => {
    mkdirSync(join(folder, 'proc/net'), { recursive: true });
    mkdirSync(join(folder, 'etc'), { recursive: true });
    writeFileSync(join(folder, 'etc/bbb'), 'securitySalt=abc\n');
    stand('curl', `cat >/dev/null; cat "${join(folder, 'answer.xml')}"`);
    stand('systemctl', 'exit 4');
    stand('sleep', 'exit 0');
  });
  beforeEach(() => clients());
  afterAll(() => {
    for (const name of ['curl', 'systemctl', 'sleep']) rmSync(join(folder, name));
  });

  it.each<[string, string, Meeting, number]>([
    ['nobody has ever joined, created long ago', '30m', never, 0],
    ['the same, of a time in two units', '0h59m', never, 0],
    ['created not so long ago', '1h30m', never, 1],
    ['nobody wants any to be ignored', '0', never, 1],
    ['people have left it', '30m', { ...never, joined: true }, 1],
    ['a version that does not tell whether anybody has joined', '30m', { ...never, joined: undefined }, 1],
    ['a version that does not tell when it was created', '30m', { ...never, created: undefined }, 1],
    ['somebody is there', '30m', { ...never, people: 1 }, 1],
    ['nobody knows how many are there', '30m', { ...never, people: 'x' }, 1],
    ['somebody speaks there', '30m', { ...never, more: '<listenerCount>1</listenerCount>' }, 1],
    [
      'a name that looks like an answer',
      '30m',
      { ...never, joined: true, name: '<![CDATA[<hasUserJoined>false</hasUserJoined>]]>' },
      1,
    ],
    [
      'metadata that look like an answer',
      '30m',
      {
        created: ago(3_600),
        more: '<metadata><a><![CDATA[<hasUserJoined>false</hasUserJoined>]]></a></metadata>',
      },
      1,
    ],
  ])('%s', async (_, emptyFor, meeting, status) => {
    holds(meeting);
    const answer = await meetings(emptyFor);
    expect(answer.status).toBe(status);
    if (status === 0) {
      expect(lines(answer)).toEqual([
        [
          'ignored',
          '0',
          'Maths',
          String(Math.floor((meeting.created ?? 0) / 1000)),
          'nobody has ever joined it',
        ],
      ]);
    } else {
      expect(lines(answer).flat()).not.toContain('ignored');
    }
  });

  it('by the ids of either kind, and no other', async () => {
    holds({ id: 'a &amp; b', people: 3, joined: true });
    for (const id of ['a & b', 'a &amp; b-1']) {
      const wanted = id === 'a & b' ? id : 'a & b-1';
      expect((await meetings('0', 'other', wanted)).status).toBe(0);
    }
    for (const id of ['a', 'b', 'a & b-', '.*']) expect((await meetings('0', id)).status).toBe(1);
  });

  it('beside one that counts, which is when both are told', async () => {
    holds({ id: 'a', people: 3, started: ago(60) }, { id: 'b', people: 4, started: ago(120), name: 'Art' });
    const answer = await meetings('0', 'b');
    expect(answer.status).toBe(1);
    expect(lines(answer)).toEqual([
      ['3', 'Maths', expect.stringMatching(/^\d{10}$/)],
      ['ignored', '4', 'Art', expect.stringMatching(/^\d{10}$/), 'ignore_meetings has it'],
    ]);
  });

  it('as many clients belong to those that are ignored as people are there; more are a class', async () => {
    holds({ id: 'a', people: 2, joined: true });
    clients(8378, 8378, 3008, 3008, 3008);
    expect((await meetings('0', 'a')).status).toBe(0);
    clients(8378, 8378, 8378, 3008);
    const answer = await meetings('0', 'a');
    expect(answer.status).toBe(1);
    expect(lines(answer).at(-1)).toEqual(['1', '', '', 'not listed by the API, but clients are connected']);
  });

  it('nobody who is connected belongs to one that nobody has joined', async () => {
    holds(never);
    clients(3008);
    expect((await meetings('30m')).status).toBe(1);
    holds({ id: 'a', people: 'x' });
    clients(8378);
    expect((await meetings('0', 'a')).status).toBe(1);
  });

  it('calls as well: one for each of them, and one of the meeting', async () => {
    stand('systemctl', 'exit 0');
    holds({ id: 'a', people: 2, joined: true });
    try {
      stand('fs_clibbb', 'echo "3 total."');
      expect((await meetings('0', 'a')).status).toBe(0);
      stand('fs_clibbb', 'echo "4 total."');
      expect((await meetings('0', 'a')).status).toBe(1);
    } finally {
      stand('systemctl', 'exit 4');
      rmSync(join(folder, 'fs_clibbb'));
    }
  });
});

describe('the guard of recordings', () => {
  const US = '\u001f';
  const recording = '/var/bigbluebutton/recording';
  const id = (number: number) => `${String(number).repeat(40).slice(0, 40)}-1700000000000`;
  const day = 86_400;
  /** A file of the recordings', last changed so many seconds ago. */
  const put = (path: string, age = 0) => {
    const file = join(folder, recording, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '');
    const time = Date.now() / 1000 - age;
    utimesSync(file, time, time);
  };
  const redis = (...jobs: readonly (readonly [string, number])[]) => {
    const answers = jobs.map(([name, count]) => `*' llen resque:queue:${name}') echo ${count} ;;`);
    const names = jobs.map(([name]) => name).join('\\n');
    stand(
      'redis-cli',
      `case " $*" in *' smembers resque:queues') printf '${names}\\n' ;;\n${answers.join('\n')}\nesac`,
    );
  };
  const works = (words: string) => {
    mkdirSync(join(folder, 'proc/4242'), { recursive: true });
    writeFileSync(join(folder, 'proc/4242/cmdline'), `${words}\0\0\0`);
  };
  const recordings = async (variables?: Readonly<Record<string, string>>) => {
    const { status, output } = await ask('bbb-recordings.sh', [recording, 'restart-all'], variables);
    const lines = output.split('\n').filter((line) => line !== '');
    const fields = lines.map((line) => line.split(US));
    return {
      status,
      notes: fields.flatMap(([kind, words]) => (kind === 'note' ? [words] : [])),
      sessions: fields.flatMap(([kind, , , words]) => (kind === '' ? [words] : [])),
    };
  };
  const nobody = { status: 0, notes: [], sessions: [] };
  const busyWith = (...sessions: readonly string[]) => ({ status: 1, notes: [], sessions });

  beforeEach(() => {
    for (const name of ['var', 'proc/4242', 'redis-cli'])
      rmSync(join(folder, name), { recursive: true, force: true });
    mkdirSync(join(folder, recording, 'status/archived'), { recursive: true });
    redis(['rap:archive', 0], ['rap:process', 0], ['webhooks', 9]);
  });

  it('a node without recordings', async () => {
    rmSync(join(folder, 'var'), { recursive: true });
    expect(await recordings()).toEqual(nobody);
  });

  it('nothing to do, and workers that wait', async () => {
    works('resque-2.0.0: Waiting for rap:archive,rap:publish,rap:process,rap:sanity,rap:captions');
    put(`status/archived/${id(1)}.done`, 60);
    put(`status/published/${id(1)}-presentation.done`, 30);
    put(`status/archived/${id(2)}.norecord`);
    expect(await recordings()).toEqual(nobody);
  });

  it('one that is being processed, since when Resque says', async () => {
    works('resque-2.0.0: Processing rap:process since 1700000000 [BigBlueButton::Resque::ProcessWorker]');
    expect(await recordings()).toEqual(busyWith('being processed'));
    const { output } = await ask('bbb-recordings.sh', [recording, 'restart-all']);
    expect(output).toBe(`${US}${US}1700000000${US}being processed\n`);
  });

  it('what waits in the queues, and what is not there yet', async () => {
    redis(['rap:archive', 1], ['rap:process', 2]);
    put(`status/recorded/${id(1)}.done`, 60);
    put(`scalelite/${id(2)}.tar`, 60);
    expect(await recordings()).toEqual(
      busyWith(
        ...['recorded, and not queued yet', 'not transferred to Scalelite yet'],
        ...['waiting to be processed', 'waiting to be processed', 'waiting to be processed'],
      ),
    );
  });

  it.each([
    ['is not there', 'exit 127'],
    ['wants a password', 'echo "NOAUTH Authentication required."'],
    ['is silent', 'exit 1'],
  ])('where Redis %s, what was archived and has not come to an end', async (_, program) => {
    stand('redis-cli', program);
    put(`status/archived/${id(1)}.done`, 60);
    put(`status/archived/${id(2)}.done`, 60);
    put(`status/published/${id(2)}-presentation.done`, 60);
    expect(await recordings()).toEqual(busyWith('archived, and not published yet'));
  });

  it('what failed, or stands still for longer than a day, keeps nobody waiting, and is told', async () => {
    stand('redis-cli', 'exit 1');
    put(`status/archived/${id(1)}.done`, 2 * day);
    put(`status/processed/${id(1)}-presentation.fail`, 2 * day);
    put(`status/archived/${id(2)}.done`, 2 * day);
    put(`status/recorded/${id(3)}.done`, 2 * day);
    put(`scalelite/${id(4)}.tar`, 2 * day);
    const still = await recordings();
    expect(still).toMatchObject({ status: 0, sessions: [] });
    expect(still.notes).toEqual([
      'recordings that have failed: 1 (bbb-record --list-recent shows the latest)',
      'recordings that have stood still for more than a day: 3 (bbb-record --rebuild ID starts one anew)',
    ]);
    // Where a worker is at work, they may well be next.
    works('resque-2.0.0: Processing rap:process since 1700000000 [a]');
    expect((await recordings()).sessions).toHaveLength(4);
  });

  it('a queue that nobody has worked on for a day', async () => {
    redis(['rap:process', 2]);
    put(`status/archived/${id(1)}.done`, 2 * day);
    const { status, notes } = await recordings();
    expect({ status, notes }).toMatchObject({ status: 0, notes: [expect.stringContaining('a day: 2')] });
    put(`status/archived/${id(2)}.done`, 60);
    expect((await recordings()).status).toBe(1);
  });

  it('while everything that restarted is put back, only what is being processed', async () => {
    redis(['rap:archive', 1]);
    const begun = { CLUSTERPROXY_BEGUN: 'restart-all ' };
    expect(await recordings(begun)).toEqual(nobody);
    works('resque-2.0.0: Processing rap:process since 1700000000 [a]');
    expect(await recordings(begun)).toEqual(busyWith('being processed'));
  });
});

describe('the guard of a balancer that relays SRT', () => {
  it.each([
    ['no socket', 'exit 0', { status: 0, output: '' }],
    ['a socket', 'echo "$*"', { status: 1, output: '' }],
    ['another port', 'case $* in *4300*) ;; *) echo x ;; esac', { status: 0, output: '' }],
    ['no ss', 'exit 127', { status: 2, output: 'ss could not tell\n' }],
  ])('%s', async (_, program, answer) => {
    stand('ss', program);
    expect(await ask('antmedia-srt-streams.sh', ['4300'])).toEqual(answer);
  });
});

describe('the guard of Ant Media nodes', () => {
  const US = '\u001f';
  const port = () => (server.address() as AddressInfo).port;
  const streams = (asked = 'true', variables?: Readonly<Record<string, string>>) =>
    ask('antmedia-streams.sh', [String(port()), asked, 'restart-it', '5080 1935'], variables);
  /** 13D8 is 5080, 078F 1935. */
  const connected = (...ports: readonly string[]) =>
    writeFileSync(
      join(folder, 'proc/net/tcp'),
      ports.map((one) => ` 1: 0100007F:${one} 0200007F:C000 01\n`).join(''),
    );
  const application = (name: string, path = `/${name}`) => {
    const directory = join(folder, `usr/local/antmedia/webapps/${name}/WEB-INF`);
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'red5-web.properties'), `webapp.contextPath=${path}\n`);
  };
  const statistics = (figures: object = {}) => ({
    ...{ totalRTMPWatchersCount: -1, totalHLSWatchersCount: 0, totalWebRTCWatchersCount: 0, ...figures },
  });
  const stream = (originAdress: string | undefined, status = 'broadcasting') => ({
    streamId: 'a',
    status,
    name: '"status":"broadcasting","streamId":"b',
    endPointList: [{ status: 'created' }],
    ...(originAdress === undefined ? {} : { originAdress }),
  });
  let answers: Record<string, unknown>;
  const all = '/live/rest/v2/broadcasts/total-broadcast-statistics';
  const list = (offset = 0) => `/live/rest/v2/broadcasts/list/${offset}/50?sort_by=status&order_by=asc`;

  beforeAll(() => {
    mkdirSync(join(folder, 'proc/net'), { recursive: true });
    stand('systemctl', 'test "$*" = "is-active --quiet antmedia.service"');
    stand('hostname', 'echo "192.0.2.11 2001:db8::1 "');
    application('live');
    application('root', '/');
    server.removeAllListeners('request').on('request', ({ url = '' }, response) => {
      const answer = answers[url];
      response.writeHead(answer === undefined ? 403 : 200).end(JSON.stringify(answer));
    });
  });
  beforeEach(() => {
    connected();
    answers = { [all]: statistics(), [list()]: [] };
  });
  afterAll(() => rmSync(join(folder, 'hostname')));

  it.each<[string, object, readonly object[], string]>([
    ['nobody', {}, [], ''],
    [
      'players',
      { totalHLSWatchersCount: 12, totalWebRTCWatchersCount: 3 },
      [],
      `15${US}${US}${US}playing from it\n`,
    ],
    [
      'a kind of player that the program does not know',
      { totalXWatchersCount: 1 },
      [],
      `1${US}${US}${US}playing from it\n`,
    ],
    ['a stream that comes here', {}, [stream('192.0.2.11')], `1${US}${US}${US}published to it\n`],
    ['one of a server that does not say where', {}, [stream(undefined)], `1${US}${US}${US}published to it\n`],
    ['one that comes to another node', {}, [stream('192.0.2.12'), stream('192.0.2.1')], ''],
    ['one that has ended', {}, [stream('192.0.2.11', 'finished')], ''],
  ])('%s', async (_, figures, list_, output) => {
    answers = { [all]: statistics(figures), [list()]: list_ };
    expect(await streams()).toEqual({ status: output === '' ? 0 : 1, output });
  });

  it('a stream behind a page of others', async () => {
    answers[list()] = Array.from({ length: 50 }, () => stream('192.0.2.12'));
    answers[list(50)] = [stream('192.0.2.12'), stream('2001:db8::1')];
    expect((await streams()).status).toBe(1);
    answers[list(50)] = [];
    expect((await streams()).status).toBe(0);
    delete answers[list(50)];
    expect((await streams()).status).toBe(2);
  });

  it('somebody whom the server does not count', async () => {
    connected('13D8', '078F', '0050');
    const output = `2${US}${US}${US}not counted by the REST API, but connected\n`;
    expect(await streams()).toEqual({ status: 1, output });
    // Where it answers nobody without a token, connections alone tell.
    answers = {};
    expect(await streams('false')).toEqual({ status: 1, output });
    connected();
    expect(await streams('false')).toEqual({ status: 0, output: '' });
    rmSync(join(folder, 'proc/net/tcp'));
    expect(await streams('false')).toMatchObject({ status: 2 });
  });

  it('a server that does not answer, or whose application does not', async () => {
    answers = {};
    const output = 'the REST API of an application does not say who is there: live\n';
    expect(await streams()).toEqual({ status: 2, output });
    const begun = { CLUSTERPROXY_BEGUN: 'restart-it ' };
    expect((await streams('true', begun)).status).toBe(0);
    connected('13D8');
    expect((await streams('true', begun)).status).toBe(1);
    connected();
    answers = { [all]: statistics({ totalHLSWatchersCount: 1 }), [list()]: [] };
    application('other');
    // One that says that somebody is there is enough.
    expect((await streams()).status).toBe(1);
    answers = { [all]: statistics(), [list()]: [] };
    expect((await streams()).status).toBe(2);
    rmSync(join(folder, 'usr/local/antmedia/webapps'), { recursive: true });
    expect((await streams()).status).toBe(2);
  });

  it('a service that does not run serves nobody, and a systemd that does not answer says nothing', async () => {
    stand('systemctl', 'exit 3');
    expect(await streams()).toEqual({ status: 0, output: '' });
    stand('systemctl', 'exit 1');
    expect((await streams()).status).toBe(2);
  });
});
