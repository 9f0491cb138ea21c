import { lstatSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { linksBelow } from '../../scripts/links.mjs';
import { addLinks } from '../../src/demo/sample-links.ts';
import { packageRoot } from '../../src/package-root.ts';
import { buildProgram, main } from '../support/built-program.ts';

beforeAll(buildProgram);

const samples = join(packageRoot(), 'playbooks/samples');
const site = 'etc/nginx/sites-enabled/bigbluebutton';

it('the build lists the links of the samples, and the demo makes them where a package has none', async () => {
  const list = readFileSync(join(dirname(main), 'links.json'), 'utf8');
  expect(JSON.parse(list)).toEqual(linksBelow(samples));
  const root = mkdtempSync(join(tmpdir(), 'clusterproxy-links-'));
  try {
    await addLinks(root, 'bigbluebutton/3.0', JSON.parse(list));
    expect(readlinkSync(join(root, site))).toBe(readlinkSync(join(samples, 'bigbluebutton/3.0', site)));
    // Those that are there stay, and those of other samples aren't made.
    await addLinks(root, 'bigbluebutton/3.0', { [`bigbluebutton/3.0/${site}`]: 'elsewhere' });
    expect(readlinkSync(join(root, site))).toBe(readlinkSync(join(samples, 'bigbluebutton/3.0', site)));
    await addLinks(root, 'bigbluebutton/3.0', { 'bigbluebutton/3.0.28/other': 'elsewhere' });
    expect(() => lstatSync(join(root, 'other'))).toThrow('ENOENT');
  } finally {
    rmSync(root, { recursive: true });
  }
});
