import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type EmbeddedHost,
  type EmbeddedHostOptions,
  startEmbeddedHost,
} from '../../src/demo/embedded-host.ts';
import { type Change, changeBetween } from '../../src/model/change.ts';
import type { Action, Handler } from '../../src/model/handler.ts';
import type { PathState, RegularFile } from '../../src/model/snapshot.ts';
import type { Transaction, TransactionResult } from '../../src/model/transaction.ts';
import { guardProgram } from '../support/guard-program.ts';

/** Who owns what tests write: whoever runs them. */
export const user = userInfo().username;
export const group = execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim();
export const machineId = '0123456789abcdef0123456789abcdef';
export const secret = '639259d4-9dd8-4b25-bf01-95f9567eaf4b';

const files: Readonly<Record<string, string>> = {
  'etc/machine-id': `${machineId}\n`,
  'etc/os-release': 'PRETTY_NAME="Ubuntu 22.04.5 LTS"\nID=ubuntu\n',
  'etc/hosts': '127.0.0.1 localhost\n192.0.2.11 bbb-01.example.com bbb-01\n2001:db8::11 bbb-01.example.com\n',
  'etc/nginx/nginx.conf': 'events {}\nhttp {\n  include /etc/nginx/conf.d/*.conf;\n}\n',
  'etc/nginx/conf.d/site.conf': 'server {\n  listen 80;\n}\n',
  'etc/bigbluebutton/bigbluebutton-release': 'BIGBLUEBUTTON_RELEASE=3.0.4\n',
  'etc/bigbluebutton/bbb-web.properties': `# operator's\nsecuritySalt=${secret}\nbigbluebutton.web.serverURL=https://bbb-01.example.com\ngraphqlApiUrl=https://bbb-01.example.com/api/rest\n`,
  'usr/share/bbb-web/WEB-INF/classes/bigbluebutton.properties':
    'securitySalt=330a8b08c3b4c61533e1d0c5ce1ac88f\nsupportedChecksumAlgorithms=sha1,sha256,sha384,sha512\n',
  'proc/net/tcp': '  sl  local_address rem_address   st\n',
  'usr/lib/systemd/system/nginx.service': '[Service]\n',
  'usr/lib/systemd/system/bbb-web.service': '[Service]\n',
  'var/lib/dpkg/status':
    'Package: bbb-web\nStatus: install ok installed\nVersion: 1:3.0-12\n\nPackage: gone\nStatus: deinstall ok config-files\nVersion: 1\n',
};

export interface Sample {
  readonly host: EmbeddedHost;
  readonly root: string;
  path(name: string): string;
  close(): Promise<void>;
}

