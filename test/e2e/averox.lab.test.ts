import { createHash } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { beforeAll, describe, expect, it } from 'vitest';
import { installAverox, untilAveroxServes } from '../lab/averox/install.ts';
import { fetchFrom, getText, websocketStatus } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import { type Cluster, type ClusterKind, hostOf, startCluster } from './cluster.ts';
import { noLab, useLab } from './lab.ts';
import type { Manifest } from './manifest.ts';
import { starts } from './services.ts';

const averox: ClusterKind = {
  playbook: 'averox',
  install: installAverox,
  untilServing: untilAveroxServes,
};

describe.skipIf(noLab)('a proxy and two Averox nodes', () => {
  const lab = useLab();
  let cluster: Cluster;
  let before: ReadonlyMap<string, Manifest>;

  beforeAll(async () => {
    cluster = await startCluster(lab(), {
      name: 'avx',
      kind: averox,
      nodes: ['3.0-meteor', '3.0-meteor'],
      hasty: true,
    });
    before = cluster.manifests();
  });

  /** What the page of a node asks for first, as the client that the proxy serves works it out. */
  async function indexAddress(page: string): Promise<string> {
    const client = await getText(lab(), page.replace(/join\?.*$/, 'client.js'));
    const location = new URL(page);
    return String(runInNewContext(`${client};address(routes.index.path)`, { location, URL }));
  }

  async function index(page: string | undefined, address = `${cluster.url}/averox/api`) {
    const referer = page === undefined ? [] : ['-H', `Referer: ${page}`];
    const headers = ['-H', 'Content-Type: application/json', ...referer];
    const { stdout } = await fetchFrom(lab(), address, ['-w', '\n%{http_code}', ...headers]);
    const [status, ...body] = stdout.split('\n').toReversed();
    return { status, body: body.toReversed().join('\n') };
  }

  it('plans, and says that the installed client can’t start behind a proxy', async () => {
    const { code, document } = await cluster.json('plan');
    expect(code).toBe(0);
    expect(document.hosts.map((host) => [host.recipe, host.status])).toEqual([
      ['nginx', 'would-change'],
      ['3.0-meteor', 'would-change'],
      ['3.0-meteor', 'would-change'],
    ]);
    for (const { name } of cluster.nodes) {
      const [api, etherpad, ...others] = hostOf(document, name).warnings;
      expect(api).toMatch(new RegExp(`asks for ${cluster.url}/averox/api, without the path /${name}, `));
      expect(etherpad).toContain("in which Etherpad's plugin looks up");
      expect(others).toEqual([]);
    }
    expect(cluster.changedSince(before)).toEqual([]);
  });

  it('applies, and has nothing to do a second time', async () => {
    const { document: planned } = await cluster.json('plan');
    const { code, document } = await cluster.json('apply', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code).toBe(0);
    expect([...cluster.changedSince(before)].sort()).toEqual(
      planned.hosts.flatMap((host) => host.changes.map((change) => `${host.name}:${change.path}`)).sort(),
    );
    const manifests = cluster.manifests();
    const started = await Promise.all(cluster.nodes.map(starts));
    expect(await cluster.run('apply', '--yes')).toMatchObject({ code: 0 });
    expect(cluster.changedSince(manifests)).toEqual([]);
    expect(await Promise.all(cluster.nodes.map(starts))).toEqual(started);
  });

  it('serves the client from one origin, and everything else from the nodes', async () => {
    for (const host of cluster.nodes) {
      const node = `https://${host.name}.example.com`;
      const page = await joined(cluster, host);
      expect(page).toBe(`${cluster.url}/${host.name}/html5client/join?sessionToken=standin`);
      const html = await getText(lab(), page);
      expect(html).toContain(`"basename": "/${host.name}/html5client"`);
      expect(html).toContain(`"ddp": "${node}/${host.name}/html5client"`);
      expect(html).toContain(`"avxWebBase": "${node}/averox"`);
      expect(await getText(lab(), `${cluster.url}/${host.name}/html5client/locales/de.json`)).toContain(
        'Ihre Präsentation',
      );
      expect(await websocketStatus(lab(), `${node}/graphql`, cluster.url)).toBe('101');
      expect(await websocketStatus(lab(), `${node}/graphql`, 'https://elsewhere.example.org')).toBe('403');
      for (const path of [
        '/averox/api',
        '/pad/',
        '/averox/presentation/meeting/meeting/slides/svg/1',
        '/api/rest/clientSettings?sessionToken=standin',
      ]) {
        expect([path, await allowedOrigins(cluster, `${node}${path}`)]).toEqual([path, [cluster.url]]);
      }
      const own = await index(undefined, `${cluster.url}/${host.name}/averox/api`);
      expect(JSON.parse(own.body).response.graphqlWebsocketUrl).toBe(
        `wss://${host.name}.example.com/graphql`,
      );
    }
  });

  it('lets the client start with the stopgap only, and brings every page to its own node', async () => {
    const pages = await Promise.all(cluster.nodes.map((host) => joined(cluster, host)));
    for (const page of pages) {
      expect(await indexAddress(page)).toBe(`${cluster.url}/averox/api`);
      expect((await index(page)).status).toBe('404');
    }

    cluster.inventory.vars.api_by_referer = true;
    await cluster.save();
    const started = await Promise.all(cluster.nodes.map(starts));
    const { code, document } = await cluster.json('apply', '--yes');
    expect(code).toBe(0);
    expect(document.hosts.map((host) => host.changes.map(({ path }) => path))).toEqual([
      ['/etc/nginx/clusterproxy/avx/api-by-referer.conf'],
      [],
      [],
    ]);
    expect(document.hosts.flatMap((host) => host.warnings).join('\n')).not.toContain('asks for');
    expect(hostOf(document, cluster.proxy.name).handlers).toMatchObject([{ id: 'reload-nginx', ran: true }]);
    expect(await Promise.all(cluster.nodes.map(starts))).toEqual(started);

    for (const [number, page] of pages.entries()) {
      const name = `${cluster.node(number + 1).name}.example.com`;
      const { status, body } = await index(page, await indexAddress(page));
      expect(status).toBe('200');
      expect(JSON.parse(body).response).toMatchObject({
        returncode: 'SUCCESS',
        graphqlWebsocketUrl: `wss://${name}/graphql`,
        graphqlApiUrl: `https://${name}/api/rest`,
      });
    }
    for (const page of [undefined, `${cluster.url}/`, 'https://evil.example/avx-01/html5client/join'])
      expect((await index(page)).status).toBe('404');
    expect(await cluster.run('check')).toMatchObject({ code: 0 });
  });

  it('finds the stopgap edited, repairs it, and takes it away when nobody asks for it any more', async () => {
    const path = '/etc/nginx/clusterproxy/avx/api-by-referer.conf';
    await cluster.proxy.mustExec(['sed', '-i', 's/return 404/return 403/', path]);
    const check = await cluster.run('check');
    expect(check.code).toBe(2);
    expect(check.stdout).toContain('api-by-referer.conf (api-by-referer)');
    expect(await cluster.run('apply', '--yes')).toMatchObject({ code: 0 });
    expect((await index(undefined)).status).toBe('404');

    delete cluster.inventory.vars.api_by_referer;
    await cluster.save();
    expect(await cluster.run('apply', '--yes')).toMatchObject({ code: 0 });
    expect(await cluster.proxy.exec(['test', '-e', path])).toMatchObject({ code: 1 });
    expect((await index(await joined(cluster, cluster.node(1)))).status).toBe('404');
    expect(await cluster.run('check')).toMatchObject({ code: 0 });
  });
});

/** Where a join on the node sends the browser. */
async function joined({ lab }: Cluster, host: LabHost): Promise<string> {
  const secret = await host.mustExec("sed -n 's/^securitySalt=//p' /etc/averox/avx-web.properties");
  const query = 'meetingID=a&password=b';
  const checksum = createHash('sha1').update(`join${query}${secret.trim()}`).digest('hex');
  const url = `https://${host.name}.example.com/averox/api/join?${query}&checksum=${checksum}`;
  return (await fetchFrom(lab, url, ['-o', '/dev/null', '-w', '%{redirect_url}'])).stdout;
}

/**
 * The page comes from the cluster's origin, so every answer of the node that a script reads has to allow it.
 */
async function allowedOrigins({ lab, url: proxy }: Cluster, url: string): Promise<readonly string[]> {
  const { stdout } = await fetchFrom(lab, url, ['-o', '/dev/null', '-D', '-', '-H', `Origin: ${proxy}`]);
  return [...stdout.matchAll(/^access-control-allow-origin: (.*?)\r?$/gim)].map((match) => match[1] ?? '');
}
