import { beforeAll, describe, expect, it } from 'vitest';
import { stockDirectory } from '../lab/bigbluebutton/versions.ts';
import type { LabHost } from '../lab/host.ts';
import { type Cluster, hostOf, startCluster, statuses } from './cluster.ts';
import { noLab, useLab } from './lab.ts';
import type { Manifest } from './manifest.ts';
import { expectServed } from './served.ts';
import { nginxProcesses, sshdCounts, starts, temporaryFiles } from './services.ts';

const variants: readonly { readonly name: string; readonly files: 'sample' | 'stock' }[] =
  stockDirectory('3.0') === undefined
    ? [{ name: 'bbb', files: 'sample' }]
    : [
        { name: 'bbb', files: 'sample' },
        { name: 'stock', files: 'stock' },
      ];
if (variants.length === 1) console.warn('No ../shared/stock here: the main job runs on the samples only.');

interface Story {
  readonly cluster: Cluster;
  /** the disks of all hosts before anything was done */
  readonly before: ReadonlyMap<string, Manifest>;
  /** what the first plan named, as HOST:PATH; filled by the first test */
  readonly planned: string[];
}

describe.skipIf(noLab)('one proxy and three nodes of different versions', () => {
  const lab = useLab();
  let stories: readonly Story[];
  /** The same on all clusters, at the same time: most of it is waiting whether services stay up. */
  const everywhere = (act: (story: Story) => Promise<void>) => Promise.all(stories.map(act));

  beforeAll(async () => {
    stories = await Promise.all(
      variants.map(async ({ name, files }) => {
        // Services get the time that the playbook gives them; which files a host has makes no difference to
        // that.
        const hasty = files === 'stock';
        const cluster = await startCluster(lab(), { name, nodes: ['2.4', '2.6', '3.0'], files, hasty });
        // One of them as root, the others through sudo.
        const [, , third] = cluster.inventory.hosts.node;
        if (third) third.ssh = { user: 'root', become: 'none' };
        await cluster.save();
        return { cluster, before: cluster.manifests(), planned: [] };
      }),
    );
  });

  it('plans without touching a byte, by one login and one command for each host', () =>
    everywhere(async ({ cluster, before, planned }) => {
      const counts = await Promise.all(cluster.hosts.map(sshdCounts));
      const { code, document } = await cluster.json('plan');
      expect(code).toBe(0);
      expect(document.hosts.map((host) => [host.recipe, host.status])).toEqual([
        ['nginx', 'would-change'],
        ['2.4', 'would-change'],
        ['2.5-2.7', 'would-change'],
        ['3.0', 'would-change'],
      ]);
      expect(document.hosts.flatMap((host) => host.warnings)).toEqual([]);
      planned.push(
        ...document.hosts.flatMap((host) => host.changes.map((change) => `${host.name}:${change.path}`)),
      );
      const after = await Promise.all(cluster.hosts.map(sshdCounts));
      expect(after).toEqual(
        counts.map(({ logins, commands }) => ({ logins: logins + 1, commands: commands + 1 })),
      );
      expect(cluster.changedSince(before)).toEqual([]);
    }));

  it('applies, and changes the planned paths and nothing else', () =>
    everywhere(async ({ cluster, before, planned }) => {
      const { code, document } = await cluster.json('apply', '--yes');
      expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
      expect(code).toBe(0);
      expect(new Set(document.hosts.map((host) => host.status))).toEqual(new Set(['changed']));
      expect([...cluster.changedSince(before)].sort()).toEqual([...planned].sort());
      for (const host of cluster.hosts) expect(await temporaryFiles(host)).toBe('');
    }));

  it('serves all clients from one origin', () =>
    everywhere(async ({ cluster }) => {
      for (const [index, version] of cluster.versions.entries()) {
        await expectServed(cluster, cluster.node(index + 1), version);
      }
    }));

  it('changes nothing, and restarts nothing, a second time', () =>
    everywhere(async ({ cluster }) => {
      const manifests = cluster.manifests();
      const running = await Promise.all(cluster.hosts.map(nginxProcesses));
      const started = await Promise.all(cluster.nodes.map(starts));
      const apply = await cluster.run('apply', '--yes');
      expect(apply).toMatchObject({ code: 0 });
      expect(apply.stdout).toContain('4 in sync');
      const check = await cluster.run('check');
      expect(check).toMatchObject({ code: 0, stdout: apply.stdout });
      expect(cluster.changedSince(manifests)).toEqual([]);
      expect(await Promise.all(cluster.hosts.map(nginxProcesses))).toEqual(running);
      expect(await Promise.all(cluster.nodes.map(starts))).toEqual(started);
    }));

  it('finds an edit by hand, names its step, and repairs it', async () => {
    // The same whoever's files they were.
    const [story] = stories;
    if (story === undefined) throw new Error('no cluster');
    const { cluster } = story;
    const manifests = cluster.manifests();
    const { proxy } = cluster;
    const node = cluster.node(2);
    await edit(
      proxy,
      `/etc/nginx/clusterproxy/${cluster.name}/nodes.conf`,
      's/proxy_ssl_verify on/proxy_ssl_verify off/',
    );
    await edit(node, '/etc/bigbluebutton/nginx/zz-clusterproxy.nginx', '/sockjs {/,$d');
    const check = await cluster.run('check');
    expect(check.code).toBe(2);
    expect(check.stdout).toContain('nodes.conf (node-locations)');
    expect(check.stdout).toContain('-    proxy_ssl_verify off;\n    +    proxy_ssl_verify on;');
    const { code, document } = await cluster.json('check');
    expect(code).toBe(2);
    expect(document.summary.exitStatus).toBe(2);
    expect(statuses(document)).toMatchObject({
      [proxy.name]: 'would-change',
      [cluster.node(1).name]: 'in-sync',
      [node.name]: 'would-change',
    });
    expect(hostOf(document, node.name).changes).toMatchObject([
      {
        step: 'client-locations',
        path: '/etc/bigbluebutton/nginx/zz-clusterproxy.nginx',
        action: 'modify',
      },
    ]);

    // May I touch this now?
    const today = await cluster.json('today');
    expect(today.code).toBe(0);
    expect(today.document.today).toMatchObject({
      may: 'everything',
      edited: [{ name: proxy.name }, { name: node.name }],
      certificates: expect.arrayContaining([
        expect.objectContaining({ name: cluster.inventory.cluster.hostname, hosts: [proxy.name] }),
      ]),
    });
    expect(today.document.today?.people.map(({ name }) => name)).toEqual(
      cluster.nodes.map(({ name }) => name),
    );

    const apply = await cluster.json('apply', '--yes');
    expect(apply.code).toBe(0);
    expect(hostOf(apply.document, node.name).handlers).toMatchObject([{ id: 'reload-nginx', ran: true }]);
    expect(cluster.changedSince(manifests)).toEqual([]);
    expect((await cluster.run('check', '--quiet')).code).toBe(0);
  });

  it('rolls a run back to the exact bytes, modes, owners and absences from before', () =>
    everywhere(async ({ cluster, before, planned }) => {
      const { document } = await cluster.json('apply', '--dry-run', '--yes');
      expect(document.run).toBe(null);
      const run = (await cluster.node(1).mustExec('ls /var/lib/clusterproxy/runs')).trim();
      const { code, stdout, stderr } = await cluster.run('rollback', '--run', run, '--yes');
      expect(stderr).not.toContain('error');
      expect(stdout).toContain('4 hosts: 4 changed');
      expect(code).toBe(0);
      expect(cluster.changedSince(before)).toEqual([]);
      for (const host of cluster.nodes) {
        const { stdout: failed } = await host.exec(
          'systemctl is-system-running; systemctl --failed --no-legend',
        );
        expect(failed).toBe('running\n');
      }
      // As if nothing had happened: the next plan is the first one.
      const again = await cluster.json('plan');
      const paths = again.document.hosts.flatMap((host) =>
        host.changes.map((change) => `${host.name}:${change.path}`),
      );
      expect(paths).toEqual(planned);
    }));
});

async function edit(host: LabHost, path: string, program: string): Promise<void> {
  await host.mustExec(['sed', '-i', program, path]);
}
