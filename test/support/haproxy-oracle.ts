import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Why tests with the real HAProxy don't run; undefined if they do. */
export const withoutHaproxy =
  spawnSync('haproxy', ['-v']).status === 0 ? undefined : 'haproxy is not installed on this machine';

/**
 * The output of `haproxy -c` for a host's haproxy.cfg and the files that it names; empty if it is valid
 * without a warning.
 */
export function haproxyCheck(text: string, files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'haproxy-'));
  try {
    const below = (content: string) =>
      content.replace(
        /(^|[\s'"])(\/(?:etc|run)\/[^\s'"]*)/gm,
        (_, before, path) => `${before}${folder}${path}`,
      );
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(file, below(text));
    const { status, stdout, stderr } = spawnSync('haproxy', ['-c', '-f', file], { encoding: 'utf8' });
    // Up to 2.9 it says that the file is valid; from 3.0 on it says nothing.
    const said = `${stdout}${stderr}`.replace(/^Configuration file is valid\s*$/m, '').trim();
    return status === 0 ? said : said || `exit status ${status}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
