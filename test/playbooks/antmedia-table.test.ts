import { describe, expect, it } from 'vitest';
import { askAddresses } from '../../src/model/interface-addresses.ts';
import { stagesOf } from '../../src/model/plan.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { maskFile } from '../../src/secrets/mask-file.ts';
import { selfSigned } from '../support/certificates.ts';
import { haproxyCheck, withoutHaproxy } from '../support/haproxy-oracle.ts';
import { stageOf } from '../support/host-plan.ts';
import { inventoryFrom, planPlaybook } from '../support/plan-playbook.ts';
import { textAt } from '../support/run-step.ts';
import { carriedOut, planFor, planOf, snapshotsOf } from '../support/sample-cluster.ts';
import type { FakeHost } from '../support/snapshot-from-folder.ts';

/** What the playbook antmedia writes, on hosts that have the packages. */

const samples = `${import.meta.dirname}/../../playbooks/samples/antmedia`;
const hostname = 'media.example.com';
const live = `/etc/letsencrypt/live/${hostname}`;
const pair = selfSigned(hostname);
const certificates = {
  [`${live}/fullchain.pem`]: pair.certificate,
  [`${live}/privkey.pem`]: pair.key,
  [`/etc/letsencrypt/renewal/${hostname}.conf`]:
    '[renewalparams]\nauthenticator = standalone\nhttp01_port = 8888\n',
  '/etc/haproxy/pems/one.pem': pair.certificate + pair.key,
};
/** The host's word that the certificate which is there will do. */
const valid = [[], ['www.example.com']].map(
  (names) =>
    [
      { kind: 'certificate', args: [`${live}/fullchain.pem`, '7', hostname, ...names] },
      { status: 0, output: '' },
    ] as const,
);
const packages = {
  haproxy: '2.6.12',
  curl: '7.88.1',
  certbot: '2.1.0',
  nginx: '1.22.1',
  'libnginx-mod-stream': '1.22.1',
  'nginx-mod-stream': '1.20.1',
};
const fresh: FakeHost = {
  folders: [`${samples}/balancer`],
  files: certificates,
  packages,
  answers: valid,
};
const byHand: FakeHost = {
  folders: [`${samples}/balancer-by-hand`],
  files: { ...certificates, [`/etc/haproxy/certs/${hostname}.pem`]: pair.certificate + pair.key },
  packages,
  answers: valid,
};
const redHat: FakeHost = {
  folders: [`${samples}/balancer-red-hat`],
  files: certificates,
  packages,
  packageManager: 'dnf',
  answers: valid,
};
const node: FakeHost = { folders: [`${samples}/node`] };

const config = '/etc/haproxy/haproxy.cfg';
const bundle = `/etc/haproxy/certs/${hostname}.pem`;
const dropIn = '/etc/systemd/system/haproxy.service.d/zz-clusterproxy.conf';
const program = '/usr/local/sbin/haproxy-save-state.sh';
const hook = '/etc/letsencrypt/renewal-hooks/deploy/clusterproxy-haproxy';
const settings = '/etc/letsencrypt/cli.ini';
const always = [config, dropIn, program];
const withCertbot = [config, bundle, settings, hook, dropIn, program].sort();

interface Options {
  readonly vars?: object;
  readonly balancer?: FakeHost;
  /** the group of each of three nodes */
  readonly groups?: readonly ('both' | 'origin' | 'edge')[];
  readonly state?: 'active' | 'retired';
  /** the address of the second node */
  readonly address?: string;
  /** there is a second balancer, and this address is of both */
  readonly virtual?: string;
}

function inventory({ vars = {}, groups = ['both', 'both', 'both'], state = 'active', ...more }: Options) {
  return inventoryFrom(
    JSON.stringify({
      playbook: 'antmedia',
      cluster: { name: 'prod', hostname, ...(more.virtual ? { virtual_address: more.virtual } : {}) },
      vars,
      hosts: {
        balancer: [
          { name: 'lb-1', address: '192.0.2.5', state },
          ...(more.virtual ? [{ name: 'lb-2', address: '192.0.2.6' }] : []),
        ],
        node: groups.map((group, index) => ({
          ...{
            name: `ams-${index + 1}`,
            address: (index === 1 && more.address) || `192.0.2.1${index + 1}`,
            vars: { group },
          },
        })),
      },
    }),
  );
}

const hosts = (balancer: FakeHost) => ({
  ...{ 'lb-1': balancer, 'lb-2': balancer, 'ams-1': node, 'ams-2': node, 'ams-3': node },
});

