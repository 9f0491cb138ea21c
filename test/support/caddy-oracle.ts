import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why tests with the real Caddy don't run; undefined if they do. */
export const withoutCaddy =
  spawnSync('caddy', ['version']).status === 0 ? undefined : 'caddy is not installed on this machine';

/** The hosts of all sites, sorted, as Caddy reads a Caddyfile; an error with its words if it doesn't. */
export function adaptedHosts(text: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'caddy-'));
  try {
    writeFileSync(join(folder, 'Caddyfile'), text);
    const { status, stdout, stderr } = spawnSync('caddy', [
      ...['adapt', '--adapter', 'caddyfile', '--config', join(folder, 'Caddyfile')],
    ]);
    if (status !== 0) throw new Error(stderr.toString());
    const lists = [...stdout.toString().matchAll(/"host":\[([^\]]*)\]/g)];
    const hosts = lists.flatMap(([, list = '']) => JSON.parse(`[${list}]`) as string[]);
    return [...new Set(hosts)].sort();
  } finally {
    rmSync(folder, { recursive: true });
  }
}
