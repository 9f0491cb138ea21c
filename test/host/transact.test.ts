import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { probe } from '../../src/host/probe.ts';
import type { TransactionEvent } from '../../src/host/run-log.ts';
import { transact } from '../../src/host/transact.ts';
import { noReads } from '../../src/model/reads.ts';
import type { Transaction, TransactionResult } from '../../src/model/transaction.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import {
  absent,
  change,
  cutShort,
  directory,
  file,
  gateOf,
  reloadNginx,
  restartWeb,
  type Sample,
  sampleHost,
  transaction,
  until,
} from './sample.ts';

let sample: Sample;
let events: TransactionEvent[];
beforeEach(async () => {
  sample = await sampleHost();
  events = [];
});
afterEach(async () => {
  await sample.close();
});

const properties = '/etc/bigbluebutton/bbb-web.properties';
const site = '/etc/nginx/conf.d/site.conf';
const at = (path: string) => sample.path(path.slice(1));
const text = (path: string) => readFileSync(at(path), 'utf8');
const remember = (name: string, content = '') => writeFileSync(sample.path(`run/stand-in/${name}`), content);
const journal = () =>
  existsSync(sample.path('run/stand-in/journal')) ? text('/run/stand-in/journal').trim().split('\n') : [];

async function carry(plan: Transaction): Promise<TransactionResult> {
  return transact(() => connect(sample.host.target), plan, { onEvent: (event) => events.push(event) });
}

/** Everything below /etc with its kind, bytes or target, and mode: what a revert has to bring back. */
function tree(folder = '/etc'): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(at(folder), { recursive: true, encoding: 'utf8' }).sort()) {
    const path = `${folder}/${name}`;
    const stat = lstatSync(at(path));
    const content = stat.isSymbolicLink() ? readlinkSync(at(path)) : stat.isFile() ? text(path) : '';
    found[path] = `${stat.mode.toString(8)} ${content}`;
  }
  return found;
}

/** A change of each kind, the last of which can be made wrong. */
function everything(siteText = 'server {\n  listen 81;\n}\n'): Transaction['changes'] {
  writeFileSync(at('/etc/old'), 'old\n');
  chmodSync(at('/etc/old'), 0o640);
  symlinkSync('old', at('/etc/alias'));
  mkdirSync(at('/etc/empty'), { mode: 0o700 });
  return [
    change(properties, file(text(properties)), file(`${text(properties)}x=1\n`, 0o640)),
    change('/etc/new', absent, directory(0o750)),
    change('/etc/new/deep', absent, directory()),
    change('/etc/new/deep/file', absent, file(Buffer.from([0, 255, 10, 0]), 0o600)),
    change('/etc/new/link', absent, { kind: 'symlink', target: 'deep/file' }),
    change('/etc/alias', { kind: 'symlink', target: 'old' }, { kind: 'symlink', target: '/etc/machine-id' }),
    change('/etc/old', file('old\n', 0o640), absent),
    change('/etc/empty', directory(0o700), directory(0o755)),
    change(site, file(text(site)), file(siteText)),
  ];
}

