// How long `clusterproxy check` takes on real hosts that need no change, beside a bare parallel
// `ssh HOST true` to the same hosts.
import { withCluster } from './cluster.mjs';
import { inTurns, run } from './compare.mjs';

/** Returns rows as inTurns makes them; the other parameters are those of withCluster. */
export function measureCheck({ main, rounds, ...cluster }) {
  return withCluster(cluster, async ({ lab, inventory }) => {
    console.error(
      `${cluster.hosts} hosts are up; they are made a cluster, so that check has nothing to report`,
    );
    await run(process.execPath, [main, 'apply', '--inventory', inventory, '--yes', '--quiet']);
    const ssh = (host) => run('ssh', ['-F', lab.sshConfig, '-l', cluster.user, host.name, 'true']);
    const bare = `${cluster.hosts} times ssh HOST true at once`;
    const rows = await inTurns(
      {
        [bare]: () => Promise.all(lab.hosts.map(ssh)),
        'clusterproxy check': () =>
          run(process.execPath, [main, 'check', '--inventory', inventory, '--quiet']),
      },
      { rounds, to: bare },
    );
    return { to: 'ssh', rows };
  });
}
