import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { hidingScript } from '../../src/host/upload.ts';
import { SecretRegister } from '../../src/secrets/register.ts';

/** As lib.sh runs it. */
function sed(script: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'hide-'));
  try {
    writeFileSync(join(folder, 'hide'), script);
    const { stdout, stderr } = spawnSync('sed', ['-f', join(folder, 'hide')], {
      input: text,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, LC_ALL: 'C' },
    });
    expect(stderr).toBe('');
    return stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

it('hides texts whatever characters they have, also within base64', () => {
  const values = ['a[b]c/d*e^f$g.h', `p'q"r\\s&t`, 'é€ü ß', 'ab', 'ab+/cd]['];
  const register = new SecretRegister();
  for (const value of values) register.add(value);
  const text = `1 ${values.join(' | ')} 2\nabc cab ab\n${Buffer.from(`x:${values[1]}`).toString('base64')} end\n`;
  const hidden = sed(hidingScript(register.likelyWritings([text])), text);
  expect(hidden).toBe(
    '1 ******** | ******** | ******** | ******** | ******** 2\nabc cab ********\n******** end\n',
  );
});

it('leaves everything as it is where there is nothing to hide', () => {
  expect(hidingScript({ texts: ['', 'two\nlines'], base64: [] })).toBe('');
});
