import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ReportDocument } from '../../src/report/document/schema.ts';
import { type Cluster, startCluster } from '../e2e/cluster.ts';
import { noLab, useLab } from '../e2e/lab.ts';
import { eventually } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import { type BalancedServer, type MeetingBalancer, startMeetingBalancer } from '../lab/meeting-balancer.ts';
import { CERTIFICATE } from '../lab/prepare-host.ts';
import { documented } from './fault-table.ts';

/**
 * Something wrong with a host, and the one trouble by which doctor finds it. Faults know nothing of
 * others.
 */
interface Fault {
  readonly name: string;
  readonly host: 'proxy' | 1 | 2;
  readonly make: string;
  readonly mend: string;
  readonly trouble: string;
}

let edits = 0;
/** An edit by sed(1), which has to change something. */
const edited = (path: string, script: string): Pick<Fault, 'make' | 'mend'> => {
  edits += 1;
  const kept = `/root/kept-${edits}`;
  return {
    make: `cp -a ${path} ${kept} && sed -e '${script}' ${kept} > ${path} && ! cmp -s ${path} ${kept}`,
    mend: `cp -a ${kept} ${path}`,
  };
};
const written = (path: string, text: string): Pick<Fault, 'make' | 'mend'> => ({
  make: `mkdir -p $(dirname ${path}) && printf '%s\\n' '${text}' > ${path}`,
  mend: `rm ${path}`,
});

const web = '/etc/bigbluebutton/bbb-web.properties';
const client = '/etc/bigbluebutton/bbb-html5.yml';
const live = '/etc/letsencrypt/live/ill-02.example.com';

