import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ReportDocument } from '../../src/report/document/schema.ts';
import { type Cluster, hostOf, startCluster, statuses } from '../e2e/cluster.ts';
import { noLab, useLab } from '../e2e/lab.ts';
import { eventually } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import { CERTIFICATE } from '../lab/prepare-host.ts';
import { documented } from './fault-table.ts';

/** Something wrong with a cluster, and which hosts `check` names for it; nothing else may be wrong. */
interface Fault {
  readonly name: string;
  readonly host: (cluster: Cluster) => LabHost;
  readonly make: string;
  /** back to how it was */
  readonly mend: string;
  readonly found: readonly (1 | 2)[];
  /** what is told of it */
  readonly words: RegExp;
  /** the proxy's own error for it, where its files show it as well */
  readonly onProxy?: string;
}

const proxy = (cluster: Cluster) => cluster.proxy;
const meteor = (cluster: Cluster) => cluster.node(1);
const modern = (cluster: Cluster) => cluster.node(2);

const live = '/etc/letsencrypt/live/asked-02.example.com';

/** Another certificate for the second node, which a command lays into /root/new.pem and /root/new.key. */
function certificate(command: string): Pick<Fault, 'host' | 'make' | 'mend' | 'found'> {
  return {
    host: modern,
    // Certbot has links there, so they go first.
    make: `cp -a ${live} /root/live && rm ${live}/fullchain.pem ${live}/privkey.pem && ${command} && cp /root/new.pem ${live}/fullchain.pem && cp /root/new.key ${live}/privkey.pem && nginx -s reload`,
    mend: `rm -rf ${live} && mv /root/live ${live} && nginx -s reload`,
    found: [2],
  };
}

const selfSigned = (name: string) =>
  `openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=${name} -addext subjectAltName=DNS:${name} -keyout /root/new.key -out /root/new.pem 2>&1`;

const addressOf = (name: string) => `$(getent ahostsv4 ${name} | cut -d ' ' -f 1 | head -n 1)`;

/** Another server block on the proxy; nginx takes the first that it reads. */
function block(listen: string): Omit<Fault, 'name'> {
  const file = '/etc/nginx/conf.d/00-other.conf';
  return {
    host: proxy,
    make: `printf 'server { listen %s ssl; server_name asked.example.com; ssl_certificate ${CERTIFICATE.fullchain}; ssl_certificate_key ${CERTIFICATE.privateKey}; return 200 hello; }\\n' "${listen}" >${file} && nginx -s reload`,
    mend: `rm ${file} && nginx -s reload`,
    found: [1, 2],
    words: /is not in the answer/,
    onProxy: 'server-name-taken',
  };
}