export async function sampleHost(options: Partial<EmbeddedHostOptions> = {}): Promise<Sample> {
  const folder = await mkdtemp(join(tmpdir(), 'clusterproxy-test-'));
  const root = join(folder, 'root');
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
  const work = join(folder, 'work');
  await mkdir(work);
  const host = await startEmbeddedHost({
    name: 'bbb-01',
    root,
    work,
    units: ['nginx', 'bbb-web'],
    ...options,
  });
  return {
    host,
    root,
    path: (name) => join(root, name),
    close: async () => {
      await host.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export function file(content: string | Buffer, mode = 0o644): RegularFile {
  return { kind: 'file', content: Buffer.from(content as string), mode, user, group };
}

export function directory(mode = 0o755): PathState {
  return { kind: 'directory', mode, user, group };
}

export const absent: PathState = { kind: 'absent' };

export function change(path: string, before: PathState, after: PathState): Change {
  const found = changeBetween(path, before, after, ['a-step']);
  if (found === undefined) throw new Error(`${path} does not change`);
  return found;
}

export const restartWeb: Handler = {
  id: 'restart-bbb-web',
  validate: undefined,
  actions: [{ kind: 'daemon-reload' }, { kind: 'restart', unit: 'bbb-web' }],
  checks: [
    { kind: 'active', unit: 'bbb-web' },
    {
      kind: 'http',
      url: 'http://127.0.0.1:8090/bigbluebutton/api',
      headers: ['Content-Type: application/json'],
      contains: ['https://bbb-01.example.com/api/rest'],
    },
  ],
  guards: [
    {
      id: 'no-meetings',
      description: 'running meetings',
      query: {
        kind: 'program',
        program: guardProgram('bbb-meetings.sh'),
        args: [
          'http://127.0.0.1:8090/bigbluebutton/api',
          'restart-bbb-web',
          '8378 4100-4139',
          '3008',
          '0',
          '/etc/bigbluebutton/bbb-web.properties',
          '/usr/share/bbb-web/WEB-INF/classes/bigbluebutton.properties',
        ],
      },
    },
  ],
  timeout: 60,
  settle: 1,
  rewrites: ['/etc/bigbluebutton/bbb-web.properties'],
};

export const reloadNginx: Handler = {
  id: 'reload-nginx',
  validate: ['nginx', '-t'],
  actions: [{ kind: 'reload', unit: 'nginx' }],
  checks: [{ kind: 'active', unit: 'nginx' }, { kind: 'nginx-workers' }],
  guards: [],
  timeout: 60,
  settle: 0,
  rewrites: [],
};

let count = 0;

export function transaction(
  changes: readonly Change[],
  handlers: readonly Handler[],
  more: Partial<Transaction> = {},
): Transaction {
  count++;
  const run = more.run ?? `20261121T0745${String(count).padStart(2, '0')}Z-4f2a9c`;
  return {
    run,
    host: 'bbb-01',
    cluster: 'prod',
    machineId,
    actions: [],
    changes,
    handlers,
    units: ['nginx', 'bbb-web'],
    force: false,
    ledger: {
      schemaVersion: 1,
      cluster: 'prod',
      playbook: 'bigbluebutton',
      recipe: '3.0',
      run,
      items: changes.map(({ path }) => ({
        step: 'a-step',
        path,
        format: 'file',
        key: [],
        first: { kind: 'absent' },
        activated: '',
      })),
      created: [],
    },
    record: {
      schemaVersion: 1,
      run,
      command: 'apply',
      cluster: 'prod',
      host: 'bbb-01',
      operator: 'ada',
      from: 'laptop',
      version: '0.1.0',
      startedAt: '2026-11-21T07:45:01.000Z',
      changes: [],
      handlers,
    },
    ...more,
  };
}

/** Resolves once it holds; whether that takes too long the test's own time limit says. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

/** What a handler can be made to wait for until the test has seen what it wants to see. */
export interface Gate {
  readonly action: Action;
  open(): void;
}

export function gateOf(sample: Sample): Gate {
  const path = sample.path('run/gate');
  return {
    action: { kind: 'command', argv: ['sh', '-c', `until [ -e ${path} ]; do sleep 0.05; done`] },
    open: () => writeFileSync(path, ''),
  };
}

/**
 * Ends a run that stands in a handler as a power cut does: nobody is alive, neither the unit's end nor
 * whoever follows has had a chance, and nothing is decided. `running` is what follows it.
 */
export async function cutShort(
  sample: Sample,
  run: string,
  running: Promise<TransactionResult>,
): Promise<void> {
  const folder = sample.path(`var/lib/clusterproxy/runs/${run}`);
  const started = `${folder}/started`;
  await until(() => existsSync(started) && readFileSync(started, 'utf8') !== '');
  const settle = readFileSync(`${folder}/settle.sh`);
  writeFileSync(`${folder}/settle.sh`, 'exit 0\n');
  process.kill(
    Number(readFileSync(sample.path(`run/stand-in/pid-clusterproxy-${run}.service`), 'utf8')),
    'SIGKILL',
  );
  // Until whoever follows has given up as well: else it would settle the run as soon as it can.
  await running;
  await until(() => !existsSync(sample.path(`run/stand-in/units/clusterproxy-${run}.service`)));
  writeFileSync(`${folder}/settle.sh`, settle);
}
