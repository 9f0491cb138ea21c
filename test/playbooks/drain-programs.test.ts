import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { remoteFile } from '../../src/host/program.ts';
import { guardProgram } from '../support/guard-program.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-drain-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A command of the host; what it was called with is in `calls`. */
function standIn(name: string, text: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\necho "$*" >>'${folder}/calls'\n${text}\n`, { mode: 0o755 });
}
const calls = () =>
  existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n') : [];

/** Runs a program as a host does: behind the library, in a shell of its own. */
async function run(program: string, ...args: readonly string[]) {
  const text = `${await remoteFile('library.sh')}\n${guardProgram(program)}`;
  const { status, stdout, stderr } = spawnSync('sh', ['-c', text, 'drain', ...args], {
    encoding: 'utf8',
    env: { PATH: `${folder}:${process.env.PATH}` },
    input: '',
  });
  return { status, said: `${stdout}${stderr}`.replaceAll('\u001f', '=').trim().split('\n') };
}
const meetings = (verb: string, kind: string, command = '') =>
  run('meeting-balancer-drain.sh', verb, kind, 'bbb-01.example.com', command);

/** As `rake servers` of Scalelite 1.8.5 prints them: lib/tasks/servers.rake. */
const server = (name: string, state: string, online: string, tag = '') =>
  [
    `id: id-of-${name}`,
    `\turl: https://${name}.example.com/bigbluebutton/api`,
    `\tsecret: secret-of-${name}`,
    `\t${state}`,
    '\tload: 21.0',
    '\tload multiplier: 1.0',
    '\tbbb version: 3.0.4',
    `\ttag: ${tag}`,
    `\t${online}`,
  ].join('\n');

describe('Scalelite', () => {
  const scalelite = (...servers: readonly string[]) => {
    writeFileSync(join(folder, 'servers'), `${servers.join('\n')}\n`);
    standIn('docker', `case $* in *' servers') cat '${folder}/servers' ;; esac`);
  };

  it.each([
    ['enabled', 'enabled'],
    ['cordoned', 'cordoned'],
    // Its poller makes it that as soon as a node is empty.
    ['disabled', 'cordoned', 'joins=refused'],
  ])('says of a server that is %s: %s', async (state, told, ...more) => {
    scalelite(server('bbb-01', state, 'online'), server('bbb-02', 'enabled', 'online'));
    expect(await meetings('state', 'scalelite')).toEqual({
      status: 0,
      said: [`state=${told}`, 'health=online', 'others=1', ...more],
    });
  });

  it('counts as others only those that are enabled, online and have the same tag', async () => {
    scalelite(
      server('bbb-01', 'enabled', 'offline', 'exam'),
      server('bbb-02', 'enabled', 'online'),
      server('bbb-03', 'cordoned', 'online', 'exam'),
      server('bbb-04', 'enabled', 'offline', 'exam'),
      server('bbb-05', 'enabled', 'online', 'exam'),
    );
    expect((await meetings('state', 'scalelite')).said).toEqual([
      'state=enabled',
      'health=offline',
      'others=1',
    ]);
  });

  it('is told by cordon and enable, by the id, and by nothing else; no secret is printed', async () => {
    scalelite(server('bbb-02', 'enabled', 'online'), server('bbb-01', 'enabled', 'online'));
    const all = [await meetings('cordon', 'scalelite'), await meetings('enable', 'scalelite')];
    expect(all.map(({ status }) => status)).toEqual([0, 0]);
    expect(calls().filter((call) => !call.endsWith(' servers'))).toEqual([
      'exec scalelite-api bin/rake servers:cordon[id-of-bbb-01]',
      'exec scalelite-api bin/rake servers:enable[id-of-bbb-01]',
    ]);
    const state = await meetings('state', 'scalelite');
    expect(JSON.stringify([...all, state])).not.toContain('secret-of');
  });

  it('is called as the operator says', async () => {
    scalelite(server('bbb-01', 'enabled', 'online'));
    standIn('bundle', `cat '${folder}/servers'`);
    expect((await meetings('state', 'scalelite', 'bundle exec rake')).status).toBe(0);
    expect(calls()).toEqual(['exec rake servers']);
  });

  it('is not believed where it does not know the node, lists none, or fails', async () => {
    scalelite(server('bbb-010', 'enabled', 'online'));
    expect(await meetings('state', 'scalelite')).toEqual({ status: 0, said: ['state=unknown'] });
    expect(await meetings('cordon', 'scalelite')).toEqual({
      status: 1,
      said: ["the balancer doesn't know bbb-01.example.com"],
    });
    scalelite();
    expect((await meetings('state', 'scalelite')).status).toBe(1);
    scalelite(server('bbb-01', 'enabled', 'online'));
    standIn(
      'docker',
      `case $* in *cordon*) echo 'ERROR: it can not' >&2; exit 1 ;; *) cat '${folder}/servers' ;; esac`,
    );
    expect(await meetings('cordon', 'scalelite')).toEqual({ status: 1, said: ['ERROR: it can not'] });
  });

  it('says how people add and remove a node, without doing it, and without its secret', async () => {
    const more = ['https://bbb-01.example.com/bigbluebutton/api', 'bbb-conf --secret'];
    const how = (verb: string, kind = 'scalelite') =>
      run('meeting-balancer-drain.sh', verb, kind, 'bbb-01.example.com', '', ...more);
    scalelite(server('bbb-02', 'enabled', 'online'));
    expect(await how('how-to-add')).toEqual({
      status: 0,
      said: [
        'docker exec scalelite-api bin/rake "servers:add[https://bbb-01.example.com/bigbluebutton/api,SECRET]" with the secret that bbb-conf --secret prints on bbb-01.example.com, then docker exec scalelite-api bin/rake "servers:enable[ID]" with the id that it prints',
      ],
    });
    expect((await how('how-to-remove')).status).toBe(1);
    scalelite(server('bbb-01', 'disabled', 'online'), server('bbb-02', 'enabled', 'online'));
    expect(await how('how-to-remove')).toEqual({
      status: 0,
      said: ['docker exec scalelite-api bin/rake "servers:remove[id-of-bbb-01]"'],
    });
    expect(new Set(calls())).toEqual(new Set(['exec scalelite-api bin/rake servers']));
    // A program of the operator's knows three words.
    standIn('lb', 'exit 0');
    expect((await run('meeting-balancer-drain.sh', 'how-to-add', 'command', 'bbb-01', 'lb')).status).toBe(1);
  });
});

