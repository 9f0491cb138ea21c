import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { probe } from '../../src/host/probe.ts';
import { noReads, type Query, queryKey, type Reads } from '../../src/model/reads.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import { guardProgram } from '../support/guard-program.ts';
import { directory, file, group, machineId, type Sample, sampleHost, secret, user } from './sample.ts';

let sample: Sample;
beforeEach(async () => {
  sample = await sampleHost();
});
afterEach(async () => {
  await sample.close();
});

async function look(reads: Partial<Reads>, host = sample.host): Promise<Snapshot> {
  const connection = await connect(host.target);
  try {
    return await probe(connection, 'bbb-01', { ...noReads, ...reads }, { cluster: 'prod' });
  } finally {
    await connection.close();
  }
}

function write(path: string, content: string | Buffer, mode = 0o644): void {
  mkdirSync(dirname(sample.path(path.slice(1))), { recursive: true });
  writeFileSync(sample.path(path.slice(1)), content);
  chmodSync(sample.path(path.slice(1)), mode);
}

/** A command that the host has. */
function command(name: string, script: string): void {
  const path = sample.path(`../work/bin/${name}`);
  rmSync(path, { force: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

const paths = [
  '/etc/binary',
  '/etc/empty',
  '/etc/no-newline',
  '/etc/mode',
  "/etc/it's a ü",
  '/etc/link',
  '/etc/absolute',
  '/etc/dangling',
  '/etc/loop',
  '/etc/to-directory',
  '/etc/nginx',
  '/etc/absent',
  '/etc/binary/below',
  '/etc/large',
  '/etc/fifo',
  '/etc/nginx/conf.d/*.conf',
  '/etc/none/*',
];

function prepare(): void {
  write('/etc/binary', Buffer.from([0, 10, 255, 13, 10, 0]));
  write('/etc/empty', '');
  write('/etc/no-newline', 'x');
  write('/etc/mode', 'x\n\n\n', 0o4750);
  write("/etc/it's a ü", 'name\n');
  write('/etc/large', Buffer.alloc(1024 * 1024 + 1));
  write('/etc/nginx/conf.d/b.conf', 'b');
  write('/etc/nginx/conf.d/.hidden.conf', 'h');
  symlinkSync('binary', sample.path('etc/link'));
  symlinkSync(sample.path('etc/empty'), sample.path('etc/absolute'));
  symlinkSync('nowhere', sample.path('etc/dangling'));
  symlinkSync('loop', sample.path('etc/loop'));
  symlinkSync('nginx', sample.path('etc/to-directory'));
  spawnSync('mkfifo', [sample.path('etc/fifo')]);
}

function expectPrepared(snapshot: Snapshot): void {
  const state = (path: string) => snapshot.paths.get(path);
  expect(state('/etc/binary')).toEqual(file(Buffer.from([0, 10, 255, 13, 10, 0])));
  expect(state('/etc/empty')).toEqual(file(''));
  expect(state('/etc/no-newline')).toEqual(file('x'));
  expect(state('/etc/mode')).toEqual(file('x\n\n\n', 0o4750));
  expect(state("/etc/it's a ü")).toEqual(file('name\n'));
  const binary = file(Buffer.from([0, 10, 255, 13, 10, 0]));
  expect(state('/etc/link')).toEqual({
    kind: 'symlink',
    target: 'binary',
    resolved: { ...binary, path: '/etc/binary' },
  });
  expect(state('/etc/absolute')).toEqual({
    kind: 'symlink',
    target: '/etc/empty',
    resolved: { ...file(''), path: '/etc/empty' },
  });
  expect(state('/etc/dangling')).toEqual({ kind: 'symlink', target: 'nowhere' });
  expect(state('/etc/loop')).toEqual({ kind: 'symlink', target: 'loop' });
  expect(state('/etc/to-directory')).toEqual({ kind: 'symlink', target: 'nginx' });
  expect(state('/etc/nginx')).toEqual(directory());
  expect(state('/etc/absent')).toEqual({ kind: 'absent' });
  expect(state('/etc/binary/below')).toEqual({ kind: 'unreadable', reason: 'not a directory' });
  expect(state('/etc/large')).toEqual({ kind: 'unreadable', reason: 'larger than 1 MiB' });
  expect(state('/etc/fifo')).toEqual({ kind: 'unreadable', reason: 'a named pipe' });
  expect([...snapshot.globs]).toEqual([
    ['/etc/nginx/conf.d/*.conf', ['/etc/nginx/conf.d/b.conf', '/etc/nginx/conf.d/site.conf']],
    ['/etc/none/*', []],
  ]);
  expect(state('/etc/nginx/conf.d/b.conf')).toEqual(file('b'));
}

test('everything of a host with one connection and one command', async () => {
  prepare();
  write('/var/lib/clusterproxy/clusters/prod/managed-paths', '/etc/hosts\n/etc/gone\n');
  const queries: Query[] = [
    { kind: 'command', args: ['printf', '%s|', 'a  b', ''] },
    { kind: 'command', args: ['sh', '-c', 'echo out; echo err >&2; exit 7'] },
    { kind: 'http', args: ['http://127.0.0.1:8090/bigbluebutton/api', 'Content-Type: application/json'] },
  ];
  const snapshot = await look({
    paths,
    packages: ['bbb-web', 'gone', 'never'],
    units: ['nginx', 'bbb-web.service', 'nothing'],
    names: ['bbb-01.example.com', 'nowhere.invalid', 'localhost'],
    queries,
  });
  expectPrepared(snapshot);
  expect(snapshot).toMatchObject({
    host: 'bbb-01',
    machineId,
    systemd: true,
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    user,
    group,
    os: { id: 'ubuntu', name: 'Ubuntu 22.04.5 LTS' },
    clockOffset: 0,
    failedUnits: [],
    ledger: undefined,
    unsettled: [],
  });
  expect([...snapshot.freeSpace.keys()]).toEqual(['/', '/etc', '/var/lib']);
  expect([...snapshot.packages]).toEqual([['bbb-web', '1:3.0-12']]);
  expect(snapshot.units.get('nginx')).toEqual({
    load: 'loaded',
    active: 'active',
    sub: 'running',
    enabled: 'enabled',
  });
  expect(snapshot.units.get('nothing')).toMatchObject({ load: 'not-found', active: 'inactive' });
  expect([...snapshot.names]).toEqual([
    ['bbb-01.example.com', ['192.0.2.11', '2001:db8::11']],
    ['nowhere.invalid', []],
    ['localhost', ['127.0.0.1']],
  ]);
  const answers = queries.map((query) => snapshot.answers.get(queryKey(query)));
  expect(answers[0]).toEqual({ status: 0, output: 'a  b||' });
  expect(answers[1]).toEqual({ status: 7, output: 'out\nerr\n' });
  expect(answers[2]?.output).toContain('"returncode":"SUCCESS"');
  expect(snapshot.paths.get('/etc/hosts')?.kind).toBe('file');
  expect(snapshot.paths.get('/etc/gone')).toEqual({ kind: 'absent' });
  expect(sample.host.connections).toBe(1);
  expect(sample.host.commands).toHaveLength(1);
});

test('nothing is written, and nothing run that was not asked for', async () => {
  const find = () =>
    spawnSync('find', [sample.root, '-printf', '%p %T@ %s\n'], { encoding: 'utf8' })
      .stdout.split('\n')
      .filter((line) => !line.includes('/run/'))
      .sort();
  const before = find();
  await look({ paths: ['/etc/hosts'] });
  expect(find()).toEqual(before);
});

describe.each([['dash'], ['bash'], ['busybox', 'sh']])('under %s', (...shell) => {
  test('the same comes out', async () => {
    if (spawnSync(shell[0] ?? 'sh', [...shell.slice(1), '-c', 'true']).status !== 0) {
      return console.log(`${shell[0]} is not installed here`);
    }
    await sample.close();
    sample = await sampleHost({ shell });
    prepare();
    expectPrepared(await look({ paths }));
    prepareNginx();
    expectIncluded(await look({ includes: ['/etc/nginx/nginx.conf'] }));
  });
});

/** Files of nginx that include each other, in every form that an `include` may have. */
function prepareNginx(): void {
  write(
    '/etc/nginx/nginx.conf',
    `# include /etc/commented;
events {} http { include "sites/*"; include 'one file';include
      two; include	/opt/nowhere/*.conf; include nginx.conf; include fifo; log_format x 'include me'; }`,
  );
  write('/etc/nginx/sites/b', 'include\t/opt/three;');
  write('/etc/nginx/sites/.hidden', 'include /opt/never;');
  write('/opt/three', 'include four; # last line without an end');
  write('/etc/nginx/four', 'listen 80;\n');
  write('/etc/nginx/two', '#');
  symlinkSync('/opt/linked', sample.path('etc/nginx/sites/c'));
  symlinkSync('sites/b', sample.path('etc/nginx/linked'));
  spawnSync('mkfifo', [sample.path('etc/nginx/fifo')]);
}

function expectIncluded(snapshot: Snapshot): void {
  const kinds = [...snapshot.paths].map(([path, { kind }]) => `${path} ${kind}`);
  for (const file of ['nginx.conf', 'sites/b', 'two', 'four']) {
    expect(kinds).toContain(`/etc/nginx/${file} file`);
  }
  expect(kinds).toContain('/opt/three file');
  expect(kinds).toContain('/etc/nginx/one file absent');
  expect(kinds).toContain('/etc/nginx/fifo unreadable');
  expect(kinds.filter((kind) => kind.includes('never'))).toEqual([]);
  expect([...snapshot.globs]).toEqual([
    ['/etc/nginx/sites/*', ['/etc/nginx/sites/b', '/etc/nginx/sites/c']],
    ['/opt/nowhere/*.conf', []],
  ]);
}

test('files of nginx with all that they include, in the same one command', async () => {
  prepareNginx();
  expectIncluded(await look({ includes: ['/etc/nginx/nginx.conf'] }));
  expect(sample.host.commands).toHaveLength(1);
});

test('what a login script prints does not disturb, whatever it is', async () => {
  await sample.close();
  sample = await sampleHost({ greeting: `Welcome!\n\u001b[31m${'x'.repeat(9_000)}\nno end of line` });
  prepare();
  expectPrepared(await look({ paths }));
});

test('contents that look like the protocol are contents', async () => {
  const tricky =
    '\n0123456789abcdef0123456789abcdef end\n0123456789abcdef0123456789abcdef facts\nroot\u001f/etc\n';
  write('/etc/tricky', tricky);
  const queries: Query[] = [
    { kind: 'command', args: ['printf', tricky.replaceAll('\n', ' ').replaceAll('\u001f', ' ')] },
  ];
  const snapshot = await look({ paths: ['/etc/tricky', '/etc/hosts'], queries });
  expect(snapshot.paths.get('/etc/tricky')).toEqual(file(tricky));
  expect(snapshot.paths.get('/etc/hosts')?.kind).toBe('file');
});

test('a file that grows while it is read is read again, and told of when it never stops', async () => {
  write('/etc/growing', 'x');
  const connection = await connect(sample.host.target);
  let times = 0;
  // Takes a byte off the contents, as a file that was shortened between stat and cat.
  const cutting = (until: number) => ({
    close: () => connection.close(),
    exec: async (...call: Parameters<typeof connection.exec>) => {
      const result = await connection.exec(...call);
      if (++times > until) return result;
      const mark = result.stdout.indexOf(' contents\n') + 10;
      return {
        ...result,
        stdout: Buffer.concat([result.stdout.subarray(0, mark), result.stdout.subarray(mark + 1)]),
      };
    },
  });
  const reads = { ...noReads, paths: ['/etc/growing'] };
  expect((await probe(cutting(2), 'bbb-01', reads)).paths.get('/etc/growing')).toEqual(file('x'));
  expect(times).toBe(3);
  times = 0;
  await expect(probe(cutting(9), 'bbb-01', reads)).rejects.toMatchObject({ code: 'files-changing' });
  expect(times).toBe(3);
  await connection.close();
});

test('an answer longer than 64 KiB keeps its status', async () => {
  const query: Query = {
    kind: 'command',
    args: ['sh', '-c', 'head -c 300000 /dev/zero | tr "\\0" x; exit 4'],
  };
  const answer = (await look({ queries: [query] })).answers.get(queryKey(query));
  expect(answer?.status).toBe(4);
  expect(answer?.output.length).toBeLessThan(66_000);
});

test('queries are asked at the same time', async () => {
  const queries: Query[] = [1, 2, 3].map((number) => ({
    kind: 'command',
    // Each waits for the next to have begun.
    args: [
      'sh',
      '-c',
      `: > $CLUSTERPROXY_ROOT/run/q${number}; n=0; while [ ! -e $CLUSTERPROXY_ROOT/run/q${(number % 3) + 1} ] && [ $n -lt 80 ]; do sleep 0.1; n=$((n + 1)); done; echo ${number}; test $n -lt 80`,
    ],
  }));
  const snapshot = await look({ queries });
  expect(queries.map((query) => snapshot.answers.get(queryKey(query)))).toEqual([
    { status: 0, output: '1\n' },
    { status: 0, output: '2\n' },
    { status: 0, output: '3\n' },
  ]);
});

test('looks through files that are too large to be fetched, on the host', async () => {
  const line = `${'x'.repeat(4 * 1024 * 1024)};path:"/averox/api",cacheKey:1`;
  write('/usr/share/client/a b.js', 'nothing\n');
  write('/usr/share/client/bundle.js', line);
  const search = (pattern: string, path: string): Query => ({ kind: 'search', args: [pattern, path] });
  const queries = [
    search(`["'\`]/averox/api["'\`]`, '/usr/share/client/*.js'),
    search(`["'\`]averox/api["'\`]`, '/usr/share/client/*.js'),
    search('^nothing$', '/usr/share/client/a b.js'),
    search('x', '/usr/share/none/*.js'),
  ];
  const { answers } = await look({ queries });
  expect(queries.map((query) => answers.get(queryKey(query))?.status)).toEqual([0, 1, 0, 2]);
});

test('a path with a control character is refused before anything is sent', async () => {
  await expect(look({ paths: ['/etc/a\nb'] })).rejects.toMatchObject({ code: 'control-character' });
  expect(sample.host.commands).toHaveLength(0);
});

test('a ledger is read; one that is damaged or newer is refused', async () => {
  const ledger = { schemaVersion: 1, cluster: 'prod', playbook: 'p', run: 'r', items: [], created: [] };
  write('/var/lib/clusterproxy/clusters/prod/ledger.json', JSON.stringify(ledger));
  const snapshot = await look({});
  expect(snapshot.ledger).toEqual(ledger);
  expect(snapshot.paths.size).toBe(0);
  write('/var/lib/clusterproxy/clusters/prod/ledger.json', '{"schemaVersion": 2}');
  await expect(look({})).rejects.toMatchObject({ code: 'ledger-newer' });
  write('/var/lib/clusterproxy/clusters/prod/ledger.json', '{"schemaVersion": 1');
  await expect(look({})).rejects.toMatchObject({ code: 'ledger-unreadable' });
});

test('runs that need somebody are told; a later one that was committed supersedes a conflict', async () => {
  const run = (name: string, state: string) =>
    write(`/var/lib/clusterproxy/runs/${name}/state`, `${state}\n`);
  run('1', 'conflict');
  run('2', 'committed');
  run('3', 'stuck');
  run('4', 'reverted');
  run('5', 'conflict');
  expect((await look({})).unsettled).toMatchObject([
    { run: '3', state: 'stuck' },
    { run: '5', state: 'conflict' },
  ]);
});

describe('the guard of BigBlueButton', () => {
  const operator = '/etc/bigbluebutton/bbb-web.properties';
  const stock = '/usr/share/bbb-web/WEB-INF/classes/bigbluebutton.properties';
  const query = (...files: string[]): Query => ({
    kind: 'program',
    program: guardProgram('bbb-meetings.sh'),
    args: [
      'http://127.0.0.1:8090/bigbluebutton/api',
      ...['restart-bbb-web', '8378 4100-4139', '3008', '0'],
      ...files,
    ],
  });
  /** Established where not said otherwise; the form is that of proc_net_tcp in the kernel's documentation. */
  const connected = (port: number, from = 0xc000, state = '01') =>
    `   7: 0100007F:${hex(port)} 0100007F:${hex(from)} ${state} 00000000:00000000 00:00000000 00000000 33 0 81 1\n`;
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0');
  const table = (...lines: readonly string[]) =>
    write('/proc/net/tcp6', ['  sl  local_address rem_address   st\n', ...lines].join(''));
  const meetings = (text: string) => write('/run/stand-in/meetings', text);
  const asked = async (which = query(operator, stock)) =>
    (await look({ queries: [which] })).answers.get(queryKey(which));

  test('nobody', async () => {
    expect(await asked()).toEqual({ status: 0, output: '' });
    expect(await asked(query(stock, operator))).toEqual({ status: 0, output: '' });
  });

  test.each([8378, 4139, 3008])('a class that the API has forgotten: port %i', async (port) => {
    table(connected(port), connected(port, 0xc001), connected(22), connected(port, 0, '0A'));
    expect(await asked()).toEqual({
      status: 1,
      output: '2\u001f\u001f\u001fnot listed by the API, but clients are connected\n',
    });
  });

  test('nobody: connections of others, to others, and those that are being closed', async () => {
    const others = [4099, 4140, 443, 7880, 0x1e03, 0x41000 & 0xffff].map((port) => connected(port));
    table(...others, connected(50_000, 8378), connected(8378, 0xc002, '06'), connected(8378, 0xc003, '08'));
    expect(await asked()).toEqual({ status: 0, output: '' });
  });

  test('nobody: a connection that is gone a second later was a question', async () => {
    table(connected(8378));
    command('sleep', 'rm "$CLUSTERPROXY_ROOT/proc/net/tcp6"');
    expect(await asked()).toEqual({ status: 0, output: '' });
  });

  test('a call by telephone that the API has forgotten', async () => {
    write('/usr/lib/systemd/system/freeswitch.service', '[Service]\n');
    await sample.host.run('systemctl', 'start', 'freeswitch');
    command('fs_clibbb', `[ "$*" = "-x show calls count" ] && printf '\n3 total.\n\n'`);
    expect(await asked()).toEqual({
      status: 1,
      output: '3\u001f\u001f\u001fnot listed by the API, but FreeSWITCH has calls\n',
    });
    command('fs_clibbb', `printf '\n0 total.\n\n'`);
    expect(await asked()).toEqual({ status: 0, output: '' });
    command('fs_clibbb', `printf '08 total.\r\n'`);
    expect((await asked())?.output).toMatch(/^8\u001f/);
    command('fs_clibbb', 'sleep 20');
    expect(await asked()).toEqual({
      status: 2,
      output: 'FreeSWITCH does not say how many calls it has\n',
    });
    // One that is older than its arguments: it waits for commands.
    command('fs_clibbb', 'echo "Welcome, 3 total. commands"; cat');
    expect(await asked()).toEqual({ status: 0, output: '' });
  });

  test('a kernel that does not say who is connected', async () => {
    rmSync(sample.path('proc/net/tcp'));
    expect(await asked()).toEqual({ status: 2, output: 'the kernel does not say who is connected\n' });
  });

  test('meetings with their names, and no passwords', async () => {
    meetings('12 Größe <1> & "more"\n0 </meeting>\n');
    expect(await asked()).toEqual({
      status: 1,
      output: '12\u001fGröße <1> & "more"\u001f\n0\u001f</meeting>\u001f\n',
    });
  });

  test('no answer, a wrong secret and an API that is not there are not known, never idle', async () => {
    write('/run/stand-in/api-silent', '');
    expect((await asked())?.status).toBe(2);
    spawnSync('rm', [sample.path('run/stand-in/api-silent')]);
    appendFileSync(sample.path(operator.slice(1)), 'securitySalt=changed\n');
    expect(await asked()).toEqual({ status: 2, output: 'the API refused the question: checksumError\n' });
    await sample.host.run('systemctl', 'stop', 'bbb-web');
    expect((await asked())?.status).toBe(2);
    expect((await asked(query('/etc/nowhere')))?.status).toBe(2);
  });

  test.each(['sha1', 'sha256', 'sha384', 'sha512', 'md5,sha512,sha1'])('with %s', async (algorithms) => {
    appendFileSync(sample.path(operator.slice(1)), `supportedChecksumAlgorithms=${algorithms}\n`);
    expect(await asked()).toEqual({ status: 0, output: '' });
  });

  test('the secret stands in no list of processes', async () => {
    const curl = sample.path('../work/bin/curl');
    spawnSync('rm', [curl]);
    writeFileSync(
      curl,
      `#!/bin/sh\ncat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\000' '\\n' > "$CLUSTERPROXY_ROOT/run/seen"\ncat > "$CLUSTERPROXY_ROOT/run/config"\n`,
      { mode: 0o755 },
    );
    await asked();
    const seen = spawnSync('cat', [sample.path('run/seen')], { encoding: 'utf8' }).stdout;
    const config = spawnSync('cat', [sample.path('run/config')], { encoding: 'utf8' }).stdout;
    const sum = /checksum=([0-9a-f]{64})/.exec(config)?.[1] ?? 'none';
    // The checksum of the published test vector for this secret.
    expect(sum).toBe('a5370c5f3d97d56d53b435684cdbc429c2898a3bf9f435518b4279e1e0dbfc8c');
    expect(seen).toContain('--config');
    expect(seen).not.toContain(sum);
    expect(seen).not.toContain(secret);
  });
});

test('tells which files have a second name, also behind a link, and how old systemd is', async () => {
  write('/etc/alone', 'x');
  write('/etc/twice', 'x');
  write('/etc/behind', 'x');
  linkSync(sample.path('etc/twice'), sample.path('etc/other-name'));
  linkSync(sample.path('etc/behind'), sample.path('etc/behind-too'));
  symlinkSync('behind', sample.path('etc/link'));
  const snapshot = await look({ paths: ['/etc/alone', '/etc/twice', '/etc/link', '/etc/nginx'] });
  expect([...(snapshot.secondNames ?? [])].sort()).toEqual(['/etc/behind', '/etc/twice']);
  expect([...(snapshot.mountPoints ?? [])]).toEqual([]);
  expect(snapshot.systemdVersion).toBe(252);
});
