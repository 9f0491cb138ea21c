import { describe, expect, it } from 'vitest';
import { askAddresses } from '../../src/model/interface-addresses.ts';
import { selfSigned } from '../support/certificates.ts';
import { haproxyCheck, withoutHaproxy } from '../support/haproxy-oracle.ts';
import { inventoryFrom, planPlaybook } from '../support/plan-playbook.ts';
import { textAt } from '../support/run-step.ts';
import type { FakeHost } from '../support/snapshot-from-folder.ts';

/** What the playbook wcs writes, on hosts that have the packages. */

const samples = `${import.meta.dirname}/../../playbooks/samples/wcs`;
const live = '/etc/letsencrypt/live/wcs.example.com';
const pair = selfSigned('wcs.example.com');
const certificates = { [`${live}/fullchain.pem`]: pair.certificate, [`${live}/privkey.pem`]: pair.key };

const packages = { haproxy: '2.6.12', nginx: '1.22.1', curl: '7.88.1', xinetd: '2.3.15' };
const balancer: FakeHost = { folders: [`${samples}/balancer`], files: certificates, packages };
const redHat: FakeHost = {
  folders: [`${samples}/balancer-red-hat`],
  files: certificates,
  packages,
  packageManager: 'dnf',
};
const node: FakeHost = { folders: [`${samples}/node`], packages };
const nodeWithXinetd: FakeHost = { folders: [`${samples}/node-xinetd`], packages };

const config = '/etc/haproxy/haproxy.cfg';
const dropIn = '/etc/systemd/system/haproxy.service.d/zz-clusterproxy.conf';
const bundle = '/etc/haproxy/wcs.example.com.pem';
const properties = '/usr/local/FlashphonerWebCallServer/conf/flashphoner.properties';
const agentConfig = '/etc/haproxy-agent-check.conf';
const xinetdFile = '/etc/xinetd.d/haproxy-agent-check';
const units = '/etc/systemd/system';
const agentFiles = [agentConfig, '/usr/local/bin/haproxy-agent-check.sh'];

interface More {
  /** of the cluster */
  readonly cluster?: object;
  /** beside the first */
  readonly balancers?: readonly object[];
}

async function plan(vars: object = {}, hosts: Readonly<Record<string, FakeHost>> = {}, more: More = {}) {
  const inventory = await inventoryFrom(
    JSON.stringify({
      playbook: 'wcs',
      cluster: { name: 'prod', hostname: 'wcs.example.com', ...more.cluster },
      vars,
      hosts: {
        balancer: [{ name: 'lb-1', address: '192.0.2.5' }, ...(more.balancers ?? [])],
        node: [
          { name: 'wcs-01', address: '192.0.2.11', vars: { cpu: 70 } },
          { name: 'wcs-02', address: '192.0.2.12' },
        ],
      },
    }),
  );
  const planned = planPlaybook(inventory, {
    'lb-1': balancer,
    'wcs-01': node,
    'wcs-02': nodeWithXinetd,
    ...hosts,
  });
  const of = (name: string) => {
    const host = planned.get(name);
    if (host === undefined) throw new Error(`${name} was not planned`);
    // Directories that are made on the way are known by what is in them.
    const changed = host.changed.filter((path) => host.virtual.state(path).kind !== 'directory');
    return { ...host, changed, text: (path: string) => textAt(host.virtual, path) };
  };
  return { of, balancer: of('lb-1'), node: of('wcs-01'), xinetd: of('wcs-02') };
}

/** A configuration with the files that it names. */
function checked(text: string | undefined): string {
  const files = {
    [bundle]: pair.certificate + pair.key,
    '/run/haproxy-state/servers': '1\n',
    '/run/haproxy/.keep': '',
  };
  const errors = Object.fromEntries(
    ['400', '503'].map((code) => [`/etc/haproxy/errors/${code}.http`, `HTTP/1.0 ${code} x\r\n\r\n`]),
  );
  return haproxyCheck(text ?? '', { ...files, ...errors });
}

