import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { reportSchema } from '../../src/report/document/schema.ts';
import { buildProgram, clusterproxy } from './program.ts';

const root = join(import.meta.dirname, '../..');
let folder: string;
beforeAll(async () => {
  await buildProgram();
  folder = await mkdtemp(join(tmpdir(), 'clusterproxy-schema-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Whether an inventory has the form that a printed schema asks for. */
async function judge(playbook: string) {
  const { status, stdout } = await clusterproxy(['schema', 'inventory', '--playbook', playbook]);
  expect(status).toBe(0);
  const schema = z.fromJSONSchema(JSON.parse(stdout));
  return { schema: JSON.parse(stdout), accepts: (text: string) => schema.safeParse(parse(text)).success };
}

const head = 'playbook: bigbluebutton\ncluster: {name: prod, hostname: bbb.example.com}\n';
const hosts = 'hosts: {proxy: [{name: p}], node: [{name: n, hostname: n.example.com}]}\n';

describe('schema', () => {
  it('prints what is published', async () => {
    for (const name of ['inventory', 'playbook', 'report', 'events', 'fleet']) {
      const { stdout } = await clusterproxy(['schema', name]);
      expect(stdout).toBe(await readFile(join(root, `schema/${name}.schema.json`), 'utf8'));
    }
  });

  it("knows a playbook's variables and roles", async () => {
    const { schema, accepts } = await judge('bigbluebutton');
    expect(accepts(await readFile(join(root, 'inventory.example.yaml'), 'utf8'))).toBe(true);
    expect(accepts(`${head}${hosts}`)).toBe(true);
    expect(accepts(`${head}vars: {restart: minimal}\n${hosts}`)).toBe(true);
    expect(accepts(`${head}vars: {restart: sometimes}\n${hosts}`)).toBe(false);
    expect(accepts(`${head}vars: {restrat: minimal}\n${hosts}`)).toBe(false);
    expect(accepts(`${head}hosts: {proxy: [{name: p}], nodes: []}\n`)).toBe(false);
    expect(accepts(`${head}hosts: {proxy: [{name: p}], node: [{name: n}]}\n`)).toBe(false);
    expect(schema.properties.vars.properties.restart.description).toMatch(/\w/);
  });

  it("knows a playbook's variables from its own file", async () => {
    const file = join(folder, 'mine.yaml');
    const text = `extends: bigbluebutton
name: mine
description: of tests
variables:
  colour: {type: enum, values: [red, blue], perHost: false, description: of the banner}
  depth: {type: integer, description: how deep, perHost: true, default: 3}
`;
    await writeFile(file, text);
    const { accepts } = await judge(file);
    const inventory = (vars: string) => `playbook: ./mine.yaml
cluster: {name: prod, hostname: bbb.example.com}
${vars}
${hosts}`;
    expect(accepts(inventory('vars: {colour: red}'))).toBe(true);
    expect(accepts(inventory('vars: {colour: green}'))).toBe(false);
    expect(accepts(inventory('vars: {depth: 1}'))).toBe(false);
    const onHost = inventory('vars: {colour: red}').replace('name: n,', 'name: n, vars: {depth: 7},');
    expect(accepts(onHost)).toBe(true);
    expect(accepts(onHost.replace('depth: 7', 'colour: red'))).toBe(false);
  });

  it('writes into a folder, says which line names it, and leaves files of others alone', async () => {
    const out = join(folder, 'schemas/here');
    const argv = ['schema', 'inventory', '--playbook', 'wcs', '--out', out];
    const { stdout } = await clusterproxy(argv);
    const file = join(out, 'inventory-wcs.schema.json');
    expect(stdout.split('\n')).toContain(`# yaml-language-server: $schema=${file}`);
    expect(JSON.parse(await readFile(file, 'utf8')).title).toBe(
      'clusterproxy inventory for the playbook wcs',
    );
    const { stdout: json } = await clusterproxy([...argv, '--json']);
    expect(reportSchema.parse(JSON.parse(json)).schemas).toMatchObject([{ name: 'inventory', file }]);
    expect(await readdir(out)).toEqual(['inventory-wcs.schema.json']);
    await mkdir(join(folder, 'others'));
    await writeFile(join(folder, 'others/report.schema.json'), '{"title": "of others"}');
    const refused = await clusterproxy(['schema', 'report', '--out', join(folder, 'others')]);
    expect(refused).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^error schema-not-written: /),
    });
    expect(await readFile(join(folder, 'others/report.schema.json'), 'utf8')).toBe('{"title": "of others"}');
  });
});
