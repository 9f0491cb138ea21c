import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ReportDocument } from '../../src/report/document/schema.ts';
import { type Cluster, hostOf, startCluster, statuses } from '../e2e/cluster.ts';
import { noLab, useLab } from '../e2e/lab.ts';
import { startClusterproxy } from '../e2e/program.ts';
import { runStates } from '../e2e/services.ts';
import { eventually } from '../lab/fetch.ts';
import type { HostSpec } from '../lab/lab.ts';
import { CERTIFICATE } from '../lab/prepare-host.ts';
import { documented } from './fault-table.ts';

type Where = 'confirmed-proxy' | 'confirmed-01' | 'confirmed-02';

/** Something wrong in what an operator wrote, which a run would bring into a sound cluster. */
interface Fault {
  readonly name: string;
  /** changes the inventory or the playbook; gets the playbook's text, and returns it */
  readonly make: (cluster: Cluster, playbook: string) => string;
  readonly reverted: Where;
  /** all that speak against the change, as HOST CHECK */
  readonly found: readonly string[];
}

const replacing = (text: string, from: string, to: string) => {
  if (!text.includes(from)) throw new Error(`the playbook has no ${from}`);
  return text.replace(from, to);
};
const throughProxy = [
  'confirmed-01 meteor-page',
  'confirmed-02 api-addresses',
  'confirmed-02 client-page',
  'confirmed-02 client-redirect',
];

const faults: readonly Fault[] = [
  {
    name: '`certificate` names a self-signed certificate on the proxy',
    make: ({ inventory }, playbook) => {
      inventory.vars.certificate = '/etc/ssl/other.pem';
      inventory.vars.certificate_key = '/etc/ssl/other.key';
      return playbook;
    },
    reverted: 'confirmed-proxy',
    found: [...throughProxy, 'confirmed-proxy certificate'],
  },
  {
    name: "`trusted_certificate` names an authority that did not sign the nodes' certificates",
    make: ({ inventory }, playbook) => {
      inventory.vars.trusted_certificate = '/etc/ssl/other.pem';
      // Otherwise the proxy puts it back before anybody is asked from outside.
      inventory.vars.ask_itself = false;
      return playbook;
    },
    reverted: 'confirmed-proxy',
    found: throughProxy.filter((one) => !one.endsWith('client-redirect')),
  },
  {
    name: 'bbb-web is told to let in pages of another origin than the cluster',
    make: (_, playbook) =>
      replacing(
        playbook,
        'allowedOrigins=https://{{ cluster.hostname }}',
        'allowedOrigins=https://other.example.com',
      ),
    reverted: 'confirmed-01',
    found: ['confirmed-01 api-origin'],
  },
  {
    name: 'the GraphQL middleware is told to let in pages of another origin than the cluster',
    make: (_, playbook) =>
      replacing(
        playbook,
        "authorized_cross_origin: '{{ cluster.hostname }}'",
        'authorized_cross_origin: other.example.com',
      ),
    reverted: 'confirmed-02',
    found: ['confirmed-02 graphql'],
  },
  {
    name: 'the cluster gets the hostname of another server, whose certificate is sound',
    make: ({ inventory }, playbook) => {
      inventory.cluster.hostname = 'astray.example.com';
      return playbook;
    },
    reverted: 'confirmed-proxy',
    found: throughProxy,
  },
  {
    name: "two nodes' hostnames are swapped",
    make: ({ inventory }, playbook) => {
      const [first, second] = inventory.hosts.node;
      if (first === undefined || second === undefined) throw new Error('there are no two nodes');
      [first.hostname, second.hostname] = [second.hostname ?? '', first.hostname ?? ''];
      // Otherwise the proxy puts it back before anybody is asked from outside.
      inventory.vars.ask_itself = false;
      return playbook;
    },
    reverted: 'confirmed-proxy',
    // Only what passed before has a say: the page of 2.6 was not there on the other node.
    found: ['confirmed-01 client-page'],
  },
];

/** A server with a certificate of its own, and nothing behind it. */
const astray: HostSpec = {
  name: 'astray',
  services: ['nginx'],
  prepare: (host) =>
    host.writeFile(
      '/etc/nginx/conf.d/astray.conf',
      `server { listen 443 ssl default_server; server_name _; ssl_certificate ${CERTIFICATE.fullchain}; ssl_certificate_key ${CERTIFICATE.privateKey}; return 404; }\n`,
    ),
};

