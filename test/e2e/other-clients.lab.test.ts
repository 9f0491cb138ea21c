import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import { installLego, withoutLego } from '../lab/lego.ts';
import { installPebbleFor, pebbleDirectory, rootOf, withoutPebble } from '../lab/pebble.ts';
import { type Cluster, hostOf, startCluster, statuses } from './cluster.ts';
import { caddy } from './door/caddy.ts';
import type { Door } from './door/connection.ts';
import { installSoftware } from './door/list.ts';
import { nginx } from './door/nginx.ts';
import { layPages } from './door/node.ts';
import { OpenSocket } from './door/socket.ts';
import type { ProxySoftware } from './door/software.ts';
import { noLab, useLab } from './lab.ts';
import { Audience } from './pair/audience.ts';

const missing = noLab || withoutPebble;
if (!noLab && missing) console.warn('Other ACME clients are not tried: pebble is not installed');
if (!noLab && withoutLego) console.warn('lego is not tried: it is not installed');

/** A cluster whose proxy gets its certificate by a client that clusterproxy leaves alone. */
class Certified {
  readonly cluster: Cluster;
  readonly authority: LabHost;

  constructor(cluster: Cluster, authority: LabHost) {
    this.cluster = cluster;
    this.authority = authority;
  }

  get hostname(): string {
    return this.cluster.inventory.cluster.hostname;
  }

  page(): string {
    return `/${this.cluster.node(1).name}/html5client/door/echo`;
  }

  async door(): Promise<Door> {
    const ca = await rootOf(this.authority);
    return { address: this.cluster.proxy.address, hostname: this.hostname, ca };
  }

  async applies(): Promise<void> {
    const { code, document, stderr } = await this.cluster.json('apply', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code, stderr).toBe(0);
  }

  async isInSync(): Promise<void> {
    const { document } = await this.cluster.json('check');
    expect(new Set(Object.values(statuses(document)))).toEqual(new Set(['in-sync']));
  }

  async serial(): Promise<string> {
    const asked = `openssl s_client -connect 127.0.0.1:443 -servername ${this.hostname} </dev/null 2>/dev/null`;
    return this.cluster.proxy.mustExec(`${asked} | openssl x509 -noout -serial`);
  }

  /** What `verify` says below its check, and `doctor` and `check` of the proxy. */
  async told(): Promise<{
    readonly note: string;
    readonly troubles: readonly string[];
    readonly check: string;
  }> {
    const { document } = await this.cluster.json('verify');
    const proxy = this.cluster.proxy.name;
    const asked = document.checks?.find(({ id, host }) => id === 'certificate' && host === proxy);
    const found = (await this.cluster.json('doctor')).document.troubles ?? [];
    const about = /^(certificate|renewal)-/;
    return {
      note: asked?.note ?? '',
      troubles: found
        .filter(({ id, host, outcome }) => about.test(id) && host === proxy && outcome === 'found')
        .map(({ id, found: words }) => `${id}: ${words}`),
      check: (hostOf((await this.cluster.json('check')).document, proxy).notes ?? []).join(),
    };
  }

  /** Nobody is cut or turned away while that is done, which brings another certificate. */
  async keepsEverybodyDuring(
    renewal: () => Promise<unknown>,
    { sockets }: { sockets: number },
  ): Promise<void> {
    const before = await this.serial();
    const door = await this.door();
    const path = `/${this.cluster.node(1).name}/html5client/door/socket`;
    const open = await Promise.all(Array.from({ length: sockets }, () => OpenSocket.open(door, path)));
    const audience = new Audience(door, this.page());
    await renewal();
    await eventually(async () => expect(await this.serial()).not.toBe(before));
    const { answered, retried, failed } = await audience.end();
    console.warn(`${this.cluster.name}: while it was renewed, ${answered} answered at once`);
    expect([retried, failed]).toEqual([[], []]);
    expect(await Promise.all(open.map((one) => one.echoes('still there')))).toEqual(open.map(() => true));
    for (const one of open) one.close();
  }
}

async function certified(
  lab: ReturnType<ReturnType<typeof useLab>>,
  software: ProxySoftware,
  {
    name,
    validFor,
    ...more
  }: {
    name: string;
    validFor: number;
    main?: (ca: string) => string;
    prepare?: (host: LabHost) => Promise<void>;
  },
): Promise<Certified> {
  const [authority] = await lab.addHosts([{ name: `${name}-ca`, prepare: installPebbleFor(validFor) }]);
  if (authority === undefined) throw new Error('no host');
  const cluster = await startCluster(lab, {
    ...{ name, nodes: ['3.0'], prepareNode: layPages, vars: software.vars },
    prepareProxy: async (host) => {
      const text = more.main?.(pebbleDirectory(`${authority.name}.example.com`)) ?? software.main.text;
      await installSoftware(host, { ...software, main: { ...software.main, text } });
      await more.prepare?.(host);
    },
  });
  return new Certified(cluster, authority);
}

