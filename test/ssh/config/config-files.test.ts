import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createConfigLookup } from '../../../src/ssh/config/config-lookup.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-config-files-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** What a run learns of a host from such a file; undefined: nothing in it matters. */
const lookUp = (config: string) =>
  createConfigLookup()({ name: 'bbb-01', user: undefined, port: undefined, config });

const lines = ['Host bbb-01', '  HostName 192.0.2.11', '  User ops', '  ProxyJump bastion', ''];
const found = { hostname: '192.0.2.11', user: 'ops', proxyJump: 'bastion' };

describe('the end of a line is what ssh takes for one', () => {
  test.each([
    ['LF', '\n'],
    ['CRLF', '\r\n'],
    ['blanks and CRLF', ' \t\r\n'],
    ['a form feed', '\f\n'],
  ])('%s', async (name, end) => {
    expect(await lookUp(written(`${name}-config`, lines.join(end)))).toMatchObject(found);
  });

  test('CRLF in an included file, and in the line that includes it', async () => {
    const included = written('included', lines.join('\r\n'));
    expect(await lookUp(written('including', `Include ${included}\r\n`))).toMatchObject(found);
  });

  test('CRLF by a pattern that includes several files', async () => {
    written('several-1.conf', 'Host *\r\n  Compression yes\r\n');
    written('several-2.conf', lines.join('\r\n'));
    expect(await lookUp(written('patterned', `Include ${folder}/several-*.conf\r\n`))).toMatchObject(found);
  });

  test('a character that ends a line for other programs only', async () => {
    expect(await lookUp(written('separator', 'User ops # a\u2028b\n'))).toMatchObject({ user: 'ops' });
  });
});

test('a file in which nothing matters is known for one with CRLF, too', async () => {
  expect(await lookUp(written('harmless', '# a comment\r\n\r\nHost *\r\n  Compression yes\r\n'))).toBe(
    undefined,
  );
});
