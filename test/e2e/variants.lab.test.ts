import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ReportDocument } from '../../src/report/document/schema.ts';
import { installBigBlueButton, untilServing } from '../lab/bigbluebutton/install.ts';
import { type BigBlueButtonVersion, sampleDirectory } from '../lab/bigbluebutton/versions.ts';
import { getText } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import { CERTIFICATE } from '../lab/prepare-host.ts';
import { type Cluster, hostOf, startCluster, statuses } from './cluster.ts';
import { noLab, useLab } from './lab.ts';
import { expectServed } from './served.ts';
import { startsOf } from './services.ts';

/** An operator's own server block for the cluster's name, with TLS, in Debian's layout. */
function ownSite(name: string, content = ''): (host: LabHost) => Promise<void> {
  return async (host) => {
    await host.writeFile(
      '/etc/nginx/sites-available/cluster',
      `# our proxy
server {
    listen 443 ssl;
    server_name ${name}.example.com;
    ssl_certificate ${CERTIFICATE.fullchain};
    ssl_certificate_key ${CERTIFICATE.privateKey};
${content}
    location / { return 200 "welcome\\n"; }
}
`,
    );
    await host.mustExec('ln -s ../sites-available/cluster /etc/nginx/sites-enabled/cluster');
  };
}

/** What an upgrade does on a running host: the packages' files are replaced, those of the operator stay. */
async function upgradeNode(
  host: LabHost,
  from: BigBlueButtonVersion,
  to: BigBlueButtonVersion,
): Promise<void> {
  const folder = sampleDirectory(from);
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length));
  const units = files.flatMap(
    (path) => /\/systemd\/system\/([^@/]+\.(?:service|target))$/.exec(path)?.[1] ?? [],
  );
  await host.mustExec(['systemctl', 'stop', ...units]);
  const kept = ['etc/bigbluebutton', 'etc/systemd'];
  await host.mustExec(['tar', '-C', '/', '-cf', '/root/kept.tar', '--exclude=*-release', ...kept]);
  await host.mustExec(['rm', ...files.filter((path) => path.startsWith('/usr/'))]);
  await installBigBlueButton(host, to);
  await host.mustExec(['tar', '-C', '/', '-xf', '/root/kept.tar']);
  await host.mustExec('systemctl daemon-reload; systemctl restart bbb-web bbb-apps-akka nginx');
  await untilServing(host, to);
}

/** What the nodes of one cluster are; the number is the one in their names. */
const nodes: readonly BigBlueButtonVersion[] = ['2.6', '2.6', '4.0', '4.1', '3.0', '2.6', '3.0'];
const [full, edited, strict, strictest, copied, risen, ghost] = [1, 2, 3, 4, 5, 6, 7];

