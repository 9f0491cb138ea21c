import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ReportDocument, ReportHost } from '../../src/report/document/schema.ts';
import { installBigBlueButton, installProxy, untilServing } from '../lab/bigbluebutton/install.ts';
import type { BigBlueButtonVersion } from '../lab/bigbluebutton/versions.ts';
import type { CommandResult } from '../lab/command.ts';
import type { LabHost } from '../lab/host.ts';
import type { HostSpec, Lab } from '../lab/lab.ts';
import { CERTIFICATE } from '../lab/prepare-host.ts';
import { differences, type Manifest, manifestOf } from './manifest.ts';
import { clusterproxy, clusterproxyJson, hastyMain, main, startClusterproxy } from './program.ts';

/** What the nodes of a cluster are, and the playbook for them. */
export interface ClusterKind {
  readonly playbook: string;
  /** before a node's first boot */
  readonly install: (
    host: LabHost,
    version: BigBlueButtonVersion,
    files: 'sample' | 'stock',
  ) => Promise<void>;
  readonly untilServing: (host: LabHost, version: BigBlueButtonVersion) => Promise<void>;
}

const bigBlueButton: ClusterKind = {
  playbook: 'bigbluebutton',
  install: (host, version, files) => installBigBlueButton(host, version, { files }),
  untilServing,
};

export interface ClusterOptions {
  /** default: BigBlueButton */
  readonly kind?: ClusterKind;
  /** unique in the lab: hosts are NAME-proxy, NAME-01, NAME-02 and so on, below example.com */
  readonly name: string;
  readonly nodes: readonly BigBlueButtonVersion[];
  /** how many; default 1 */
  readonly proxies?: number;
  readonly files?: 'sample' | 'stock';
  /** further names of the first proxy, which its certificate is for as well */
  readonly hostnames?: readonly string[];
  /** variables in the inventory, beside the proxy's certificate */
  readonly vars?: Readonly<Record<string, unknown>>;
  /** before a node's first boot */
  readonly prepareNode?: (host: LabHost, index: number) => Promise<void>;
  readonly prepareProxy?: (host: LabHost) => Promise<void>;
  /** by a program whose playbooks have short time limits: see hastyMain */
  readonly hasty?: boolean;
}

/** What an inventory file says; tests change it and save it again. */
export interface InventoryData {
  playbook: string;
  cluster: { name: string; hostname: string; time_zone?: string; virtual_address?: unknown };
  /** tests run at any time of day */
  windows?: unknown;
  ssh: Record<string, unknown>;
  vars: Record<string, unknown>;
  hosts: { balancer?: HostData[]; proxy: 'external' | HostData[]; node: HostData[] };
}

interface HostData {
  name: string;
  hostname?: string;
  [key: string]: unknown;
}

/** A cluster of real hosts with an inventory, and the program over it. */
export class Cluster {
  readonly lab: Lab;
  readonly name: string;
  readonly proxies: readonly LabHost[];
  readonly nodes: readonly LabHost[];
  readonly versions: readonly BigBlueButtonVersion[];
  readonly inventory: InventoryData;
  readonly file: string;
  /** the build of the program that is run over it */
  readonly program: string;

  constructor(
    lab: Lab,
    given: {
      readonly name: string;
      readonly proxies: readonly LabHost[];
      readonly nodes: readonly LabHost[];
      readonly versions: readonly BigBlueButtonVersion[];
      readonly inventory: InventoryData;
      readonly file: string;
      readonly program: string;
    },
  ) {
    this.lab = lab;
    this.name = given.name;
    this.proxies = given.proxies;
    this.nodes = given.nodes;
    this.versions = given.versions;
    this.inventory = given.inventory;
    this.file = given.file;
    this.program = given.program;
  }

  get hosts(): readonly LabHost[] {
    return [...this.proxies, ...this.nodes];
  }

  /** The cluster's address. */
  get url(): string {
    return `https://${this.inventory.cluster.hostname}`;
  }

  node(number: number): LabHost {
    const host = this.nodes[number - 1];
    if (host === undefined) throw new Error(`${this.name} has no node ${number}`);
    return host;
  }

  get proxy(): LabHost {
    const [host] = this.proxies;
    if (host === undefined) throw new Error(`${this.name} has no proxy`);
    return host;
  }

  async save(): Promise<void> {
    // JSON is YAML.
    await writeFile(this.file, JSON.stringify(this.inventory, null, 2));
  }

