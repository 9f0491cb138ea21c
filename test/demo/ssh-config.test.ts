import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { sshConfigOf } from '../../src/demo/ssh-config.ts';
import { plainTarget } from '../../src/ssh/resolve-target.ts';

// Quoted, since TMPDIR may have a blank.
const folder = mkdtempSync(join(tmpdir(), 'clusterproxy ssh-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it("ssh finds the demo's hosts by their names", () => {
  const host = (name: string, port: number) => {
    const identityFiles = [join(folder, name, 'key')];
    const target = plainTarget({ host: '127.0.0.1', port, user: 'root', identityFiles });
    return { name, port, target };
  };
  const file = join(folder, 'ssh_config');
  writeFileSync(file, sshConfigOf([host('bbb-01', 4001), host('bbb-02', 4002)], join(folder, 'known_hosts')));
  const settings = execFileSync('ssh', ['-G', '-F', file, 'bbb-02'], { encoding: 'utf8' }).split('\n');
  for (const line of ['hostname 127.0.0.1', 'port 4002', 'user root', 'identityagent none'])
    expect(settings).toContain(line);
  expect(settings.filter((line) => line.startsWith('identityfile '))).toEqual([
    `identityfile ${join(folder, 'bbb-02', 'key')}`,
  ]);
  expect(settings).toContain(`userknownhostsfile ${join(folder, 'known_hosts')}`);
});
