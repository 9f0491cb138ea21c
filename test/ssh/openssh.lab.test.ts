import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createConnector } from '../../src/ssh/connector.ts';
import { type Cluster, startCluster, statuses } from '../e2e/cluster.ts';
import { noLab, useLab } from '../e2e/lab.ts';
import { runStates, sshdCounts, temporaryFiles } from '../e2e/services.ts';
import { eventually } from '../lab/fetch.ts';
import { startTokenAgent } from './token-agent.ts';

async function overOpenSsh(cluster: Cluster): Promise<Cluster> {
  cluster.inventory.ssh.transport = 'openssh';
  await cluster.save();
  return cluster;
}

/** Processes of ssh(1) that a run has started, with their session; the run's folder is in their arguments. */
function processesOf(run: number): readonly { readonly pid: number; readonly session: number }[] {
  const table = execFileSync('ps', ['-eo', 'pid=,sess=,args='], { encoding: 'utf8', maxBuffer: 1 << 24 });
  return table
    .split('\n')
    .filter((line) => line.includes(`/clusterproxy-${run}-`) && / ssh /.test(line))
    .map((line) => {
      const [pid = 0, session = 0] = line.trim().split(/\s+/).map(Number);
      return { pid, session };
    });
}

/** Folders of a run, wherever it puts them. */
function foldersOf(run: number): readonly string[] {
  return [...new Set([process.env.XDG_RUNTIME_DIR, tmpdir(), '/tmp'])].flatMap((base) =>
    base === undefined || !existsSync(base)
      ? []
      : readdirSync(base).filter((name) => name.startsWith(`clusterproxy-${run}-`)),
  );
}

describe.skipIf(noLab).concurrent("through the system's ssh", () => {
  const lab = useLab();

  test('a whole run: plan, apply, nothing more to do; one login a host and command', async () => {
    const cluster = await overOpenSsh(await startCluster(lab(), { name: 'system', nodes: ['2.6', '3.0'] }));
    const before = await Promise.all(cluster.hosts.map(sshdCounts));
    const plan = await cluster.json('plan');
    expect(plan.document.hosts.map(({ status }) => status)).toEqual(Array(3).fill('would-change'));
    expect(await Promise.all(cluster.hosts.map(sshdCounts))).toEqual(
      before.map(({ logins, commands }) => ({ logins: logins + 1, commands: commands + 1 })),
    );
    const { code, document } = await cluster.json('apply', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect([code, ...new Set(Object.values(statuses(document)))]).toEqual([0, 'changed']);
    for (const host of cluster.hosts) expect(await temporaryFiles(host)).toBe('');
    expect((await cluster.run('check')).code).toBe(0);
  });

  test('a connection that is cut: it comes back and sees how it ended', async () => {
    const cluster = await overOpenSsh(
      await startCluster(lab(), { name: 'severed', nodes: ['3.0'], hasty: true }),
    );
    const node = cluster.node(1);
    const { child, said } = cluster.start('apply', '--yes');
    const ended = once(child, 'exit');
    await said('severed-01: the new files are in place');
    const { logins } = await sshdCounts(node);
    const start = performance.now();
    await node.mustExec("kill -KILL $(pgrep -f '^sshd: ops')");
    expect(await ended).toEqual([0, null]);
    // Once to come back, once to give back what the run had reserved, and every ten seconds to ask whether
    // somebody has aborted it.
    const asked = Math.ceil((performance.now() - start) / 10_000);
    const more = (await sshdCounts(node)).logins - logins;
    expect(more).toBeGreaterThanOrEqual(2);
    expect(more).toBeLessThanOrEqual(2 + asked);
    expect(await runStates(node)).toEqual(['committed']);
  });

  test('Ctrl-C reaches the program alone; killed, it leaves neither processes nor files here', async () => {
    const cluster = await overOpenSsh(
      await startCluster(lab(), { name: 'orphans', nodes: ['3.0'], hasty: true }),
    );
    const { child, said } = cluster.start('apply', '--yes');
    await said('orphans-01: the new files are in place');
    const run = child.pid ?? 0;
    const processes = processesOf(run);
    expect(processes.length).toBeGreaterThan(0);
    expect(foldersOf(run)).toHaveLength(1);
    const own = Number(execFileSync('ps', ['-o', 'sess=', '-p', String(run)], { encoding: 'utf8' }));
    for (const { session } of processes) expect(session).not.toBe(own);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await eventually(async () => {
      expect(processesOf(run)).toEqual([]);
      expect(foldersOf(run)).toEqual([]);
    });
    await eventually(async () => expect(await runStates(cluster.node(1))).toEqual(['committed']));
  });

  test.each(['sk-ssh-ed25519@openssh.com', 'sk-ecdsa-sha2-nistp256@openssh.com'] as const)(
    'a key on a token, emulated by an agent: %s; the transport is chosen for it',
    async (type) => {
      const [host] = await lab().addHosts([{ name: `token-${type.slice(3, 6)}` }]);
      if (host === undefined) throw new Error('no host');
      const token = await startTokenAgent(join(lab().directory, `token-${type.slice(3, 6)}`), type);
      const connector = createConnector();
      try {
        await host.writeFile('/root/.ssh/authorized_keys', `${token.publicKey}\n`, 0o600);
        const config = join(lab().directory, `config-${type.slice(3, 6)}`);
        const identity = `${config}.pub`;
        await writeFile(identity, `${token.publicKey}\n`);
        await writeFile(config, `Host *\n  IdentityAgent ${token.socket}\n  IdentitiesOnly yes\n`);
        const settings = {
          host: host.address,
          user: 'root',
          config,
          identityFiles: [identity],
          knownHostsFiles: [lab().knownHosts],
        };
        expect((await connector.resolve(settings)).transport).toBe('openssh');
        const connection = await connector.connect(settings);
        const limits = { timeout: 30, maximumOutput: 1_000 };
        for (const word of ['once', 'again']) {
          const { stdout } = await connection.exec(`echo ${word}`, Buffer.alloc(0), limits);
          expect(stdout.toString()).toBe(`${word}\n`);
        }
        await connection.close();
        // Whoever has to touch it does so once, however many commands there are.
        expect(token.touches).toBe(1);
      } finally {
        await connector.close();
        await token.close();
      }
    },
  );
});
