// What `clusterproxy plan` and `check` take for many hosts: one process answers for all of them, over ssh, as
// hosts of each kind did when they were asked. Needs no root. See bench/fleet.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runMeasured } from './measured.mjs';

const quick = { latency: 0, slow: { nodes: 0, seconds: 0 }, dead: 0 };

/**
 * The lines of each manner, as text: `nodes` tells of how many nodes each cluster is. Whatever else a command
 * says, it has to end as is expected of it: hosts that are dead make it 3.
 */
export async function measureMany({ main, nodes }) {
  const lines = [];
  for (const count of nodes) {
    for (const line of await measureCluster(main, count)) {
      console.error(line);
      lines.push(line);
    }
  }
  const heads = ['what', 'hosts', 'seconds', 'processor, ms a host', 'memory at most, MB'];
  const table = [heads, heads.map(() => '---')].map((cells) => `| ${cells.join(' | ')} |`);
  return {
    text: `${[...table, ...lines].join('\n')}

One run each, after one that doesn't count; the simulated hosts use the same processors.`,
  };
}

async function measureCluster(main, nodes) {
  const folder = await mkdtemp(join(tmpdir(), 'clusterproxy-bench-'));
  const fleet = fork(fileURLToPath(new URL('./fleet/process.mjs', import.meta.url)), [folder, String(nodes)]);
  const tell = async (what) => {
    fleet.send(what);
    await once(fleet, 'message');
  };
  try {
    const [{ inventory, originals, names }] = await once(fleet, 'message');
    const line = async (what, command, { manner = quick, expected = 0 } = {}) => {
      await tell(manner);
      const { wall, processor, memory } = await runMeasured(
        [main, command, '-i', inventory, '--quiet'],
        expected,
      );
      const cells = [
        what,
        nodes + 1,
        (wall / 1_000).toFixed(1),
        (processor / (nodes + 1)).toFixed(1),
        memory,
      ];
      return `| ${cells.join(' | ')} |`;
    };
    await line('', 'plan');
    const lines = [await line('plan, all would change', 'plan')];
    await runMeasured([main, 'apply', '-i', originals, '--yes', '--quiet', '--limit', names.join(',')], 0);
    await tell('forget');
    await line('', 'check');
    for (const latency of [0, 50, 200]) {
      const what = `check, nothing to do, ${latency} ms round trip`;
      lines.push(await line(what, 'check', { manner: { ...quick, latency } }));
    }
    const some = { latency: 50, slow: { nodes: 5, seconds: 5 }, dead: 5 };
    const what = 'check, 50 ms, 5 hosts answer after 5 s, 5 refuse';
    lines.push(await line(what, 'check', { manner: some, expected: 3 }));
    return lines;
  } finally {
    if (fleet.connected) {
      fleet.disconnect();
      await once(fleet, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  }
}
