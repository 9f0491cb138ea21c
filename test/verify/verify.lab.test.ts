import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ReportCheck, ReportDocument } from '../../src/report/document/schema.ts';
import { type Cluster, startCluster } from '../e2e/cluster.ts';
import { noLab, useLab } from '../e2e/lab.ts';
import { eventually } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import { CERTIFICATE } from '../lab/prepare-host.ts';
import { documented } from './fault-table.ts';

/** Something wrong with a cluster, and which checks find it, as HOST CHECK; nothing else may fail. */
interface Fault {
  readonly name: string;
  readonly host: (cluster: Cluster) => LabHost;
  readonly make: string;
  /** back to how it was */
  readonly mend: string;
  readonly found: readonly (readonly [host: 'proxy' | 1 | 2, check: string])[];
}

const proxy = (cluster: Cluster) => cluster.proxy;
const meteor = (cluster: Cluster) => cluster.node(1);
const modern = (cluster: Cluster) => cluster.node(2);

/** What fails when nothing of the node can be used. */
const allOf = {
  meteor: [
    'certificate',
    'meteor-page',
    'api',
    'api-origin',
    'api-other-origin',
    'lobby-locale',
    'pads-origin',
  ],
  modern: [
    // The proxy redirects by itself.
    ...['certificate', 'client-page', 'api-addresses', 'api', 'api-origin'],
    ...['api-other-origin', 'graphql', 'graphql-other-origin', 'pads-origin'],
  ],
};

const replaced = (path: string, script: string) => ({
  make: `cp -a ${path} /root/kept && sed -i '${script}' ${path}`,
  back: `cp -a /root/kept ${path}`,
});

/** Puts a self-signed certificate in the place of the one in these files. */
function selfSigned(chain: string, key: string): Pick<Fault, 'make' | 'mend'> {
  const reload = 'nginx -s reload';
  return {
    make: `cp -a ${chain} /root/chain && cp -a ${key} /root/key && rm ${chain} ${key} && openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=$(hostname -f) -addext subjectAltName=DNS:$(hostname -f) -keyout ${key} -out ${chain} 2>&1 && ${reload}`,
    mend: `rm ${chain} ${key} && cp -a /root/chain ${chain} && cp -a /root/key ${key} && ${reload}`,
  };
}

