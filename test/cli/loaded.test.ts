import { build } from 'esbuild';
import { beforeAll, expect, test } from 'vitest';
import { bundling } from '../../scripts/bundling.mjs';

type Inputs = Readonly<Record<string, { readonly imports: readonly { path: string; kind: string }[] }>>;

let inputs: Inputs;

beforeAll(async () => {
  const made = await build({
    ...bundling({ main: 'src/main.ts' }),
    outfile: 'dist/program.cjs',
    metafile: true,
    write: false,
  });
  inputs = made.metafile.inputs;
});

/** Every file that is loaded with this one; what it imports later, by import(), isn't. */
function loadedWith(file: string): ReadonlySet<string> {
  const loaded = new Set([file]);
  for (const one of loaded)
    for (const { path, kind } of inputs[one]?.imports ?? [])
      if (kind !== 'dynamic-import' && inputs[path] !== undefined) loaded.add(path);
  return loaded;
}

/** The libraries among them. */
function librariesWith(file: string): readonly string[] {
  const names = [...loadedWith(file)].flatMap(
    (path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [],
  );
  return [...new Set(names.filter((name) => !name.startsWith('node_modules/')))].toSorted();
}

/** The rooms of src among them. */
function roomsWith(file: string): readonly string[] {
  const names = [...loadedWith(file)].flatMap((path) => /^src\/([^/]+)\//.exec(path)?.[1] ?? []);
  return [...new Set(names)].toSorted();
}

test('a help text needs one library, and neither hosts, formats nor playbooks', () => {
  expect(librariesWith('src/process.ts')).toEqual(['commander']);
  for (const room of ['formats', 'host', 'plan', 'playbook', 'steps', 'verify'])
    expect(roomsWith('src/process.ts'), room).not.toContain(room);
});

test('an inventory is read without what connects to hosts, and without what only some reports need', () => {
  expect(librariesWith('src/cli/session.ts')).toEqual([
    ...['chalk', 'commander', 'diff', 'jsonc-parser', 'liquidjs', 'p-limit'],
    ...['tldts', 'tldts-core', 'yaml', 'yocto-queue', 'zod'],
  ]);
  expect(
    [...loadedWith('src/cli/session.ts')].filter((path) => /^src\/(?:ssh\/ssh2|host)\//.test(path)),
  ).toEqual([]);
});

test('a playbook that is known is taken without what reads and checks one', () => {
  const loaded = [...loadedWith('src/cli/session.ts')];
  expect(loaded.filter((path) => path.startsWith('src/playbook/check/'))).toEqual([]);
  expect(loaded.filter((path) => path.startsWith('src/playbook/read/')).toSorted()).toEqual(
    ['beside', 'chain', 'known-playbooks', 'load', 'texts'].map((name) => `src/playbook/read/${name}.ts`),
  );
});

test('of the fifty languages that a library speaks, the program brings one', () => {
  expect(Object.keys(inputs).filter((path) => path.includes('zod/v4/locales/'))).toEqual([
    'node_modules/zod/v4/locales/en.js',
    'node_modules/zod/v4/locales/index.js',
  ]);
});

test('what speaks to an engine is loaded by workers, and by a fleet that names one', () => {
  const engines = (file: string) =>
    [...loadedWith(file)].filter((path) =>
      /^src\/(?:engine\/(?!site)|cli\/(?:worker|fleet\/engine)\/(?!listen))/.test(path),
    );
  expect(engines('src/cli/worker/sdk.ts')).toContain('src/cli/worker/sdk.ts');
  const others = ['src/process.ts', 'src/cli/session.ts', 'src/cli/fleet/look.ts', 'src/cli/fleet/apply.ts'];
  for (const file of others) expect(engines(file), file).toEqual([]);
});

test('what is only installed by those who want it is no part of the program', () => {
  const brought = Object.keys(inputs).filter((path) => /node_modules\/(?:@restatedev|playwright)/.test(path));
  expect(brought).toEqual([]);
});
