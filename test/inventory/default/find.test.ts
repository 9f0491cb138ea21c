import { chmod, chown, link, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findInventory, type Surroundings } from '../../../src/inventory/default/find.ts';
import { problemsOf } from '../../../src/model/operator-error.ts';

let top: string;
let inner: string;
beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'clusterproxy-find-'));
  inner = join(top, 'home/ops/clusters/prod');
  await mkdir(inner, { recursive: true });
});
afterEach(() => rm(top, { recursive: true, force: true }));

const find = (more: Partial<Surroundings> = {}) =>
  findInventory({ variables: {}, folder: inner, homes: [join(top, 'home/ops')], ...more });
const refusal = async (more: Partial<Surroundings> = {}) =>
  problemsOf(await find(more).catch((error: unknown) => error))[0];
const write = (path: string) => writeFile(join(top, path), 'playbook: bigbluebutton\n', { mode: 0o644 });

describe('the inventory that nobody has named', () => {
  it('is in the working folder before one above it', async () => {
    await write('home/ops/clusterproxy.yaml');
    expect(await find()).toEqual({ path: join(top, 'home/ops/clusterproxy.yaml'), from: 'found' });
    await write('home/ops/clusters/prod/clusterproxy.yaml');
    expect(await find()).toEqual({ path: join(inner, 'clusterproxy.yaml'), from: 'found' });
  });

  it('is not looked for above the home folder, or the root of the repository', async () => {
    await write('home/clusterproxy.yaml');
    expect((await refusal())?.message).toContain(`(up to ${join(top, 'home/ops')})`);
    await write('home/ops/clusterproxy.yaml');
    // A work tree of git has a file of that name.
    await writeFile(join(top, 'home/ops/clusters/.git'), 'gitdir: elsewhere\n');
    const problem = await refusal();
    expect(problem?.code).toBe('no-inventory');
    expect(problem?.message).toContain(`(up to ${join(top, 'home/ops/clusters')})`);
    for (const words of ['--inventory', 'CLUSTERPROXY_INVENTORY', 'clusterproxy.yaml', 'clusterproxy init'])
      expect(`${problem?.message} ${problem?.next}`).toContain(words);
  });

  it('is the one that the variable names, before any file', async () => {
    await write('home/ops/clusterproxy.yaml');
    await write('home/other.yaml');
    const CLUSTERPROXY_INVENTORY = '../../../other.yaml';
    const path = join(top, 'home/other.yaml');
    expect(await find({ variables: { CLUSTERPROXY_INVENTORY } })).toEqual({ path, from: 'variable' });
    expect(await find({ variables: { CLUSTERPROXY_INVENTORY: '' } })).toMatchObject({ from: 'found' });
    expect(await refusal({ variables: { CLUSTERPROXY_INVENTORY: '~/none.yaml' } })).toMatchObject({
      code: 'file-missing',
      message: `the inventory ${join(top, 'home/ops/none.yaml')} (CLUSTERPROXY_INVENTORY names it) does not exist`,
    });
  });

  it('is not looked for below a folder that is gone, which the variable needs', async () => {
    const problem = await refusal({ variables: { CLUSTERPROXY_INVENTORY: 'demo.yaml' }, folder: undefined });
    expect(problem).toMatchObject({
      code: 'no-inventory',
      message: 'CLUSTERPROXY_INVENTORY names demo.yaml, below the working folder, which is gone',
    });
    expect((await refusal({ folder: undefined }))?.message).toContain('CLUSTERPROXY_INVENTORY is not set');
  });

  it('is refused where anybody may write it, or its folder, or a folder above', async () => {
    await write('home/ops/clusters/prod/clusterproxy.yaml');
    for (const [path, mode] of [
      [join(inner, 'clusterproxy.yaml'), 0o666],
      [inner, 0o1777],
      [join(top, 'home'), 0o777],
    ] as const) {
      await chmod(path, mode);
      const problem = await refusal();
      expect([problem?.code, problem?.message]).toEqual(['inventory-exposed', expect.stringContaining(path)]);
      expect(problem?.next).toContain(`--inventory ${join(inner, 'clusterproxy.yaml')}`);
      await chmod(path, path.endsWith('.yaml') ? 0o644 : 0o755);
    }
    expect(await find()).toMatchObject({ from: 'found' });
    const file = join(inner, 'clusterproxy.yaml');
    await chmod(file, 0o666);
    expect(await refusal({ variables: { CLUSTERPROXY_INVENTORY: file } })).toMatchObject({
      code: 'inventory-exposed',
    });
  });

  it('is not another one, further above, where the nearest leads nowhere or is no file', async () => {
    await write('home/ops/clusterproxy.yaml');
    await symlink('nowhere', join(inner, 'clusterproxy.yaml'));
    expect(await refusal()).toMatchObject({ code: 'file-missing' });
    await rm(join(inner, 'clusterproxy.yaml'));
    await symlink('clusterproxy.yaml', join(inner, 'clusterproxy.yaml'));
    expect(await refusal()).toMatchObject({ code: 'file-unreadable' });
    await rm(join(inner, 'clusterproxy.yaml'));
    await mkdir(join(inner, 'clusterproxy.yaml'));
    expect(await refusal()).toMatchObject({ code: 'file-is-directory' });
  });

  it('is judged where links lead, too', async () => {
    await mkdir(join(top, 'open'));
    await write('open/prod.yaml');
    await symlink('../../../../open/prod.yaml', join(inner, 'clusterproxy.yaml'));
    expect(await find()).toEqual({ path: join(inner, 'clusterproxy.yaml'), from: 'found' });
    await chmod(join(top, 'open'), 0o777);
    expect(await refusal()).toMatchObject({
      code: 'inventory-exposed',
      message: expect.stringContaining(`anybody can create files in ${join(top, 'open')} (mode 0777)`),
    });
  });

  it.skipIf(process.getuid?.() !== 0)(
    "is refused where it is another user's, or in their folder, by a hard link to root's file as well",
    async () => {
      const path = join(inner, 'clusterproxy.yaml');
      await write('home/ops/root.yaml');
      await link(join(top, 'home/ops/root.yaml'), path);
      await chown(inner, 4711, 4711);
      expect(await refusal()).toMatchObject({
        message: expect.stringContaining(`${inner} belongs to another user (uid 4711)`),
      });
      await chown(inner, 0, 0);
      await rm(path);
      await write('home/ops/clusters/prod/clusterproxy.yaml');
      await chown(path, 4711, 4711);
      expect(await refusal()).toMatchObject({ next: expect.stringContaining(`chown 0 ${path}`) });
    },
  );
});
