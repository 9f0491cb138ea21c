import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ReportCheck, ReportDocument } from '../../src/report/document/schema.ts';
import { type Cluster, startCluster } from '../e2e/cluster.ts';
import { noLab, useLab } from '../e2e/lab.ts';
import { installLivekit } from '../lab/bigbluebutton/livekit.ts';
import { installSfu } from '../lab/bigbluebutton/sfu.ts';
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
  /** found only by a meeting */
  readonly inMeeting?: true;
}

type Call = readonly [call: string, parameters: Readonly<Record<string, string>>];

const proxy = (cluster: Cluster) => cluster.proxy;
const meteor = (cluster: Cluster) => cluster.node(1);
const modern = (cluster: Cluster) => cluster.node(2);

/** What fails when nothing of the node can be used. */
const allOf = {
  meteor: [
    'certificate',
    'meteor-page',
    'meteor-path',
    'api',
    'api-origin',
    'api-other-origin',
    'lobby-locale',
    'pads-origin',
    'sfu-closed',
    ...['slides-origin', 'ddp', 'dashboard'],
  ],
  modern: [
    // The proxy redirects by itself.
    ...['certificate', 'client-page', 'client-path', 'api-addresses', 'api', 'api-origin'],
    ...['api-other-origin', 'graphql', 'graphql-other-origin', 'pads-origin', 'sfu-closed'],
    ...['slides-other-origin', 'dashboard', 'livekit-closed'],
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
    cluster = await startCluster(lab(), {
      name: 'seen',
      nodes: ['2.6', '3.0.28'],
      hasty: true,
      prepareNode: async (host) => {
        await installSfu(host);
        await installLivekit(host);
      },
    });
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

  const calls = async (host: LabHost) =>
    (await host.mustExec('cat /var/lib/bbb-standin/calls.log; rm /var/lib/bbb-standin/calls.log'))
      .trim()
      .split('\n')
      .map((line) => [line.split(' ')[0], JSON.parse(line.slice(line.indexOf('{')))] as const);

  it('holds a meeting on each node that leaves nothing behind, and shows no secret', async () => {
    const { code, stdout, stderr } = await cluster.run('verify', '--with-meeting', '--verbose');
    expect([code, stdout.match(/FAILED.*|.*not asked.*/g)]).toEqual([0, null]);
    expect(stdout.match(/joined as moderator and viewer; the meeting has ended/g)).toHaveLength(2);
    for (const node of cluster.nodes) {
      const [[created, create], [ended, end], ...more] = (await calls(node)) as [Call, Call, ...Call[]];
      expect([created, ended, more]).toEqual(['create', 'end', []]);
      expect(create).toMatchObject({ record: 'false', duration: '1', meetingID: end.meetingID });
      expect(create.meetingID).toMatch(/^clusterproxy-[0-9a-f]{32}$/);
      const secret = await node.mustExec(
        "sed -n 's/^securitySalt=//p' /etc/bigbluebutton/bbb-web.properties",
      );
      for (const hidden of [secret.trim(), create.moderatorPW, create.meetingID, 'checksum', 'JSESSIONID'])
        expect(`${stdout}${stderr}`).not.toContain(hidden);
    }
  });

  it('ends the meeting when the program is killed in the middle of it', async () => {
    const node = modern(cluster);
    // Joining takes for ever: nothing answers where the client's page is.
    await cluster.proxy.mustExec('systemctl kill --signal=STOP nginx');
    try {
      const { child } = cluster.start('verify', '--with-meeting', '--limit', node.name, '--timeout', '60');
      await eventually(() => node.mustExec('grep ^create /var/lib/bbb-standin/calls.log'));
      const processes = await node.mustExec(
        'for one in /proc/[0-9]*/cmdline /proc/[0-9]*/environ; do cat $one; done',
      );
      const secret = await node.mustExec(
        "sed -n 's/^securitySalt=//p' /etc/bigbluebutton/bbb-web.properties",
      );
      expect(processes).not.toContain(secret.trim());
      expect(processes).not.toContain('checksum=');
      child.kill('SIGKILL');
      await eventually(() => node.mustExec('grep ^end /var/lib/bbb-standin/calls.log'));
      expect((await calls(node)).map(([call]) => call)).toEqual(['create', 'end']);
    } finally {
      await cluster.proxy.mustExec('systemctl kill --signal=CONT nginx');
    }
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
  const slides = replaced('/etc/bigbluebutton/nginx/zz-clusterproxy.nginx', '/set .bbb_loadbalancer_node/d');
  const slash = replaced('/etc/bigbluebutton/nginx/aa-clusterproxy.nginx', '/cors_origin/s,example.com,&/,');
  const client = replaced(
    '/etc/bigbluebutton/bbb-web.properties',
    's,^defaultHTML5ClientUrl=.*,defaultHTML5ClientUrl=https://seen-02.example.com/html5client/,',
  );
  const path = replaced(
    '/etc/bigbluebutton/nginx/aa-clusterproxy.nginx',
    's,/seen-02/html5client,/other/html5client,',
  );
  const basename = replaced('/etc/bigbluebutton/bbb-html5.yml', 's,basename:.*,basename: /html5client,');
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
    {
      name: 'slides carry no origin',
      host: meteor,
      make: `${slides.make} && nginx -s reload`,
      mend: `${slides.back} && nginx -s reload`,
      found: [[1, 'slides-origin']],
    },
    {
      name: 'the origin of slides ends in a slash, as release notes print it',
      host: modern,
      make: `${slash.make} && nginx -s reload`,
      mend: `${slash.back} && nginx -s reload`,
      found: [[2, 'slides-other-origin']],
    },
    {
      name: 'the Meteor server is down behind its proxy',
      host: meteor,
      make: "systemctl stop 'bbb-html5-frontend@*'",
      mend: 'systemctl restart bbb-html5',
      found: [
        [1, 'ddp'],
        [1, 'meteor-page'],
        [1, 'meteor-path'],
      ],
    },
    {
      name: "the learning dashboard can't be read",
      host: modern,
      make: 'chmod 700 /var/bigbluebutton/learning-dashboard',
      mend: 'chmod 755 /var/bigbluebutton/learning-dashboard',
      found: [[2, 'dashboard']],
    },
    {
      name: 'a node serves its client at another path than the proxy asks for',
      host: modern,
      make: `${path.make} && nginx -s reload`,
      mend: `${path.back} && nginx -s reload`,
      found: [
        [2, 'client-page'],
        [2, 'client-path'],
      ],
    },
    {
      name: "the client's basename is not its path",
      host: modern,
      make: basename.make,
      mend: basename.back,
      found: [[2, 'basename']],
    },
    {
      name: "a node's name leads the proxy to another node",
      host: proxy,
      make: `cp /etc/hosts /root/hosts && other=$(getent ahostsv4 seen-01.example.com | sed -n '1s/ .*//p') && { grep -v seen-02 /root/hosts; echo "$other seen-02.example.com"; } >/etc/hosts`,
      mend: 'cat /root/hosts >/etc/hosts',
      found: [['proxy', 'names']],
    },
    {
      name: 'LiveKit is down behind a healthy page',
      host: modern,
      make: 'systemctl stop livekit-server',
      mend: 'systemctl start livekit-server',
      found: [[2, 'livekit-closed']],
    },
    {
      name: 'the media server is down behind a healthy page',
      host: modern,
      make: 'systemctl stop bbb-webrtc-sfu',
      mend: 'systemctl start bbb-webrtc-sfu',
      found: [[2, 'sfu']],
      inMeeting: true,
    },
    {
      name: 'bbb-web sends those who join to the node and not to the proxy',
      host: modern,
      make: `${client.make} && ${restarted('bbb-web')}`,
      mend: `${client.back} && ${restarted('bbb-web')}`,
      found: [[2, 'meeting']],
      inMeeting: true,
    },
    {
      name: 'bbb-web creates no meetings',
      host: meteor,
      make: 'touch /var/lib/bbb-standin/bbb-web.full',
      mend: 'rm /var/lib/bbb-standin/bbb-web.full',
      found: [[1, 'meeting']],
      inMeeting: true,
    },
  ];

  describe('one fault at a time', () => {
    let mend: (() => Promise<void>) | undefined;
    afterEach(async () => {
      await mend?.();
      mend = undefined;
    });

    it.each(faults)('$name', async ({ host, make, mend: back, found, inMeeting }) => {
      const at = host(cluster);
      const names = { proxy: cluster.proxy.name, 1: cluster.node(1).name, 2: cluster.node(2).name };
      const limit = ['--limit', [...new Set(found.map(([who]) => names[who]))].join(',')];
      const asked = [...limit, '--timeout', '5', ...(inMeeting ? ['--with-meeting'] : [])];
      mend = async () => {
        await at.mustExec(back);
        await eventually(async () =>
          expect(failed((await cluster.json('verify', ...limit)).document)).toEqual([]),
        );
      };
      await at.mustExec(make);
      const expected = found.map(([who, id]) => `${names[who]} ${id}`).sort();
      await eventually(async () => {
        const { code, document } = await cluster.json('verify', ...asked);
        expect(failed(document)).toEqual(expected);
        expect(code).toBe(4);
        for (const check of (document.checks ?? []).filter(isFailure))
          expect(Object.keys(check)).toEqual(expect.arrayContaining(['expected', 'found', 'fix']));
      });
    });
  });

  it('is written down for operators', () => {
    const rows = faults.map(({ name, found, inMeeting }) => ({
      fault: name,
      found: found.map(([, check]) => `verify ${inMeeting ? '--with-meeting ' : ''}${check}`),
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