describe('b3scale', () => {
  /** As `b3scalectl show backends` prints them: cmd/b3scalectl/backends.go at 7b7e385. */
  const backend = (name: string, admin: string, node: string, tags = '[]') =>
    [
      `8e5b-${name}`,
      `  Host:\t https://${name}.example.com/bigbluebutton/api/`,
      `  Settings:\t {"tags":${tags}}`,
      `  NodeState:\t ${node}\t  AdminState:\t ${admin}`,
      '  MC/AC/R:\t 2/10/5.00',
      '',
    ].join('\n');
  const b3scale = (...backends: readonly string[]) => {
    writeFileSync(join(folder, 'backends'), `${backends.join('\n')}\n`);
    standIn('b3scalectl', `case $1 in show) cat '${folder}/backends' ;; *) exit "\${B3:-0}" ;; esac`);
  };

  it('says in which state a backend is', async () => {
    b3scale(
      backend('bbb-01', 'ready', 'ready', '["exam"]'),
      backend('bbb-02', 'ready', 'ready'),
      backend('bbb-03', 'ready', 'ready', '["exam"]'),
      backend('bbb-04', 'ready', 'error', '["exam"]'),
    );
    expect((await meetings('state', 'b3scale')).said).toEqual(['state=enabled', 'health=online', 'others=1']);
    b3scale(backend('bbb-01', 'stopped', 'error'), backend('bbb-02', 'ready', 'ready'));
    expect((await meetings('state', 'b3scale')).said).toEqual([
      'state=cordoned',
      'health=offline',
      'others=1',
    ]);
    b3scale(backend('bbb-01', 'decommissioned', 'ready'));
    expect((await meetings('state', 'b3scale')).said[0]).toBe('state=decommissioned');
  });

  it('is told by the address that it has, and that nothing was to be changed is no failure', async () => {
    b3scale(backend('bbb-01', 'ready', 'ready'));
    expect((await meetings('cordon', 'b3scale')).status).toBe(0);
    expect((await meetings('enable', 'b3scale')).status).toBe(0);
    expect(calls().filter((call) => !call.startsWith('show'))).toEqual([
      'disable backend https://bbb-01.example.com/bigbluebutton/api/',
      'enable backend https://bbb-01.example.com/bigbluebutton/api/',
    ]);
    standIn('b3scalectl', `case $1 in show) cat '${folder}/backends' ;; *) exit 64 ;; esac`);
    expect((await meetings('cordon', 'b3scale')).status).toBe(0);
    standIn('b3scalectl', `case $1 in show) cat '${folder}/backends' ;; *) exit 1 ;; esac`);
    expect((await meetings('cordon', 'b3scale')).status).toBe(1);
  });
});

describe('bbblb', () => {
  it('is asked and told by the name of the node', async () => {
    const rows = [
      'bbb-01.example.com\tTrue\tavailable\t2\t10\t12\t3\t4\t1.5',
      'bbb-02.example.com\tTrue\tavailable\t0\t0\t0\t0\t0\t0',
      'bbb-03.example.com\tFalse\tavailable\t0\t0\t0\t0\t0\t0',
    ].join('\n');
    standIn('bbblb', `case $2 in stats) printf '%s\\n' '${rows}' ;; esac`);
    expect((await meetings('state', 'bbblb')).said).toEqual(['state=enabled', 'health=online', 'others=1']);
    await meetings('cordon', 'bbblb');
    await meetings('enable', 'bbblb');
    expect(calls().filter((call) => !call.includes('stats'))).toEqual([
      'server disable bbb-01.example.com',
      'server enable bbb-01.example.com',
    ]);
  });
});

