import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DemoCluster, makeCluster } from '../../src/demo/cluster.ts';
import { buildProgram, clusterproxy } from '../cli/program.ts';

/** Each has it; anything of it in a bundle tells whose cluster it is. */
const canary = 'kanarienvogel';
const address = '198.51.100.77';

let folder: string;
let cluster: DemoCluster;
let inventory: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-told-'));
  [cluster] = await Promise.all([makeCluster(folder), buildProgram()]);
  inventory = join(folder, `${canary}.yaml`);
  writeFileSync(inventory, inventoryWithCanaries());
}, 120_000);
afterAll(async () => {
  await cluster?.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

function inventoryWithCanaries(): string {
  return readFileSync(join(folder, 'demo.yaml'), 'utf8')
    .replace('name: demo', `name: ${canary}-cluster`)
    .replace('hostname: bbb-proxy.example.com', `hostname: www.${canary}.example`)
    .replace('- name: proxy-1', `- name: ${canary}-door`)
    .replace('- name: bbb-02', `- name: ${canary}-02\n      address: ${address}`)
    .replace(
      'hosts:\n',
      `vars: {trusted_certificate: /etc/ssl/${canary}.pem, certificate: /etc/ssl/${canary}.pem, certificate_key: /etc/ssl/${canary}.key}\nhosts:\n`,
    );
}

const onHost = (host: string, path: string) => join(folder, 'hosts', host, path);
const plant = (host: string, path: string, edit: (text: string) => string) => {
  const file = onHost(host, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, edit(existsSync(file) ? readFileSync(file, 'utf8') : ''));
};

const support = (...argv: readonly string[]) =>
  clusterproxy(['support', '--inventory', inventory, '--timeout', '2', ...argv], { NO_COLOR: '1' });

const canaries = (text: string) =>
  text.split('\n').filter((line) => line.toLowerCase().includes(canary) || line.includes(address));

it('a bundle has nothing of the names, addresses, meetings and secrets of a cluster', async () => {
  for (const ending of ['pem', 'key'])
    plant('proxy-1', `etc/ssl/${canary}.${ending}`, () => '# placeholder\n');
  const applied = await clusterproxy(['apply', '--inventory', inventory, '--yes'], { NO_COLOR: '1' });
  expect(applied.status, applied.stdout + applied.stderr).toBe(0);
  const [run = ''] = readdirSync(onHost('bbb-02', 'var/lib/clusterproxy/runs'));
  plantInRecord(onHost('bbb-02', `var/lib/clusterproxy/runs/${run}/record.json`));
  plantOnHosts();

  const file = join(folder, 'bundle.md');
  const shown = await support();
  expect(shown.status).toBe(1);
  expect(shown.stderr).toContain('confirmation-needed');
  const written = await support('--yes', '--out', file);
  expect(written.status, written.stderr).toBe(0);
  const text = readFileSync(file, 'utf8');
  expect(written.stdout, 'what is shown is what is written').toBe(text);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const asJson = await support('--yes', '--json', '--overwrite', '--out', file);
  expect(JSON.parse(asJson.stdout).support.hosts).toHaveLength(4);

  for (const one of [shown.stdout, text, JSON.stringify(JSON.parse(asJson.stdout).support)]) {
    expect(canaries(one)).toEqual([]);
  }
  // It is of use all the same.
  expect(text).toContain('## host-1: proxy, recipe nginx');
  expect(text).toContain('- guards: meetings busy (1)');
  expect(text).toContain('- file-not-understood on host-4');
  expect(text).toContain('server_name cluster-1.example');
  expect(text).toContain('proxy_pass https://address-');
  expect(text).toContain('| client-settings | /etc/bigbluebutton/bbb-html5.yml | public > app > basename |');
  expect(text).toContain('apply by user-1 from machine-1');
  expect(text).toMatch(/\| host-2 \| [a-z-]+ \| (?:failed|not-asked|passed) \|/);

  const refused = await support('--yes', '--out', file);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain('support-file-exists');
});

it('tells of an inventory that is not valid by code and line', async () => {
  const broken = join(folder, `${canary}-broken.yaml`);
  writeFileSync(broken, readFileSync(inventory, 'utf8').replace('  node:', `  ${canary}:`));
  const file = join(folder, 'broken.md');
  const ended = await clusterproxy(['support', '--inventory', broken, '--yes', '--out', file], {
    NO_COLOR: '1',
  });
  expect(ended.status, ended.stderr).toBe(0);
  const text = readFileSync(file, 'utf8');
  expect(canaries(text)).toEqual([]);
  expect(text).toContain('- the inventory could not be used; the errors below say why');
  expect(text).toMatch(/- [a-z-]+ at line \d+, column \d+/);
});

/** A host's record may say anything. */
function plantInRecord(file: string): void {
  const record = JSON.parse(readFileSync(file, 'utf8'));
  const change = { ...record.changes[0], path: `/etc/${canary}/x.conf`, steps: [canary], kind: 'file' };
  writeFileSync(
    file,
    JSON.stringify({
      ...record,
      ...{ operator: `${canary}@school`, from: `${canary}.laptop`, version: `0.2.0-${canary}` },
      changes: [...record.changes, change],
    }),
  );
}

function plantOnHosts(): void {
  plant('bbb-02', 'run/stand-in/meetings', () => `28 ${canary} 7b\n`);
  plant('bbb-03', 'etc/bigbluebutton/bbb-web.properties', (text) => `${text}\nsecuritySalt=${canary}\n`);
  plant(
    'bbb-02',
    'etc/bigbluebutton/bbb-html5.yml',
    (text) => `${text.replace(/basename: .*/, `basename: /${canary}`)}\n# ${canary}\n`,
  );
  plant(
    'bbb-02',
    'etc/nginx/sites-enabled/bigbluebutton',
    (text) =>
      `${text}\nserver {\n  server_name ${canary}.example;\n  ${canary}_module ${canary};\n  location /${canary} { proxy_pass https://${address}/${canary}; add_header X ${canary}; }\n}\n`,
  );
  plant('bbb-01', 'etc/os-release', () => `ID=${canary}\nPRETTY_NAME="${canary} 12"\n`);
  plant('bbb-03', 'etc/bigbluebutton/bbb-html5.yml', (text) => `${text}\n${canary}: [\n`);
}
