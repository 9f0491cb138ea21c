import { describe, expect, it } from 'vitest';
import { getText } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import { CERTIFICATE } from '../lab/prepare-host.ts';
import { type Cluster, hostOf, startCluster, statuses } from './cluster.ts';
import { noLab, useLab } from './lab.ts';
import { expectServed } from './served.ts';

const site = '/etc/nginx/sites-available/cluster';

/**
 * HAProxy ends TLS at port 443 and tells nginx who asks by the PROXY protocol, as bbb-install lays it out.
 */
async function behindHaproxy(host: LabHost): Promise<void> {
  await host.writeFile(
    '/etc/haproxy/haproxy.cfg',
    `defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h
frontend ends-tls
    bind :443 ssl crt /etc/haproxy/cluster.pem
    default_backend nginx
backend nginx
    server local 127.0.0.1:82 send-proxy
`,
  );
  await host.mustExec(
    `cat ${CERTIFICATE.fullchain} ${CERTIFICATE.privateKey} > /etc/haproxy/cluster.pem && systemctl --quiet enable haproxy.service`,
  );
  await writeSite(
    host,
    `server {
    listen 80;
    server_name terminated.example.com;
    return 301 https://terminated.example.com$request_uri;
}
server {
    listen 127.0.0.1:82 proxy_protocol;
    server_name terminated.example.com;
    location / { return 200 "welcome\\n"; }
}
`,
  );
}

/** A block that answers for every name of the domain, with pages of its own. */
function wildcard(host: LabHost): Promise<void> {
  return writeSite(
    host,
    `server {
    listen 443 ssl;
    server_name *.example.com;
    ssl_certificate ${CERTIFICATE.fullchain};
    ssl_certificate_key ${CERTIFICATE.privateKey};
    location / { return 200 "front end\\n"; }
}
`,
  );
}

async function writeSite(host: LabHost, text: string): Promise<void> {
  await host.writeFile(site, text);
  await host.mustExec('ln -s ../sites-available/cluster /etc/nginx/sites-enabled/cluster');
}

/** What a browser gets, and what the program itself finds from outside. */
async function expectWorking(cluster: Cluster): Promise<void> {
  await expectServed(cluster, cluster.node(1), '3.0');
  const { code, document } = await cluster.json('verify');
  expect((document.checks ?? []).filter(({ outcome }) => outcome === 'failed')).toEqual([]);
  expect(code).toBe(0);
}

describe.skipIf(noLab).concurrent('which server block of a proxy answers', () => {
  const lab = useLab();

  it('include: behind a TLS terminator it is the block that browsers reach, not the redirect', async () => {
    const cluster = await startCluster(lab(), {
      name: 'terminated',
      nodes: ['3.0'],
      prepareProxy: behindHaproxy,
      // HAProxy is enabled there as well.
      vars: { proxy_software: 'nginx', proxy_server: 'include', server_file: site },
      hasty: true,
    });
    const { code, document } = await cluster.json('apply', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code).toBe(0);
    const [redirect, front] = (await cluster.proxy.readFile(site)).toString().split('proxy_protocol;');
    expect(redirect).not.toContain('include');
    expect(front).toContain('include /etc/nginx/clusterproxy/terminated/*.conf;');
    await expectWorking(cluster);
    expect(await getText(lab(), 'https://terminated.example.com/')).toBe('welcome\n');
  });

  it('own: a block that answers today is not taken over unless asked to, and then it is gone only there', async () => {
    const cluster = await startCluster(lab(), {
      name: 'wild',
      nodes: ['3.0'],
      hostnames: ['front.example.com'],
      prepareProxy: wildcard,
      hasty: true,
    });
    // Whoever calls it first has it add a line of its own to the properties.
    await cluster.node(1).mustExec('bbb-conf --secret');
    const before = cluster.manifests();
    const refused = await cluster.json('apply', '--yes');
    expect(statuses(refused.document)['wild-proxy']).toBe('failed');
    expect(hostOf(refused.document, 'wild-proxy').error).toMatchObject({ code: 'server-name-taken' });
    expect(cluster.changedSince(before).filter((path) => path.startsWith('wild-proxy:'))).toEqual([]);
    expect(await getText(lab(), 'https://wild.example.com/')).toBe('front end\n');

    cluster.inventory.vars.replace_server = true;
    await cluster.save();
    const { code, document } = await cluster.json('apply', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code).toBe(0);
    await expectWorking(cluster);
    expect(await getText(lab(), 'https://front.example.com/')).toBe('front end\n');

    // Once the cluster is given up, every host has the very bytes from before.
    for (const host of [cluster.inventory.hosts.proxy, cluster.inventory.hosts.node].flat()) {
      if (typeof host === 'object') host.state = 'retired';
    }
    await cluster.save();
    expect((await cluster.json('apply', '--yes')).code).toBe(0);
    expect(cluster.changedSince(before)).toEqual([]);
    expect(await getText(lab(), 'https://wild.example.com/')).toBe('front end\n');
  });
});
