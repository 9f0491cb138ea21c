// Where the time of a first `clusterproxy apply` goes, on real hosts.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withCluster } from './cluster.mjs';
import { median, run } from './compare.mjs';

/** What a host is doing in its phases (docs/traces.md), in the words of the table. */
const words = {
  connecting: 'logging in',
  uploading: 'sending the new files',
  prepared: 'having them put in place',
  swapped: 'waiting for the first program that looks at them',
  validating: 'having them looked at by the programs that read them, such as `nginx -t`',
  handler: 'reloading and restarting services, until each answers again',
  checking: 'asking who is there before each restart, and for a node through the proxy',
  settling: 'seeing whether what was restarted stays up',
};

/**
 * Returns a table as `text`, with a line for each way to spend time: seconds on a node (the median of all
 * nodes and rounds) and its share. After each round the cluster is rolled back. The rest is as for
 * withCluster.
 */
export function measureApply({ main, rounds: wanted, ...cluster }) {
  const rounds = Math.min(wanted, 3);
  return withCluster(cluster, async ({ inventory, folder }) => {
    const events = join(folder, 'events');
    const change = (...command) =>
      run(process.execPath, [main, ...command, '--inventory', inventory, '--yes', '--quiet']);
    const [walls, nodes] = [[], []];
    for (let round = 0; round < rounds; round++) {
      await rm(events, { force: true });
      const start = performance.now();
      await change('apply', '--events', events);
      walls.push((performance.now() - start) / 1000);
      nodes.push(...phasesOfNodes(await readFile(events, 'utf8')));
      await change('rollback');
    }
    return { text: linesOf(nodes, { ...cluster, rounds, wall: median(walls) }).join('\n') };
  });
}

/** For each node, the seconds that it spent in each phase. */
function phasesOfNodes(text) {
  const spent = new Map();
  const open = new Map();
  for (const { event, at, progress } of text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))) {
    if (event !== 'progress' || !progress.host?.startsWith('bbb-')) continue;
    const [now, before] = [Date.parse(at), open.get(progress.host)];
    const phases = spent.get(progress.host) ?? {};
    spent.set(progress.host, phases);
    if (before !== undefined) phases[before.phase] = (phases[before.phase] ?? 0) + (now - before.at) / 1000;
    if (progress.kind === 'host') open.set(progress.host, { phase: progress.phase, at: now });
    else open.delete(progress.host);
  }
  return [...spent.values()];
}

function linesOf(nodes, { hosts, rounds, wall }) {
  const medians = Object.entries(words).map(([phase, what]) => [
    what,
    median(nodes.map((phases) => phases[phase] ?? 0)),
  ]);
  const all = medians.reduce((sum, [, seconds]) => sum + seconds, 0);
  const rows = [...medians, ['in all', all]].map(([what, seconds]) => [
    what,
    seconds.toFixed(1),
    `${Math.round((100 * seconds) / all)} %`,
  ]);
  return [
    ...[['what a node spends its time on', 's', 'share'], ['---', '---', '---'], ...rows].map(
      (cells) => `| ${cells.join(' | ')} |`,
    ),
    '',
    `${rounds} rounds with ${hosts} hosts, ${wall.toFixed(1)} s for the whole command; a rollback after each.`,
  ];
}