const faults: readonly Fault[] = [
  {
    name: "the client's basename is not the path of its page",
    host: 2,
    ...edited(client, 's,/ill-02/html5client,/ill02/html5client,'),
    trouble: 'blank-client',
  },
  {
    name: "an upgrade has put the file with the client's location back",
    host: 1,
    ...edited('/etc/bigbluebutton/nginx/zz-clusterproxy.nginx', 's,/ill-01/,/elsewhere/,'),
    trouble: 'client-not-served',
  },
  {
    name: 'slides are let in for another origin',
    host: 2,
    ...edited(web, 's,^accessControlAllowOrigin=.*,accessControlAllowOrigin=https://other.example.com,'),
    trouble: 'cors-origin',
  },
  {
    name: 'users of one node are sent past the proxy',
    host: 1,
    ...edited(web, 's,^\\(defaultHTML5ClientUrl=https://\\)ill.example.com,\\1ill-01.example.com,'),
    trouble: 'permission-asked-again',
  },
  {
    name: 'an address has its scheme twice',
    host: 2,
    ...edited('/etc/bigbluebutton/bbb-graphql-server.env', 's,https://,https://https://,'),
    trouble: 'doubled-scheme',
  },
  {
    name: 'the middleware is told an origin instead of its host',
    host: 2,
    ...edited('/etc/bigbluebutton/bbb-graphql-middleware.yml', 's,ill.example.com,https://ill.example.com,'),
    trouble: 'graphql-origin',
  },
  {
    name: 'the socket of media goes to the proxy',
    host: 1,
    ...edited(client, 's,wss://ill-01.example.com/bbb-webrtc-sfu,wss://ill.example.com/bbb-webrtc-sfu,'),
    trouble: 'relayed-media',
  },
  {
    name: 'the learning dashboard is where a guide has it',
    host: 2,
    ...edited(client, 's,learning-analytics-dashboard,learning-dashboard,'),
    trouble: 'dashboard-address',
  },
  {
    name: 'Etherpad is dead',
    host: 1,
    make: 'systemctl enable -q etherpad && systemctl stop etherpad',
    mend: 'systemctl start etherpad',
    trouble: 'etherpad-dead',
  },
  {
    name: 'bbb-web is dead',
    host: 2,
    make: 'systemctl stop bbb-web',
    mend: 'systemctl start bbb-web',
    trouble: 'service-down',
  },
  {
    name: 'apply-config.sh undoes an edit',
    host: 2,
    ...written(
      '/etc/bigbluebutton/bbb-conf/apply-config.sh',
      'sed -i s,^presentationBaseURL=.*,presentationBaseURL=https://old.example.com, /etc/bigbluebutton/bbb-web.properties',
    ),
    trouble: 'edits-undone',
  },
  {
    name: 'nginx of the proxy has no connections left',
    host: 'proxy',
    make: 'echo "2026/11/26 08:00:00 [alert] 7#7: 512 worker_connections are not enough" >> /var/log/nginx/error.log',
    mend: ': > /var/log/nginx/error.log',
    trouble: 'worker-connections',
  },
  {
    name: 'a renewed certificate is not taken up',
    host: 2,
    make: `cp -a ${live}/fullchain.pem ${live}/kept.pem && openssl req -x509 -newkey rsa:2048 -nodes -days 7 -subj /CN=ill-02.example.com -keyout /dev/null -out ${live}/fullchain.pem 2>&1`,
    mend: `mv ${live}/kept.pem ${live}/fullchain.pem`,
    trouble: 'certificate-not-taken-up',
  },
  {
    name: 'a hook tells one daemon of a renewed certificate, and not the other',
    host: 1,
    make: [
      'mkdir -p /etc/letsencrypt/renewal /etc/letsencrypt/renewal-hooks/deploy',
      'echo "authenticator = webroot" > /etc/letsencrypt/renewal/ill-01.example.com.conf',
      'printf "%s\\n" "#!/bin/sh" "systemctl reload haproxy" > /etc/letsencrypt/renewal-hooks/deploy/haproxy',
      'chmod 755 /etc/letsencrypt/renewal-hooks/deploy/haproxy',
    ].join(' && '),
    mend: 'rm -r /etc/letsencrypt/renewal /etc/letsencrypt/renewal-hooks',
    trouble: 'renewal-not-told',
  },
  {
    name: 'the certificate of the proxy has ended',
    host: 'proxy',
    make: [
      `cp -a ${CERTIFICATE.fullchain} /root/chain`,
      `openssl req -new -key ${CERTIFICATE.privateKey} -subj /CN=ill.example.com -out /root/request`,
      `openssl x509 -req -in /root/request -signkey ${CERTIFICATE.privateKey} -days -1 -out ${CERTIFICATE.fullchain}`,
      'nginx -s reload',
    ].join(' && '),
    mend: `mv /root/chain ${CERTIFICATE.fullchain} && nginx -s reload`,
    trouble: 'certificate-ending',
  },
  {
    // The one that has ended: before one is late, something else may renew it.
    name: 'the timer of whoever renews a certificate is off',
    host: 'proxy',
    make: [
      `d=/root/.acme.sh/ill.example.com_ecc && mkdir -p $d && cp ${CERTIFICATE.fullchain} $d/ill.example.com.cer`,
      `printf "%s\\n" "Le_ReloadCmd='__ACME_BASE64__START_bmdpbngK__ACME_BASE64__END_'" > $d/ill.example.com.conf`,
      'printf "%s\\n" "[Timer]" "OnCalendar=daily" > /etc/systemd/system/acme-renewal.timer',
      'printf "%s\\n" "[Service]" "ExecStart=/root/.acme.sh/acme.sh --cron" > /etc/systemd/system/acme-renewal.service',
    ].join(' && '),
    mend: 'rm -r /root/.acme.sh /etc/systemd/system/acme-renewal.*',
    trouble: 'renewal-stopped',
  },
  {
    name: 'a package is installed by half',
    host: 1,
    make: `cp /var/lib/dpkg/status /root/status && sed -i '0,/^Status: install ok installed/s//Status: install ok half-configured/' /var/lib/dpkg/status`,
    mend: 'mv /root/status /var/lib/dpkg/status',
    trouble: 'package-half-configured',
  },
  {
    name: "an upgrade left a package's file beside ours",
    host: 1,
    ...written('/etc/bigbluebutton/bbb-html5.yml.dpkg-dist', 'public: {}'),
    trouble: 'package-file-beside',
  },
  {
    name: 'the host waits for a reboot',
    host: 'proxy',
    ...written('/run/reboot-required', '*** System restart required ***'),
    trouble: 'reboot-required',
  },
  {
    name: 'a node was left out for somebody to look at',
    host: 'proxy',
    make: `d=/var/lib/clusterproxy/cordons/ill/ill-01; mkdir -p $d && printf 'r\\037ada\\0371790000000\\0371790000001\\0370\\n' >$d/record && echo 'it is ill' >$d/stays`,
    mend: 'rm -r /var/lib/clusterproxy/cordons',
    trouble: 'node-stays-out',
  },
  {
    name: 'needrestart restarts services by itself',
    host: 2,
    make: `mkdir -p /etc/needrestart/conf.d && touch /etc/needrestart/needrestart.conf && echo "\\$nrconf{restart} = 'a';" > /etc/needrestart/conf.d/ours.conf`,
    mend: 'rm -r /etc/needrestart',
    trouble: 'needrestart-automatic',
  },
  {
    name: 'everything is upgraded by itself',
    host: 1,
    make: `printf '%s\\n' 'APT::Periodic::Unattended-Upgrade "1";' 'Unattended-Upgrade::Origins-Pattern { "origin=*"; };' > /etc/apt/apt.conf.d/99everything`,
    mend: 'rm /etc/apt/apt.conf.d/99everything',
    trouble: 'unattended-upgrades',
  },
  {
    name: "the cluster's name does not resolve on the proxy",
    host: 'proxy',
    ...edited('/etc/hosts', '/ill.example.com/d'),
    trouble: 'name-unresolved',
  },
];

