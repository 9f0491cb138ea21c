import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { busyPolicies } from '../../src/model/when-busy.ts';
import { reportSchema } from '../../src/report/document/schema.ts';
import { buildProgram, clusterproxy, clusterproxyAt, inShell, main, withFile } from './program.ts';

beforeAll(buildProgram);

/** As a user starts it, where how it ends is the point. */
const started = (argv: readonly string[]) => clusterproxyAt(main, argv);

/** Nothing listens on these addresses' port 1. */
const deserted = `
playbook: bigbluebutton
cluster: {name: prod, hostname: bbb.example.com}
ssh: {user: ops, port: 1, connect_timeout: 2}
hosts:
  proxy: [{name: proxy-1, address: 127.0.0.1}]
  node: [{name: bbb-01, hostname: bbb-01.example.com, address: 127.0.0.2}]
`;
const commands = [
  'validate',
  'trust',
  'plan',
  'apply',
  'check',
  'rollback',
  'retire',
  'upgrade',
  'reboot',
  'release',
  'history',
  'status',
  'unlock',
  'uninstall',
];
/** Arguments that a command can't do without. */
const needs: Readonly<Record<string, readonly string[]>> = {
  retire: ['bbb-01'],
  release: ['bbb-01'],
  unlock: ['20261121T074501Z-4f2a9c'],
};

it('support refuses a test protocol in JSON, since there is none', async () => {
  const { status, stdout } = await withFile(deserted, (file) =>
    clusterproxy(['support', '--protocol', '--json', '--inventory', file]),
  );
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ command: 'support', errors: [{ code: 'usage' }] });
});

it.each(['apply', 'retire'])('%s reads the inventory before it tries a browser', async (command) => {
  const { stderr } = await clusterproxy([
    ...[command, ...(needs[command] ?? []), '--inventory', '/nowhere/prod.yaml'],
    ...['--confirm', 'browser', '--browser-path', '/bin/false'],
  ]);
  expect(stderr).toContain('error file-missing: /nowhere/prod.yaml does not exist');
});

it.each([
  [[], 'forecast needs to know of which packages'],
  [['--packages', '/nowhere', '--to', '3.0'], "--packages and --to can't be combined"],
  [['--to', '3.0; reboot'], "--to: '3.0; reboot' is not the version of a package"],
  [['--to', '-o'], "--to: '-o' is not the version of a package"],
] as const)('forecast %j is refused before anything is looked at', async (args, words) => {
  const { status, stderr } = await clusterproxy(['forecast', ...args, '--inventory', '/nowhere/prod.yaml']);
  expect(status).toBe(1);
  expect(stderr).toContain(`error usage: ${words}`);
});

it('forecast --to is refused where the playbook names no packages of the product', async () => {
  const wcs = `
playbook: wcs
cluster: {name: prod, hostname: wcs.example.com}
ssh: {user: ops, port: 1, connect_timeout: 2}
hosts:
  balancer: [{name: wcs-lb, address: 127.0.0.1}]
  node: [{name: wcs-01, hostname: wcs-01.example.com, address: 127.0.0.2}]
`;
  const { status, stderr } = await withFile(wcs, (file) =>
    clusterproxy(['forecast', '--to', '5.2', '--inventory', file]),
  );
  expect(status).toBe(1);
  expect(stderr).toContain("error no-product-packages: the playbook wcs doesn't say");
});

