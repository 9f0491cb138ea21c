import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ReportDocument } from '../../src/report/document/schema.ts';
import { type ClusterKind, type ClusterOptions, startCluster } from '../e2e/cluster.ts';
import { noLab, useLab } from '../e2e/lab.ts';
import { clusterproxyJson } from '../e2e/program.ts';
import { installAntMedia } from '../lab/antmedia/install.ts';
import { installAverox, untilAveroxServes } from '../lab/averox/install.ts';
import { untilStatus } from '../lab/haproxy.ts';
import type { HostSpec, Lab } from '../lab/lab.ts';
import { CERTIFICATE } from '../lab/prepare-host.ts';
import { installWebCallServer } from '../lab/wcs/install.ts';

/** Runs of each command. */
const often = 50;
const commands = ['check', 'verify', 'doctor'] as const;

/** Runs `clusterproxy COMMAND` with the cluster's inventory. */
type Run = (
  command: string,
  ...args: readonly string[]
) => Promise<{ readonly code: number | null; readonly document: ReportDocument }>;

/** A cluster in which all is well. */
interface Sound {
  readonly name: string;
  readonly run: Run;
  /** gives variables of its inventory other values */
  readonly change: (vars: Readonly<Record<string, unknown>>) => Promise<void>;
}

const averox: ClusterKind = {
  playbook: 'averox',
  install: installAverox,
  untilServing: untilAveroxServes,
};

/** A balancer and two nodes, with the one apply that makes a cluster of them. */
async function balanced(
  lab: Lab,
  {
    playbook,
    specs,
    vars,
    backend,
  }: {
    readonly playbook: string;
    readonly specs: readonly HostSpec[];
    readonly vars: Readonly<Record<string, unknown>>;
    readonly backend: string;
  },
): Promise<Sound> {
  const hosts = await lab.addHosts(specs);
  const [balancer, ...nodes] = hosts;
  if (balancer === undefined) throw new Error('no hosts');
  const file = join(lab.directory, `${playbook}.yaml`);
  await mkdir(lab.directory, { recursive: true });
  const places = (some: typeof hosts) => some.map(({ name, address }) => ({ name, address }));
  const inventory = {
    playbook,
    cluster: { name: playbook, hostname: `${playbook}.example.com` },
    windows: 'anytime',
    ssh: { user: 'ops', become: 'sudo', identity_files: [lab.sshKey], known_hosts: [lab.knownHosts] },
    vars: { certificate: CERTIFICATE.fullchain, certificate_key: CERTIFICATE.privateKey, ...vars },
    hosts: { balancer: places([balancer]), node: places(nodes) },
  };
  const save = () => writeFile(file, JSON.stringify(inventory, null, 2));
  await save();
  const run: Run = (command, ...args) => clusterproxyJson(lab, [command, '--inventory', file, ...args]);
  await applied(run);
  for (const { name } of nodes) await untilStatus(balancer, [backend, name], { status: 'UP' });
  return {
    name: playbook,
    run,
    change: async (vars) => {
      Object.assign(inventory.vars, vars);
      await save();
    },
  };
}

async function applied(run: Run, ...args: readonly string[]): Promise<ReportDocument> {
  const { code, document } = await run('apply', '--yes', ...args);
  expect([code, document.hosts.flatMap(({ error }) => error ?? [])]).toEqual([0, []]);
  return document;
}

async function nodesBehindProxy(lab: Lab, options: ClusterOptions): Promise<Sound> {
  const cluster = await startCluster(lab, { ...options, hasty: true });
  const run: Run = (command, ...args) => cluster.json(command, ...args);
  await applied(run);
  return {
    name: options.name,
    run,
    change: async (vars) => {
      Object.assign(cluster.inventory.vars, vars);
      await cluster.save();
    },
  };
}

/** Hosts with a proxy in front of them take both of these up. */
const proxyAndNodes = [
  { client_cache: true, user_settings_storage: 'session' },
  { client_cache: false, user_settings_storage: 'unset' },
];

