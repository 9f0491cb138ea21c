import { seeFromHere } from '../doctor/from-here.ts';
import { readRenewals } from '../doctor/renewals-found.ts';
import type { ClusterSeen, HostSeen, SeenFromHere } from '../doctor/seen.ts';
import { readSurroundings } from '../doctor/surroundings.ts';
import { judgeHosts } from '../doctor/troubles.ts';
import { switchedOff, unlooked } from '../doctor/unlooked.ts';
import { renewalsProgram, surroundingsProgram } from '../host/program.ts';
import { changedRoles, type Inventory, type InventoryHost } from '../inventory/inventory.ts';
import { mergeReads } from '../model/merge-reads.ts';
import { OperatorError } from '../model/operator-error.ts';
import { noReads, type Query, queryKey, type Reads } from '../model/reads.ts';
import { isGlob, type Snapshot } from '../model/snapshot.ts';
import type { TroubleResult } from '../model/trouble.ts';
import { valuesSetBack } from '../plan/set-back.ts';
import { viewCluster } from '../playbook/resolve/contexts.ts';
import { healthOf, readsOf } from '../playbook/resolve/reads.ts';
import { judgeTroubles, symptomReads } from '../playbook/resolve/troubles.ts';
import { heard } from '../secrets/showable.ts';
import { itemFormatsOf } from '../steps/item-formats.ts';
import type { Network } from '../verify/network.ts';
import { limitedTo } from './limit.ts';
import { asAnswered, look, snapshotsOf } from './look.ts';
import type { RunOptions } from './options.ts';
import { askServerLists } from './server-lists.ts';

export interface DoctorOptions extends RunOptions {
  /** milliseconds since the epoch */
  readonly now: () => number;
  /** how server lists are asked, and hosts for what these say */
  readonly network: Network;
}

export interface Examined {
  /** in the order of the inventory: of each host what any can have, then what its product can have */
  readonly troubles: readonly TroubleResult[];
  /** the names of those that could not be looked at */
  readonly unlooked: ReadonlySet<string>;
}

/** Whether one of them doesn't run matters whatever the product is; those of src/doctor name them. */
const generalUnits = [
  ...['dnf-automatic.timer', 'dnf-automatic-install.timer'],
  ...['nginx.service', 'haproxy.service', 'coturn.service'],
];

/**
 * Looks at all hosts, each by one command, and looks for known troubles: those that any host can have, and
 * those of the playbook, for which server lists are asked beside it. A host that can't be looked at is a
 * trouble of its own.
 */
export async function doctorRun(options: DoctorOptions): Promise<Examined> {
  const { inventory, signal } = options;
  const chosen = limitedTo(inventory.hosts, options.limit);
  const programs = await Promise.all([surroundingsProgram(), renewalsProgram()]);
  const reads = new Map(inventory.hosts.map((host) => [host.name, whatToRead(inventory, host, programs)]));
  const [looks, names, told] = await Promise.all([
    look(options, ({ name }) => reads.get(name)?.reads ?? noReads),
    namesFromHere(inventory, signal),
    askServerLists(options, options),
  ]);
  const answered = asAnswered(inventory, looks);
  const view = viewCluster(answered, snapshotsOf(looks));
  const seen: ClusterSeen = {
    hosts: looks.flatMap(({ host: { name }, snapshot }) => {
      const read = reads.get(name);
      const host = answered.hosts.find((one) => one.name === name);
      if (host === undefined || snapshot === undefined || read === undefined) return [];
      return [hostSeen(answered, host, snapshot, read)];
    }),
    names,
    hostname: inventory.cluster.hostname === '' ? undefined : inventory.cluster.hostname,
    now: options.now(),
  };
  const general = judgeHosts(seen);
  const troubles = looks
    .filter(({ host }) => chosen.has(host.name))
    .flatMap(({ host, snapshot, problem, off }): readonly TroubleResult[] => {
      if (off) return [switchedOff(host)];
      if (snapshot === undefined) return problem === undefined ? [] : [unlooked(host, problem)];
      const own = general.filter((trouble) => trouble.host === host.name);
      const product = judgeTroubles(view, host.name, told.get(host.name));
      return [...own, ...product].map(harmless);
    });
  return {
    troubles,
    unlooked: new Set(
      looks.flatMap(({ host, snapshot, off }) =>
        snapshot === undefined && !off && chosen.has(host.name) ? [host.name] : [],
      ),
    ),
  };
}