describe('a plan that works out', () => {
  test('is carried out: every kind of change, handlers in order, ledger in place, nothing left beside', async () => {
    const plan = transaction(everything(), [restartWeb, reloadNginx]);
    const result = await carry(plan);
    expect(result).toMatchObject({
      state: 'committed',
      problem: undefined,
      started: ['restart-bbb-web', 'reload-nginx'],
      warnings: [],
    });
    expect(text(properties)).toContain('x=1\n');
    expect(readFileSync(at('/etc/new/deep/file'))).toEqual(Buffer.from([0, 255, 10, 0]));
    expect(lstatSync(at('/etc/new/deep/file')).mode & 0o7777).toBe(0o600);
    expect(lstatSync(at('/etc/new')).mode & 0o7777).toBe(0o750);
    expect(lstatSync(at('/etc/empty')).mode & 0o7777).toBe(0o755);
    expect(readlinkSync(at('/etc/alias'))).toBe(at('/etc/machine-id'));
    expect(existsSync(at('/etc/old'))).toBe(false);
    expect(Object.keys(tree()).filter((path) => path.includes('.cp-'))).toEqual([]);
    expect(JSON.parse(text('/var/lib/clusterproxy/clusters/prod/ledger.json')).run).toBe(plan.run);
    expect(text('/var/lib/clusterproxy/clusters/prod/managed-paths').split('\n')).toContain(site);
    expect(lstatSync(at('/var/lib/clusterproxy')).mode & 0o7777).toBe(0o700);
    expect(journal().slice(-3)).toEqual(['daemon-reload', 'restart bbb-web.service', 'reload nginx.service']);
    expect(events).toContainEqual({ kind: 'handler', handler: 'reload-nginx', phase: 'finished' });
    expect(sample.host.connections).toBe(1);
    expect(sample.host.commands).toHaveLength(1);
  });

  test('systemd reads its units once for all that were changed, and again for what a command may have written', async () => {
    const unit = change('/etc/systemd/system/nginx.service.d/lab.conf', absent, file('[Service]\n'));
    const again = { ...reloadNginx, actions: [{ kind: 'daemon-reload' as const }, ...reloadNginx.actions] };
    const first = transaction(
      [change('/etc/systemd/system/nginx.service.d', absent, directory()), unit],
      [restartWeb, again],
    );
    expect((await carry(first)).state).toBe('committed');
    expect(journal().filter((line) => line === 'daemon-reload')).toHaveLength(1);
    const writing = { ...again, actions: [{ kind: 'command' as const, argv: ['true'] }, ...again.actions] };
    const second = transaction([change('/etc/made', absent, file('x'))], [restartWeb, writing]);
    expect((await carry(second)).state).toBe('committed');
    expect(journal().filter((line) => line === 'daemon-reload')).toHaveLength(3);
  });

  test('the next one works from what it left, and a probe sees it', async () => {
    const first = file(text(site));
    const second = file('server {\n  listen 81;\n}\n');
    expect((await carry(transaction([change(site, first, second)], [reloadNginx]))).state).toBe('committed');
    const third = file('server {\n  listen 82;\n}\n');
    expect((await carry(transaction([change(site, second, third)], [reloadNginx]))).state).toBe('committed');
    const connection = await connect(sample.host.target);
    const snapshot = await probe(connection, 'bbb-01', noReads, { cluster: 'prod' });
    await connection.close();
    expect(snapshot.paths.get(site)).toEqual(third);
    expect(snapshot.ledger?.cluster).toBe('prod');
    expect(snapshot.unsettled).toEqual([]);
  });

  test('a service that something else has reload at the last look is up', async () => {
    const unit = 'units/nginx.service';
    const argv = ['sh', '-c', `echo reloading >"$CLUSTERPROXY_ROOT/run/stand-in/${unit}"`];
    const other = { ...restartWeb, actions: [{ kind: 'command' as const, argv }], checks: [] };
    try {
      const result = await carry(transaction([change('/etc/made', absent, file('x'))], [reloadNginx, other]));
      expect(result, JSON.stringify(result.problem)).toMatchObject({ state: 'committed' });
    } finally {
      remember(unit, 'active\n');
    }
  });

  test.each([
    ['goes away with all that it holds', '# 1\n', 'committed'],
    ['is back with all that it holds when the run fails', 'server {\n', 'reverted'],
  ])('a directory %s', async (_, siteText, state) => {
    mkdirSync(at('/etc/outer/inner'), { recursive: true, mode: 0o755 });
    writeFileSync(at('/etc/outer/inner/file'), 'held\n');
    symlinkSync('inner', at('/etc/outer/link'));
    const before = tree();
    const plan = transaction(
      [
        change('/etc/outer/inner/file', file('held\n'), absent),
        change('/etc/outer/link', { kind: 'symlink', target: 'inner' }, absent),
        change('/etc/outer/inner', directory(), absent),
        change('/etc/outer', directory(), absent),
        change(site, file(text(site)), file(siteText)),
      ],
      [reloadNginx],
    );
    expect((await carry(plan)).state).toBe(state);
    if (state === 'committed') expect(existsSync(at('/etc/outer'))).toBe(false);
    else expect(tree()).toEqual(before);
    expect(Object.keys(tree()).filter((path) => path.includes('.cp-'))).toEqual([]);
  });

  test('without changes and handlers only the ledger is written', async () => {
    expect((await carry(transaction([], []))).state).toBe('committed');
    expect(existsSync(at('/var/lib/clusterproxy/clusters/prod/ledger.json'))).toBe(true);
    expect(journal().filter((line) => line.startsWith('re'))).toEqual([]);
  });

  test('a file that its handler rewrites is reported, and no reason to revert', async () => {
    const rewriting = {
      ...restartWeb,
      actions: [{ kind: 'command' as const, argv: ['bbb-conf', '--restart'] }],
    };
    const after = file(`${text(properties)}x=1\n`);
    const result = await carry(transaction([change(properties, file(text(properties)), after)], [rewriting]));
    expect(result.state).toBe('committed');
    expect(result.warnings).toEqual([expect.stringContaining(`${properties} was rewritten`)]);
  });

  test('of many runs the last twenty are kept, and no remains of others', async () => {
    for (let number = 10; number < 35; number++) {
      const run = sample.path(`var/lib/clusterproxy/runs/20250101T0000${number}Z-aaaaaa`);
      mkdirSync(run, { recursive: true });
      writeFileSync(`${run}/state`, number === 34 ? 'by-hand\n' : 'committed\n');
    }
    expect((await carry(transaction([], []))).state).toBe('committed');
    const kept = readdirSync(sample.path('var/lib/clusterproxy/runs'));
    expect(kept).toHaveLength(20);
    expect(kept).not.toContain('20250101T000034Z-aaaaaa');
  });
});