describe.skipIf(noLab)('--confirm outside on real hosts', () => {
  const lab = useLab();
  let cluster: Cluster;
  let playbookFile: string;
  let playbook: string;
  const apply = (...more: readonly string[]) =>
    cluster.json('apply', '--yes', '--confirm', 'outside', '--confirm-timeout', '10s', ...more);
  const pem = '/etc/letsencrypt/live/confirmed-02.example.com';

  beforeAll(async () => {
    const another = lab().addHosts([astray]);
    cluster = await startCluster(lab(), { name: 'confirmed', nodes: ['2.6', '3.0.28'], hasty: true });
    await another;
    playbookFile = await cluster.copyPlaybook();
    playbook = await readFile(playbookFile, 'utf8');
    await cluster.proxy.mustExec(selfSigned('/etc/ssl/other', 'confirmed.example.com'));
  });

  it('names in the plan what will decide, at the proxy and at each node', async () => {
    const { document } = await cluster.json('plan', '--confirm', 'outside');
    const own = (name: string) =>
      (hostOf(document, name).deciding ?? []).filter(({ host }) => host === name).map(({ id }) => id);
    expect(own('confirmed-proxy')).toEqual(['certificate']);
    expect(own('confirmed-01')).toContain('meteor-page');
    expect(hostOf(document, 'confirmed-02').deciding?.every(({ always }) => always)).toBe(true);
    const { stdout } = await cluster.run('apply', '--dry-run', '--confirm', 'outside');
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      'it stays changed only if these checks pass from outside: certificate, client-page',
    );
    expect((await cluster.run('plan')).stdout).not.toContain('from outside');
  });

  it('puts back a node that joins and that browsers would not trust; the others have joined', async () => {
    const node = cluster.node(2);
    const before = cluster.manifests();
    await node.mustExec(`cp -a ${pem} /root/pem && ${selfSigned('/root/other', 'confirmed-02.example.com')}`);
    await node.mustExec(
      `cat /root/other.pem >${pem}/fullchain.pem && cat /root/other.key >${pem}/privkey.pem`,
    );
    await node.mustExec('nginx -s reload');
    const { code, document } = await apply();
    expect(code).toBe(3);
    expect(statuses(document)).toEqual({
      'confirmed-proxy': 'changed',
      'confirmed-01': 'changed',
      'confirmed-02': 'rolled-back',
    });
    // What later hosts decide has failed before, of course.
    expect(hostOf(document, 'confirmed-proxy').warnings).toEqual([]);
    const { error } = hostOf(document, node.name);
    expect(error).toMatchObject({ code: 'outside-check-failed', host: node.name });
    expect(error?.detail).toContain('the certificate of confirmed-02.example.com is self-signed');
    await node.mustExec(`cat /root/pem/fullchain.pem >${pem}/fullchain.pem`);
    await node.mustExec(`cat /root/pem/privkey.pem >${pem}/privkey.pem && nginx -s reload`);
    expect(cluster.changedSince(before).filter((path) => path.startsWith(node.name))).toEqual([]);
    const again = await apply('--verify');
    expect(failedIn(again.document)).toEqual([]);
    expect([again.code, statuses(again.document)[node.name]]).toEqual([0, 'changed']);
    const decided = hostOf(again.document, node.name).deciding ?? [];
    expect(new Set(decided.map(({ outcome }) => outcome))).toEqual(new Set(['passed']));
  });

  describe('of a sound cluster', () => {
    const often = process.env.CLUSTERPROXY_LONG ? 50 : 2;

    it(`puts nothing back, ${often} times in a row`, async () => {
      for (let times = 0; times < often; times += 1) {
        cluster.inventory.vars.client_cache = times % 2 === 0;
        cluster.inventory.vars.user_settings_storage = times % 2 === 0 ? 'session' : 'unset';
        await cluster.save();
        const plan = join(dirname(cluster.file), 'plan.json');
        if (times === 0) expect((await cluster.run('plan', '--out', plan)).code).toBe(0);
        const { code, document } = await apply(...(times === 0 ? ['--plan', plan] : []));
        expect(document.hosts.map(({ error }) => error)).toEqual([undefined, undefined, undefined]);
        expect(Object.values(statuses(document))).toContain('changed');
        expect(code).toBe(0);
      }
    });
  });

  describe('brings a fault into the cluster, and takes it out again', () => {
    let sound: string;
    afterEach(async () => {
      Object.assign(cluster.inventory, JSON.parse(sound));
      await cluster.save();
      await writeFile(playbookFile, playbook);
    });

    it.each(faults)('$name', async ({ make, reverted, found }) => {
      sound = JSON.stringify(cluster.inventory);
      const before = cluster.manifests();
      await writeFile(playbookFile, make(cluster, playbook));
      await cluster.save();
      const { code, document } = await apply();
      expect([code, statuses(document)[reverted]]).toEqual([3, 'rolled-back']);
      expect(hostOf(document, reverted).error).toMatchObject({ code: 'outside-check-failed' });
      expect(againstIt(document, reverted)).toEqual(found);
      expect(cluster.changedSince(before)).toEqual([]);
    });

    it('and leaves a cluster in which everything passes', async () => {
      const { code, document } = await cluster.json('verify');
      expect([code, failedIn(document)]).toEqual([0, []]);
    });
  });

  it('Ctrl-C lets a host that waits for the proof finish; once more, and it puts itself back alone', async () => {
    const fault = faults.find(({ reverted }) => reverted === 'confirmed-01');
    const before = cluster.manifests();
    await writeFile(playbookFile, fault?.make(cluster, playbook) ?? '');
    const node = cluster.node(1);
    const untilItWaits = async (tries = 5): Promise<{ child: ChildProcess; ended: Promise<unknown[]> }> => {
      const options = ['--yes', '--confirm', 'outside', '--confirm-timeout', '10s'];
      const program = startClusterproxy(lab(), ['apply', '--inventory', cluster.file, ...options]);
      const ended = once(program.child, 'exit');
      await program.said('if nobody confirms');
      program.child.kill('SIGINT');
      try {
        await program.said('Interrupt again to leave now');
      } catch (error) {
        // On a busy machine the proof may have failed, and the host have put itself back, before that.
        await ended;
        if (tries === 1) throw error;
        return untilItWaits(tries - 1);
      }
      return { child: program.child, ended };
    };
    try {
      const patient = await untilItWaits();
      expect(await patient.ended).toEqual([130, null]);
      expect((await runStates(node)).at(-1)).toBe('reverted');
      const impatient = await untilItWaits();
      impatient.child.kill('SIGINT');
      expect(await impatient.ended).toEqual([130, null]);
      await eventually(async () => expect((await runStates(node)).at(-1)).toBe('reverted'));
      // Its last traces, such as the link to its unit, go a moment after its state is written.
      await eventually(async () => expect(cluster.changedSince(before)).toEqual([]));
    } finally {
      await writeFile(playbookFile, playbook);
    }
  });

  it('changes a host although a check fails, as long as it failed before; apply --verify exits with 4', async () => {
    const node = cluster.node(2);
    await node.mustExec('systemctl stop bbb-graphql-middleware');
    cluster.inventory.vars.client_cache = cluster.inventory.vars.client_cache !== true;
    cluster.inventory.vars.user_settings_storage =
      cluster.inventory.vars.user_settings_storage === 'session' ? 'local' : 'session';
    await cluster.save();
    const { code, document } = await apply('--verify');
    await node.mustExec('systemctl start bbb-graphql-middleware');
    expect(statuses(document)[node.name]).toBe('changed');
    expect(hostOf(document, node.name).warnings.join()).toContain(
      'the checks graphql and graphql-other-origin had failed from outside before the change already',
    );
    expect(failedIn(document)).toEqual([`${node.name} graphql`, `${node.name} graphql-other-origin`]);
    expect(code).toBe(4);
  });

  it('is written down for operators', () => {
    documented(
      'confirm',
      faults.map(({ name, found }) => ({
        fault: name,
        found: found.map((one) => `verify ${one.split(' ')[1]}`),
      })),
    );
  });

  it('keeps nothing of the API secret in what it prints', async () => {
    const secret = (
      await cluster.node(2).mustExec('grep -oP "(?<=^securitySalt=).*" /etc/bigbluebutton/bbb-web.properties')
    ).trim();
    expect(secret.length).toBeGreaterThan(10);
    const { stdout, stderr } = await apply('--verify');
    expect(stdout + stderr).not.toContain(secret);
  });

  it('retires a node, whose answers decide nothing any more, while those of the others still do', async () => {
    const { code, document } = await cluster.json(
      ...(['retire', 'confirmed-01', '--yes', '--confirm', 'outside', '--confirm-timeout', '10s'] as const),
    );
    expect(document.hosts.flatMap(({ error }) => error ?? [])).toEqual([]);
    expect([code, statuses(document)]).toEqual([
      0,
      { 'confirmed-proxy': 'changed', 'confirmed-01': 'changed', 'confirmed-02': 'skipped' },
    ]);
    expect(hostOf(document, 'confirmed-01').deciding ?? []).toEqual([]);
    const { deciding = [] } = hostOf(document, 'confirmed-proxy');
    expect(deciding.map(({ host }) => host)).not.toContain('confirmed-01');
    expect(new Set(deciding.map(({ outcome }) => outcome))).toEqual(new Set(['passed']));
  });
});

function selfSigned(path: string, name: string): string {
  return `openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=${name} -addext subjectAltName=DNS:${name} -keyout ${path}.key -out ${path}.pem 2>&1`;
}

function againstIt(document: ReportDocument, host: string): readonly string[] {
  const { deciding = [] } = hostOf(document, host);
  return deciding
    .filter(({ outcome }) => outcome === 'failed')
    .map((one) => `${one.host} ${one.id}`)
    .sort();
}

function failedIn({ checks = [] }: ReportDocument): readonly string[] {
  return checks
    .filter(({ outcome }) => outcome === 'failed')
    .map(({ host, id }) => `${host} ${id}`)
    .sort();
}