describe.skipIf(missing || withoutLego)('a proxy whose certificates lego gets', () => {
  const lab = useLab();
  let one: Certified;
  const folder = '/etc/lego';
  const lego = (words: string) => {
    const server = pebbleDirectory(`${one.authority.name}.example.com`);
    const always = `--accept-tos --email a@example.com --server ${server} --path ${folder}`;
    return `/usr/bin/lego ${always} --domains ${one.hostname} --http --http.webroot /var/www/html ${words}`;
  };

  beforeAll(async () => {
    const day = 86_400;
    one = await certified(lab(), nginx, { name: 'by-lego', validFor: 6 * day, prepare: installLego });
    await one.cluster.proxy.mustExec(lego('run'), { timeoutMs: 120_000 });
    const kept = `${folder}/certificates/${one.hostname}`;
    Object.assign(one.cluster.inventory.vars, { certificate: `${kept}.crt`, certificate_key: `${kept}.key` });
    await one.cluster.save();
  });

  it('is set up with what lego has got, and is in sync', async () => {
    await one.applies();
    await one.isInSync();
  });

  it('is not told to be renewed before anything does', async () => {
    const { note, check } = await one.told();
    expect(note).toContain('renewed by lego, but when is not known; no timer');
    expect(check).toBe(`the certificate of ${one.hostname} is ${note}`);
  });

  it('shows what a timer of its operator renews, and everybody stays', async () => {
    const { proxy } = one.cluster;
    const service = (hook: string) => `[Service]\nType=oneshot\nExecStart=${lego('renew --days 3')}${hook}\n`;
    await proxy.writeFile('/etc/systemd/system/lego.service', service(''));
    await proxy.writeFile('/etc/systemd/system/lego.timer', '[Timer]\nOnCalendar=daily\n');
    await proxy.mustExec('systemctl daemon-reload && systemctl start lego.timer');
    const untold = await one.told();
    expect(untold.note).toMatch(/^renewed by lego, next about \d{4}-\d\d-\d\d; lego\.timer is active$/);
    expect(untold.troubles).toEqual([expect.stringMatching(/^renewal-not-told: lego renews/)]);
    const hook = ' --renew-hook "systemctl reload nginx"';
    await proxy.writeFile('/etc/systemd/system/lego.service', service(hook).replace('--days 3', '--days 30'));
    await proxy.mustExec('systemctl daemon-reload');
    await one.keepsEverybodyDuring(() => proxy.mustExec('systemctl start lego.service'), { sockets: 10 });
    await proxy.writeFile('/etc/systemd/system/lego.service', service(hook));
    await proxy.mustExec('systemctl daemon-reload');
    const { note, troubles, check } = await one.told();
    expect([note, troubles]).toEqual([untold.note, []]);
    expect(check).toBe(`the certificate of ${one.hostname} is ${note}`);
    await one.isInSync();
  });

  it('is told where nginx goes on with the one before', async () => {
    const { proxy } = one.cluster;
    const silent = lego('renew --days 30');
    await proxy.mustExec(silent, { timeoutMs: 120_000 });
    const { troubles } = await one.told();
    expect(troubles).toEqual([expect.stringMatching(/^certificate-not-taken-up: port 443/)]);
    await proxy.mustExec('systemctl reload nginx');
    await eventually(async () => expect((await one.told()).troubles).toEqual([]));
  });
});

describe.skipIf(missing)('a proxy with Caddy, which gets its certificates itself', () => {
  const lab = useLab();
  let one: Certified;

  beforeAll(async () => {
    const main = (ca: string) =>
      `{\n\tacme_ca ${ca}\n\temail a@example.com\n\trenew_interval 2s\n}\n${caddy.main.text}`;
    // Renewed with a third of it left.
    one = await certified(lab(), caddy, { name: 'by-caddy', validFor: 180, main });
    Object.assign(one.cluster.inventory.vars, { certificate: '', certificate_key: '' });
    await one.cluster.save();
  });

  it('is set up, and gets one', async () => {
    await one.applies();
    await eventually(async () => expect(await one.serial()).toMatch(/^serial=/));
    await one.isInSync();
    const { note, troubles } = await one.told();
    expect(note).toMatch(/^renewed by Caddy itself, next about \S+; caddy\.service is active$/);
    expect(troubles).toEqual([]);
  });

  it('renews it, and everybody stays', async () => {
    await one.keepsEverybodyDuring(async () => undefined, { sockets: 10 });
    expect((await one.told()).note).toContain('renewed by Caddy itself');
    await one.isInSync();
  });
});
