import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type EmbeddedHost, startEmbeddedHost } from '../../src/demo/embedded-host.ts';
import { type Ended, main } from '../cli/program.ts';

/** Of this run of the test alone: another one on this machine has secrets of its own in its processes. */
export const unique = randomBytes(6).toString('hex');

/** Every kind of character that some file or program escapes. */
export const secrets = {
  environment: `e'nv "p@ss" \\r$d %41&<x>${unique}`,
  file: `from-a-file:Z0=9!#é${unique}`,
  command: `tok3n/${unique}by+command==`,
} as const;

export const playbook = `name: secrets
description: an application with secrets in every kind of file
variables:
  db_password: {type: secret, description: password of the data base}
  api_key: {type: secret, description: key of the API}
  token: {type: secret, description: token for callers}
roles:
  app:
    description: runs the application
    steps:
      - id: properties
        properties:
          path: /etc/app/app.properties
          set: {db.connection: 'db.example.com {{ vars.token }} end', api.value: '{{ vars.api_key }}', workers: 4}
        notify: reload
      - id: yaml
        yaml:
          path: /etc/app/app.yml
          set: {database: {login: '{{ vars.db_password }}'}, api: '{{ vars.api_key }}'}
        notify: reload
      - id: environment
        shell-env:
          path: /etc/default/app
          set: {DB: '{{ vars.db_password }}', CALLER: '{{ vars.token }}'}
        notify: reload
      - id: template
        file: {path: /etc/app/whole.conf, template: whole.liquid}
        notify: reload
    handlers:
      - id: reload
        validate: [app-check]
        command: [app-reload]
        settle: 0
`;

const template = `# whole file
login {{ vars.db_password }} key={{ vars.api_key }}
{% if vars.token != '' %}token: {{ vars.token }}{% endif %}
`;

/** One embedded host, an inventory with references, and the program that an operator runs. */
export interface SecretCluster {
  readonly folder: string;
  readonly host: EmbeddedHost;
  readonly root: string;
  readonly inventory: string;
  /** what the programs printed and the plans that they saved */
  readonly written: string[];
  /** writes a file below its folder; the host's are below `host` */
  put(path: string, text: string, mode?: number): void;
  run(...argv: readonly string[]): Promise<Ended>;
  /** another value for the file's and the command's secret */
  rotate(values: { readonly file: string; readonly command: string }): void;
  environment: string;
  /** more of the operator's variables */
  variables: Readonly<Record<string, string>>;
  /** the application's own check complains and quotes its files from now on */
  complain(yes: boolean): void;
  text(path: string): string;
  close(): Promise<void>;
}

export async function startSecretCluster(): Promise<SecretCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'clusterproxy-secrets-'));
  const root = join(folder, 'host');
  const put = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text, { mode });
    chmodSync(join(folder, path), mode);
  };
  put('host/etc/machine-id', '0123456789abcdef0123456789abcdef\n');
  put('host/etc/os-release', 'ID=debian\nVERSION_ID="12"\n');
  put('host/etc/app/app.properties', '# ours\nworkers=2\nother=stays\n');
  put('host/etc/app/app.yml', 'database:\n  host: db.example.com\nother: stays\n');
  mkdirSync(join(root, 'etc/default'), { recursive: true });
  mkdirSync(join(root, 'run/systemd/system'), { recursive: true });
  mkdirSync(join(root, 'var/lib'), { recursive: true });
  put('playbook.yaml', playbook);
  put('whole.liquid', template);
  put('secrets/api', `${secrets.file}\n`, 0o600);
  put('secrets/token', secrets.command, 0o600);
  // What a program says of files that it doesn't like: as they are, and in other writings.
  put(
    'programs/app-check',
    `#!/bin/sh
cd "$CLUSTERPROXY_ROOT/etc" || exit 1
# Long enough to be seen among the processes.
sleep 0.3
[ -e app/complain ] || exit 0
echo "app: [emerg] can't take these lines:" >&2
cat app/app.properties app/app.yml default/app app/whole.conf >&2
base64 -w0 app/whole.conf
exit 1
`,
    0o755,
  );
  put('programs/app-reload', '#!/bin/sh\nexit 0\n', 0o755);
  const path = process.env.PATH;
  process.env.PATH = `${join(folder, 'programs')}:${path ?? ''}`;
  const host = await startEmbeddedHost({ name: 'app-1', root, work: join(folder, 'ssh') });
  process.env.PATH = path;
  put(
    'prod.yaml',
    `playbook: ./playbook.yaml
cluster: {name: prod, hostname: app.example.com}
ssh: {user: root, config: none}
vars:
  db_password: {env: DB_PASSWORD}
  api_key: {file: secrets/api}
  token: {command: [cat, secrets/token]}
hosts:
  app:
    - name: app-1
      ssh: {address: 127.0.0.1, port: ${host.port}, host_keys: ['${host.hostKey}'], identity_files: [${host.target.identityFiles.join(', ')}]}
windows: anytime
`,
  );
  const inventory = join(folder, 'prod.yaml');
  const cluster: SecretCluster = {
    ...{ folder, host, root, inventory, put, written: [], environment: secrets.environment, variables: {} },
    run: async (...argv) => {
      const ended = await run(argv, {
        ...cluster.variables,
        DB_PASSWORD: cluster.environment,
        XDG_STATE_HOME: join(folder, 'state'),
      });
      cluster.written.push(ended.stdout, ended.stderr);
      return ended;
    },
    rotate: (values) => {
      put('secrets/api', `${values.file}\n`, 0o600);
      put('secrets/token', values.command, 0o600);
    },
    complain: (yes) =>
      yes ? put('host/etc/app/complain', '') : rmSync(join(root, 'etc/app/complain'), { force: true }),
    text: (name) => readFileSync(join(root, name), 'utf8'),
    close: async () => {
      await host.close();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  return cluster;
}

function run(argv: readonly string[], variables: Record<string, string>): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...argv], {
      env: { ...process.env, ...variables, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}

/**
 * Looks at all processes that begin on this machine, which is both sides, again and again, until it's told to
 * stop.
 */
export function watchProcesses(): { readonly seen: ReadonlySet<string>; stop(): void } {
  const seen = new Set<string>();
  const read = (path: string): string => {
    try {
      const text = readFileSync(path, 'latin1');
      // Words and variables, each once: most processes have the same ones.
      for (const part of text.split('\0')) seen.add(part);
      return text;
    } catch {
      // Gone already.
      return '';
    }
  };
  const processes = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const others = new Set(processes());
  const look = () => {
    for (const process of processes()) {
      if (others.has(process)) continue;
      // The operator's own variable stands in the environment of the program that they start, and for a
      // moment in that of a process that it starts: until this has become another program it is a copy of its
      // parent (fork(2)).
      const isProgram = read(`/proc/${process}/cmdline`).includes(main);
      if (!isProgram) read(`/proc/${process}/environ`);
    }
  };
  const timer = setInterval(look, 15);
  return { seen, stop: () => clearInterval(timer) };
}

/** Every regular file below a folder, with its mode and bytes. */
export function filesBelow(
  folder: string,
): ReadonlyMap<string, { readonly content: Buffer; readonly mode: number }> {
  const files = new Map<string, { content: Buffer; mode: number }>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const { mode } = statSync(path);
    files.set(path.slice(folder.length), { content: readFileSync(path), mode: mode & 0o777 });
  }
  return files;
}