describe.skipIf(noLab)('two proxies and seven nodes, each a variant', () => {
  const lab = useLab();
  let cluster: Cluster;
  let applied: ReportDocument;
  let starts: readonly number[];
  const entry = (number: number) => {
    const found = cluster.inventory.hosts.node[number - 1];
    if (found === undefined) throw new Error(`there is no node ${number}`);
    return found;
  };
  const resultOf = (number: number) => hostOf(applied, cluster.node(number).name);
  const startsOfFull = () =>
    Promise.all(['bbb-web', 'bbb-apps-akka'].map((service) => startsOf(cluster.node(full), service)));
  const stock = '/usr/share/bigbluebutton/nginx/bbb-html5.nginx';

  beforeAll(async () => {
    cluster = await startCluster(lab(), {
      name: 'variants',
      nodes,
      proxies: 2,
      prepareProxy: ownSite('variants'),
      vars: {
        proxy_server: 'include',
        server_file: '/etc/nginx/sites-available/cluster',
        client_cache: true,
      },
      hasty: true,
    });
    entry(full).vars = { restart: 'full' };
    entry(edited).vars = { client_locations: 'stock-file' };
    const { address, name } = cluster.node(copied);
    Object.assign(entry(copied), { address, ssh: { address: `${name}.example.com` } });
    const ssh = { address: `${cluster.node(ghost).name}.example.com` };
    Object.assign(entry(ghost), { hostname: 'ghost.example.com', ssh });
    await cluster.save();
    for (const number of [strict, strictest]) {
      await cluster
        .node(number)
        .mustExec(
          ['sh', '-c', 'printf "\\n%s\\n" "$1" >> "$2"', 'sh'].concat([
            'clientSettingsOverrideStrictValidation=true',
            '/etc/bigbluebutton/bbb-web.properties',
          ]),
        );
    }
    await cluster.node(edited).mustExec(['cp', '--archive', stock, '/root/from-package']);
    starts = await startsOfFull();
    const run = await cluster.json('apply', '--yes', '--max-failures', '2');
    applied = run.document;
  });

  it("a node whose name the proxies can't resolve is that node's error, and stops nobody else", async () => {
    const name = cluster.node(ghost).name;
    const others = Object.entries(statuses(applied)).filter(([host]) => host !== name);
    expect(applied.hosts.flatMap(({ error }) => error?.code ?? [])).toEqual(['name-does-not-resolve']);
    expect(new Set(others.map(([, status]) => status))).toEqual(new Set(['changed']));
    expect(resultOf(ghost)).toMatchObject({
      status: 'failed',
      error: {
        message: expect.stringContaining("can't resolve ghost.example.com"),
        next: expect.stringContaining('getent ahosts ghost.example.com'),
      },
    });
    for (const proxy of cluster.proxies) {
      expect(hostOf(applied, proxy.name).warnings.join()).toContain('ghost.example.com does not resolve');
      expect((await proxy.exec('nginx -t')).code).toBe(0);
    }
    cluster.inventory.hosts.node.splice(ghost - 1, 1);
    await cluster.save();
    expect((await cluster.json('apply', '--yes')).code).toBe(0);
  });

  it('the nodes are served', async () => {
    for (const [index, version] of nodes.slice(0, ghost - 1).entries()) {
      await expectServed(cluster, cluster.node(index + 1), version);
    }
  });

  it('two proxies with server blocks of their own get the same locations, byte for byte', async () => {
    const path = '/etc/nginx/clusterproxy/variants/nodes.conf';
    const [one, two] = await Promise.all(cluster.proxies.map((host) => host.readFile(path)));
    expect(one?.toString()).toContain(`/${cluster.node(strict).name}/bigbluebutton/api`);
    expect(one).toEqual(two);
    // One line more in the operator's file, and everything else of it as it was.
    const { changes } = hostOf(applied, cluster.proxy.name);
    expect(changes.find((one) => one.step === 'server-include')?.diff).toMatch(
      /^[^-]*\n\+\s+include \/etc\/nginx\/clusterproxy\/variants\/\*\.conf;\n[^+]*$/m,
    );
    expect(await getText(lab(), `${cluster.url}/`)).toBe('welcome\n');
  });

  it('restart: full restarts everything by bbb-conf, which has nothing to add to a file', async () => {
    const { handlers, warnings, changes } = resultOf(full);
    expect(handlers.map((handler) => handler.id)).toEqual(['reload-nginx', 'restart-all']);
    expect(changes.map((change) => change.diff).join()).toContain('+bigbluebutton.web.logoutURL=default');
    expect(warnings).toEqual([]);
    expect(await startsOfFull()).toEqual(starts.map((number) => number + 1));
    await cluster.node(full).mustExec('bbb-conf --check');
  });

  it('a node whose akka takes no key that its client does not know starts', async () => {
    for (const number of [strict, strictest]) {
      expect(resultOf(number).warnings.join()).toContain('public.media.livekit.url');
      const state = await cluster
        .node(number)
        .mustExec('systemctl show -P NRestarts -P ActiveState bbb-apps-akka');
      expect(state).toBe('0\nactive\n');
    }
  });

  it("a node is reached at its address, by its hostname's certificate, and its hashed files are copied", async () => {
    const { address, name, writeFile, mustExec } = cluster.node(copied);
    const locations = await cluster.proxy.readFile('/etc/nginx/clusterproxy/variants/nodes.conf');
    expect(locations.toString()).toContain(`proxy_pass https://${address}/${name}/html5client/;`);
    const file = 'bundle.0123456789abcdef0123.js';
    const onNode = `/usr/share/bigbluebutton/html5-client/${file}`;
    await writeFile(onNode, 'console.log("hashed");\n');
    const url = `${cluster.url}/${name}/html5client/${file}`;
    expect(await getText(lab(), url)).toContain('hashed');
    await mustExec(['rm', onNode]);
    expect(await getText(lab(), url)).toContain('hashed');
  });

  it('packages are upgraded: each node takes over what is new, and nothing of ours is left behind', async () => {
    // The package's file is back; one with our own file has got a new location; one is another release.
    const ours = await cluster.node(edited).readFile(stock);
    await cluster.node(edited).mustExec(['cp', '--archive', '/root/from-package', stock]);
    await cluster.node(copied).mustExec(['sh', '-c', 'cat >> "$1"', 'sh', `${stock}.static`], {
      input: '\nlocation /html5client/news {\n    return 200 "new in this release\\n";\n}\n',
    });
    const old = '/etc/bigbluebutton/nginx/zz-clusterproxy.nginx';
    await cluster.node(risen).mustExec(['test', '-e', old]);
    await upgradeNode(cluster.node(risen), '2.6', '3.0');

    const check = await cluster.json('check');
    expect(check.code).toBe(2);
    const differing = check.document.hosts.filter(({ changes }) => changes.length > 0);
    expect(differing.map(({ name }) => name).sort()).toEqual(
      [...cluster.proxies, ...[edited, copied, risen].map((number) => cluster.node(number))]
        .map(({ name }) => name)
        .sort(),
    );
    expect(hostOf(check.document, cluster.node(edited).name).changes).toMatchObject([
      { step: 'client-locations', path: stock },
    ]);
    const { code, document } = await cluster.json('apply', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code).toBe(0);
    const handlersOf = (number: number) =>
      hostOf(document, cluster.node(number).name).handlers.map(({ id }) => id);
    expect(await cluster.node(edited).readFile(stock)).toEqual(ours);
    expect(handlersOf(copied)).toEqual(['reload-nginx']);
    const news = `${cluster.url}/${cluster.node(copied).name}/html5client/news`;
    expect(await getText(lab(), news)).toBe('new in this release\n');
    expect(hostOf(document, cluster.node(risen).name).warnings).toEqual([]);
    expect((await cluster.node(risen).exec(['test', '-e', old])).code).toBe(1);
    await expectServed(cluster, cluster.node(edited), '2.6');
    await expectServed(cluster, cluster.node(copied), '3.0');
    await expectServed(cluster, cluster.node(risen), '3.0');
    expect((await cluster.run('check')).code).toBe(0);
  });

  it('nothing stays on a node that is retired after an upgrade', async () => {
    const node = cluster.node(risen);
    expect((await cluster.json('retire', node.name, '--yes')).code).toBe(0);
    const ours = await node.exec(
      `grep -rlE "clusterproxy|variants.example.com|/${node.name}/" /etc /usr/share/bigbluebutton`,
    );
    expect(ours.stdout.split('\n').filter((path) => !/^(\/etc\/.?hosts)?$/.test(path))).toEqual([]);
    await node.mustExec('nginx -t');
  });
});

