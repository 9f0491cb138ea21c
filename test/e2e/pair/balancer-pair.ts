import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { ReportDocument } from '../../../src/report/document/schema.ts';
import { eventually } from '../../lab/fetch.ts';
import type { LabHost } from '../../lab/host.ts';
import type { Lab } from '../../lab/lab.ts';
import { differences, type Manifest, manifestOf } from '../manifest.ts';
import { clusterproxyJson, hastyMain, startClusterproxy } from '../program.ts';
import { has } from './network.ts';

interface PairInventory {
  playbook: string;
  cluster: { name: string; hostname: string; virtual_address?: unknown };
  windows: 'anytime';
  ssh: Record<string, unknown>;
  vars: Record<string, unknown>;
  hosts: { balancer: Record<string, unknown>[]; node: Record<string, unknown>[] };
}

/** Two balancers of real hosts that share an address, their nodes, and the program over them. */
export class BalancerPair {
  readonly lab: Lab;
  readonly balancers: readonly LabHost[];
  readonly nodes: readonly LabHost[];
  readonly virtual: string;
  readonly inventory: PairInventory;
  readonly #file: string;

  private constructor(
    lab: Lab,
    hosts: Pick<BalancerPair, 'balancers' | 'nodes'>,
    inventory: PairInventory,
    file: string,
  ) {
    this.lab = lab;
    this.balancers = hosts.balancers;
    this.nodes = hosts.nodes;
    this.inventory = inventory;
    this.virtual = String(inventory.cluster.virtual_address);
    this.#file = file;
  }

  /** Nothing is set up yet; the cluster's hostname leads to the address that nobody has so far. */
  static async of(
    lab: Lab,
    { balancers, nodes }: Pick<BalancerPair, 'balancers' | 'nodes'>,
    { playbook, hostname, vars }: { playbook: string; hostname: string; vars: Record<string, unknown> },
  ): Promise<BalancerPair> {
    const [name = ''] = hostname.split('.');
    const virtual = (balancers[0]?.address ?? '').replace(/\d+$/, '250');
    const folder = join(lab.directory, 'clusters', name);
    await mkdir(folder, { recursive: true });
    await appendFile(join(lab.directory, 'names/hosts'), `${virtual} ${hostname}\n`);
    const listed = (hosts: readonly LabHost[]) => hosts.map(({ name, address }) => ({ name, address }));
    const inventory: PairInventory = {
      ...{ playbook, cluster: { name, hostname, virtual_address: virtual }, windows: 'anytime', vars },
      ssh: { user: 'ops', become: 'sudo', identity_files: [lab.sshKey], known_hosts: [lab.knownHosts] },
      hosts: { balancer: listed(balancers), node: listed(nodes) },
    };
    const pair = new BalancerPair(lab, { balancers, nodes }, inventory, join(folder, 'inventory.yaml'));
    await pair.save();
    return pair;
  }

  get hosts(): readonly LabHost[] {
    return [...this.balancers, ...this.nodes];
  }

  save(): Promise<void> {
    return writeFile(this.#file, JSON.stringify(this.inventory, null, 2));
  }

  json(command: string, ...args: readonly string[]) {
    return clusterproxyJson(this.lab, [command, '--inventory', this.#file, ...args], hastyMain);
  }

  /** See startClusterproxy; the command is not waited for. */
  start(command: string, ...args: readonly string[]): ReturnType<typeof startClusterproxy> {
    return startClusterproxy(this.lab, [command, '--inventory', this.#file, ...args], hastyMain);
  }

  async changes(command: string, ...args: readonly string[]): Promise<ReportDocument> {
    const { code, document, stderr } = await this.json(command, ...args, '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code, stderr).toBe(0);
    return document;
  }

  /** What checks of the balancers say: `HOST CHECK OUTCOME`, and the rest of it where it isn't passed. */
  async checks(...ids: readonly string[]) {
    const { code, document } = await this.json('verify');
    const asked = (document.checks ?? []).filter(({ id }) => ids.includes(id));
    const wrong = asked.filter(({ outcome }) => outcome !== 'passed');
    return {
      code,
      wrong,
      asked: asked.map(({ host, id, outcome }) => `${host} ${id} ${outcome}`).toSorted(),
    };
  }

  onBoth(outcome: string, ...ids: readonly string[]): readonly string[] {
    return this.balancers.flatMap(({ name }) => ids.map((id) => `${name} ${id} ${outcome}`)).toSorted();
  }

  async holders(): Promise<readonly LabHost[]> {
    const having = await Promise.all(
      this.balancers.map(async (host) => ((await has(host, this.virtual)) ? [host] : [])),
    );
    return having.flat();
  }

  /** Who has the address, once exactly one has it; not this one, if given. */
  holder(not?: LabHost): Promise<LabHost> {
    return eventually(async () => {
      const [host, ...others] = await this.holders();
      if (host === undefined || others.length > 0 || host === not)
        throw new Error(`${(await this.holders()).map(({ name }) => name).join(', ') || 'nobody'} has it`);
      return host;
    });
  }

  other(host: LabHost): LabHost {
    const found = this.balancers.find((one) => one !== host);
    if (found === undefined) throw new Error('there is no other balancer');
    return found;
  }

  manifests(): ReadonlyMap<string, Manifest> {
    return new Map(this.hosts.map((host) => [host.name, manifestOf(host)]));
  }

  /** Paths that differ from then, as `HOST:PATH`. */
  changedSince(then: ReadonlyMap<string, Manifest>, hosts = this.hosts): readonly string[] {
    return hosts.flatMap((host) =>
      differences(host, then.get(host.name) ?? new Map(), manifestOf(host)).map(
        (path) => `${host.name}:${path}`,
      ),
    );
  }
}
