// How long a start takes, and what it needs of the processor, beside Node.js with nothing to do.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inTurns, run } from './compare.mjs';

/** `main`: the built program; `inventory`: of an inventory that is valid. Returns rows; see inTurns. */
export async function measureStart({ main, inventory, rounds }) {
  const cache = mkdtempSync(join(tmpdir(), 'clusterproxy-bench-'));
  const clusterproxy = (...words) =>
    run('env', [`XDG_CACHE_HOME=${cache}`, process.execPath, main, ...words]);
  try {
    const rows = await inTurns(
      {
        'node -e 0': () => run(process.execPath, ['-e', '0']),
        'clusterproxy --help': () => clusterproxy('--help'),
        'clusterproxy validate': () => clusterproxy('validate', '--inventory', inventory, '--quiet'),
      },
      { rounds, to: 'node -e 0' },
    );
    return { to: 'node -e 0', rows };
  } finally {
    rmSync(cache, { recursive: true, force: true });
  }
}