describe.skipIf(noLab).concurrent('a cluster', () => {
  const lab = useLab();

  it('a proxy that somebody else looks after: its locations are printed, and nginx takes them', async () => {
    const cluster = await startCluster(lab(), { name: 'foreign', nodes: ['2.4', '3.0'], hasty: true });
    cluster.inventory.hosts.proxy = 'external';
    await cluster.save();
    const before = cluster.manifests();
    const { code, document } = await cluster.json('apply', '--yes');
    expect(code).toBe(0);
    expect(statuses(document)).toEqual({ 'foreign-01': 'changed', 'foreign-02': 'changed' });
    expect(cluster.changedSince(before).filter((path) => path.startsWith('foreign-proxy:'))).toEqual([]);
    const [printed] = document.byHand;
    expect((await cluster.run('plan')).stdout).toContain('location ^~ /foreign-02/bigbluebutton/api {');

    // The somebody else carries them over.
    await ownSite('foreign', printed?.text)(cluster.proxy);
    await cluster.proxy.mustExec('nginx -t && systemctl reload nginx && sleep 1');
    await expectServed(cluster, cluster.node(1), '2.4');
    await expectServed(cluster, cluster.node(2), '3.0');
  });

  it('what was set up by hand, as the guide says, is recognised and only brought over when asked', async () => {
    const cluster = await startCluster(lab(), {
      name: 'adopted',
      nodes: ['2.6'],
      prepareNode: (host) => setUpAsTheGuideSays(host, 'adopted.example.com'),
      prepareProxy: ownSite(
        'adopted',
        '    location /adopted-01/html5client/ {\n        proxy_pass https://adopted-01.example.com/adopted-01/html5client/;\n        proxy_http_version 1.1;\n    }\n',
      ),
      vars: { proxy_server: 'include', server_file: '/etc/nginx/sites-available/cluster' },
      hasty: true,
    });
    const node = cluster.node(1);
    await expectServed(cluster, node, '2.6').catch(() => undefined);
    const before = cluster.manifests();
    const refused = await cluster.json('apply', '--yes');
    expect(refused.code).toBe(3);
    for (const host of refused.document.hosts) {
      expect(host.error).toMatchObject({ code: 'set-up-by-hand' });
      expect(host.error?.next).toContain('adopt: true');
    }
    expect(hostOf(refused.document, node.name).error?.message).toMatch(
      /bbb-html5\.nginx:\d+: location \/adopted-01\/html5client/,
    );
    expect(cluster.changedSince(before)).toEqual([]);

    cluster.inventory.vars.adopt = true;
    await cluster.save();
    const { code, document } = await cluster.json('apply', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code).toBe(0);
    // The package's files are the package's again.
    const original = await node.readFile('/root/from-package');
    expect(await node.readFile('/usr/share/bigbluebutton/nginx/bbb-html5.nginx')).toEqual(original);
    const dropIns = await node.mustExec('ls /etc/systemd/system/bbb-html5-frontend@.service.d');
    expect(dropIns).toBe('zz-clusterproxy.conf\n');
    await expectServed(cluster, node, '2.6');
    expect((await cluster.run('check')).code).toBe(0);

    // And all of it can be given back.
    expect((await cluster.run('rollback', '--yes')).code).toBe(0);
    expect(cluster.changedSince(before)).toEqual([]);
  });
});