describe.skipIf(noLab)('verify on real hosts', () => {
  const lab = useLab();
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster(lab(), { name: 'seen', nodes: ['2.6', '3.0.28'], hasty: true });
    const { code, stderr } = await cluster.run('apply', '--yes');
    expect([code, stderr.match(/error .*/)?.[0]]).toEqual([0, undefined]);
  });

  const often = process.env.CLUSTERPROXY_LONG ? 50 : 3;

  it(`finds nothing wrong with a sound cluster, ${often} times in a row`, async () => {
    for (let times = 0; times < often; times += 1) {
      const { code, document } = await cluster.json('verify');
      expect(failed(document)).toEqual([]);
      expect(code).toBe(0);
    }
    const { stdout } = await cluster.run('verify');
    expect(stdout).toContain("passed: the client's page through the proxy\n");
    expect(stdout).toMatch(/\n(\d+) checks: \1 passed\n$/);
  });

  const nginxFile = '/etc/nginx/clusterproxy/seen/nodes.conf';
  const api = replaced(nginxFile, 's,proxy_pass https://seen-02,proxy_pass https://seen-01,');
  const gone = replaced(nginxFile, '/seen-02\\/html5client\\/ {/,/^}/d');
  const cors = replaced(
    '/etc/systemd/system/bbb-web.service.d/zz-clusterproxy.conf',
    's,allowedOrigins=[^ "]*,allowedOrigins=https://other.example.com,',
  );
  const origin = replaced(
    '/etc/bigbluebutton/bbb-graphql-middleware.yml',
    's/authorized_cross_origin:.*/authorized_cross_origin: other.example.com/',
  );
  const pads = replaced(
    '/etc/bigbluebutton/etherpad.json',
    's,https://seen.example.com,https://other.example.com,',
  );
  const locale = replaced(
    '/etc/bigbluebutton/nginx/zz-clusterproxy.nginx',
    '/location = \\/html5client\\/locale/,/}/d',
  );
  const certificate = selfSigned(CERTIFICATE.fullchain, CERTIFICATE.privateKey);
  // As certbot lays them out.
  const live = '/etc/letsencrypt/live/seen-02.example.com';
  const nodesCertificate = selfSigned(`${live}/fullchain.pem`, `${live}/privkey.pem`);
  const restarted = (unit: string) => `systemctl daemon-reload && systemctl restart ${unit}`;

  const faults: readonly Fault[] = [
    {
      name: "the proxy sends one node's pages to another node",
      host: proxy,
      make: `${api.make} && nginx -s reload`,
      mend: `${api.back} && nginx -s reload`,
      found: [
        [2, 'api-addresses'],
        [2, 'client-page'],
      ],
    },
    {
      name: "a node's location is missing on the proxy",
      host: proxy,
      make: `${gone.make} && nginx -s reload`,
      mend: `${gone.back} && nginx -s reload`,
      found: [
        [2, 'client-page'],
        [2, 'client-redirect'],
      ],
    },
    {
      name: "the proxy's certificate is self-signed",
      host: proxy,
      make: certificate.make,
      mend: certificate.mend,
      found: [
        ['proxy', 'certificate'],
        [1, 'meteor-page'],
        [2, 'client-page'],
        [2, 'client-redirect'],
        [2, 'api-addresses'],
      ],
    },
    {
      name: "a node's certificate is self-signed",
      host: modern,
      make: nodesCertificate.make,
      mend: nodesCertificate.mend,
      found: allOf.modern.map((id) => [2, id] as const),
    },
    {
      name: "a node's nginx is down",
      host: meteor,
      make: 'systemctl stop nginx',
      mend: 'systemctl start nginx',
      found: allOf.meteor.map((id) => [1, id] as const),
    },
    {
      name: 'bbb-web lets pages of another origin in, and not those of the cluster',
      host: modern,
      make: `${cors.make} && ${restarted('bbb-web')}`,
      mend: `${cors.back} && ${restarted('bbb-web')}`,
      found: [[2, 'api-origin']],
    },
    {
      name: 'the middleware lets pages of another origin in, and not those of the cluster',
      host: modern,
      make: `${origin.make} && ${restarted('bbb-graphql-middleware')}`,
      mend: `${origin.back} && ${restarted('bbb-graphql-middleware')}`,
      found: [[2, 'graphql']],
    },
    {
      name: 'the middleware is down behind a healthy page',
      host: modern,
      make: 'systemctl stop bbb-graphql-middleware',
      mend: 'systemctl start bbb-graphql-middleware',
      found: [
        [2, 'graphql'],
        [2, 'graphql-other-origin'],
      ],
    },
    {
      name: 'Etherpad trusts another origin',
      host: modern,
      make: `${pads.make} && ${restarted('etherpad')}`,
      mend: `${pads.back} && ${restarted('etherpad')}`,
      found: [[2, 'pads-origin']],
    },
    {
      name: 'the guest lobby has no redirect',
      host: meteor,
      make: `${locale.make} && nginx -s reload`,
      mend: `${locale.back} && nginx -s reload`,
      found: [[1, 'lobby-locale']],
    },
  ];

  describe('one fault at a time', () => {
    let mend: (() => Promise<void>) | undefined;
    afterEach(async () => {
      await mend?.();
      mend = undefined;
    });

    it.each(faults)('$name', async ({ host, make, mend: back, found }) => {
      const at = host(cluster);
      mend = async () => {
        await at.mustExec(back);
        await eventually(async () => expect(failed((await cluster.json('verify')).document)).toEqual([]));
      };
      await at.mustExec(make);
      const names = { proxy: cluster.proxy.name, 1: cluster.node(1).name, 2: cluster.node(2).name };
      const expected = found.map(([who, id]) => `${names[who]} ${id}`).sort();
      await eventually(async () => {
        const { code, document } = await cluster.json('verify', '--timeout', '5');
        expect(failed(document)).toEqual(expected);
        expect(code).toBe(4);
      });
      const { stdout } = await cluster.run('verify', '--timeout', '5');
      for (const line of ['FAILED: ', '    expected: ', '    found: ', '    to fix it: '])
        expect(stdout).toContain(line);
    });
  });

  it('is written down for operators', () => {
    const rows = faults.map(({ name, found }) => ({
      fault: name,
      found: found.map(([, check]) => `verify ${check}`),
    }));
    documented('bigbluebutton', rows);
  });

  it('asks nothing for a host that it cannot look at, and says so', async () => {
    const node = cluster.node(1);
    await node.mustExec(
      'systemctl stop ssh.socket ssh.service 2>/dev/null; systemctl stop sshd 2>/dev/null; true',
    );
    try {
      const { code, document } = await cluster.json('verify');
      expect(code).toBe(3);
      const mine = (document.checks ?? []).filter(({ host }) => host === node.name);
      expect(new Set(mine.map(({ outcome }) => outcome))).toEqual(new Set(['not-asked']));
      expect(document.errors).toMatchObject([{ host: node.name, code: 'unreachable' }]);
    } finally {
      await node.mustExec('systemctl start ssh');
    }
  });
});

function failed({ checks = [] }: ReportDocument): readonly string[] {
  return checks
    .filter(isFailure)
    .map(({ host, id }) => `${host} ${id}`)
    .sort();
}

function isFailure({ outcome }: ReportCheck): boolean {
  return outcome === 'failed';
}