async function plan(options: Options = {}) {
  const planned = planPlaybook(await inventory(options), hosts(options.balancer ?? fresh));
  const host = planned.get('lb-1');
  if (host === undefined) throw new Error('the balancer was not planned');
  for (const name of ['ams-1', 'ams-2', 'ams-3']) expect(planned.get(name)?.changed, name).toEqual([]);
  // Directories that are made on the way are known by what is in them.
  const changed = host.changed.filter((path) => host.virtual.state(path).kind !== 'directory');
  return { ...host, changed, text: (path: string) => textAt(host.virtual, path) ?? '' };
}

/** One section of the configuration. */
function section(text: string, head: string): string {
  const found = text.split(/\n(?=\S)/).find((part) => part.split('\n')[0] === head);
  if (found === undefined) throw new Error(`there is no section ${head} in\n${text}`);
  return found;
}

function servers(text: string, backend: string): readonly string[] {
  return [...section(text, `backend ${backend}`).matchAll(/^ {4}server (\S+)/gm)].map(
    ([, name = '']) => name,
  );
}

/** What `haproxy -c` says of a configuration with the files that it names. */
function checked(text: string): string {
  const page = (code: string) => `HTTP/1.0 ${code} x\r\nContent-Length: 0\r\n\r\n`;
  return haproxyCheck(text, {
    [bundle]: pair.certificate + pair.key,
    '/etc/haproxy/pems/one.pem': pair.certificate + pair.key,
    '/etc/haproxy/pems/other.pem': Object.values(selfSigned('other.example.com')).join(''),
    '/etc/haproxy/errors/400.http': page('400'),
    '/etc/haproxy/errors/503.http': page('503'),
    '/run/haproxy-state/servers': '1\n',
    '/run/haproxy/.keep': '',
  });
}

/** A balancer on which keepalived may be set up. */
const withKeepalived: FakeHost = {
  ...fresh,
  packages: { ...packages, keepalived: '2.2.7' },
  files: {
    ...certificates,
    '/lib/systemd/system/keepalived.service': '[Install]\nWantedBy=multi-user.target\n',
  },
  answers: [
    ...valid,
    [
      askAddresses,
      {
        status: 0,
        output: '2: eth0    inet 192.0.2.5/24 scope global eth0\n2: eth0    inet 192.0.2.6/24 x\n',
      },
    ],
  ],
};

