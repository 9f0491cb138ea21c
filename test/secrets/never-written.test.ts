import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SecretRegister } from '../../src/secrets/register.ts';
import { buildProgram } from '../cli/program.ts';
import { receiver } from '../schedule/notify/receiver.ts';
import { type Collector, startCollector } from '../support/otlp.ts';
import {
  filesBelow,
  type SecretCluster,
  secrets,
  startSecretCluster,
  unique,
  watchProcesses,
} from './cluster.ts';

const rotated = {
  environment: `n3w 'pass' "w\\ord" $1${unique}`,
  file: `changed-file:Q7=1${unique}`,
  command: `n3xt/${unique}token+==`,
};
const telling = { address: `t0ken-of=an/address${unique}`, signing: `s1gn!ng k3y${unique}` };
const all = [secrets, rotated, telling].flatMap((one) => Object.values(one));

let cluster: SecretCluster;
let processes: ReturnType<typeof watchProcesses>;
let collector: Collector;
beforeAll(async () => {
  await buildProgram();
  cluster = await startSecretCluster();
  collector = await startCollector();
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = collector.url;
  processes = watchProcesses();
}, 120_000);
afterAll(async () => {
  processes?.stop();
  delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  await collector?.close();
  await cluster?.close();
});

/** The usual writings, spelled out here so that the register isn't the only witness against itself. */
function writingsOf(secret: string): readonly string[] {
  const base64 = (text: string) => Buffer.from(text).toString('base64').replace(/=+$/, '');
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    secret.replaceAll("'", "''"),
    secret.replaceAll("'", "'\\''"),
    secret.replace(/[:=#!\\ ]/g, '\\$&'),
    secret.replace(/[\\"$`]/g, '\\$&'),
    base64(secret),
    base64(`root:${secret}`).slice(8),
    Buffer.from(secret).toString('hex'),
  ];
}

/** A page as its reader sees it. */
function unescaped(text: string): string {
  const characters = { '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'", '&amp;': '&' };
  return Object.entries(characters).reduce((all, [entity, one]) => all.replaceAll(entity, one), text);
}

const register = new SecretRegister();
for (const secret of all) register.add(secret);

function expectNone(where: string, text: string): void {
  const found = all.flatMap(writingsOf).filter((writing) => text.includes(writing));
  expect([...found, ...register.writingsIn([text])], `${where}: ${text.slice(0, 2000)}`).toEqual([]);
}

/** Some twenty commands one after the other. Milliseconds. */
const wholeLife = 900_000;

/** Hooks and a policy that write down all that they get, and say all of it when they fail. */
function addPrograms(): void {
  const text = readFileSync(cluster.inventory, 'utf8');
  const programs = `policies: [./allow]
hooks:
  before-run: [./note]
  after-host: [./complain]
  after-run: [./complain]
  on-drift: [./complain]
`;
  cluster.put('prod.yaml', `${text}${programs}`);
  const all = `{ env; cat; } >>"got-$CLUSTERPROXY_HOOK"`;
  for (const [name, script] of [
    ['allow', `${all}; echo '{"deny": []}'`],
    ['note', all],
    ['complain', `${all}; cat host/etc/app/* secrets/* >&2; echo "$(cat secrets/api)" >&2; exit 1`],
  ] as const) {
    cluster.put(name, `#!/bin/sh\n${script}\n`);
    chmodSync(join(cluster.folder, name), 0o755);
  }
}

it('a playbook with secrets goes through a whole life, and they are in its files alone', {
  timeout: wholeLife,
}, async () => {
  addPrograms();
  const { run, inventory } = cluster;
  const common = ['--inventory', inventory];
  const reports: string[] = [];
  const report = (form: string) => {
    reports.push(join(cluster.folder, `report-${reports.length}.${form}`));
    return reports.at(-1) ?? '';
  };
  const [page, summary] = [() => report('html'), () => report('md')];
  const plan = join(cluster.folder, 'plan.json');

  // What only looks runs side by side, here and below.
  const [valid, planned, asJson] = await Promise.all([
    run('validate', ...common),
    run('plan', ...common, '--out', plan, '--verbose', '--html', page(), '--markdown', summary()),
    run('plan', ...common, '--json'),
  ]);
  expect(valid.status).toBe(0);
  expect(planned.status).toBe(0);
  expect(planned.stdout).toContain('new file, mode 0600');
  expect(planned.stdout).toContain('+workers=4');
  expect(planned.stdout).toContain('db.connection=db.example.com ******** end');
  expect(planned.stdout).toContain('its content is not shown: it holds a secret');
  cluster.written.push(readFileSync(plan, 'utf8'));
  const document = JSON.parse(asJson.stdout);
  const whole = document.hosts[0].changes.find(
    (change: { path: string }) => change.path === '/etc/app/whole.conf',
  );
  expect(whole.after).toEqual({ mode: '0600', owner: expect.any(String) });

  const applied = await run('apply', ...common, '--plan', plan, '--yes', '--verbose');
  expect(applied.stderr).not.toContain('error');
  expect(applied.status).toBe(0);
  expect(cluster.text('/etc/app/whole.conf')).toContain(`login ${secrets.environment} key=${secrets.file}`);
  expect(cluster.text('/etc/app/whole.conf')).toContain(`token: ${secrets.command}`);
  expect(statSync(join(cluster.root, 'etc/app/whole.conf')).mode & 0o777).toBe(0o600);
  expect(statSync(join(cluster.root, 'etc/default/app')).mode & 0o777).toBe(0o600);
  expect(cluster.text('/etc/app/app.properties')).toContain('other=stays');

  // A plan that was saved before a secret was exchanged is no longer what would be done.
  const second = join(cluster.folder, 'second.json');
  chmodSync(join(cluster.root, 'etc/app/app.properties'), 0o640);
  cluster.rotate(rotated);
  await run('plan', ...common, '--out', second);
  cluster.written.push(readFileSync(second, 'utf8'));
  cluster.environment = rotated.environment;
  const [refused, differing] = await Promise.all([
    run('apply', ...common, '--plan', second, '--yes'),
    run('check', ...common, '--json'),
  ]);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain('plan-differs');
  expect(differing.status).toBe(2);

  // The application's own check quotes its files, in plain and in base64.
  cluster.complain(true);
  const failed = await run(
    'apply',
    ...common,
    '--yes',
    '--verbose',
    '--html',
    page(),
    '--markdown',
    summary(),
  );
  expect(failed.status).toBe(3);
  expect(failed.stdout).toContain('validation-failed');
  expect(failed.stdout).toContain("can't take these lines");
  expect(failed.stdout).toContain('workers=4');
  const again = await run('apply', ...common, '--yes', '--json');
  expect(JSON.parse(again.stdout).hosts[0].error.detail).toContain('********');
  cluster.complain(false);

  expect((await run('apply', ...common, '--yes')).status).toBe(0);
  expect(cluster.text('/etc/app/whole.conf')).toContain(rotated.file);
  await Promise.all(
    ['history', 'status', 'check'].flatMap((command) => [
      run(command, ...common, '--verbose', '--html', page(), '--markdown', summary()).then(({ status }) =>
        expect(status, command).toBe(0),
      ),
      run(command, ...common, '--json'),
    ]),
  );
  // Somebody edits beside our keys; the former secrets come back out of the files' originals.
  const rolledBack = await run('rollback', ...common, '--yes', '--verbose', '--html', page());
  expect(rolledBack.status).toBe(0);
  expect(rolledBack.stdout).toContain('********');
  expect(cluster.text('/etc/app/whole.conf')).toContain(secrets.file);
  expect(cluster.text('/etc/default/app')).not.toContain(rotated.command);
  await run('rollback', ...common, '--yes', '--json');
  await run('history', ...common, '--json');

  // Whoever is told what a schedule finds, by secrets of their own and about hosts with secrets.
  const told = await receiver((number) => (number === 1 ? 500 : 200));
  const state = join(cluster.folder, 'scheduled');
  const address = `${told.url}?${telling.address}`;
  cluster.put('secrets/signing', telling.signing, 0o600);
  cluster.put('programs/told', '#!/bin/sh\nenv >"$0.env"\ncat >>"$0.log"\nexit 1\n', 0o755);
  cluster.put(
    'notifying.yaml',
    `${readFileSync(inventory, 'utf8')}notify:
  targets:
    - {webhook: {env: TOLD_URL}, secret: {file: secrets/signing}}
    - {command: [./programs/told]}
  dead_man: {env: TOLD_URL}
`,
  );
  const scheduled = ['--inventory', join(cluster.folder, 'notifying.yaml'), '--state', state];
  cluster.variables = { TOLD_URL: address };
  for (const policy of ['report', 'fix', 'report']) {
    await run('schedule', 'run', ...scheduled, '--policy', policy);
    cluster.rotate(policy === 'report' ? secrets : rotated);
  }
  await run('notify', 'status', ...scheduled);
  const bodies = told.all.map(({ body }) => body).filter((body) => body !== '');
  expect(bodies.length).toBeGreaterThan(1);
  expect(told.all.some(({ headers }) => headers['webhook-signature'] !== undefined)).toBe(true);
  const below = [...filesBelow(state)].map(([, { content }]) => content.toString('utf8'));
  expect(below.length).toBeGreaterThan(3);
  const log = readFileSync(join(cluster.folder, 'programs/told.log'), 'utf8');
  expect(log).toContain('"schemaVersion":1');
  const environment = readFileSync(join(cluster.folder, 'programs/told.env'), 'utf8');
  for (const text of [...bodies, ...below, log, environment]) expectNone('told', text);

  for (const text of cluster.written) expectNone('printed', text);
  expect(reports).toHaveLength(11);
  for (const name of reports) {
    const text = readFileSync(name, 'utf8');
    expectNone(name, text);
    expectNone(name, unescaped(text));
  }

  const targets = ['/etc/app/app.properties', '/etc/app/app.yml', '/etc/default/app', '/etc/app/whole.conf'];
  const files = filesBelow(cluster.root);
  const originals = [...files].filter(([path]) =>
    /^\/var\/lib\/clusterproxy\/runs\/[^/]+\/before\/\d+$/.test(path),
  );
  expect(originals.length).toBeGreaterThan(4);
  for (const [path, { mode }] of originals) expect(mode, path).toBe(0o600);
  for (const [path, { content }] of files) {
    if (targets.includes(path) || originals.some(([original]) => original === path)) continue;
    expectNone(path, content.toString('utf8'));
  }
  const records = filesBelow(join(cluster.folder, 'state/clusterproxy/events'));
  expect(records.size).toBeGreaterThan(5);
  for (const [path, { content }] of records) expectNone(path, content.toString('utf8'));
  expect(collector.requests.length).toBeGreaterThan(15);
  for (const { body } of collector.requests) expectNone('trace', body.toString('utf8'));
  for (const hook of ['', 'before-run', 'after-host', 'after-run', 'on-drift']) {
    const got = readFileSync(join(cluster.folder, `got-${hook}`), 'utf8');
    expect(got).toContain('"schemaVersion": 1');
    expectNone(`hook ${hook}`, got);
  }
  expect([...files.keys()].filter((path) => path.includes('/contents/'))).toEqual([]);
  expect(readdirSync(join(cluster.root, 'run/stand-in'))).toContain('syslog');

  processes.stop();
  expect([...processes.seen].some((text) => text.includes('app-check'))).toBe(true);
  expectNone('processes', [...processes.seen].join('\n'));
});