describe('a balancer of another kind', () => {
  it('is a program of the operator', async () => {
    standIn('ours', "printf 'state\\037enabled\\n'");
    expect(await meetings('state', 'command', 'ours --quiet')).toEqual({
      status: 0,
      said: ['state=enabled'],
    });
    expect(calls()).toEqual(['--quiet state bbb-01.example.com']);
    expect((await meetings('state', 'command')).status).toBe(1);
  });

  it('is refused where its kind, or what is wanted of it, is not known', async () => {
    expect((await meetings('state', 'greenlight')).status).toBe(2);
    expect((await meetings('disable', 'scalelite')).status).toBe(2);
    expect(calls()).toEqual([]);
  });
});

describe('HAProxy', () => {
  const haproxy = (verb: string, name = 'ams-1') => {
    const socket = join(folder, 'admin.sock');
    return run(
      'haproxy-drain.sh',
      verb,
      name,
      `/nowhere.sock ${socket}`,
      'ams_origin',
      'ams_hls',
      'ams_rtmp',
    );
  };
  let server: Server | undefined;
  /** Its stats socket, where these servers are: backend, name, srv_op_state, srv_admin_state. */
  const socketOf = async (...servers: readonly (readonly [string, string, number, number])[]) => {
    const rows = servers.map(
      ([backend, name, runs, told], index) =>
        `${index} ${backend} ${index} ${name} 192.0.2.1 ${runs} ${told} 100 100 5 6 3 4 6 0 0 0 - 5080 - 0 0 - - 0`,
    );
    const columns =
      'be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change';
    writeFileSync(join(folder, 'servers'), `1\n# ${columns}\n${rows.join('\n')}\n\n`);
    standIn(
      'socat',
      `read -r line; echo "$line" >>'${folder}/calls'; case $line in 'show servers state') cat '${folder}/servers' ;; *) echo ;; esac`,
    );
    server = createServer();
    await new Promise<void>((done) => {
      server?.listen(join(folder, 'admin.sock'), done);
    });
  };
  const told = () => calls().filter((call) => call.startsWith('set '));
  afterEach(() => void server?.close());

  it('is not there', async () => {
    expect(await haproxy('state')).toEqual({
      status: 1,
      said: [`HAProxy has no stats socket at /nowhere.sock ${join(folder, 'admin.sock')}`],
    });
  });

  it('has the node in some of the backends, and is told in each of them', async () => {
    await socketOf(
      ['ams_origin', 'ams-1', 2, 0],
      ['ams_origin', 'ams-2', 2, 0],
      ['ams_rtmp', 'ams-1', 2, 0],
      ['ams_rtmp', 'ams-2', 2, 0],
      ['other', 'ams-1', 2, 0],
    );
    expect((await haproxy('cordon')).status).toBe(0);
    expect((await haproxy('enable')).status).toBe(0);
    expect(told()).toEqual(
      ['drain', 'ready'].flatMap((state) => [
        `set server ams_origin/ams-1 state ${state}`,
        `set server ams_rtmp/ams-1 state ${state}`,
      ]),
    );
    expect((await haproxy('state', 'ams-3')).said).toEqual(['state=unknown']);
    expect((await haproxy('cordon', 'ams-3')).status).toBe(1);
  });

  it.each([
    ['as it should be', [2, 0, 2, 0], ['enabled', 'online']],
    ['out in one backend only', [2, 8, 2, 0], ['enabled', 'online']],
    ['out', [2, 8, 2, 8], ['cordoned', 'online']],
    ['back, and getting people little by little', [1, 0, 2, 0], ['enabled', 'online']],
    ['down in one', [0, 0, 2, 0], ['enabled', 'offline']],
    ['in maintenance in one', [0, 1, 2, 8], ['maintenance', 'offline']],
  ])(
    'says of a node that is %s',
    async (_, [origin = 0, told = 0, rtmp = 0, toldRtmp = 0], [state, health]) => {
      await socketOf(
        ['ams_origin', 'ams-1', origin, told],
        ['ams_origin', 'ams-2', 1, 0],
        ['ams_rtmp', 'ams-1', rtmp, toldRtmp],
        ['ams_rtmp', 'ams-2', 2, 0],
      );
      expect((await haproxy('state')).said).toEqual([`state=${state}`, `health=${health}`, 'others=1']);
    },
  );

  it('is left with nobody in one of the backends: the only one for it is not taken out', async () => {
    await socketOf(
      ['ams_origin', 'ams-1', 2, 0],
      ['ams_origin', 'ams-2', 2, 0],
      ['ams_rtmp', 'ams-1', 2, 0],
      ['ams_rtmp', 'ams-2', 2, 8],
    );
    expect((await haproxy('state')).said).toContain('others=0');
  });
});
