import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ReportDocument } from '../../src/report/document/schema.ts';
import { noLab, useLab } from '../e2e/lab.ts';
import { clusterproxyJson } from '../e2e/program.ts';
import { installAntMedia } from '../lab/antmedia/install.ts';
import { withoutRtmp } from '../lab/antmedia/rtmp.ts';
import { eventually } from '../lab/fetch.ts';
import { tellHaproxy } from '../lab/haproxy.ts';
import type { LabHost } from '../lab/host.ts';
import { CERTIFICATE } from '../lab/prepare-host.ts';
import { installWebCallServer } from '../lab/wcs/install.ts';
import { documented } from './fault-table.ts';

if (withoutRtmp) console.warn(`Tests are skipped: ${withoutRtmp}`);

type Who = 'lb' | 1 | 2;

/** Something wrong with a cluster, and which checks find it; nothing else may fail. */
interface Fault {
  readonly name: string;
  /** on these hosts, one after the other */
  readonly host: Who | readonly Who[];
  readonly make: string;
  /** back to how it was */
  readonly mend: string;
  readonly found: readonly (readonly [host: Who, check: string])[];
  /** what `verify` is given to find it */
  readonly args?: readonly string[];
  /** whether every look at the balancer finds it too */
  readonly inEveryLook?: boolean;
  /** where it can't be tried */
  readonly skip?: boolean;
}

const reloaded = 'systemctl reload haproxy';

/** An edit of a file, with what the service needs to take it up. */
function edited(path: string, script: string, after: string): Pick<Fault, 'make' | 'mend'> {
  return {
    make: `cp -a ${path} /root/kept && sed -i '${script}' ${path} && ${after}`,
    mend: `cp -a /root/kept ${path} && ${after}`,
  };
}

const haproxy = (script: string) => edited('/etc/haproxy/haproxy.cfg', script, reloaded);
const agent = (script: string) =>
  edited('/etc/xinetd.d/haproxy-agent-check', script, 'systemctl restart xinetd');
const rtmp = (script: string) =>
  edited('/etc/nginx/nginx.conf', script, 'nginx -t -q && systemctl reload nginx');
/** Only a silent player has to be waited for. */
const withStream = ['--with-stream', '--timeout', '3'];
/** Shakes hands in the balancer's place, and hangs up. */
const cutting = `import socketserver
class Cut(socketserver.StreamRequestHandler):
    def handle(self):
        if self.rfile.read(1537): self.wfile.write(b"\\x03" + bytes(3072))
        self.rfile.read(1537)
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("", 1935), Cut).serve_forever()`;
const tell = (command: string) =>
  `echo '${command}' | curl -s --max-time 5 --unix-socket /run/haproxy/admin.sock telnet://haproxy`;

const wcs: readonly Fault[] = [
  {
    name: 'an agent refuses the balancer',
    ...{ host: 1, ...agent('s/only_from .*/only_from = 127.0.0.1/') },
    found: [['lb', 'agents']],
  },
  {
    name: 'an agent is silent',
    ...{ host: 1, make: 'systemctl stop xinetd', mend: 'systemctl start xinetd' },
    inEveryLook: true,
    found: [
      ['lb', 'agents'],
      [1, 'agent'],
    ],
  },
  {
    name: 'an agent answers everybody',
    ...{ host: 1, ...agent('s/only_from .*/only_from = 0.0.0.0\\/0/') },
    found: [[1, 'agent-closed']],
  },
  {
    name: "the statistics page doesn't have what a threshold needs",
    ...edited('/var/lib/wcs-standin/stat', 's/streams_webrtc_in/streams_in/', 'true'),
    host: 2,
    found: [[2, 'agent']],
  },
  {
    name: "ids of sessions hold the balancer's address",
    host: 2,
    make: `getent hosts wcs-lb.example.com | awk '{ printf "[{\\"sessionId\\": \\"/%s:4711-ab\\"}]", $1 }' > /var/lib/wcs-standin/streams`,
    mend: 'rm /var/lib/wcs-standin/streams',
    found: [[2, 'session-ids']],
  },
  {
    name: "a node's WebSocket is dead behind a healthy page",
    ...{ host: 2, make: 'touch /var/lib/wcs-standin/broken', mend: 'rm /var/lib/wcs-standin/broken' },
    found: [['lb', 'websocket']],
  },
  {
    name: 'the cookie of the balancer is for another site',
    ...{ host: 'lb', ...haproxy('s/cookie SERVERID insert/& domain other.example.com/') },
    found: [
      [1, 'sticky'],
      [2, 'sticky'],
    ],
  },
  {
    name: "the balancer's certificate is self-signed",
    host: 'lb',
    make: `cp -a /etc/haproxy/wcs.example.com.pem /root/pem && openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=wcs.example.com -addext subjectAltName=DNS:wcs.example.com -keyout /root/key -out /root/crt 2>&1 && cat /root/crt /root/key > /etc/haproxy/wcs.example.com.pem && ${reloaded}`,
    mend: `cp -a /root/pem /etc/haproxy/wcs.example.com.pem && ${reloaded}`,
    found: [
      ['lb', 'certificate'],
      ['lb', 'web-page'],
      ['lb', 'websocket'],
      [1, 'sticky'],
      [2, 'sticky'],
    ],
  },
];