describe('help', () => {
  it.each([
    ['check', 'compare'],
    ['plan', 'compare'],
    ['apply', 'change'],
    ['forecast', 'upgrade'],
    ['status', ''],
  ])('of %s says what --limit limits there', async (command, verb) => {
    const { stdout } = await clusterproxy([command, '--help']);
    const words = stdout.replace(/\s+/g, ' ');
    expect(words).toContain(`--limit <hosts> ${verb}${verb === '' ? '' : ' '}only these hosts or roles`);
  });

  it.each(['plan', 'apply', 'rollback', 'retire'])(
    'of %s names all words for --when-busy',
    async (command) => {
      const { stdout } = await clusterproxy([command, '--help']);
      const words = stdout.replace(/\s+/g, ' ').replace(/.*(--when-busy <policy>)/, '$1');
      // Nothing but apply leaves anything for later.
      const all = busyPolicies.filter((one) => one !== 'later' || ['plan', 'apply'].includes(command));
      for (const policy of all) expect(words).toMatch(new RegExp(`^--when-busy [^-]*\\b${policy}: `));
    },
  );

  it.each(['join', 'leave'])('of %s names no --run-id, which that command refuses', async (command) => {
    const { stdout } = await clusterproxy([command, '--help']);
    expect(stdout).not.toContain('--run-id');
    const { status, stderr } = await clusterproxy([
      ...[command, 'bbb-01', '--run-id', 'a', '--inventory', '/nowhere/prod.yaml'],
    ]);
    expect({ status, stderr: stderr.split(':')[0] }).toEqual({ status: 1, stderr: 'error usage' });
  });

  const others = ['forecast', 'verify', 'doctor', 'support', 'explain', 'demo'];
  it.each([[], ...[...commands, ...others].map((command) => [command])])(
    'of %s fits 80 columns and has an example',
    async (...command) => {
      const { status, stdout, stderr } = await clusterproxy([...command, '--help']);
      expect(status).toBe(0);
      expect(stderr).toBe('');
      expect(stdout).toMatch(/Examples?:\n {2}clusterproxy /);
      expect(stdout).not.toContain('default: false');
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    },
  );

  it('is printed to stderr where no command is given', async () => {
    const { status, stdout, stderr } = await started([]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('Usage: clusterproxy');
  });

  it('tells the version, and below it what the program is made of', async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
    const { status, stdout, stderr } = await started(['--version']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [first, ...others] = stdout.trimEnd().split('\n');
    expect(first).toBe(version);
    for (const line of others) expect(line).toMatch(/^(?:commit|installed|Node\.js|OpenSSL|platform): \S/);
    expect(others).toContain(`Node.js: ${process.versions.node}`);
    expect(others).toContain(`OpenSSL: ${process.versions.openssl}`);
    expect(others.join('\n')).toMatch(/^installed: from source \(\//m);
  });
});

describe('a command line that is not understood', () => {
  it.each([
    [['aply'], "error usage: unknown command 'aply'\n  did you mean apply? See clusterproxy --help\n"],
    [
      ['plan', '-i', 'x', '--limt', 'a'],
      "error usage: unknown option '--limt'\n  did you mean --limit? See clusterproxy plan --help\n",
    ],
    [
      ['playbook', 'check'],
      "error usage: missing required argument 'file'\n  see clusterproxy playbook check --help\n",
    ],
    [
      ['check', '-i', 'x', '--parallel', '0'],
      "error usage: option '--parallel <n>' argument '0' is invalid. It must be at\n  least 1\n  see clusterproxy check --help\n",
    ],
    [
      ['apply', '-i', 'x', '--max-failures', '-1'],
      "error usage: option '--max-failures <n>' argument '-1' is invalid. It must be a\n  whole number\n  see clusterproxy apply --help\n",
    ],
  ])('%j', async (argv, stderr) => {
    expect(await clusterproxy(argv)).toEqual({ status: 1, stdout: '', stderr });
  });

  it('is told as JSON with --json', async () => {
    const { status, stdout } = await clusterproxy(['plan', '--json', '--nonsense']);
    expect(status).toBe(1);
    const document = reportSchema.parse(JSON.parse(stdout));
    expect(document).toMatchObject({
      command: 'plan',
      summary: { exitStatus: 1 },
      errors: [{ code: 'usage' }],
    });
  });
});

describe('an inventory', () => {
  it.each(commands)('that is not there ends %s with 1', async (command) => {
    const argv = [command, ...(needs[command] ?? []), '-i', '/nonexistent/prod.yaml'];
    const { status, stdout, stderr } = await clusterproxy(argv);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('/nonexistent/prod.yaml');
  });

  it('with a mistake is pointed at, and told as JSON too', async () => {
    await withFile(deserted.replace('address: 127.0.0.1', 'adress: 127.0.0.1'), async (file) => {
      const { status, stdout, stderr } = await started(['validate', '-i', file, '--json']);
      expect(status).toBe(1);
      expect(reportSchema.parse(JSON.parse(stdout)).errors?.[0]?.location).toMatchObject({ file, line: 6 });
      expect(stderr).toContain(`${file}:6:`);
      expect(stderr).toContain('^^^^^^');
    });
  });

  it('that is well is valid', async () => {
    await withFile(deserted, async (file) => {
      expect(await clusterproxy(['validate', '-i', file])).toEqual({
        status: 0,
        stdout: `${file} is valid: cluster prod, playbook bigbluebutton, proxy: 1, node: 1\n`,
        stderr: '',
      });
    });
  });

  it('whose proxies no plan would take, whatever is found on them, is not valid', async () => {
    const text = `${deserted}vars: {proxy_software: apache}\n`;
    await withFile(text, async (file) => {
      const { status, stdout, stderr } = await clusterproxy(['validate', '-i', file, '--json']);
      expect(status).toBe(1);
      expect(reportSchema.parse(JSON.parse(stdout)).errors).toMatchObject([
        { code: 'unsuitable-host', host: 'proxy-1', message: "clusterproxy doesn't set up apache" },
      ]);
      expect(stderr).toContain('proxy: external');
    });
    await withFile(text.replace(/proxy: \[.*/, 'proxy: external'), async (file) => {
      expect((await clusterproxy(['validate', '-i', file])).status).toBe(0);
    });
  });

  it('of which --limit names a host that is not in it is refused before any host is asked', async () => {
    await withFile(deserted, async (file) => {
      const { status, stderr } = await clusterproxy(['plan', '-i', file, '--limit', 'bbb-1']);
      expect(status).toBe(1);
      expect(stderr).toContain('error limit-unknown: bbb-1 is neither a host nor a role');
      expect(stderr).toContain('did you mean bbb-01?');
      expect(stderr).not.toContain('looking');
    });
  });
});

describe('hosts that can not be reached', () => {
  it.each([
    ['plan', clusterproxy],
    ['check', clusterproxy],
    ['apply', started],
  ])('end %s with 3, each with its reason', async (command, run) => {
    await withFile(deserted, async (file) => {
      const { status, stdout, stderr } = await run([command, '-i', file]);
      expect(status).toBe(3);
      expect(stdout).toContain('bbb-01: node\n  error unreachable: 127.0.0.2:1 refuses connections\n');
      expect(stdout).toMatch(/2 hosts: 2 unreachable\n$/);
      expect(stdout + stderr).not.toContain('\u001b');
      expect(stderr).toBe('looking at 2 hosts\nlooking: 2 of 2 done, 2 unreachable\n');
    });
  });

  it('are told as one JSON document, and nothing else on stdout', async () => {
    await withFile(deserted, async (file) => {
      const { status, stdout, stderr } = await clusterproxy(['check', '-i', file, '--json', '--quiet']);
      expect({ status, stderr }).toEqual({ status: 3, stderr: '' });
      const document = reportSchema.parse(JSON.parse(stdout));
      expect(document.summary).toMatchObject({ exitStatus: 3, statuses: { unreachable: 2 } });
    });
  });
});

it('a reader that goes away does not make it fail or speak', async () => {
  await withFile(deserted, async (file) => {
    const script = `{ $CLUSTERPROXY plan -i ${file} --quiet; echo "status $?" >&2; } | head -1`;
    expect(await inShell(script)).toMatchObject({ stdout: 'host     state\n', stderr: 'status 3\n' });
    const closed = await inShell(`{ sleep 0.1; $CLUSTERPROXY plan --help; echo "status $?" >&2; } | true`);
    expect(closed.stderr).toBe('status 0\n');
  });
});
