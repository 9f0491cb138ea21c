import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportSchema } from '../../src/report/document/schema.ts';
import { writeGuide } from '../support/guide.ts';
import { buildProgram, clusterproxy, inShell, withFile } from './program.ts';

let folder: string;
beforeAll(async () => {
  await buildProgram();
  folder = await mkdtemp(join(tmpdir(), 'guide-'));
  await writeGuide(folder);
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('playbook check', () => {
  it('has help with an example', async () => {
    const { status, stdout } = await clusterproxy(['playbook', 'check', '--help']);
    expect(status).toBe(0);
    expect(stdout).toContain('Example:\n  clusterproxy playbook check ./mine.yaml');
  });

  it('says that a playbook with a module of its own is fit for use, and on which hosts it was tried', async () => {
    const file = join(folder, 'turn.yaml');
    const { status, stdout, stderr } = await clusterproxy(['playbook', 'check', file]);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toContain('turn-debian: made up; 1 action, 2 files, 1 unit');
    expect(stdout).toContain('turn-rhel: made up;');
    expect(stdout.replace(/\s+/g, ' ')).toContain(`${file} is valid; a second run changes nothing`);
  });

  it('reads a playbook from a pipe', async () => {
    const file = join(folder, 'piped.yaml');
    const step = "{id: a, file: {path: /etc/a, content: 'a'}}";
    await writeFile(
      file,
      `name: piped\ndescription: for tests\nroles: {node: {description: a host, steps: [${step}]}}\n`,
    );
    const { status, stdout, stderr } = await inShell(`cat ${file} | $CLUSTERPROXY playbook check /dev/stdin`);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.replace(/\s+/g, ' ')).toContain('/dev/stdin is valid; a second run changes nothing');
  });

  it('says in one sentence that it was given an inventory', async () => {
    const file = join(folder, 'prod.yaml');
    await writeFile(file, 'playbook: bigbluebutton\ncluster: {name: a}\nhosts: {}\n');
    const { status, stderr } = await clusterproxy(['playbook', 'check', file]);
    expect(status).toBe(1);
    expect(stderr.match(/^error /gm)).toHaveLength(1);
    expect(stderr.replace(/\s+/g, ' ')).toContain(
      'is an inventory, not a playbook; the playbook that it names is bigbluebutton',
    );
    expect(stderr.replace(/\s+/g, ' ')).toContain(`clusterproxy validate --inventory ${file}`);
  });

  it('shows the plans with --verbose, and prints the usual document with --json', async () => {
    const file = join(folder, 'turn.yaml');
    const verbose = await clusterproxy(['playbook', 'check', file, '--verbose']);
    expect(verbose.stdout).toContain('+net.core.rmem_max = 4194304');
    const { status, stdout } = await clusterproxy(['playbook', 'check', file, '--json']);
    expect(status).toBe(0);
    const document = reportSchema.parse(JSON.parse(stdout));
    expect(document.hosts.map(({ name, status: how }) => [name, how])).toEqual([
      ['turn-debian', 'would-change'],
      ['turn-rhel', 'would-change'],
    ]);
    expect(
      document.hosts[0]?.changes.map(({ kind, stage, knownAfter }) => [kind, stage, knownAfter]),
    ).toEqual([
      ['action', 1, undefined],
      ['file', 2, 'packages'],
      ['file', 2, 'packages'],
      ['unit', 2, 'packages'],
    ]);
  });

  it('ends with 1 where the playbook is wrong, with its place, or does not come to rest', async () => {
    const wrong = await withFile('name: x\n', (file) => clusterproxy(['playbook', 'check', file]));
    expect(wrong.status).toBe(1);
    expect(wrong.stderr).toContain('missing-key');
    const text = `name: x
description: two steps that undo each other
roles:
  node:
    description: a host
    steps:
      - {id: there, file: {path: /etc/x, content: 'one'}}
      - {id: back, file: {path: /etc/x, absent: true}}
`;
    const restless = await withFile(text, (file) => clusterproxy(['playbook', 'check', file]));
    expect(restless.status).toBe(1);
    expect(restless.stdout).toContain('two-owners');
    expect(restless.stdout.replace(/\s+/g, ' ')).toContain("2 sample hosts of 2 can't be planned");
  });
});