describe.skipIf(noLab)('doctor on real hosts', () => {
  const lab = useLab();
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster(lab(), { name: 'ill', nodes: ['2.6', '3.0.28'], hasty: true });
    const { code, stderr } = await cluster.run('apply', '--yes');
    expect([code, stderr.match(/error .*/)?.[0]]).toEqual([0, undefined]);
  });

  const hostOf = (name: Fault['host']): LabHost => (name === 'proxy' ? cluster.proxy : cluster.node(name));
  const often = process.env.CLUSTERPROXY_LONG ? 50 : 3;

  it(`finds nothing wrong with a sound cluster, ${often} times in a row`, async () => {
    for (let times = 0; times < often; times += 1) {
      const { code, document } = await cluster.json('doctor');
      expect(named(document, 'found')).toEqual([]);
      expect(named(document, 'unknown')).toEqual([]);
      expect(code).toBe(0);
    }
    const { stdout } = await cluster.run('doctor');
    expect(stdout).toMatch(/\n {2}no trouble found\n\nno known trouble found on 3 hosts\n$/);
  });

  it('finds each of many faults under its own name, and nothing else', async () => {
    const secret = (await cluster.node(2).readFile(web)).toString().match(/^securitySalt=(.+)$/m)?.[1] ?? '';
    expect(secret.length).toBeGreaterThan(10);
    try {
      for (const { host, make } of faults) await hostOf(host).mustExec(make);
      const expected = faults.map(({ host, trouble }) => `${hostOf(host).name} ${trouble}`).sort();
      // nginx takes a moment to show another certificate.
      await eventually(async () => {
        const { code, document, stdout } = await cluster.json('doctor');
        expect(named(document, 'found')).toEqual(expected);
        expect(named(document, 'unknown')).toEqual([]);
        expect(stdout).not.toContain(secret);
        expect(code).toBe(4);
      });
      const { stdout } = await cluster.run('doctor');
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
      expect(stdout).toContain(`${faults.length} troubles found on 3 of 3 hosts`);
      expect(stdout).not.toContain(secret);
    } finally {
      for (const { host, mend } of faults.toReversed()) await hostOf(host).exec(mend);
    }
    await eventually(async () => expect(named((await cluster.json('doctor')).document, 'found')).toEqual([]));
  });

  it('is written down for operators', () => {
    documented(
      'doctor',
      faults.map(({ name, trouble }) => ({ fault: name, found: [`doctor ${trouble}`] })),
    );
  });

  describe('and a balancer of meetings', () => {
    const listSecret = 'loadbalancer-secret-5f2a99';
    let balancer: MeetingBalancer;
    let sound: readonly [BalancedServer, BalancedServer];

    beforeAll(async () => {
      balancer = await startMeetingBalancer(lab());
      const servers = [1, 2].map(async (number): Promise<BalancedServer> => {
        const host = cluster.node(number);
        const secret = (await host.readFile(web)).toString().match(/^securitySalt=(.+)$/m)?.[1] ?? '';
        return {
          url: `https://${host.name}.example.com/bigbluebutton/api`,
          secret,
          state: 'enabled',
          online: true,
        };
      });
      const [first, second] = await Promise.all(servers);
      if (first === undefined || second === undefined) throw new Error('no nodes');
      sound = [first, second];
      Object.assign(balancer, { servers: sound, secret: listSecret });
      await balanced('scalelite');
      return async () => {
        balancer.stop();
        for (const key of ['', '_kind', '_secret']) delete cluster.inventory.vars[`meeting_balancer${key}`];
        await cluster.save();
      };
    });

    async function balanced(kind: 'scalelite' | 'b3scale' | 'bbblb'): Promise<void> {
      const file = join(lab().directory, 'balancer-secret');
      await writeFile(file, `${listSecret}\n`, { mode: 0o600 });
      Object.assign(cluster.inventory.vars, {
        meeting_balancer: balancer.url,
        meeting_balancer_kind: kind,
        meeting_balancer_secret: { file },
      });
      await cluster.save();
    }

    /** What doctor says of it; it may only ask, and nothing of what it hears may be told. */
    async function looked(): Promise<{
      readonly found: readonly string[];
      readonly unknown: readonly string[];
    }> {
      balancer.asked.length = 0;
      const { document, stdout, stderr } = await cluster.json('doctor');
      isDiscreet(`${stdout}${stderr}`);
      const about = (outcome: string) =>
        named(document, outcome).filter((one) => / (?:balancer|bbblb)-/.test(one));
      return { found: about('found'), unknown: about('unknown') };
    }

    function isDiscreet(said: string): void {
      const secrets = [listSecret, ...[...balancer.servers, ...sound].map(({ secret }) => secret)];
      for (const secret of secrets) expect(said).not.toContain(secret);
      expect(balancer.asked.filter((asked) => !asked.startsWith('GET '))).toEqual([]);
    }

    it.each(['scalelite', 'b3scale', 'bbblb'] as const)(
      'finds nothing wrong with a sound one: %s',
      async (kind) => {
        await balanced(kind);
        const other = { ...sound[0], url: 'https://other.test/bigbluebutton/api', online: false };
        balancer.servers = [...sound, other];
        expect(await looked()).toEqual({ found: [], unknown: [] });
        // bbblb is asked by each node.
        expect(balancer.asked).toHaveLength(kind === 'bbblb' ? 2 : 1);
      },
    );

    it('shows a node that was taken out on purpose, and finds nothing wrong', async () => {
      await balanced('scalelite');
      balancer.servers = [sound[0], { ...sound[1], state: 'cordoned', secret: 'whatever-it-was' }];
      const { code, stdout } = await cluster.run('doctor');
      isDiscreet(stdout);
      expect(stdout).toMatch(/no trouble found\n {2}note: Scalelite has this node as cordoned/);
      expect([code, stdout.includes('not known')]).toEqual([0, false]);
    });

    it('knows nothing if it refuses the secret, and says so once', async () => {
      balancer.secret = 'another-one-entirely';
      const { code, stdout } = await cluster.run('doctor');
      balancer.secret = listSecret;
      isDiscreet(stdout);
      expect(stdout).toContain('ill-01 and ill-02\n  not known: Scalelite refuses the secret');
      expect(stdout.match(/Scalelite refuses the secret/g)).toHaveLength(1);
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
      expect(code).toBe(0);
    });

    it.each(balancerFaults.map((some) => [some.map(({ name }) => name).join('; '), some] as const))(
      'finds that %s',
      async (_names, some) => {
        await balanced(some[0]?.kind ?? 'scalelite');
        balancer.servers = some.flatMap(({ node, entries }) => entries(sound[node === 1 ? 0 : 1]));
        try {
          for (const { node, make } of some) if (make !== undefined) await cluster.node(node).mustExec(make);
          const expected = some.map(({ node, trouble }) => `ill-0${node} ${trouble}`).sort();
          expect(await looked()).toEqual({ found: expected, unknown: [] });
        } finally {
          for (const { node, mend } of some) if (mend !== undefined) await cluster.node(node).exec(mend);
        }
      },
    );

    it('is written down for operators', () => {
      documented(
        'meeting-balancers',
        balancerFaults.flat().map(({ name, trouble }) => ({ fault: name, found: [`doctor ${trouble}`] })),
      );
    });
  });

  it('says at which layer hosts can not be looked at, and looks at the others', async () => {
    const { inventory } = cluster;
    const [first, second] = inventory.hosts.node;
    const [door] = inventory.hosts.proxy;
    if (first === undefined || second === undefined || typeof door !== 'object') throw new Error('no hosts');
    first.ssh = { port: 9 };
    second.ssh = { become: 'none' };
    try {
      await cluster.save();
      const { code, document } = await cluster.json('doctor');
      expect(named(document, 'found')).toEqual(['ill-01 unreachable', 'ill-02 not-permitted']);
      expect(code).toBe(3);
      expect(document.troubles?.find(({ host }) => host === 'ill-02')?.fix).toContain('become: sudo');
      expect(named(document, 'absent')).toContain('ill-proxy disk-nearly-full');

      delete first.ssh;
      delete second.ssh;
      door.ssh = { known_hosts: ['/dev/null'] };
      await cluster.save();
      const again = await cluster.json('doctor');
      expect(named(again.document, 'found')).toEqual(['ill-proxy host-key-unknown']);
      expect(again.code).toBe(3);
    } finally {
      delete first.ssh;
      delete second.ssh;
      delete door.ssh;
      await cluster.save();
    }
  });

  it('takes what is right of an inventory with mistakes', async () => {
    const { inventory } = cluster;
    try {
      inventory.vars.no_such_variable = 1;
      (inventory.ssh as { nonsense?: number }).nonsense = 1;
      await cluster.save();
      const { code, document } = await cluster.json('doctor');
      expect((document.errors ?? []).map((error) => error.code).sort()).toEqual([
        'unknown-key',
        'unknown-variable',
      ]);
      expect(named(document, 'found')).toEqual([]);
      expect(named(document, 'absent')).toContain('ill-02 blank-client');
      expect(code).toBe(4);
    } finally {
      delete inventory.vars.no_such_variable;
      delete (inventory.ssh as { nonsense?: number }).nonsense;
      await cluster.save();
    }
  });
});

