import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandTree } from '../../src/cli/program.ts';
import { reportSchema } from '../../src/report/document/schema.ts';
import { buildProgram, clusterproxy, type Ended, main } from './program.ts';

let top: string;
beforeAll(async () => {
  await buildProgram();
  top = await realpath(await mkdtemp(join(tmpdir(), 'clusterproxy-taken-')));
  await mkdir(join(top, 'repository/below'), { recursive: true });
  await mkdir(join(top, 'repository/.git'));
  await mkdir(join(top, 'empty/.git'), { recursive: true });
  const text = `playbook: bigbluebutton
cluster: {name: prod, hostname: bbb.example.com}
hosts: {proxy: [{name: proxy}], node: [{name: n1, hostname: n1.example.com}]}
`;
  for (const file of ['repository/clusterproxy.yaml', 'other.yaml']) {
    await writeFile(join(top, file), text, { mode: 0o644 });
  }
});
afterAll(() => rm(top, { recursive: true, force: true }));

/** Runs it in a folder of these tests. */
function clusterproxyIn(
  folder: string,
  argv: readonly string[],
  variables: Record<string, string> = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const { CLUSTERPROXY_INVENTORY: _, ...env } = process.env;
    const child = spawn(process.execPath, [main, ...argv], {
      ...{ cwd: join(top, folder), env: { ...env, ...variables } },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}

describe('an inventory that -i does not name', () => {
  it('is found above the working folder, and named to people', async () => {
    const file = join(top, 'repository/clusterproxy.yaml');
    const told = await clusterproxyIn('repository/below', ['validate']);
    expect(told).toEqual({
      status: 0,
      stdout: `${file} is valid: cluster prod, playbook bigbluebutton, proxy: 1, node: 1\n`,
      stderr: `inventory: ${file}\n`,
    });
    const quiet = await clusterproxyIn('repository', ['validate', '--quiet']);
    expect(quiet).toMatchObject({ status: 0, stderr: '' });
  });

  it.each([
    ['found', []],
    ['variable', []],
    ['option', ['-i', '../other.yaml']],
  ] as const)('is named in the document, and that it is from the %s', async (from, argv) => {
    const path = join(top, from === 'found' ? 'repository/clusterproxy.yaml' : 'other.yaml');
    const more: Record<string, string> = from === 'found' ? {} : { CLUSTERPROXY_INVENTORY: '../other.yaml' };
    const { stdout, stderr } = await clusterproxyIn('repository', ['validate', '--json', ...argv], more);
    expect(reportSchema.parse(JSON.parse(stdout)).inventoryFile).toEqual({ path, from });
    expect(stderr).toBe(
      { found: `inventory: ${path}\n`, variable: `inventory: ${path} (from CLUSTERPROXY_INVENTORY)\n` }[
        from as string
      ] ?? '',
    );
  });

  it('is named in the document of an error as well, and refused where others may write it', async () => {
    const failed = await clusterproxyIn('repository', ['check', '--limit', 'nobody', '--json']);
    expect(JSON.parse(failed.stdout)).toMatchObject({
      inventoryFile: { from: 'found' },
      errors: [{ code: 'limit-unknown' }],
    });
    await chmod(join(top, 'repository/clusterproxy.yaml'), 0o666);
    const refused = await clusterproxyIn('repository/below', ['check', '--json']);
    await chmod(join(top, 'repository/clusterproxy.yaml'), 0o644);
    expect(refused.status).toBe(1);
    expect(JSON.parse(refused.stdout).errors).toMatchObject([{ code: 'inventory-exposed' }]);
  });

  it('is missing, and the message names all the ways', async () => {
    const { status, stderr } = await clusterproxyIn('empty', ['plan'], { CLUSTERPROXY_INVENTORY: '' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^error no-inventory: /);
    for (const words of ['--inventory', 'CLUSTERPROXY_INVENTORY', 'clusterproxy.yaml', 'clusterproxy init'])
      expect(stderr.replace(/\s+/g, ' ')).toContain(words);
  });

  it('is asked for by every command over an inventory in the same way', async () => {
    // `config` only says what they would take, and `init` writes one; a fleet takes many, and none unasked.
    const found = commandTree().filter(
      ({ name, command }) =>
        !['config', 'init'].includes(name) &&
        command.options.some(({ long, variadic }) => long === '--inventory' && !variadic),
    );
    expect(found.length).toBeGreaterThan(30);
    // An operand for each that needs one.
    const operands = ['x', '/etc/x'];
    for (const { name, command } of found) {
      const needed = command.registeredArguments
        .filter(({ required }) => required)
        .map(({ argChoices }, at) => argChoices?.[0] ?? operands[at]);
      const argv = [...name.split(' '), ...needed.map(String)];
      const { stdout } = await clusterproxy([...argv, '--json'], { CLUSTERPROXY_INVENTORY: '/none/x.yaml' });
      expect([name, JSON.parse(stdout).errors?.[0]?.message]).toEqual([
        name,
        'the inventory /none/x.yaml (CLUSTERPROXY_INVENTORY names it) does not exist',
      ]);
    }
  });
});
