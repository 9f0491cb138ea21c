import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { installBigBlueButton, untilServing } from '../lab/bigbluebutton/install.ts';
import { type BigBlueButtonVersion, sampleDirectory } from '../lab/bigbluebutton/versions.ts';
import { getText } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import { CERTIFICATE } from '../lab/prepare-host.ts';
import { hostOf, startCluster, statuses } from './cluster.ts';
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

describe.skipIf(noLab).concurrent('variants of a cluster', () => {
  const lab = useLab();

  it('two proxies with server blocks of their own get the same locations, byte for byte', async () => {
    const cluster = await startCluster(lab(), {
      name: 'twins',
      nodes: ['3.0'],
      proxies: 2,
      prepareProxy: ownSite('twins'),
      vars: { proxy_server: 'include', server_file: '/etc/nginx/sites-available/cluster' },
      hasty: true,
    });
    const { code, document } = await cluster.json('apply', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code).toBe(0);
    const [one, two] = await Promise.all(
      cluster.proxies.map((host) => host.readFile('/etc/nginx/clusterproxy/twins/nodes.conf')),
    );
    expect(one?.toString()).toContain('/twins-01/bigbluebutton/api');
    expect(one).toEqual(two);
    // One line more in the operator's file, and everything else of it as it was.
    expect(
      hostOf(document, 'twins-proxy').changes.find((one) => one.step === 'server-include')?.diff,
    ).toMatch(/^[^-]*\n\+\s+include \/etc\/nginx\/clusterproxy\/twins\/\*\.conf;\n[^+]*$/m);
    expect(await getText(lab(), 'https://twins.example.com/')).toBe('welcome\n');
    await expectServed(cluster, cluster.node(1), '3.0');
    expect((await cluster.run('check')).code).toBe(0);
  });

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

  it('restart: full restarts everything by bbb-conf, which has nothing to add to a file', async () => {
    const cluster = await startCluster(lab(), { name: 'full', nodes: ['2.6'], vars: { restart: 'full' } });
    const node = cluster.node(1);
    const before = await Promise.all([startsOf(node, 'bbb-web'), startsOf(node, 'bbb-apps-akka')]);
    const { code, document } = await cluster.json('apply', '--yes');
    expect(code).toBe(0);
    const { handlers, warnings, changes } = hostOf(document, node.name);
    expect(handlers.map((handler) => handler.id)).toEqual(['reload-nginx', 'restart-all']);
    expect(changes.map((change) => change.diff).join()).toContain('+bigbluebutton.web.logoutURL=default');
    expect(warnings).toEqual([]);
    expect(await Promise.all([startsOf(node, 'bbb-web'), startsOf(node, 'bbb-apps-akka')])).toEqual(
      before.map((number) => number + 1),
    );
    await expectServed(cluster, node, '2.6');
    await node.mustExec('bbb-conf --check');
    expect((await cluster.run('check')).code).toBe(0);
  });

  it("client_locations: stock-file edits the package's file, and does so again after an upgrade", async () => {
    const vars = { client_locations: 'stock-file' };
    const cluster = await startCluster(lab(), { name: 'edited', nodes: ['2.6'], vars, hasty: true });
    const node = cluster.node(1);
    const stock = '/usr/share/bigbluebutton/nginx/bbb-html5.nginx';
    await node.mustExec(['cp', '--archive', stock, '/root/from-package']);
    expect((await cluster.json('apply', '--yes')).code).toBe(0);
    await expectServed(cluster, node, '2.6');
    const edited = await node.readFile(stock);

    await node.mustExec(['cp', '--archive', '/root/from-package', stock]);
    const check = await cluster.json('check');
    expect(check.code).toBe(2);
    expect(hostOf(check.document, node.name).changes).toMatchObject([
      { step: 'client-locations', path: stock },
    ]);
    expect((await cluster.json('apply', '--yes')).code).toBe(0);
    expect(await node.readFile(stock)).toEqual(edited);
    await expectServed(cluster, node, '2.6');
  });

  it('a node whose akka takes no key that its client does not know starts', async () => {
    const cluster = await startCluster(lab(), { name: 'strict', nodes: ['4.0', '4.1'], hasty: true });
    for (const node of cluster.nodes) {
      await node.mustExec(
        ['sh', '-c', 'printf "\\n%s\\n" "$1" >> "$2"', 'sh'].concat([
          'clientSettingsOverrideStrictValidation=true',
          '/etc/bigbluebutton/bbb-web.properties',
        ]),
      );
    }
    const { code, document } = await cluster.json('apply', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code).toBe(0);
    for (const node of cluster.nodes) {
      expect(hostOf(document, node.name).warnings.join()).toContain('public.media.livekit.url');
      expect(await node.mustExec('systemctl show -P NRestarts -P ActiveState bbb-apps-akka')).toBe(
        '0\nactive\n',
      );
    }
    await expectServed(cluster, cluster.node(1), '4.0');
    await expectServed(cluster, cluster.node(2), '4.1');
  });

  it("a node is reached at its address, by its hostname's certificate, and its hashed files are copied", async () => {
    const vars = { client_cache: true };
    const cluster = await startCluster(lab(), { name: 'copied', nodes: ['3.0'], vars, hasty: true });
    const node = cluster.node(1);
    const [entry] = cluster.inventory.hosts.node;
    Object.assign(entry ?? {}, { address: node.address, ssh: { address: `${node.name}.example.com` } });
    await cluster.save();
    expect((await cluster.json('apply', '--yes')).code).toBe(0);
    const locations = (await cluster.proxy.readFile('/etc/nginx/clusterproxy/copied/nodes.conf')).toString();
    expect(locations).toContain(`proxy_pass https://${node.address}/copied-01/html5client/;`);
    await expectServed(cluster, node, '3.0');

    const file = 'bundle.0123456789abcdef0123.js';
    const onNode = `/usr/share/bigbluebutton/html5-client/${file}`;
    await node.writeFile(onNode, 'console.log("hashed");\n');
    const url = `${cluster.url}/copied-01/html5client/${file}`;
    expect(await getText(lab(), url)).toContain('hashed');
    await node.mustExec(['rm', onNode]);
    expect(await getText(lab(), url)).toContain('hashed');
    expect((await cluster.run('check')).code).toBe(0);
  });

  it('own-file is left alone by an upgrade, and takes over what the upgrade brought', async () => {
    const cluster = await startCluster(lab(), { name: 'upgraded', nodes: ['3.0'], hasty: true });
    const node = cluster.node(1);
    expect((await cluster.json('apply', '--yes')).code).toBe(0);
    const stock = '/usr/share/bigbluebutton/nginx/bbb-html5.nginx.static';
    await node.mustExec(['sh', '-c', 'cat >> "$1"', 'sh', stock], {
      input: '\nlocation /html5client/news {\n    return 200 "new in this release\\n";\n}\n',
    });
    expect((await cluster.json('check')).code).toBe(2);
    const { code, document } = await cluster.json('apply', '--yes');
    expect(code).toBe(0);
    expect(hostOf(document, node.name).handlers.map((handler) => handler.id)).toEqual(['reload-nginx']);
    expect(await getText(lab(), `${cluster.url}/upgraded-01/html5client/news`)).toBe('new in this release\n');
    await expectServed(cluster, node, '3.0');
  });

  it('a release whose recipe calls our file otherwise leaves none behind, and nothing stays after retire', async () => {
    const cluster = await startCluster(lab(), { name: 'risen', nodes: ['2.6', '3.0'], hasty: true });
    const node = cluster.node(1);
    expect((await cluster.json('apply', '--yes')).code).toBe(0);
    const old = '/etc/bigbluebutton/nginx/zz-clusterproxy.nginx';
    await node.mustExec(['test', '-e', old]);

    await upgradeNode(node, '2.6', '3.0');
    const { code, document } = await cluster.json('apply', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code).toBe(0);
    expect(hostOf(document, node.name).warnings).toEqual([]);
    expect((await node.exec(['test', '-e', old])).code).toBe(1);
    await expectServed(cluster, node, '3.0');
    expect((await cluster.run('check')).code).toBe(0);

    expect((await cluster.json('retire', node.name, '--yes')).code).toBe(0);
    const ours = await node.exec(
      'grep -rlE "clusterproxy|risen.example.com|/risen-01/" /etc /usr/share/bigbluebutton',
    );
    expect(ours.stdout.split('\n').filter((path) => !/^(\/etc\/.?hosts)?$/.test(path))).toEqual([]);
    await node.mustExec('nginx -t');
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

  it("a node whose name the proxy can't resolve is that node's error, and stops nobody else", async () => {
    const cluster = await startCluster(lab(), { name: 'nameless', nodes: ['3.0', '3.0'], hasty: true });
    const [, ghost] = cluster.inventory.hosts.node;
    if (ghost === undefined) throw new Error('a node is missing');
    Object.assign(ghost, { hostname: 'ghost.example.com', ssh: { address: 'nameless-02.example.com' } });
    await cluster.save();
    const { code, document } = await cluster.json('apply', '--yes');
    expect(statuses(document)).toEqual({
      'nameless-proxy': 'changed',
      'nameless-01': 'changed',
      'nameless-02': 'failed',
    });
    expect(code).toBe(3);
    expect(hostOf(document, 'nameless-02').error).toMatchObject({
      code: 'name-does-not-resolve',
      message: expect.stringContaining("can't resolve ghost.example.com"),
      next: expect.stringContaining('getent ahosts ghost.example.com'),
    });
    expect(hostOf(document, 'nameless-proxy').warnings.join()).toContain(
      'ghost.example.com does not resolve',
    );
    expect((await cluster.proxy.exec('nginx -t')).code).toBe(0);
    await expectServed(cluster, cluster.node(1), '3.0');
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
