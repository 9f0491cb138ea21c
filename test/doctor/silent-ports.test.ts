import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'silent-ports-'));
  mkdirSync(join(folder, 'proc/net'), { recursive: true });
  const listening = ['01BB', '14E5', '1543', '20FB'].map((port) => `0: 00000000:${port} 00000000:0000 0A\n`);
  writeFileSync(join(folder, 'proc/net/tcp'), `sl local_address rem_address st\n${listening.join('')}`);
  // Nobody answers, and so each question takes as long as it may.
  const timeout = `#!/bin/sh\nshift\nprintf '%s\\n' "$*" >>${folder}/asked\nexit 124\n`;
  for (const [name, text] of Object.entries({ timeout, openssl: '#!/bin/sh\nexit 1\n' })) {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o755);
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('asks a port that hangs for one name only, so that the rest of the host is known in time', () => {
  const text = (name: string) => readFileSync(join(packageRoot(), 'src/host/remote', name), 'utf8');
  const program = `${text('library.sh')}\n${text('certificate-words.sh')}\n${text('surroundings.sh')}`;
  const said = execFileSync('sh', ['-c', program, 'surroundings', 'bbb.example.com bbb-01.example.com'], {
    env: { PATH: `${folder}:${process.env.PATH}`, CLUSTERPROXY_ROOT: folder },
    encoding: 'utf8',
  });
  expect(said).toMatch(/^end\u001f$/m);
  const asked = readFileSync(join(folder, 'asked'), 'utf8').trimEnd().split('\n');
  expect(asked.map((line) => /127\.0\.0\.1:(\d+)/.exec(line)?.[1])).toEqual(['443', '5349', '5443', '8443']);
});