const antmedia: readonly Fault[] = [
  {
    name: 'RTMP is dead behind healthy HTTP',
    ...{ host: 1, make: 'systemctl stop nginx', mend: 'systemctl start nginx' },
    found: [['lb', 'rtmp-nodes']],
    skip: withoutRtmp !== undefined,
  },
  {
    name: 'the balancer cuts connections once hands are shaken',
    host: 'lb',
    make: `cp -a /etc/haproxy/haproxy.cfg /root/kept && sed -i '/^frontend ams_rtmp_in/,/^$/s/:1935/:19350/' /etc/haproxy/haproxy.cfg && ${reloaded} && systemd-run --quiet --unit=cutting --property=Restart=always --property=RestartSec=100ms python3 -c '${cutting}'`,
    mend: `systemctl stop cutting; cp -a /root/kept /etc/haproxy/haproxy.cfg && ${reloaded}`,
    found: [['lb', 'rtmp-connect']],
    skip: withoutRtmp !== undefined,
  },
  {
    name: 'the nodes take no stream',
    ...{ host: [1, 2], ...rtmp('s/idle_streams off;/& deny publish all;/') },
    ...{ found: [['lb', 'rtmp-publish']], args: withStream },
    skip: withoutRtmp !== undefined,
  },
  {
    name: 'a stream is never played',
    ...{ host: [1, 2], ...rtmp('s/idle_streams off;/& play_restart on;/') },
    ...{ found: [['lb', 'rtmp-play']], args: withStream },
    skip: withoutRtmp !== undefined,
  },
  {
    name: 'HLS players are not sticky',
    ...{ host: 'lb', ...haproxy('/^backend ams_edge/,/^$/{/^ *cookie JSESSIONID/d}') },
    found: [
      [1, 'sticky-hls'],
      [2, 'sticky-hls'],
    ],
  },
  {
    name: "a node's WebSocket is dead behind healthy pages",
    ...{ host: 1, make: 'touch /run/antmedia-broken', mend: 'rm /run/antmedia-broken' },
    found: [
      [1, 'websocket'],
      [1, 'websocket-play'],
    ],
  },
  {
    name: 'a node has weight 0',
    host: 'lb',
    make: tell('set server ams_origin/ams-1 weight 0'),
    mend: tell('set server ams_origin/ams-1 weight 100'),
    found: [['lb', 'servers']],
    inEveryLook: true,
  },
  {
    name: 'all nodes are in maintenance',
    host: 'lb',
    make: `${tell('set server ams_rtmp/ams-1 state maint')}; ${tell('set server ams_rtmp/ams-2 state maint')}`,
    mend: `${tell('set server ams_rtmp/ams-1 state ready')}; ${tell('set server ams_rtmp/ams-2 state ready')}`,
    found: [
      ['lb', 'servers'],
      ['lb', 'rtmp'],
      ['lb', 'rtmp-connect'],
      ['lb', 'rtmps'],
    ],
  },
  {
    name: 'a node is down',
    ...{ host: 2, make: 'systemctl stop antmedia', mend: 'systemctl start antmedia' },
    found: [['lb', 'servers']],
    // It is the stand-in that shakes hands there.
    skip: withoutRtmp !== undefined,
  },
  {
    name: 'the statistics page has no login',
    ...{ host: 'lb', ...haproxy('/stats auth/d') },
    found: [['lb', 'statistics-login']],
  },
  {
    name: 'the statistics page is open to everybody',
    ...{ host: 'lb', ...haproxy('s/bind 127.0.0.1:8404/bind *:8404/') },
    found: [['lb', 'statistics-closed']],
  },
];

