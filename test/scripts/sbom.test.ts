import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sbomOf, withNode } from '../../scripts/sbom.mjs';
import { buildProgram, main } from '../support/built-program.ts';

beforeAll(buildProgram);

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'clusterproxy-sbom-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const write = (path: string, content: object) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), JSON.stringify(content));
};

describe('the SBOM', () => {
  it('lists each library of which something is left, with version, licence and hash', () => {
    write('package.json', { name: 'program', version: '1.2.3', license: 'MIT', description: 'what' });
    write('node_modules/used/package.json', { name: 'used', version: '1.0.0', license: 'ISC' });
    write('node_modules/@scope/old/package.json', {
      ...{ name: '@scope/old', version: '0.1.0', licenses: [{ type: 'BSD-2-Clause' }] },
    });
    write('node_modules/two/package.json', { name: 'two', version: '2.0.0', license: '(MIT OR Apache-2.0)' });
    write('node_modules/shaken/package.json', { name: 'shaken', version: '3.0.0', license: 'MIT' });
    const inputs = (...paths: readonly string[]) =>
      Object.fromEntries(paths.map((path) => [path, { bytesInOutput: path.includes('shaken') ? 0 : 7 }]));
    const metafile = {
      outputs: {
        'dist/main.js': { inputs: inputs('src/main.ts', 'node_modules/used/a.js', 'node_modules/two/i.js') },
        'dist/chunk.js': {
          inputs: inputs(
            'node_modules/used/b.js',
            'node_modules/@scope/old/i.js',
            'node_modules/shaken/i.js',
          ),
        },
      },
    };
    const lock = JSON.stringify({ packages: { 'node_modules/used': { integrity: 'sha512-AAEC' } } });
    const sbom = sbomOf({ metafile, lock, root });
    expect(sbom.metadata.component).toMatchObject({ name: 'program', version: '1.2.3' });
    expect(
      sbom.components.map(({ name, purl, licenses, hashes }) => ({ name, purl, licenses, hashes })),
    ).toEqual([
      {
        ...{ name: '@scope/old', purl: 'pkg:npm/%40scope/old@0.1.0', hashes: undefined },
        licenses: [{ license: { id: 'BSD-2-Clause' } }],
      },
      {
        ...{ name: 'two', purl: 'pkg:npm/two@2.0.0', hashes: undefined },
        licenses: [{ expression: '(MIT OR Apache-2.0)' }],
      },
      {
        ...{ name: 'used', purl: 'pkg:npm/used@1.0.0', licenses: [{ license: { id: 'ISC' } }] },
        hashes: [{ alg: 'SHA-512', content: '000102' }],
      },
    ]);
  });

  it('of a single file lists Node.js and its parts as well', () => {
    write('package.json', { name: 'program', version: '1.2.3', license: 'MIT', description: 'what' });
    const sbom = sbomOf({ metafile: { outputs: {} }, lock: '{"packages": {}}', root });
    const { components } = withNode(sbom, {
      version: '24.0.0',
      parts: { node: '24.0.0', openssl: '3.5.0', modules: '137' },
    });
    expect(components.map(({ name, version }) => `${name} ${version}`)).toEqual(['node 24.0.0']);
    expect(components[0]?.components?.map(({ name }) => name)).toEqual(['openssl']);
  });

  it('that comes with the program has a licence and a hash for each library', () => {
    const { components } = JSON.parse(readFileSync(join(dirname(main), 'sbom.cdx.json'), 'utf8'));
    expect(components.map(({ name }: { name: string }) => name)).toContain('ssh2');
    for (const one of components) expect(one, one.name).toMatchObject({ licenses: [{}], hashes: [{}] });
  });
});