/** The edits of the public guide for 2.6, on the node. */
async function setUpAsTheGuideSays(host: LabHost, proxy: string): Promise<void> {
  const node = `${host.name}.example.com`;
  const append = (path: string, input: string) =>
    host.mustExec(['sh', '-c', 'mkdir -p "$(dirname "$1")" && cat >> "$1"', 'sh', path], { input });
  await append(
    '/etc/bigbluebutton/bbb-web.properties',
    `defaultHTML5ClientUrl=https://${proxy}/${host.name}/html5client/join
presentationBaseURL=https://${node}/bigbluebutton/presentation
accessControlAllowOrigin=https://${proxy}
defaultGuestWaitURL=https://${node}/${host.name}/html5client/guestWait
`,
  );
  for (const end of ['frontend', 'backend']) {
    await append(
      `/etc/systemd/system/bbb-html5-${end}@.service.d/cluster.conf`,
      `[Service]
Environment=ROOT_URL=https://127.0.0.1/${host.name}/html5client
Environment=DDP_DEFAULT_CONNECTION_URL=https://${node}/${host.name}/html5client
`,
    );
  }
  const stock = '/usr/share/bigbluebutton/nginx/bbb-html5.nginx';
  await host.mustExec(['cp', stock, '/root/from-package']);
  await host.mustExec(['sed', '-i', `s#^location /html5client#location /${host.name}/html5client#`, stock]);
  await append(
    stock,
    `location = /html5client/locale {
  return 301 /${host.name}$request_uri;
}
`,
  );
  await host.mustExec([
    'sed',
    '-i',
    `s#^set .bbb_loadbalancer_node .*#set $bbb_loadbalancer_node https://${proxy};#`,
    '/usr/share/bigbluebutton/nginx/loadbalancer.nginx',
  ]);
  await append(
    '/etc/default/bbb-web',
    `JDK_JAVA_OPTIONS="-Dgrails.cors.enabled=true -Dgrails.cors.allowCredentials=true -Dgrails.cors.allowedOrigins=https://${proxy},https://${node}"\n`,
  );
}