describe('what fails is put back exactly', () => {
  async function revertsTo(plan: () => Transaction, code: string): Promise<TransactionResult> {
    const prepared = plan();
    const before = tree();
    const result = await carry(prepared);
    expect(result.problem?.code).toBe(code);
    expect(result.state === 'stuck' ? withoutBootUnit(tree()) : tree()).toEqual(before);
    expect(existsSync(at('/var/lib/clusterproxy/clusters/prod/ledger.json'))).toBe(false);
    return result;
  }

  /** What is stuck is tried again at the next boot: the boot unit stays until then. */
  function withoutBootUnit(now: ReturnType<typeof tree>): ReturnType<typeof tree> {
    return Object.fromEntries(Object.entries(now).filter(([path]) => !path.startsWith('/etc/systemd')));
  }

  test('a file that nginx does not accept: its own words, and no handler is run', async () => {
    const result = await revertsTo(
      () => transaction(everything('server {\n  listen 81;\n'), [restartWeb, reloadNginx]),
      'validation-failed',
    );
    expect(result.state).toBe('reverted');
    expect(result.started).toEqual([]);
    expect(result.problem?.message).toContain('nginx -t');
    expect(result.problem?.detail).toContain(
      'unexpected end of file, expecting "}" in /etc/nginx/conf.d/site.conf:3',
    );
    expect(result.problem?.host).toBe('bbb-01');
  });

  test('files of which one was refused before the run already: that is said, and nothing else is blamed', async () => {
    writeFileSync(at('/etc/nginx/conf.d/theirs.conf'), 'server {\n');
    try {
      const result = await revertsTo(
        () => transaction(everything(), [restartWeb, reloadNginx]),
        'validation-failed',
      );
      expect(result.problem).toMatchObject({
        message: '`nginx -t` rejects the files of this host, as it did before this run',
        next: expect.stringContaining('on the host, then run the command again'),
        detail: expect.stringContaining('/etc/nginx/conf.d/theirs.conf'),
      });
    } finally {
      rmSync(at('/etc/nginx/conf.d/theirs.conf'));
    }
  });

  test('a new server block with a name that another one has, which nginx only warns of', async () => {
    remember(
      'nginx-says',
      'nginx: [warn] conflicting server name "bbb.example.com" on 0.0.0.0:443, ignored\n',
    );
    const fresh = '/etc/nginx/conf.d/clusterproxy-prod.conf';
    const server = file('server { server_name BBB.example.com; }\n');
    const result = await revertsTo(
      () => transaction([change(fresh, absent, server)], [reloadNginx]),
      'validation-failed',
    );
    expect(result.problem?.message).toBe(
      `nginx ignores one of several server blocks for bbb.example.com on 0.0.0.0:443; ${fresh} has one`,
    );
    const other = file('server { server_name other.example.com; }\n');
    expect(await carry(transaction([change(fresh, absent, other)], [reloadNginx]))).toMatchObject({
      state: 'committed',
    });
    expect(events.filter(({ kind }) => kind === 'warning')).toEqual([]);
    const known = await carry(transaction([change(fresh, other, server)], [reloadNginx]));
    expect(known.state).toBe('committed');
    expect(events).toContainEqual({ kind: 'warning', message: expect.stringContaining('0.0.0.0:443') });
  });

  test('a service that does not start: the handlers that were started run again with the old files', async () => {
    const once = sample.path('run/stand-in/fail-bbb-web');
    const failing = {
      ...restartWeb,
      // Fails with the new file only, as a real service would.
      actions: [
        {
          kind: 'command' as const,
          argv: [
            'sh',
            '-c',
            `if grep -q x=1 "$CLUSTERPROXY_ROOT${properties}"; then touch ${once}; else rm -f ${once}; fi; systemctl restart bbb-web`,
          ],
        },
      ],
    };
    const result = await revertsTo(() => transaction(everything(), [reloadNginx, failing]), 'handler-failed');
    expect(result.state).toBe('reverted');
    expect(result.started).toEqual(['reload-nginx', 'restart-bbb-web']);
    expect(result.problem?.detail).toContain('Job for bbb-web.service failed');
    expect(journal().slice(-2)).toEqual(['reload nginx.service', 'restart bbb-web.service']);
    expect(await sample.host.run('systemctl', 'is-active', 'bbb-web')).toBe('active\n');
  });

  test('an API that does not answer as it must', async () => {
    const wrong = {
      ...restartWeb,
      timeout: 2,
      actions: [],
      checks: [
        {
          kind: 'http' as const,
          url: 'http://127.0.0.1:8090/bigbluebutton/api',
          headers: [],
          contains: ['wss://elsewhere'],
        },
      ],
    };
    const result = await revertsTo(() => transaction(everything(), [wrong]), 'check-failed');
    expect(result.problem?.message).toContain('does not contain wss://elsewhere');
    expect(result.problem?.detail).toContain('graphqlApiUrl');
  });

  test('with a service that something else has reload meanwhile: it is up', { timeout: 90_000 }, async () => {
    const unit = 'units/nginx.service';
    const argv = ['sh', '-c', `echo reloading >"$CLUSTERPROXY_ROOT/run/stand-in/${unit}"`];
    const reloading = { ...restartWeb, timeout: 1, actions: [{ kind: 'command' as const, argv }] };
    const deaf = { ...reloading, checks: [{ kind: 'port' as const, port: 8443 }] };
    const result = await revertsTo(() => transaction(everything(), [reloadNginx, deaf]), 'check-failed');
    expect(result, JSON.stringify(result.problem)).toMatchObject({ state: 'reverted', warnings: [] });
  });

  test('a port on which nobody listens', async () => {
    const deaf = { ...restartWeb, timeout: 1, actions: [], checks: [{ kind: 'port' as const, port: 8443 }] };
    const result = await revertsTo(() => transaction(everything(), [deaf]), 'check-failed');
    expect(result.problem?.message).toContain('port 8443');
  });

  test('an nginx whose reload says yes while its new workers could not bind', async () => {
    remember('nginx-cannot-bind');
    const result = await revertsTo(() => transaction(everything(), [reloadNginx]), 'check-failed');
    expect(result.problem?.detail).toContain('bind() to 0.0.0.0:443 failed (98: Address already in use)');
  });

  test('a service that has to be started again and again, also with the old files: a person is asked', async () => {
    remember('flaps-bbb-web');
    const result = await revertsTo(() => transaction(everything(), [{ ...restartWeb, settle: 2 }]), 'stuck');
    expect(result.problem?.detail).toContain('it was reverted because');
    expect(result.problem?.detail).toContain('bbb-web does not stay up');
  });

  test('a handler that hangs is ended in time', async () => {
    const hanging = {
      ...restartWeb,
      timeout: 1,
      actions: [
        {
          kind: 'command' as const,
          argv: ['sh', '-c', `grep -q x=1 "$CLUSTERPROXY_ROOT${properties}" && sleep 60; true`],
        },
      ],
    };
    const result = await revertsTo(() => transaction(everything(), [hanging]), 'handler-failed');
    expect(result.problem?.detail).toContain('stopped after 1 seconds');
  });

  test('a runner that is killed outright', async () => {
    const slow = {
      ...restartWeb,
      timeout: 60,
      actions: [
        {
          kind: 'command' as const,
          argv: ['sh', '-c', `grep -q x=1 "$CLUSTERPROXY_ROOT${properties}" && sleep 60; true`],
        },
      ],
    };
    const plan = transaction(everything(), [slow]);
    const before = tree();
    const running = carry(plan);
    await started('restart-bbb-web');
    const pid = Number(text(`/run/stand-in/pid-clusterproxy-${plan.run}.service`));
    process.kill(pid, 'SIGKILL');
    const result = await running;
    expect(result).toMatchObject({ state: 'reverted', problem: { code: 'interrupted' } });
    expect(result.problem?.message).toContain('signal');
    expect(tree()).toEqual(before);
  });
});