interface WhatToRead {
  readonly reads: Reads;
  readonly surroundings: Query;
  readonly renewals: Query;
  /** those of its role, and those that its health depends on */
  readonly units: readonly string[];
}

function whatToRead(
  inventory: Inventory,
  host: InventoryHost,
  [program, ofRenewals]: readonly [surroundings: string, renewals: string],
): WhatToRead {
  const planned = plannedReads(inventory, host);
  const beside = planned.paths.filter((path) => path.startsWith('/etc/') && !isGlob(path));
  const names = inventory.hosts.flatMap(({ hostname }) => hostname ?? []);
  const own = [...(isDoor(inventory, host) ? [inventory.cluster.hostname] : []), host.hostname ?? ''];
  const surroundings: Query = {
    kind: 'program',
    program,
    args: [own.filter((name) => name !== '').join(' '), ...beside],
  };
  const renewals: Query = { kind: 'program', program: ofRenewals, args: [] };
  const more: Reads = {
    ...noReads,
    units: generalUnits,
    names: [...names, inventory.cluster.hostname].filter((name) => name !== ''),
    queries: [surroundings, renewals],
  };
  const symptoms = symptomReads(inventory, host).map((some) => ({ ...noReads, ...some }));
  return {
    reads: mergeReads([planned, ...symptoms, more]),
    ...{ surroundings, renewals },
    units: planned.units,
  };
}

/** The units that its health depends on; where the inventory has mistakes, those that it may depend on. */
function neededUnits(inventory: Inventory, host: InventoryHost, snapshot: Snapshot): readonly string[] {
  const missed = healthChecksOf(inventory, host, snapshot).flatMap((check) =>
    check.kind === 'units'
      ? // Another unit may do the work of one that is disabled.
        check.units.filter((unit) => !check.uncertain || snapshot.units.get(unit)?.enabled !== 'disabled')
      : [],
  );
  return [...new Set(missed)];
}

function healthChecksOf(inventory: Inventory, host: InventoryHost, snapshot: Snapshot) {
  try {
    return healthOf(inventory, host, snapshot);
  } catch (error) {
    if (error instanceof OperatorError) return [];
    throw error;
  }
}

/**
 * What a plan reads. An inventory with mistakes may not even say that; much can be looked for all the
 * same.
 */
function plannedReads(inventory: Inventory, host: InventoryHost): Reads {
  try {
    return readsOf(inventory, host, { guards: false });
  } catch (error) {
    if (error instanceof OperatorError) return noReads;
    throw error;
  }
}

function hostSeen(
  inventory: Inventory,
  host: InventoryHost,
  snapshot: Snapshot,
  { surroundings, renewals, units }: WhatToRead,
): HostSeen {
  return {
    ...{ name: host.name, role: host.role, hostname: host.hostname, snapshot, units },
    needed: neededUnits(inventory, host, snapshot),
    surroundings: readSurroundings(snapshot.answers.get(queryKey(surroundings))),
    renewals: readRenewals(snapshot.answers.get(queryKey(renewals))),
    isDoor: isDoor(inventory, host),
    setBack: host.state === 'active' ? valuesSetBack(snapshot, itemFormatsOf(inventory.playbook)) : [],
  };
}

/** Whether users come to the cluster by this host: the role that a run changes first. */
function isDoor({ playbook }: Inventory, { role }: InventoryHost): boolean {
  return changedRoles(playbook)[0]?.name === role;
}

async function namesFromHere(
  { cluster, hosts }: Inventory,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, SeenFromHere>> {
  const names = [cluster.hostname, ...hosts.flatMap(({ hostname }) => hostname ?? [])];
  const wanted = [...new Set(names)].filter((name) => name !== '');
  return new Map(
    await Promise.all(wanted.map(async (name) => [name, await seeFromHere(name, signal)] as const)),
  );
}

/** Facts quote files and programs of hosts, which may hold what nobody may see. */
function harmless(trouble: TroubleResult): TroubleResult {
  const { outcome, found, note } = trouble;
  return {
    ...trouble,
    ...(outcome === 'found' && found !== undefined ? { found: heard(found) } : {}),
    ...(note === undefined ? {} : { note: heard(note) }),
  };
}