/** Sound changes all stay where checks from outside decide, and nothing is said of these checks. */
async function staysChanged(
  { name, run, change }: Sound,
  [one, other]: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  for (let times = 0; times < often; times += 1) {
    await change((times % 2 === 0 ? one : other) ?? {});
    const { hosts } = await applied(run, '--confirm', 'outside');
    const statuses = hosts.map(({ status }) => status);
    expect(statuses.filter((status) => status !== 'in-sync' && status !== 'changed')).toEqual([]);
    expect(statuses).toContain('changed');
    // What a release lacks is told in other words.
    const told = hosts.flatMap(({ warnings }) => warnings).filter((one) => one.includes('from outside'));
    expect({ times, told }).toEqual({ times, told: [] });
    if (times % 10 === 9) console.log(`${name}: ${times + 1} changes stayed`);
  }
}

/** Whatever a command finds wrong. */
function found({ hosts, checks = [] }: ReportDocument): readonly unknown[] {
  return [
    ...hosts
      .filter(({ status }) => status !== 'in-sync')
      .map(({ name, status, error }) => ({ name, status, error })),
    ...checks.filter(({ outcome }) => outcome === 'failed' || outcome === 'not-asked'),
  ];
}

async function staysSilent({ name, run }: Sound): Promise<void> {
  for (let times = 0; times < often; times += 1) {
    for (const command of commands) {
      const { code, document } = await run(command);
      expect({ command, times, code, found: found(document) }).toEqual({
        command,
        times,
        code: 0,
        found: [],
      });
    }
    if (times % 10 === 9) console.log(`${name}: ${times + 1} times nothing was found`);
  }
}

/**
 * Only with many repetitions (`npm run test:long`): nothing is found where nothing is wrong. All clusters at
 * the same time, since most of it is waiting whether services stay up.
 */
describe.skipIf(noLab)(`a sound cluster, ${often} times`, { timeout: 3_600_000, concurrent: true }, () => {
  const lab = useLab();

  it.each([
    { name: 'older', nodes: ['2.4', '2.6', '3.0-meteor'] },
    { name: 'newer', nodes: ['3.0', '3.0.28', '4.0', '4.1'] },
  ] as const)('BigBlueButton $nodes', async ({ name, nodes }) => {
    const sound = await nodesBehindProxy(lab(), { name, nodes });
    await staysSilent(sound);
    await staysChanged(sound, proxyAndNodes);
  });

  it('Averox', async () => {
    const nodes = ['3.0-meteor', '3.0-meteor'] as const;
    const sound = await nodesBehindProxy(lab(), { name: 'avx', kind: averox, nodes });
    await staysSilent(sound);
    await staysChanged(sound, proxyAndNodes);
  });

  it('Web Call Server', async () => {
    const sound = await balanced(lab(), {
      playbook: 'wcs',
      vars: { cpu: 0 },
      backend: 'wcs_back',
      specs: [
        {
          name: 'wcs-lb',
          hostnames: ['wcs-lb.example.com', 'wcs.example.com'],
          services: ['haproxy', 'nginx'],
        },
        ...['wcs-01', 'wcs-02'].map(
          (name): HostSpec => ({ name, prepare: installWebCallServer, services: ['xinetd'] }),
        ),
      ],
    });
    await staysSilent(sound);
    await staysChanged(sound, [
      { balance: 'roundrobin', publishers: 900 },
      { balance: 'leastconn', publishers: 0 },
    ]);
  });

  it('Ant Media Server', async () => {
    const sound = await balanced(lab(), {
      playbook: 'antmedia',
      vars: { certificate_from: 'files' },
      backend: 'ams_origin',
      specs: [
        { name: 'ams-lb', hostnames: ['ams-lb.example.com', 'antmedia.example.com'], services: ['haproxy'] },
        ...['ams-1', 'ams-2'].map((name): HostSpec => ({ name, prepare: installAntMedia })),
      ],
    });
    await staysSilent(sound);
    await staysChanged(sound, [{ balance: 'roundrobin' }, { balance: 'leastconn' }]);
  });
});