async function started(handler: string): Promise<void> {
  await until(() => events.some((event) => event.kind === 'handler' && event.handler === handler));
}

describe('what is refused touches nothing', () => {
  async function refuses(plan: Transaction, code: string, state = 'refused'): Promise<TransactionResult> {
    const before = tree();
    const result = await carry(plan);
    expect(result).toMatchObject({ state, problem: { code } });
    expect(tree()).toEqual(before);
    expect(journal().filter((line) => line.startsWith('re'))).toEqual([]);
    return result;
  }

  test.each([
    ['No space left on device', 'no-space'],
    ['Read-only file system', 'read-only'],
    ['Permission denied', 'not-permitted'],
  ])('a folder of ours that can not be written: %s', async (words, code) => {
    const own = `case "$*" in *.incoming-*) echo "mkdir: cannot create directory: ${words}" >&2; exit 1 ;; esac`;
    writeFileSync(sample.path('../work/bin/mkdir'), `#!/bin/sh\n${own}\nexec /bin/mkdir "$@"\n`, {
      mode: 0o755,
    });
    const result = await carry(transaction(everything(), []));
    expect(result).toMatchObject({ problem: { code, detail: expect.stringContaining(words) } });
    rmSync(sample.path('../work/bin/mkdir'));
  });

  test('meetings are running', async () => {
    remember('meetings', '3 Maths & <b>more</b>\n0 Physics\n');
    const result = await refuses(transaction(everything(), [restartWeb]), 'busy', 'deferred');
    expect(result.problem?.message).toContain('running meetings: 2');
    expect(result.problem?.detail).toBe('- 3 people\n- nobody at present');
  });

  test('an API that can not be asked counts as busy', async () => {
    remember('api-silent');
    const result = await refuses(transaction(everything(), [restartWeb]), 'guard-unknown', 'deferred');
    expect(result.problem?.detail).toContain('no answer');
  });

  test('unless the operator said so', async () => {
    remember('meetings', '3 Maths\n');
    expect((await carry(transaction(everything(), [restartWeb], { force: true }))).state).toBe('committed');
  });

  test('a meeting that begins meanwhile: all is put back', async () => {
    const meeting = sample.path('run/stand-in/meetings');
    const beginning = {
      ...reloadNginx,
      validate: undefined,
      actions: [{ kind: 'command' as const, argv: ['sh', '-c', `echo 2 Late > ${meeting}`] }],
      checks: [],
    };
    const plan = transaction(everything(), [beginning, restartWeb]);
    const before = tree();
    const result = await carry(plan);
    expect(result).toMatchObject({ state: 'deferred', problem: { code: 'busy' }, started: ['reload-nginx'] });
    expect(tree()).toEqual(before);
  });

  test('a file that was changed since the plan was made', async () => {
    const plan = transaction(everything(), [restartWeb]);
    writeFileSync(at(site), '# somebody else\n');
    const result = await refuses(plan, 'changed-meanwhile');
    expect(result.problem?.message).toContain(site);
    // What is the same before and after isn't told twice.
    expect(result.problem?.detail).toBe('the content differs');
  });

  test('a folder that was removed since the plan was made', async () => {
    const plan = transaction([change('/etc/gone/made', absent, file('x'))], []);
    const { problem } = await refuses(plan, 'changed-meanwhile');
    expect(problem?.message).toBe('the folder of /etc/gone/made was removed after the plan was made');
  });

  test('a file whose mode was changed, or that appeared', async () => {
    const plan = transaction([change(site, file(text(site)), file('x'))], []);
    chmodSync(at(site), 0o600);
    const { problem } = await refuses(plan, 'changed-meanwhile');
    expect(problem?.detail).toMatch(/^planned from: file +\S* *.*\nnow: file .*600/);
    const making = transaction([change('/etc/made', absent, file('x'))], []);
    writeFileSync(at('/etc/made'), '');
    await refuses(making, 'changed-meanwhile');
  });

  test('another machine, another cluster', async () => {
    const plan = everything();
    await refuses(transaction(plan, [], { machineId: 'f'.repeat(32) }), 'another-machine');
    const other = at('/var/lib/clusterproxy/clusters/other');
    mkdirSync(other, { recursive: true });
    writeFileSync(`${other}/ledger.json`, '{}');
    writeFileSync(`${other}/managed-paths`, '/etc/hosts\n');
    const result = await refuses(transaction(plan, []), 'another-cluster');
    expect(result.problem?.message).toContain('other');
  });

  test('an owner whom the host does not know', async () => {
    const stranger = { ...file('x'), user: 'no-such-user-here' };
    await refuses(transaction([change('/etc/made', absent, stranger)], []), 'unknown-owner');
  });

  test('a second run while one is at work says whose it is, and does not wait for it', async () => {
    const gate = gateOf(sample);
    const slow = { ...restartWeb, actions: [gate.action], checks: [] };
    const plan = transaction([change(site, file(text(site)), file('# 1\n'))], [slow]);
    const first = carry(plan);
    await started('restart-bbb-web');
    const second = await transact(() => connect(sample.host.target), transaction([], []));
    expect(second).toMatchObject({ state: 'refused', problem: { code: 'locked' } });
    expect(second.problem?.message).toContain('ada from laptop');
    expect(text(`/var/lib/clusterproxy/runs/${plan.run}/state`)).toBe('open\n');
    gate.open();
    expect((await first).state).toBe('committed');
  });

  test('a package manager at work', async () => {
    const lock = at('/var/lib/dpkg/lock-frontend');
    const holder = spawnSync('python3', ['-c', 'print(1)']);
    if (holder.status !== 0) return console.log('python3 is not there to hold a lock of fcntl(2)');
    writeFileSync(lock, '');
    const { spawn } = await import('node:child_process');
    const child = spawn('python3', [
      '-uc',
      `import fcntl,time\nf=open(${JSON.stringify(lock)},"w")\nfcntl.lockf(f,fcntl.LOCK_EX)\nprint("held")\ntime.sleep(60)`,
    ]);
    await new Promise((resolve) => child.stdout.once('data', resolve));
    try {
      const result = await refuses(transaction(everything(), []), 'package-manager-busy');
      expect(result.problem?.message).toContain('/var/lib/dpkg/lock-frontend');
    } finally {
      child.kill();
    }
  });

  test('a host that can not start a unit', async () => {
    remember('fail-systemd-run');
    await refuses(transaction(everything(), []), 'not-started');
  });
});