  /** From now on the inventory's playbook is a copy that tests can change. Its path. */
  async copyPlaybook(): Promise<string> {
    const [shipped, folder] = [join(dirname(this.program), '../playbooks'), dirname(this.file)];
    const name = `${this.inventory.playbook}.yaml`;
    await cp(join(shipped, 'files'), join(folder, 'files'), { recursive: true });
    await cp(join(shipped, name), join(folder, name));
    this.inventory.playbook = `./${name}`;
    await this.save();
    return join(folder, name);
  }

  run(command: string, ...args: readonly string[]): Promise<CommandResult> {
    return clusterproxy(this.lab, [command, '--inventory', this.file, ...args], this.program);
  }

  json(
    command: string,
    ...args: readonly string[]
  ): Promise<CommandResult & { readonly document: ReportDocument }> {
    return clusterproxyJson(this.lab, [command, '--inventory', this.file, ...args], this.program);
  }

  /** See startClusterproxy; the command is not waited for. */
  start(command: string, ...args: readonly string[]): ReturnType<typeof startClusterproxy> {
    return startClusterproxy(this.lab, [command, '--inventory', this.file, ...args], this.program);
  }

  /** What all hosts' disks hold now. */
  manifests(): ReadonlyMap<string, Manifest> {
    return new Map(this.hosts.map((host) => [host.name, manifestOf(host)] as const));
  }

  /** Paths that differ from then, as `HOST:PATH`. */
  changedSince(then: ReadonlyMap<string, Manifest>): readonly string[] {
    return this.hosts.flatMap((host) =>
      differences(host, then.get(host.name) ?? new Map(), manifestOf(host)).map(
        (path) => `${host.name}:${path}`,
      ),
    );
  }
}

/** Boots the hosts, and resolves when BigBlueButton answers on all nodes. */
export async function startCluster(lab: Lab, options: ClusterOptions): Promise<Cluster> {
  const { name, nodes, kind = bigBlueButton } = options;
  const proxyNames = Array.from({ length: options.proxies ?? 1 }, (_, index) =>
    index === 0 ? `${name}-proxy` : `${name}-proxy-${index + 1}`,
  );
  const hostname = `${name}.example.com`;
  const proxySpecs = proxyNames.map((proxy, index): HostSpec => {
    const hostnames = [
      `${proxy}.example.com`,
      ...(index === 0 ? [hostname, ...(options.hostnames ?? [])] : []),
    ];
    const prepare = async (host: LabHost) => {
      await everyHost(host);
      await installProxy(host);
      await options.prepareProxy?.(host);
    };
    return { name: proxy, hostnames, prepare };
  });
  const nodeSpecs = nodes.map((version, index): HostSpec => {
    const prepare = async (host: LabHost) => {
      await everyHost(host);
      await kind.install(host, version, options.files ?? 'sample');
      await options.prepareNode?.(host, index);
    };
    return { name: `${name}-0${index + 1}`, prepare };
  });
  const added = await lab.addHosts([...proxySpecs, ...nodeSpecs]);
  const proxies = added.slice(0, proxySpecs.length);
  const bbb = added.slice(proxySpecs.length);
  await Promise.all(bbb.map((host, index) => kind.untilServing(host, nodes[index] ?? '3.0')));

  const folder = join(lab.directory, 'clusters', name);
  await mkdir(folder, { recursive: true });
  const inventory: InventoryData = {
    playbook: kind.playbook,
    cluster: { name, hostname },
    windows: 'anytime',
    ssh: { user: 'ops', become: 'sudo', identity_files: [lab.sshKey], known_hosts: [lab.knownHosts] },
    vars: {
      certificate: CERTIFICATE.fullchain,
      certificate_key: CERTIFICATE.privateKey,
      ...options.vars,
    },
    hosts: {
      proxy: proxies.map((host) => ({ name: host.name, address: `${host.name}.example.com` })),
      node: bbb.map((host) => ({ name: host.name, hostname: `${host.name}.example.com` })),
    },
  };
  const file = join(folder, 'inventory.yaml');
  const program = options.hasty ? hastyMain : main;
  const cluster = new Cluster(lab, { name, proxies, nodes: bbb, versions: nodes, inventory, file, program });
  await cluster.save();
  return cluster;
}

/** So that its journal tells of every command that is run through ssh. */
async function everyHost(host: LabHost): Promise<void> {
  await host.writeFile('/etc/ssh/sshd_config.d/lab.conf', 'LogLevel VERBOSE\n');
}

/** The host's part of a document. */
export function hostOf(document: ReportDocument, name: string): ReportHost {
  const host = document.hosts.find((one) => one.name === name);
  if (host === undefined) throw new Error(`the document has no host ${name}`);
  return host;
}

/** Each host's status, by name. */
export function statuses(document: ReportDocument): Record<string, string> {
  return Object.fromEntries(document.hosts.map((host) => [host.name, host.status]));
}
