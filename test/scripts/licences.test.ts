import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
// @ts-expect-error a script without types
import { licencesOf } from '../../scripts/licences.mjs';

test('the licences of all bundled libraries travel with the bundle, each once', () => {
  const folder = mkdtempSync(join(tmpdir(), 'licences-'));
  const modules = join(folder, 'node_modules');
  for (const [name, files] of Object.entries({
    '@scope/one': { LICENSE: 'Permission is granted to one.' },
    two: { 'README.md': '# two\n\n## License\n\nDo as you like.\n' },
  })) {
    mkdirSync(join(modules, name), { recursive: true });
    writeFileSync(
      join(modules, name, 'package.json'),
      JSON.stringify({ name, version: '1.0.0', license: 'MIT' }),
    );
    for (const [file, text] of Object.entries(files)) writeFileSync(join(modules, name, file), text);
  }
  const text = licencesOf([
    'src/main.ts',
    `${modules}/@scope/one/index.js`,
    `${modules}/@scope/one/lib/more.js`,
    `${modules}/two/index.js`,
  ]);
  expect(text).toBe(
    '== @scope/one 1.0.0 (MIT)\n\nPermission is granted to one.\n\n== two 1.0.0 (MIT)\n\n## License\n\nDo as you like.\n',
  );
  rmSync(folder, { recursive: true });
});

test('nothing is installed with the program: what it needs at run time is in the bundle', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
  expect(manifest.dependencies).toBeUndefined();
});