describe('when the connection is lost', () => {
  test('the host goes on, and the run is followed over a new connection', async () => {
    const gate = gateOf(sample);
    const slow = { ...restartWeb, actions: [gate.action], checks: [] };
    const running = carry(transaction(everything(), [slow, reloadNginx]));
    await started('restart-bbb-web');
    sample.host.cut();
    await until(() => events.some((event) => event.kind === 'reconnecting'));
    gate.open();
    const result = await running;
    expect(result).toMatchObject({ state: 'committed', started: ['restart-bbb-web', 'reload-nginx'] });
    expect(events.filter((event) => event.kind === 'handler' && event.phase === 'started')).toHaveLength(2);
    expect(sample.host.connections).toBeGreaterThan(1);
  });

  test('in the middle of the upload: nothing was begun, and it is sent again', async () => {
    let calls = 0;
    const big = file(Buffer.alloc(700_000, 'x'));
    const result = await transact(
      async () => {
        const connection = await connect(sample.host.target);
        if (++calls > 1) return connection;
        return {
          close: () => connection.close(),
          exec: (command, input, options) => {
            async function* half() {
              let parts = 0;
              for await (const content of Buffer.isBuffer(input) ? [input] : input) {
                if (++parts <= 5) yield content;
              }
              sample.host.cut();
            }
            return connection.exec(command, half(), options);
          },
        };
      },
      transaction([change('/etc/big', absent, big)], []),
    );
    expect(result.state).toBe('committed');
    expect(calls).toBeGreaterThan(2);
    expect(readFileSync(at('/etc/big'))).toEqual(big.content);
  });

  test('a signal stops following; the host finishes by itself', async () => {
    const controller = new AbortController();
    const gate = gateOf(sample);
    const slow = { ...restartWeb, actions: [gate.action], checks: [] };
    const plan = transaction([change(site, file(text(site)), file('# 1\n'))], [slow]);
    const running = transact(() => connect(sample.host.target, { signal: controller.signal }), plan, {
      signal: controller.signal,
      onEvent: (event) => {
        if (event.kind === 'handler' && event.phase === 'started') controller.abort();
      },
    });
    expect(await running).toMatchObject({ state: 'unknown', problem: { code: 'interrupted' } });
    gate.open();
    const state = at(`/var/lib/clusterproxy/runs/${plan.run}/state`);
    await until(() => readFileSync(state, 'utf8') === 'committed\n');
    expect(text(site)).toBe('# 1\n');
  });
});

