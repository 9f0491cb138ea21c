import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { lessTakesLinks } from '../../src/report/terminal/links.ts';
import { buildProgram } from '../cli/program.ts';
import { closeTerminals, clusterproxyOn } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'clusterproxy-links-'));
beforeAll(buildProgram, 120_000);
afterEach(closeTerminals);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A terminal that shows links. */
const shown = { TERM_PROGRAM: 'ghostty' };
const link = /\x1b\]8;;([^\x1b]+)\x1b\\([^\x1b]+)\x1b\]8;;\x1b\\/g;
const lessVersion = versionOfLess();

it.each([
  ['the page of the manual', ['explain', 'busy', '--no-pager'], /^docs\/errors.*\.md$/],
  ['the schemas that were written', ['schema', '--out', folder], /\/inventory\.schema\.json$/],
] as const)('%s is a link, and the screen is the same as without', async (_name, argv, text) => {
  const linked = clusterproxyOn(argv, { cwd: folder, variables: shown });
  const plain = clusterproxyOn(argv, { cwd: folder, variables: { ...shown, FORCE_HYPERLINK: '0' } });
  expect([await linked.ended(), await plain.ended()]).toEqual([0, 0]);
  expect(plain.written).not.toContain('\x1b]8');
  expect(await linked.everything()).toEqual(await plain.everything());
  const links = [...linked.written.matchAll(link)].filter(([, , word = '']) => text.test(word));
  expect(links[0]?.[1]).toMatch(/^file:\/\/[^/]+\/.*\.(?:md|json)$/);
});

it('the report of a command that failed is named, and a link', async () => {
  writeFileSync(
    join(folder, 'prod.yaml'),
    'playbook: bigbluebutton\ncluster: {name: prod, hostname: bbb.example.com}\nhosts:\n  proxy: external\n  node: [{name: bbb-01, hostname: bbb-01.example.com}]\n',
  );
  const argv = ['apply', '--inventory', 'prod.yaml', '--plan', 'none.json', '--html', 'report.html'];
  const terminal = clusterproxyOn(argv, { cwd: folder, variables: shown });
  expect(await terminal.ended()).toBe(1);
  const said = (await terminal.everything()).join('\n');
  expect(said).toMatch(/error saved-plan-missing:[\s\S]*^the report is in report\.html$/m);
  const links = [...terminal.written.matchAll(link)].map(([, target, word]) => [word, target]);
  expect(links).toContainEqual(['report.html', expect.stringMatching(/^file:.*report\.html$/)]);
});

it.skipIf(!lessTakesLinks(lessVersion))('less hands on those to other pages', async () => {
  const terminal = clusterproxyOn(['docs', 'bigbluebutton'], { variables: { ...shown, PAGER: undefined } });
  await terminal.shows(/^:$/m);
  terminal.type('q');
  expect(await terminal.ended()).toBe(0);
  const targets = [...terminal.written.matchAll(link)].map(([, target]) => target);
  expect(targets).toContain('https://docs.bigbluebutton.org/administration/cluster-proxy');
});

function versionOfLess(): string {
  try {
    return execFileSync('less', ['--version'], { encoding: 'utf8' });
  } catch {
    console.warn('A test with less(1) is skipped: it is not installed.');
    return '';
  }
}