describe('the playbook antmedia', () => {
  it.each([
    ['certbot', `https://${hostname}:443`],
    ['none', `http://${hostname}:80`],
  ])('has keepalived ask HAProxy itself where two balancers share an address: %s', async (from, url) => {
    const vars = { certificate_from: from };
    const host = await plan({ vars, balancer: withKeepalived, virtual: '192.0.2.10' });
    const asks = `script "/usr/local/sbin/clusterproxy-prod-answers ${url}/clusterproxy-answers 192.0.2.5 192.0.2.6"`;
    expect(host.text('/etc/keepalived/clusterproxy/prod.conf')).toContain(asks);
    const text = host.text(config);
    expect(text.match(/^ {4}monitor-uri \/clusterproxy-answers$/gm)).toHaveLength(1);
    expect(text.includes('server at-lb-2 192.0.2.6:80\n')).toBe(from === 'certbot');
    if (withoutHaproxy === undefined) expect(checked(text)).toBe('');
  });

  it.each<[string, Options, readonly string[]]>([
    ['as it comes', {}, withCertbot],
    // The PEM file gets a mode in which nobody else can read it.
    ['set up by hand', { balancer: byHand }, withCertbot],
    ['of Red Hat', { balancer: redHat }, withCertbot],
    [
      'with files',
      {
        vars: {
          certificate_from: 'files',
          certificate: `${live}/fullchain.pem`,
          certificate_key: `${live}/privkey.pem`,
        },
      },
      [config, bundle, dropIn, program].sort(),
    ],
    [
      'with a folder of certificates',
      { vars: { certificate_from: 'folder', certificate_folder: '/etc/haproxy/pems' } },
      always,
    ],
    ['without TLS', { vars: { certificate_from: 'none' } }, always],
    [
      'with SRT',
      { vars: { certificate_from: 'none', srt: 'nginx' } },
      [
        ...always,
        '/etc/nginx/clusterproxy-srt.conf',
        '/etc/nginx/sites-enabled/default',
        '/etc/systemd/system/clusterproxy-srt.service',
        '/etc/systemd/system/multi-user.target.wants/clusterproxy-srt.service',
      ].sort(),
    ],
  ])('writes these files on a balancer %s', async (_, options, paths) => {
    const host = await plan(options);
    expect(host.changed).toEqual([...paths].sort());
    expect(host.warnings).toEqual([]);
    const srt = paths.some((path) => path.includes('srt'));
    expect(host.handlers).toEqual([
      ...(srt ? ['reload-nginx'] : []),
      'reload-haproxy',
      'check-haproxy',
      ...(paths.includes(hook) ? ['take-certificate'] : []),
      ...(srt ? ['reload-srt'] : []),
    ]);
  });

  const everyVariant: readonly [string, Options][] = [
    ['as it comes', {}],
    ['HLS alone sticky', { vars: { stickiness: 'hls' } }],
    ['origins and edges', { groups: ['origin', 'edge', 'edge'], vars: { stickiness: 'hls', rtmps: true } }],
    [
      'a folder',
      { vars: { certificate_from: 'folder', certificate_folder: '/etc/haproxy/pems', rtmps: true } },
    ],
    ['without TLS', { vars: { certificate_from: 'none', stickiness: 'hls', sticky_cookie: '' } }],
    [
      'all that can be said',
      {
        vars: {
          ...{ statistics: true, statistics_password: 'secr"et#1', statistics_path: '/stats', ipv6: true },
          ...{ log: ['127.0.0.1 local0 notice'], maximum_connections: 4000, old_sessions: '7d' },
          ...{ balance: 'source', rtmps: true, http_port: 8080, https_play_port: 9443 },
        },
      },
    ],
    ['of Red Hat', { balancer: redHat }],
  ];
  it.skipIf(withoutHaproxy !== undefined).each(everyVariant)(
    'writes what haproxy -c takes without a warning: %s',
    async (_, options) => {
      const { text } = await plan(options);
      // Red Hat has its socket in a folder that this machine may not have.
      expect(checked(text(config).replace('/var/lib/haproxy/stats', '/run/haproxy/stats'))).toBe('');
    },
  );

  it('takes TLS at the ports of the guide, and leads the plain ones there', async () => {
    const { text } = await plan();
    const redirect = (code: number, port: string, unless: string) =>
      `http-request redirect code ${code} location "https://%[req.hdr(host),field(1,:)]${port}%[pathq]" if !{ ssl_fc }${unless}\n`;
    const plain = section(text(config), 'frontend ams_plain');
    expect(plain).toContain('bind *:80\n');
    expect(plain).toContain(redirect(301, '', ' !is_acme'));
    const play = section(text(config), 'frontend ams_plain_play');
    expect(play).toContain('bind *:5080\n');
    expect(play).toContain(redirect(308, ':5443', ''));
    for (const [name, port, backend] of [
      ['ams_https', 443, 'ams_origin'],
      ['ams_https_play', 5443, 'ams_edge'],
    ]) {
      const secure = section(text(config), `frontend ${name}`);
      expect(secure).toContain(`bind *:${port} ssl crt ${bundle} alpn h2,http/1.1\n`);
      expect(secure).toContain(`default_backend ${backend}\n`);
      expect(secure).toContain('http-request set-header X-Forwarded-Proto https if { ssl_fc }\n');
    }
    expect(section(text(config), 'frontend ams_rtmp_in')).toContain('bind *:1935\n');
    expect(text(config)).toContain('ssl-default-bind-options prefer-client-ciphers ssl-min-ver TLSv1.2');
    expect(text(config)).toContain('server certbot 127.0.0.1:8888\n');
    expect(text(config)).not.toContain('stats auth');
    expect(text(config)).not.toContain('ams_rtmps');
  });

  it('asks every node for its liveness, for RTMP as well', async () => {
    const { text } = await plan();
    expect(section(text(config), 'backend ams_rtmp')).toBe(`backend ams_rtmp
    mode tcp
    balance leastconn
    option httpchk GET /rest/v2/liveness
    http-check expect status 200
    server ams-1 192.0.2.11:1935 weight 100 check inter 5s port 5080 slowstart 30s
    server ams-2 192.0.2.12:1935 weight 100 check inter 5s port 5080 slowstart 30s
    server ams-3 192.0.2.13:1935 weight 100 check inter 5s port 5080 slowstart 30s
`);
    expect(section(text(config), 'backend ams_edge')).toContain(`    cookie JSESSIONID prefix nocache
    option httpchk GET /rest/v2/liveness
    http-check expect status 200
    http-reuse never
    server ams-1 192.0.2.11:5080 weight 100 check inter 5s slowstart 30s cookie ams-1
`);
  });

  it('brings all HTTP clients back to their node, or those of HLS and the panel alone', async () => {
    const all = (await plan()).text(config);
    expect(all.match(/^ {4}cookie /gm)).toHaveLength(2);
    expect(all).not.toContain('backend ams_hls');
    const hls = (await plan({ vars: { stickiness: 'hls' } })).text(config);
    expect(
      section(hls, 'frontend ams_https'),
    ).toContain(`    acl route1_path_end path_end -i .m3u8 .ts .m4s _init.mp4 .vtt .mpd
    acl route2_path_prefix path_beg /rest/
    acl route3_query urlp(target) edge
    acl route4_query urlp(target) origin
    use_backend ams_hls if route1_path_end
    use_backend ams_panel if route2_path_prefix
    use_backend ams_edge if route3_query
    use_backend ams_origin if route4_query
    default_backend ams_origin
`);
    const sticky = ['ams_origin', 'ams_edge', 'ams_hls', 'ams_panel'].map((name) =>
      section(hls, `backend ${name}`).includes('    cookie JSESSIONID prefix nocache\n'),
    );
    expect(sticky).toEqual([false, false, true, true]);
  });

  it('publishes to origins and plays from edges', async () => {
    const { text } = await plan({ groups: ['origin', 'edge', 'both'], vars: { stickiness: 'hls' } });
    const of = (backend: string) => servers(text(config), backend);
    for (const backend of ['ams_origin', 'ams_rtmp', 'ams_panel'])
      expect(of(backend)).toEqual(['ams-1', 'ams-3']);
    for (const backend of ['ams_edge', 'ams_hls']) expect(of(backend)).toEqual(['ams-2', 'ams-3']);
    const { text: srt } = await plan({ groups: ['origin', 'edge', 'both'], vars: { srt: 'nginx' } });
    expect(srt('/etc/nginx/clusterproxy-srt.conf')).toContain(`        least_conn;
        server 192.0.2.11:4200;
        server 192.0.2.13:4200;
    }
    server {
        listen 4200 udp;
        proxy_pass srt;
`);
  });

  it('refuses groups of which one is empty, and RTMPS without a certificate', async () => {
    await expect(plan({ groups: ['origin', 'origin', 'origin'] })).rejects.toMatchObject({
      code: 'haproxy-inconsistent',
      message: expect.stringContaining('the backend ams_edge has no servers'),
    });
    await expect(plan({ vars: { certificate_from: 'none', rtmps: true } })).rejects.toMatchObject({
      code: 'haproxy-inconsistent',
      message: expect.stringContaining("frontend ams_rtmps_in doesn't listen on any address"),
    });
  });

  it('refuses an address with a zone, and takes IPv6 addresses without one, for SRT as well', async () => {
    await expect(plan({ address: 'fe80::1%eth0' })).rejects.toMatchObject({
      code: 'haproxy-inconsistent',
      message: expect.stringContaining('server ams-2 of the backend ams_edge has the address fe80::1%eth0'),
    });
    const { text } = await plan({ address: '2001:db8::12', vars: { srt: 'nginx' } });
    expect(text(config)).toContain('server ams-2 [2001:db8::12]:1935 ');
    expect(text('/etc/nginx/clusterproxy-srt.conf')).toContain('        server [2001:db8::12]:4200;\n');
  });

  it('gives no two sections one name, which HAProxy 3.3 and later refuse', async () => {
    const { text } = await plan({ vars: { stickiness: 'hls', rtmps: true } });
    const names = [...text(config).matchAll(/^(?:frontend|backend|listen) (\S+)$/gm)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('keeps the password of the statistics page from others, and refuses a page without one', async () => {
    const host = await plan({ vars: { statistics: true, statistics_password: 'hunter22' } });
    expect(host.virtual.state(config)).toMatchObject({ mode: 0o600 });
    expect(section(host.text(config), 'listen clusterproxy_statistics')).toContain('bind 127.0.0.1:8404\n');
    expect(host.text(config)).toContain("stats auth 'admin:hunter22'");
    expect(maskFile(config, host.text(config))).not.toContain('hunter22');
    await expect(plan({ vars: { statistics: true } })).rejects.toMatchObject({
      code: 'haproxy-inconsistent',
      message: expect.stringContaining('the statistics page has no password'),
    });
    const open = { statistics: true, statistics_password: 'hunter22', statistics_address: '192.0.2.5' };
    expect((await plan({ vars: open })).warnings).toEqual([
      'the statistics page listens on 192.0.2.5:8404 without TLS: its password can be read in transit',
    ]);
  });

  it('says so when the certificate lacks one of the names', async () => {
    const host = await plan({ vars: { certificate_names: ['www.example.com'] } });
    expect(host.warnings).toEqual([expect.stringContaining("the certificate isn't for www.example.com")]);
  });

  it('has certbot answer where HAProxy sends challenges, and keeps the rest of its settings', async () => {
    const { text } = await plan({ vars: { acme_port: 8899 } });
    expect(text(settings)).toBe(
      '# as the distribution brings it\nmax-log-backups = 0\n\npreconfigured-renewal = True\nhttp-01-port=8899\n',
    );
    expect(text(hook)).toContain(`pem='${bundle}'\n`);
    expect((await plan({ vars: { certbot: 'other' } })).resolved.steps.map(({ id }) => id)).not.toContain(
      'certbot-timer',
    );
  });

  it('knows where Red Hat has things, and refuses a host on which SELinux would be in the way', async () => {
    const host = await plan({ balancer: redHat });
    expect(host.resolved.recipe?.name).toBe('red-hat');
    expect(host.text(config)).toContain('stats socket /var/lib/haproxy/stats mode 660 level admin\n');
    const enforcing = (may: string): FakeHost => ({
      ...redHat,
      files: {
        ...certificates,
        '/sys/fs/selinux/enforce': '1',
        '/sys/fs/selinux/booleans/haproxy_connect_any': `${may} ${may}`,
      },
    });
    expect((await plan({ balancer: enforcing('1') })).resolved.recipe?.name).toBe('red-hat-selinux');
    await expect(plan({ balancer: enforcing('0') })).rejects.toMatchObject({
      code: 'unsuitable-host',
      problem: { next: expect.stringContaining('setsebool -P haproxy_connect_any 1') },
    });
  });

  it('refuses a balancer without its certificate', async () => {
    const files = { certificate_from: 'files', certificate: '/a.pem', certificate_key: '/a.key' };
    await expect(plan({ vars: files })).rejects.toMatchObject({
      code: 'certificate-missing',
    });
  });

  it('has packages and a certificate fetched, and says what can be known only then', async () => {
    const asked = await inventory({ vars: { certificate_names: ['www.example.com'] } });
    const bare: FakeHost = { folders: [], answers: [] };
    const none = { status: 1, output: '' };
    const looked = snapshotsOf(asked, hosts({ ...bare, answers: valid.map(([query]) => [query, none]) }));
    const first = planFor(planOf(asked, looked), 'lb-1');
    const stages = stagesOf(first);
    expect(first.problem).toBeUndefined();
    expect(stages).toHaveLength(3);
    const actions = stages.flatMap((stage) => stage.actions);
    expect(actions.map(({ action }) => action.name)).toEqual([
      'install haproxy, curl',
      'install certbot',
      `fetch certificate ${hostname}`,
    ]);
    expect(actions.at(-1)?.action.run).toMatchObject({
      kind: 'certbot',
      port: 8888,
      argv: expect.arrayContaining(['--domain', hostname, 'www.example.com']),
    });
    expect(stages[2]?.changes.map(({ path }) => path)).toContain(hook);
    // What waits for the certificate is made from it, and writes another file.
    const waiting = stages[2]?.changes.filter(({ after }) => after.kind === 'pending') ?? [];
    expect(waiting.map(({ action, path, steps }) => `${action} ${path} ${steps.join()}`)).toContain(
      `create ${bundle} certbot-certificate`,
    );
    expect(waiting.filter(({ path }) => path.startsWith('/etc/letsencrypt/live/'))).toEqual([]);
  });

  it.each<[string, FakeHost]>([
    ['as it comes', fresh],
    ['set up by hand', byHand],
  ])('gives every byte back to a balancer %s', async (_, balancer) => {
    const active = await inventory({ vars: { srt: 'nginx' } });
    const before = snapshotsOf(active, hosts({ ...fresh, ...balancer }));
    const done = carriedOut(planOf(active, before));
    expect(stageOf(planFor(planOf(active, done), 'lb-1')).changes).toEqual([]);
    const leaving = await inventory({ vars: { srt: 'nginx' }, state: 'retired' });
    const last = planFor(planOf(leaving, done), 'lb-1');
    expect(last.problem).toBeUndefined();
    expect(remains(before.get('lb-1'), last.snapshot, stageOf(last).changes)).toEqual([]);
  });
});

/** Paths that are not as they were before the cluster was set up. */
function remains(
  before: Snapshot | undefined,
  now: Snapshot | undefined,
  changes: readonly { path: string; after: unknown }[],
): readonly string[] {
  const states = new Map<string, unknown>(now?.paths ?? []);
  for (const { path, after } of changes) states.set(path, after);
  return [...states].flatMap(([path, state]) =>
    JSON.stringify(before?.paths.get(path) ?? { kind: 'absent' }) === JSON.stringify(state) ? [] : [path],
  );
}