describe('what nobody finished', () => {
  /** A run as a power cut leaves it: swapped, undecided, nobody alive. */
  async function cutOff(): Promise<{ plan: Transaction; before: Record<string, string> }> {
    const slow = {
      ...restartWeb,
      timeout: 60,
      actions: [
        {
          kind: 'command' as const,
          argv: ['sh', '-c', `grep -q x=1 "$CLUSTERPROXY_ROOT${properties}" && sleep 60; true`],
        },
        { kind: 'restart' as const, unit: 'bbb-web' },
      ],
      checks: [],
    };
    const plan = transaction(everything(), [slow]);
    const before = tree();
    await cutShort(sample, plan.run, carry(plan));
    expect(text(properties)).toContain('x=1');
    return { plan, before };
  }

  test('is shown by a probe, and the next run settles it before it begins', async () => {
    const { plan, before } = await cutOff();
    const connection = await connect(sample.host.target);
    expect((await probe(connection, 'bbb-01', noReads, { cluster: 'prod' })).unsettled).toEqual([
      {
        run: plan.run,
        state: 'open',
        outcome: undefined,
        who: `ada from laptop, apply, run ${plan.run}`,
        alive: false,
      },
    ]);
    await connection.close();
    const result = await carry(transaction([], []));
    expect(result.state).toBe('committed');
    expect(events).toContainEqual({ kind: 'settling-other', run: plan.run });
    expect(tree()).toEqual(before);
    expect(text(`/var/lib/clusterproxy/runs/${plan.run}/state`)).toBe('reverted\n');
  });

  test('an operator settles it on the host, as often as they like', async () => {
    const { plan, before } = await cutOff();
    for (let time = 0; time < 2; time++) {
      await sample.host.run('sh', at('/var/lib/clusterproxy/settle'), plan.run, 'revert');
      expect(tree()).toEqual(before);
    }
    expect(text(`/var/lib/clusterproxy/runs/${plan.run}/state`)).toBe('reverted\n');
  });

  test.each([
    ['somebody is there', '2 Maths\n', 0],
    ['nobody is there', '', 1],
  ])('after a start of the host the guards have a say: %s', async (_, meetings, restarts) => {
    const { plan, before } = await cutOff();
    const folder = at(`/var/lib/clusterproxy/runs/${plan.run}`);
    writeFileSync(`${folder}/boot`, 'another\n');
    remember('meetings', meetings);
    const count = journal().length;
    await sample.host.run('sh', `${folder}/settle.sh`, plan.run);
    expect(tree()).toEqual(before);
    expect(readFileSync(`${folder}/state`, 'utf8')).toBe('reverted\n');
    expect(journal()).toHaveLength(count + restarts);
    const log = readFileSync(`${folder}/log`, 'utf8');
    expect(log.includes('these handlers were not run: restart-bbb-web')).toBe(restarts === 0);
    const owed = at('/var/lib/clusterproxy/clusters/prod/owed');
    expect(existsSync(owed) ? readFileSync(owed, 'utf8') : '').toBe(
      restarts === 0 ? 'restart-bbb-web\n' : '',
    );
  });

  test('files that somebody changed since are left alone and reported', async () => {
    const { plan } = await cutOff();
    writeFileSync(at(site), '# by hand\n');
    await sample.host.run('sh', at('/var/lib/clusterproxy/settle'), plan.run);
    expect(text(site)).toBe('# by hand\n');
    expect(text(properties)).not.toContain('x=1');
    expect(text(`/var/lib/clusterproxy/runs/${plan.run}/state`)).toBe('conflict\n');
    const connection = await connect(sample.host.target);
    expect((await probe(connection, 'bbb-01', noReads, { cluster: 'prod' })).unsettled).toMatchObject([
      { run: plan.run, state: 'conflict', outcome: 'revert' },
    ]);
    await connection.close();
  });
});

