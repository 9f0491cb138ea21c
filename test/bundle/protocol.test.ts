import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseProtocol, protocolPage, protocolText, resultsIn } from '../../src/support/protocol.ts';

const root = join(import.meta.dirname, '../..');
const protocol = parseProtocol(readFileSync(join(root, 'playbooks/protocols/bigbluebutton.yaml'), 'utf8'));
const head = { protocol: 'bigbluebutton', version: '0.2.0', node: '20.20.2' };

it('docs/test-protocol.md has the steps that the command asks for', () => {
  const file = join(root, 'docs/test-protocol.md');
  const text = readFileSync(file, 'utf8');
  const from = text.indexOf('\n', text.indexOf('<!-- steps:')) + 1;
  const to = text.indexOf('<!-- end of steps');
  const wanted = `\n${protocolPage([protocol]).join('\n')}\n`;
  if (process.env.CLUSTERPROXY_RECORD === '1') {
    writeFileSync(file, text.slice(0, from) + wanted + text.slice(to));
  } else expect(text.slice(from, to)).toBe(wanted);
});

it('takes about 90 minutes', () => {
  const minutes = protocol.steps.reduce((sum, step) => sum + step.minutes, 0);
  expect(minutes).toBeGreaterThanOrEqual(80);
  expect(minutes).toBeLessThanOrEqual(100);
});

it('no two steps have one id', () => {
  const ids = protocol.steps.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

it('what was written is read back, and the rest is open', () => {
  const results = [
    { step: 'plan', outcome: 'passed', at: '2026-11-26 09:30' },
    { step: 'apply', outcome: 'failed', at: '2026-11-26 09:35' },
  ] as const;
  const text = protocolText(head, protocol, results);
  expect(text).toContain('| apply | The change | failed | 2026-11-26 09:35 |');
  expect(text).toContain('| retire | A node leaves | open |  |');
  expect(resultsIn(text, 'x.md', protocol)).toEqual(results);
});

it('does not write over a file that is something else', () => {
  expect(() => resultsIn('| plan | x | passed | |\n', 'x.md', protocol)).toThrow(
    'x.md is not a test protocol that clusterproxy has written',
  );
});