/** Something wrong with what a balancer of meetings says of a node, and how doctor calls it. */
interface BalancerFault {
  readonly name: string;
  readonly kind?: 'b3scale' | 'bbblb';
  readonly node: 1 | 2;
  readonly trouble: string;
  readonly entries: (sound: BalancedServer) => readonly BalancedServer[];
  readonly make?: string;
  readonly mend?: string;
}

/** Those beside each other are put in at the same time. */
const balancerFaults: readonly (readonly BalancerFault[])[] = [
  [
    {
      name: 'a balancer of meetings has not all nodes',
      ...{ node: 2, trouble: 'balancer-lacks-node', entries: () => [] },
    },
    {
      name: 'it has another secret than the node, and says that the node is online',
      ...{ node: 1, trouble: 'balancer-secret-differs' },
      entries: (sound) => [{ ...sound, secret: 'the-secret-before-bbb-conf-setsecret' }],
    },
  ],
  [
    {
      name: 'it has a node twice',
      ...{ node: 1, trouble: 'balancer-node-twice', entries: (sound) => [sound, sound] },
    },
    {
      name: 'it has a node by its old name',
      ...{ node: 2, trouble: 'balancer-other-name' },
      entries: (sound) => [{ ...sound, url: sound.url.replace('ill-02.example.com', 'ill-02') }],
    },
  ],
  [
    {
      name: 'it has the address of a node that bbb-conf prints, without its end',
      ...{ node: 1, trouble: 'balancer-address' },
      entries: (sound) => [{ ...sound, url: sound.url.replace(/api$/, '') }],
    },
    {
      name: 'it asks a node by http',
      ...{ node: 2, trouble: 'balancer-address' },
      entries: (sound) => [{ ...sound, url: sound.url.replace('https', 'http') }],
    },
  ],
  [
    {
      name: 'b3scale hears nothing from the agent of a node',
      ...{ kind: 'b3scale', node: 1, trouble: 'balancer-agent-silent' },
      entries: (sound) => [{ ...sound, silentFor: 600 }],
    },
    {
      name: 'b3scale counts a sound node as down',
      ...{ kind: 'b3scale', node: 2, trouble: 'balancer-refuses-node' },
      entries: (sound) => [{ ...sound, online: false }],
    },
  ],
  [
    {
      name: 'bbblb has another secret than the node',
      ...{ kind: 'bbblb', node: 1, trouble: 'bbblb-secret-differs' },
      entries: (sound) => [{ ...sound, secret: 'the-secret-before-bbb-conf-setsecret' }],
    },
    {
      name: 'bbblb does not have the node',
      ...{ kind: 'bbblb', node: 2, trouble: 'bbblb-lacks-node', entries: () => [] },
    },
  ],
  [
    {
      name: 'Scalelite counts a sound node as down',
      ...{ node: 1, trouble: 'balancer-refuses-node' },
      entries: (sound) => [{ ...sound, online: false }],
    },
    {
      name: 'it says that a node is online whose bbb-web is dead',
      ...{ node: 2, trouble: 'balancer-trusts-dead-node', entries: (sound) => [sound] },
      ...{ make: 'systemctl stop bbb-web', mend: 'systemctl start bbb-web' },
    },
  ],
];

function named({ troubles = [] }: ReportDocument, wanted: string): readonly string[] {
  return troubles
    .filter(({ outcome }) => outcome === wanted)
    .map(({ host, id }) => `${host} ${id}`)
    .sort();
}