test('a directory in which others have put something is left there, which is no reason to fail', async () => {
  mkdirSync(at('/etc/full'));
  writeFileSync(at('/etc/full/of'), 'things');
  mkdirSync(at('/etc/hollow'));
  const plan = transaction(
    [change('/etc/full', directory(), absent), change('/etc/hollow', directory(), absent)],
    [],
  );
  const result = await carry(plan);
  expect(result).toMatchObject({
    state: 'committed',
    warnings: ['/etc/full contains files that clusterproxy did not create, so it was left in place'],
  });
  expect(text('/etc/full/of')).toBe('things');
  expect(existsSync(at('/etc/hollow'))).toBe(false);
});

test('a revert that fails is stuck, and done when its cause is mended', async () => {
  remember('fail-bbb-web');
  const plan = transaction(everything(), [restartWeb]);
  const result = await carry(plan);
  expect(result).toMatchObject({ state: 'stuck', problem: { code: 'stuck' } });
  expect(result.problem?.detail).toContain('Job for bbb-web.service failed');
  expect(text(properties)).not.toContain('x=1');
  spawnSync('rm', [sample.path('run/stand-in/fail-bbb-web')]);
  expect((await carry(transaction([], []))).state).toBe('committed');
  expect(text(`/var/lib/clusterproxy/runs/${plan.run}/state`)).toBe('reverted\n');
  expect(await sample.host.run('systemctl', 'is-active', 'bbb-web')).toBe('active\n');
});

describe.each([['dash'], ['bash'], ['busybox', 'sh']])('under %s', (...shell) => {
  test('a run is committed, and one that fails is put back', async () => {
    const present = spawnSync(shell[0] ?? 'sh', [...shell.slice(1), '-c', 'true']).status === 0;
    if (!present) return console.log(`${shell[0]} is not installed here`);
    const other = await sampleHost({ shell });
    const run = (plan: Transaction) => transact(() => connect(other.host.target), plan);
    try {
      const before = file(readFileSync(other.path(site.slice(1))));
      const bad = await run(transaction([change(site, before, file('server {\n'))], [reloadNginx]));
      expect(bad).toMatchObject({ state: 'reverted', problem: { code: 'validation-failed' } });
      const good = await run(
        transaction([change(site, before, file('server {\n}\n'))], [restartWeb, reloadNginx]),
      );
      expect(good).toMatchObject({ state: 'committed' });
    } finally {
      await other.close();
    }
  });
});