describe('the playbook wcs', () => {
  it('makes a balancer of a host with HAProxy and nginx', async () => {
    const { balancer: host } = await plan();
    expect(host.changed).toEqual([
      config,
      bundle,
      '/etc/nginx/conf.d/clusterproxy-wcs.conf',
      '/etc/nginx/sites-enabled/default',
      dropIn,
      '/usr/local/sbin/haproxy-save-state.sh',
    ]);
    expect(host.handlers).toEqual(['reload-nginx', 'reload-haproxy', 'check-haproxy']);
    expect(host.warnings).toEqual([]);
    expect(host.text(bundle)).toBe(pair.certificate + pair.key);
    expect(host.virtual.state(bundle)).toMatchObject({ mode: 0o600 });
    expect(host.text('/etc/nginx/conf.d/clusterproxy-wcs.conf')).toContain('listen 127.0.0.1:8180;');
    const checks = 'weight 100 maxconn 1000 check inter 5s agent-check agent-port 9707 agent-inter 5s';
    expect(host.text(config)).toContain(`backend wcs_back
    mode http
    balance leastconn
    http-request set-header X-Client-IP %[src]:%[src_port]
    server wcs-01 192.0.2.11:8080 ${checks}
    server wcs-02 192.0.2.12:8080 ${checks}
`);
    expect(host.text(config)).toContain(`frontend wcs-balancer
    bind *:443 ssl crt ${bundle} alpn h2,http/1.1
`);
  });

  it.skipIf(withoutHaproxy !== undefined).each([
    ['as it comes', {}],
    ['round robin, sticky', { balance: 'roundrobin', sticky_cookie: 'SERVERID', same_site: 'None' }],
    [
      'the first node first, another port, without port 80',
      { balance: 'first', https_port: 8443, redirect_http: false },
    ],
    ['IPv6, no nginx', { ipv6: true, web_server: 'other', web_port: 3000 }],
    ['on Red Hat', {}, redHat],
  ])('writes what haproxy -c takes without a warning: %s', async (_, vars, lb: FakeHost = balancer) => {
    const { balancer: host } = await plan(vars, { 'lb-1': lb });
    // Red Hat has its socket in a folder that this machine may not have.
    expect(checked(host.text(config)?.replace('/var/lib/haproxy/stats', '/run/haproxy/stats'))).toBe('');
  });

  describe('with two balancers that share an address', () => {
    const virtual = '192.0.2.10';
    const balancers = [{ name: 'lb-2', address: '192.0.2.6' }];
    const own = '/etc/keepalived/clusterproxy/prod.conf';
    const answers = '/usr/local/sbin/clusterproxy-prod-answers';
    const having = (address: string): FakeHost => ({
      ...balancer,
      packages: { ...packages, keepalived: '2.2.7' },
      files: {
        ...certificates,
        '/lib/systemd/system/keepalived.service': '[Install]\nWantedBy=multi-user.target\n',
      },
      answers: [[askAddresses, { status: 0, output: `2: eth0    inet ${address}/24 scope global eth0\n` }]],
    });
    const hosts = { 'lb-1': having('192.0.2.5'), 'lb-2': having('192.0.2.6') };
    const cluster = { virtual_address: virtual };

    it('has keepalived ask HAProxy itself, at the own address of each', async () => {
      const { of } = await plan({ https_port: 8443 }, hosts, { cluster, balancers });
      const url = 'https://wcs.example.com:8443/clusterproxy-answers';
      expect(of('lb-1').text(own)).toContain(`script "${answers} ${url} 192.0.2.5 192.0.2.6"\n`);
      expect(of('lb-2').text(own)).toContain(`script "${answers} ${url} 192.0.2.6 192.0.2.5"\n`);
      expect(of('lb-2').handlers.slice(-2)).toEqual(['reload-keepalived', 'check-address']);
    });

    it.skipIf(withoutHaproxy !== undefined)(
      'has one configuration for both, which HAProxy takes',
      async () => {
        const { of } = await plan({}, hosts, { cluster, balancers });
        const text = of('lb-1').text(config);
        expect(of('lb-2').text(config)).toBe(text);
        expect(checked(text)).toBe('');
        expect(text).toContain('    monitor-uri /clusterproxy-answers\n');
        expect(text).toContain('    server at-lb-2 192.0.2.6:80\n');
      },
    );

    it('lets the agents answer both', async () => {
      const { node, xinetd } = await plan({}, hosts, { cluster, balancers });
      expect(xinetd.text(xinetdFile)).toMatch(/only_from .*192\.0\.2\.5.*192\.0\.2\.6/);
      expect(node.text(`${units}/haproxy-agent-check.socket`) ?? '').not.toBe('');
      expect(node.text(`${units}/haproxy-agent-check@.service`)).toContain('192.0.2.6');
    });

    it('sets up no keepalived where somebody else moves the address, and answers there as well', async () => {
      const external = { virtual_address: { address: virtual, by: 'external' } };
      const { of } = await plan({}, hosts, { cluster: external, balancers });
      expect(of('lb-1').changed).not.toContain(own);
      expect(of('lb-1').text(config)).toContain('    monitor-uri /clusterproxy-answers\n');
    });

    it('leaves two balancers that share no address as they were', async () => {
      const { of } = await plan({}, hosts, { balancers });
      const single = await plan();
      expect(of('lb-1').text(config)).toBe(single.balancer.text(config));
      expect(of('lb-1').changed).toEqual(single.balancer.changed);
    });
  });

  it('gives each node a cookie of its own where clients are to come back', async () => {
    const { balancer: host } = await plan({ sticky_cookie: 'SERVERID' });
    expect(host.text(config)).toContain('    cookie SERVERID insert indirect nocache httponly secure\n');
    expect(host.text(config)?.match(/ cookie wcs-0\d$/gm)).toEqual([' cookie wcs-01', ' cookie wcs-02']);
  });

  it.each([
    ['debian', balancer, '/run/haproxy/admin.sock'],
    ['red-hat', redHat, '/var/lib/haproxy/stats'],
  ])('has the socket of HAProxy in the folder that the package of %s makes', async (recipe, lb, socket) => {
    const { balancer: host } = await plan({}, { 'lb-1': lb });
    expect(host.resolved.recipe?.name).toBe(recipe);
    expect(host.text(config)).toContain(`    stats socket ${socket} mode 660 level admin\n`);
    expect(host.text(dropIn)).toContain(` save ${config} ${socket} /run/haproxy-state/servers\n`);
    const [check] = host.resolved.handlers.filter(({ id }) => id === 'check-haproxy');
    expect(JSON.stringify(check)).toContain(`"${socket}"`);
  });

  it('refuses a balancer on which SELinux would be in the way, by the command that it needs', async () => {
    const enforcing = (may: string): FakeHost => ({
      ...redHat,
      files: {
        ...certificates,
        '/sys/fs/selinux/enforce': '1',
        '/sys/fs/selinux/booleans/haproxy_connect_any': `${may} ${may}`,
      },
    });
    const { balancer: host } = await plan({}, { 'lb-1': enforcing('1') });
    expect(host.resolved.recipe?.name).toBe('red-hat-selinux');
    await expect(plan({}, { 'lb-1': enforcing('0') })).rejects.toMatchObject({
      code: 'unsuitable-host',
      problem: { next: expect.stringContaining('setsebool -P haproxy_connect_any 1') },
    });
  });

  it("sets a node up with a socket of systemd's, and keeps everybody else's settings", async () => {
    const { node: host } = await plan();
    expect(host.resolved.recipe?.name).toBe('systemd');
    expect(host.changed).toEqual([
      ...agentFiles.slice(0, 1),
      `${units}/haproxy-agent-check.socket`,
      `${units}/haproxy-agent-check@.service`,
      `${units}/sockets.target.wants/haproxy-agent-check.socket`,
      properties,
      ...agentFiles.slice(1),
    ]);
    expect(host.handlers).toEqual([
      'stop-agent-socket',
      'start-agent-socket',
      'check-agent',
      'restart-webcallserver',
    ]);
    expect(host.text(`${units}/haproxy-agent-check.socket`)).toContain(
      'IPAddressAllow=127.0.0.1 ::1 192.0.2.5\n',
    );
    expect(host.text(agentConfig)).toContain('thresholds= cpu 70\n');
    const before = textAt(host.virtual, properties) ?? '';
    expect(before).toContain('#ws.map_custom_headers  =true\n');
    expect(before).toMatch(/\nws\.map_custom_headers=true\nws\.ip_forward_header=X-Client-IP\n$/);
    expect(before).not.toContain('global_bandwidth_check_enabled');
  });

  it('sets a node up with xinetd where that is installed, in place of what was set up by hand', async () => {
    const { xinetd: host } = await plan();
    expect(host.resolved.recipe?.name).toBe('xinetd-found');
    expect(host.changed).toContain('/etc/services');
    expect(host.handlers).toEqual([
      'make-agent-state',
      'stop-agent-socket',
      'restart-xinetd',
      'check-agent',
      'restart-webcallserver',
    ]);
    expect(host.text('/etc/services')).toMatch(/\nhaproxy-agent-check\t9707\/tcp\n$/);
    expect(host.text(xinetdFile)).toContain('only_from      = 127.0.0.1 ::1 192.0.2.5\n');
    expect(host.text(xinetdFile)).not.toContain('0.0.0.0/0');
  });

  it('writes the thresholds and keys that are asked for', async () => {
    const vars = {
      publishers: 100,
      band_out: 800,
      global_bandwidth_check: true,
      statistics_keys: { band_out: 'net_out_mbit', cpu: 'system_java_cpu_usage' },
    };
    const { xinetd: host } = await plan(vars);
    expect(host.text(agentConfig)?.split('\n').slice(1)).toEqual([
      'thresholds= cpu 90 publishers 100 band-out 800',
      'statistics_url=http://127.0.0.1:8081/?action=stat',
      'grade_from=80',
      'band_out_keys=net_out_mbit',
      'cpu_keys=system_java_cpu_usage',
      '',
    ]);
    expect(host.text(properties)).toContain('\nglobal_bandwidth_check_enabled=true\n');
  });

  it('lets balancers ask from other addresses as well', async () => {
    const { node: host } = await plan({ agent_allow: ['10.0.0.0/24'] });
    expect(host.text(`${units}/haproxy-agent-check.socket`)).toContain(
      'IPAddressAllow=127.0.0.1 ::1 10.0.0.0/24 192.0.2.5\n',
    );
  });

  it('has the WebSDK unpacked where that is asked for', async () => {
    const sha256 = 'a'.repeat(64);
    const url = 'https://flashphoner.example.com/sdk.tar.gz';
    const { balancer: host } = await plan({ web_sdk: 'url', web_sdk_source: url, web_sdk_sha256: sha256 });
    const [step] = host.resolved.steps.filter(({ id }) => id === 'web-sdk');
    expect(step?.parameters).toMatchObject({
      url,
      directory: '/usr/share/nginx/html/wcs',
      strip: 2,
    });
    expect((await plan()).balancer.resolved.steps.map(({ id }) => id)).not.toContain('web-sdk');
  });

  it('refuses a balancer without its certificate', async () => {
    await expect(plan({}, { 'lb-1': { ...balancer, files: {} } })).rejects.toMatchObject({
      code: 'certificate-missing',
    });
  });
});