describe.skipIf(noLab)('the proxy asks itself for each node', () => {
  const lab = useLab();
  let cluster: Cluster;

  beforeAll(async () => {
    cluster = await startCluster(lab(), { name: 'asked', nodes: ['2.6', '3.0.28'], hasty: true });
    const { code, stderr } = await cluster.run('apply', '--yes');
    expect([code, stderr.match(/error .*/)?.[0]]).toEqual([0, undefined]);
    const other = meteor(cluster);
    await modern(cluster).writeFile('/root/other.pem', await other.readFile(CERTIFICATE.fullchain));
    await modern(cluster).writeFile('/root/other.key', await other.readFile(CERTIFICATE.privateKey));
  });

  const often = process.env.CLUSTERPROXY_LONG ? 50 : 2;

  it(`and finds nothing wrong with a sound cluster, ${often} times in a row`, async () => {
    for (let times = 0; times < often; times += 1) await findsNothing();
  });

  async function findsNothing(): Promise<void> {
    const { code, document } = await cluster.json('check');
    expect([code, failed(document)]).toEqual([0, []]);
    expect(document.checks?.map(({ host, id, outcome }) => `${host} ${id} ${outcome}`)).toEqual([
      'asked-01 meteor-page passed',
      'asked-02 api-addresses passed',
    ]);
  }

  const faults: readonly Fault[] = [
    {
      name: "a node's port 443 is closed to the proxy alone",
      host: modern,
      // nginx answers others as before; the proxy hears nothing.
      make: `ip route add blackhole ${addressOf('asked-proxy.example.com')}/32`,
      mend: `ip route del blackhole ${addressOf('asked-proxy.example.com')}/32`,
      found: [2],
      words: /no answer within 2 seconds/,
    },
    {
      name: "a node's certificate is self-signed, behind the proxy",
      ...certificate(selfSigned('asked-02.example.com')),
      words: /502 Bad Gateway/,
    },
    {
      name: "a node's certificate is for another name, behind the proxy",
      ...certificate('cp /root/other.pem /root/new.pem && cp /root/other.key /root/new.key'),
      words: /502 Bad Gateway/,
    },
    {
      name: "two nodes' addresses are swapped in the proxy's /etc/hosts",
      host: proxy,
      // A name in several lines has all their addresses, and nginx would try the other one.
      make: `one=${addressOf('asked-01.example.com')} && two=${addressOf('asked-02.example.com')} && cp /etc/hosts /root/hosts && { grep -v asked-0 /root/hosts; echo "$two asked-01.example.com"; echo "$one asked-02.example.com"; } >/etc/hosts && nginx -s reload`,
      mend: 'cat /root/hosts >/etc/hosts && nginx -s reload',
      found: [1, 2],
      words: /502 Bad Gateway/,
    },
    { name: "another server block answers for the proxy's name", ...block('443') },
    {
      name: "another server block answers for the proxy's name, on the proxy's address alone",
      ...block(`${addressOf('asked.example.com')}:443`),
    },
    {
      name: 'bbb-web is dead',
      host: modern,
      make: 'systemctl stop bbb-web',
      mend: 'systemctl start bbb-web',
      found: [2],
      words: /502 Bad Gateway/,
    },
    {
      name: "a node's nginx is dead",
      host: meteor,
      make: 'systemctl stop nginx',
      mend: 'systemctl start nginx',
      found: [1],
      words: /502 Bad Gateway/,
    },
  ];

  let mend: (() => Promise<unknown>) | undefined;
  afterEach(async () => {
    await mend?.();
    mend = undefined;
  });

  async function put({ host, make, mend: back }: Pick<Fault, 'host' | 'make' | 'mend'>): Promise<void> {
    const at = host(cluster);
    mend = () => at.mustExec(back);
    await at.mustExec(make);
  }

  it.each(faults)('and finds: $name', async (fault) => {
    await put(fault);
    const names = fault.found.map((number) => cluster.node(number).name);
    await eventually(async () => {
      const { code, document } = await cluster.json('check');
      if (fault.onProxy === undefined) expect([failed(document), code]).toEqual([names, 4]);
      else {
        expect([failed(document), code]).toEqual([['asked-proxy', ...names], 3]);
        expect(hostOf(document, 'asked-proxy').error?.code).toBe(fault.onProxy);
      }
      for (const name of names) {
        const { error } = hostOf(document, name);
        expect([error?.code, error?.host]).toEqual(['answers-wrongly', name]);
        expect(error?.message).toMatch(fault.words);
        expect(error?.next).toBeTruthy();
      }
    });
  });

  it('is written down for operators', () => {
    documented(
      'check',
      faults.map(({ name, onProxy }) => ({
        fault: name,
        found: [...(onProxy === undefined ? [] : [`check ${onProxy}`]), 'check answers-wrongly'],
      })),
    );
  });

  const dead = { host: meteor, make: 'systemctl stop nginx', mend: 'systemctl start nginx' };

  it('and a node that is dead anyway reverts no change of the proxy', async () => {
    await eventually(findsNothing);
    await put(dead);
    const { stdout } = await cluster.run('plan');
    expect(stdout).toContain('this check fails:');
    cluster.inventory.vars.http2 = false;
    await cluster.save();
    const { code, document } = await cluster.json('apply', '--yes', '--limit', 'proxy');
    expect([statuses(document)['asked-proxy'], hostOf(document, 'asked-proxy').error, code]).toEqual([
      'changed',
      undefined,
      0,
    ]);
  });

  it.each([
    ['2.6', 1, modern, 'systemctl stop bbb-web', 'systemctl start bbb-web'],
    ['3.0.28', 2, meteor, 'systemctl stop nginx', 'systemctl start nginx'],
  ] as const)(
    'and a change that takes away the node with %s, which had answered, is reverted by the host',
    async (_, number, host, make, back) => {
      await eventually(findsNothing);
      await put({ host, make, mend: back });
      await cluster.proxy.mustExec(selfSigned('other.example.com'));
      const before = cluster.manifests();
      cluster.inventory.vars.trusted_certificate = '/root/new.pem';
      await cluster.save();
      const { code, document } = await cluster.json('apply', '--yes', '--limit', 'proxy');
      delete cluster.inventory.vars.trusted_certificate;
      await cluster.save();
      const { status, error } = hostOf(document, 'asked-proxy');
      expect([status, error?.code, code]).toEqual(['rolled-back', 'check-failed', 3]);
      expect(error?.message).toContain(
        `asked-0${number} no longer answers on https://asked.example.com/asked-0${number}/`,
      );
      expect(error?.message).not.toContain(`asked-0${3 - number}`);
      expect(cluster.changedSince(before)).toEqual([]);
    },
  );

  it('and all is sound again afterwards', async () => {
    await eventually(findsNothing);
  });
});

/** The hosts that answer wrongly. */
function failed({ hosts }: ReportDocument): readonly string[] {
  return hosts.filter(({ error }) => error !== undefined).map(({ name }) => name);
}
