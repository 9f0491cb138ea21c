import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { builtInPlaybooks } from '../../src/playbook/read/chain.ts';
import {
  knownPlaybook,
  preparedPlaybook,
  readPrepared,
  rememberPlaybook,
} from '../../src/playbook/read/known-playbooks.ts';
import { loadPlaybook } from '../../src/playbook/read/load.ts';
import { buildProgram, clusterproxyAt, main } from '../cli/program.ts';

const names = await builtInPlaybooks();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'known-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('a playbook that is read again', () => {
  it('is the same as long as none of its files has changed', async () => {
    const playbooks = join(packageRoot(), 'playbooks');
    await cp(join(playbooks, 'bigbluebutton.yaml'), join(folder, 'base.yaml'));
    await cp(join(playbooks, 'files'), join(folder, 'files'), { recursive: true });
    await writeFile(join(folder, 'mine.yaml'), 'extends: ./base.yaml\nname: mine\ndescription: first\n');
    const load = () => loadPlaybook('./mine.yaml', folder);
    const first = await load();
    expect((await load()).roles).toBe(first.roles);

    await writeFile(join(folder, 'mine.yaml'), 'extends: ./base.yaml\nname: mine\ndescription: second\n');
    expect((await load()).description).toBe('second');
    const guard = join(folder, 'files/bbb-meetings.sh');
    await writeFile(guard, `${await readFile(guard, 'utf8')}# another\n`);
    expect((await load()).text).toContain('# another\n');
    await writeFile(join(folder, 'base.yaml'), 'names: [');
    await expect(load()).rejects.toThrow();
    await rm(join(folder, 'base.yaml'));
    await expect(load()).rejects.toThrow();
  });
});

describe('a playbook is read anew', () => {
  const extension = 'extends: bigbluebutton\nname: mine\ndescription: first\n';

  it('where one of its files lies elsewhere by now, even with the same content', async () => {
    const own = join(folder, 'linked');
    const playbooks = join(packageRoot(), 'playbooks');
    await cp(join(playbooks, 'bigbluebutton.yaml'), join(own, 'mine.yaml'));
    await cp(join(playbooks, 'files'), join(own, 'files'), { recursive: true });
    await loadPlaybook('./mine.yaml', own);
    await rm(join(own, 'files'), { recursive: true });
    await symlink(join(playbooks, 'files'), join(own, 'files'));
    await expect(loadPlaybook('./mine.yaml', own)).rejects.toThrow("outside the playbook's directory");
  });

  it('where a file changed while the playbook was read', async () => {
    const file = join(folder, 'changed.yaml');
    await writeFile(file, extension);
    const { modules: _, ...playbook } = await loadPlaybook('./changed.yaml', folder);
    rememberPlaybook(playbook, [{ file, text: extension.replace('first', 'earlier') }]);
    expect(await knownPlaybook(file)).toBeUndefined();
    rememberPlaybook(playbook, [{ file, text: extension }]);
    expect(await knownPlaybook(file)).toEqual(playbook);
  });

  it('from a pipe, which gives it only once', async () => {
    const pipe = join(folder, 'pipe.yaml');
    execFileSync('mkfifo', [pipe]);
    const [{ name }] = await Promise.all([loadPlaybook('./pipe.yaml', folder), writeFile(pipe, extension)]);
    expect(name).toBe('mine');
  });
});

describe('the playbooks that come with the program', () => {
  it.each(names)('%s is prepared as it would be read', async (name) => {
    const { modules: _, ...playbook } = await loadPlaybook(name, packageRoot());
    const { text } = preparedPlaybook(playbook.file);
    const known = readPrepared(text, playbook.file);
    expect(known.playbook).toEqual(playbook);
    expect(Object.keys(known.files)).toContain(playbook.file);
    expect(text).not.toContain(packageRoot());
  });

  it('are found in another folder as well, where everything that they consist of lies beside', async () => {
    const playbooks = join(packageRoot(), 'playbooks');
    const { file } = await loadPlaybook('bigbluebutton', folder);
    const copy = join(folder, 'copy', 'mine.yaml');
    await cp(file, copy);
    await cp(join(playbooks, 'files'), join(folder, 'copy/files'), { recursive: true });
    const { modules: _, ...read } = await loadPlaybook(copy, folder);
    expect(readPrepared(preparedPlaybook(file).text, copy).playbook).toEqual(read);
    const averox = await loadPlaybook('averox', folder);
    expect(() => readPrepared(preparedPlaybook(averox.file).text, copy)).toThrow('extension');
  });

  describe('are read anew', () => {
    beforeAll(buildProgram);

    it('where somebody has changed one of their files', async () => {
      const root = join(folder, 'package');
      await cp(join(main, '..'), join(root, 'dist'), { recursive: true });
      await cp(join(packageRoot(), 'playbooks'), join(root, 'playbooks'), { recursive: true });
      for (const name of ['package.json', 'src', 'docs']) {
        await symlink(join(packageRoot(), name), join(root, name));
      }
      const check = () => clusterproxyAt(join(root, 'dist/main.js'), ['playbook', 'check', 'averox']);
      expect(await check()).toMatchObject({ status: 0 });
      const base = join(root, 'playbooks/bigbluebutton.yaml');
      await writeFile(base, (await readFile(base, 'utf8')).replace(/^roles:/m, 'rolls:'));
      const { status, stderr } = await check();
      expect(status).toBe(1);
      expect(stderr).toContain('rolls');
    });
  });
});