describe.skipIf(noLab)('verify of balancers on real hosts', () => {
  const lab = useLab();
  const often = process.env.CLUSTERPROXY_LONG ? 50 : 3;
  const hosts = new Map<string, LabHost>();
  const at = (name: string) => {
    const host = hosts.get(name);
    if (host === undefined) throw new Error(`no host ${name}`);
    return host;
  };

  beforeAll(async () => {
    const added = await lab().addHosts([
      {
        name: 'wcs-lb',
        hostnames: ['wcs-lb.example.com', 'wcs.example.com'],
        services: ['haproxy', 'nginx'],
      },
      { name: 'wcs-1', services: ['xinetd'], prepare: installWebCallServer },
      { name: 'wcs-2', services: ['xinetd'], prepare: installWebCallServer },
      { name: 'ams-lb', hostnames: ['ams-lb.example.com', 'ams.example.com'], services: ['haproxy'] },
      { name: 'ams-1', prepare: installAntMedia },
      { name: 'ams-2', prepare: installAntMedia },
    ]);
    for (const host of added) hosts.set(host.name, host);
  });

  describe.each([
    {
      playbook: 'wcs',
      vars: { cpu: 0, publishers: 10, sticky_cookie: 'SERVERID' },
      name: 'wcs',
      faults: wcs,
    },
    {
      ...{ playbook: 'antmedia', name: 'ams', faults: antmedia },
      vars: {
        certificate_from: 'files',
        statistics: true,
        statistics_password: 'correct-horse',
        rtmps: true,
      },
    },
  ])('$playbook', ({ playbook, vars, name, faults }) => {
    let file: string;
    const balancer = () => at(`${name}-lb`);
    const nameOf = (who: Who) => `${name}-${who}`;
    const clusterproxy = (command: string, ...args: readonly string[]) =>
      clusterproxyJson(lab(), [command, '--inventory', file, ...args]);
    const isSound = () =>
      eventually(async () => expect(badOf((await clusterproxy('verify')).document)).toEqual([]));

    beforeAll(async () => {
      const folder = join(lab().directory, 'clusters', `${name}-verified`);
      await mkdir(folder, { recursive: true });
      file = join(folder, 'inventory.yaml');
      const listed = (who: Who) => ({ name: nameOf(who), address: at(nameOf(who)).address });
      const inventory = {
        playbook,
        cluster: { name, hostname: `${name}.example.com` },
        windows: 'anytime',
        ssh: { user: 'ops', become: 'sudo', identity_files: [lab().sshKey], known_hosts: [lab().knownHosts] },
        vars: { certificate: CERTIFICATE.fullchain, certificate_key: CERTIFICATE.privateKey, ...vars },
        hosts: { balancer: [listed('lb')], node: [listed(1), listed(2)] },
      };
      await writeFile(file, JSON.stringify(inventory, null, 2));
      if (playbook === 'wcs') {
        for (const who of [1, 2] as const) await at(nameOf(who)).mustExec('systemctl start webcallserver');
      }
      const { code, document, stderr } = await clusterproxy('apply', '--yes');
      expect(code, stderr + JSON.stringify(document.hosts.map((host) => host.error))).toBe(0);
      await isSound();
    });

    it(`finds nothing wrong with a sound cluster, ${often} times in a row`, async () => {
      for (let times = 0; times < often; times += 1) {
        const { code, document } = await clusterproxy('verify', '--with-stream');
        expect(badOf(document)).toEqual([]);
        expect(code).toBe(0);
      }
      const { code, document } = await clusterproxy('check');
      expect(badOf(document)).toEqual([]);
      expect(code).toBe(0);
    });

    it('has no trouble that doctor knows, and each one that it is given', async () => {
      const found = async () => {
        const { troubles = [] } = (await clusterproxy('doctor')).document;
        return troubles.filter(({ outcome }) => outcome === 'found').map(({ host, id }) => `${host} ${id}`);
      };
      expect(await found()).toEqual([]);
      if (playbook === 'wcs') return;
      const log = '/usr/local/antmedia/log';
      await at(nameOf(1)).mustExec(
        `mkdir -p ${log} && echo 'ERROR StatsCollector - Not enough resource. Due to high cpu load: 86 cpu limit: 75' > ${log}/ant-media-server.log`,
      );
      try {
        expect(await found()).toEqual([`${nameOf(1)} streams-refused`]);
      } finally {
        await at(nameOf(1)).mustExec(`rm ${log}/ant-media-server.log`);
      }
    });

    it('shows a node that an operator has taken out, and finds no fault in that', async () => {
      const [backend, other] = playbook === 'wcs' ? ['wcs_back', 'wcs_back'] : ['ams_edge', 'ams_origin'];
      await tellHaproxy(balancer(), `set server ${backend}/${name}-2 state maint`);
      if (other !== backend) await tellHaproxy(balancer(), `set server ${other}/${name}-1 state drain`);
      try {
        const { code, document } = await clusterproxy('verify');
        expect(badOf(document)).toEqual([]);
        expect(code).toBe(0);
        const servers = document.checks?.find(({ id }) => id === 'servers');
        expect(servers?.note).toContain(`${name}-2 is in maintenance in ${backend}`);
      } finally {
        await tellHaproxy(balancer(), `set server ${backend}/${name}-2 state ready`);
        await tellHaproxy(balancer(), `set server ${other}/${name}-1 state ready`);
        await isSound();
      }
    });

    describe('one fault at a time', () => {
      let mend: (() => Promise<void>) | undefined;
      afterEach(async () => {
        await mend?.();
        mend = undefined;
      });

      it.each(faults.filter(({ skip }) => !skip))('$name', async (fault) => {
        const on = [fault.host].flat().map((who) => at(nameOf(who)));
        mend = async () => {
          for (const host of on) await host.mustExec(fault.mend);
          await isSound();
        };
        for (const host of on) await host.mustExec(fault.make);
        const expected = fault.found.map(([who, id]) => `${nameOf(who)} ${id}`).sort();
        await eventually(async () => {
          const { code, document } = await clusterproxy('verify', ...(fault.args ?? []));
          expect(fault.args === undefined ? badOf(document) : failedIn(document)).toEqual(expected);
          expect(code).toBe(4);
        });
        if (!fault.inEveryLook) return;
        const { code, document } = await clusterproxy('check');
        const errors = document.hosts.flatMap(({ name: of, error }) =>
          error ? [`${of} ${error.code}`] : [],
        );
        expect({ errors, code }).toEqual({ errors: [`${name}-lb answers-wrongly`], code: 4 });
      });
    });
  });

  it('is written down for operators', () => {
    documented(
      'balancers',
      [...wcs, ...antmedia].map(({ name, found, inEveryLook, args }) => ({
        fault: name,
        found: [
          ...found.map(([, check]) => `verify ${args === undefined ? '' : '--with-stream '}${check}`),
          ...(inEveryLook ? ['check answers-wrongly'] : []),
        ],
      })),
    );
  });
});

/** What failed, as HOST CHECK: where nothing can be published, nobody can be asked to play it. */
function failedIn(document: ReportDocument): readonly string[] {
  const checks = (document.checks ?? []).filter(({ outcome }) => outcome === 'failed');
  return checks.map(({ host, id }) => `${host} ${id}`).sort();
}

/** What failed or could not be asked, as HOST CHECK. */
function badOf({ checks = [] }: ReportDocument): readonly string[] {
  return checks
    .filter(({ outcome }) => outcome === 'failed' || outcome === 'not-asked')
    .map(({ host, id }) => `${host} ${id}`)
    .sort();
}
