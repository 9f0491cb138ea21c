import type { ChangedSince } from './author.ts';
import type { Hold, Lease } from './claims.ts';
import type { Cordon } from './drain.ts';
import type { Ledger } from './ledger.ts';
import type { PackageManager } from './package-manager.ts';
import type { QueuedRun } from './queue.ts';
import type { Answer } from './reads.ts';

/**
 * Permission bits and owner by name (by number where the host knows none); `mode` as in chmod(1), e.g. 0o644.
 */
export interface Ownership {
  readonly mode: number;
  readonly user: string;
  readonly group: string;
}

export interface RegularFile extends Ownership {
  readonly kind: 'file';
  readonly content: Buffer;
}

/** What is at a path on a host. Regular files include their bytes. */
export type PathState =
  | { readonly kind: 'absent' }
  | RegularFile
  | {
      readonly kind: 'symlink';
      readonly target: string;
      /**
       * the regular file to which the link finally leads; undefined if it leads nowhere or to something else
       */
      readonly resolved?: (RegularFile & { readonly path: string }) | undefined;
    }
  | ({ readonly kind: 'directory' } & Ownership)
  /** a device, a socket, or a file over 1 MiB, which isn't configuration: the probe doesn't fetch it */
  | { readonly kind: 'unreadable'; readonly reason: string }
  /**
   * only in a plan: an action brings it, and its contents are known only after that; `after` is the name of
   * the action's stage
   */
  | { readonly kind: 'pending'; readonly after: string }
  /**
   * what is at a `unitPath`: UnitFileState and ActiveState, in words of `systemctl show`; see `unitStateOf`
   */
  | { readonly kind: 'unit'; readonly enabled: string; readonly active: string };

/** Why a regular file was not read that has more bytes than any settings. */
export const tooLarge = 'larger than 1 MiB';

/** A unit as reported by `systemctl show`. */
export interface UnitState {
  /** LoadState: loaded, not-found, masked, … */
  readonly load: string;
  /** ActiveState: active, inactive, failed, … */
  readonly active: string;
  /** SubState: running, dead, exited, … */
  readonly sub: string;
  /** UnitFileState: enabled, disabled, static, … ; empty where the unit isn't there */
  readonly enabled: string;
  /**
   * When the running process loaded its files: the start of the main process, or, for nginx, of the oldest
   * worker that still accepts connections (a reload keeps the main process). Seconds since the epoch by the
   * host's clock; undefined if nothing runs.
   */
  readonly startedAt?: number | undefined;
}

const unitPrefix = 'unit:';

/**
 * The name under which a unit's state is kept among the paths of a host, so that it is planned, owned and
 * restored as they are.
 */
export function unitPath(unit: string): string {
  return `${unitPrefix}${unit}`;
}

/** The unit behind a `unitPath`; undefined for the path of a file. */
export function unitOfPath(path: string): string | undefined {
  return path.startsWith(unitPrefix) ? path.slice(unitPrefix.length) : undefined;
}

/**
 * A unit's state in a form that can be planned: a starting unit counts as active, a failed one as inactive.
 */
function unitStateOf({ load, active, enabled }: UnitState): PathState {
  if (load === 'not-found') return { kind: 'absent' };
  const isUp = ['active', 'activating', 'reloading'].includes(active);
  return {
    kind: 'unit',
    enabled: load === 'masked' ? 'masked' : enabled.replace(/-runtime$/, ''),
    active: isUp ? 'active' : 'inactive',
  };
}

/** What a snapshot says about a path or unit; undefined if it wasn't asked for. */
export function stateIn(snapshot: Snapshot, path: string): PathState | undefined {
  const name = unitOfPath(path);
  if (name === undefined) return snapshot.paths.get(path);
  if (snapshot.pending?.units.has(name)) return { kind: 'pending', after: snapshot.pending.after };
  const unit = snapshot.units.get(name);
  return unit === undefined ? undefined : unitStateOf(unit);
}

/** A run that left something on the host which isn't finished, or whose end needs a person. */
export interface UnsettledRun {
  readonly run: string;
  readonly state: string;
  /** what was decided already, although it isn't carried out yet */
  readonly outcome?: 'commit' | 'revert' | 'keep' | undefined;
  /** who, from where, with which command */
  readonly who?: string | undefined;
  /** it is being worked on at this moment, so there is nothing to settle */
  readonly alive?: boolean | undefined;
  /** whose it is, where that is another cluster than the one that asks */
  readonly cluster?: string | undefined;
}

/** Another cluster that manages things on a host. */
export interface OtherCluster {
  readonly cluster: string;
  /** what the host is in it; undefined where version 0.1 was the last to change it */
  readonly role: string | undefined;
  /** whether that role may be shared with other clusters; undefined as above */
  readonly shared: boolean | undefined;
  /** those that must be active for it where they were before */
  readonly units: readonly string[];
  readonly ledger: Ledger;
}

/**
 * A folder in which an account other than root (or than the probe's own) may create or rename entries, and so
 * decide where a path leads.
 */
export interface ExposedFolder extends Ownership {
  readonly path: string;
  /** the owner; the group, by the mode or by an access list; or anybody */
  readonly by: readonly ('owner' | 'group' | 'others')[];
  /** a link was followed in it, so that others decide where the rest of the path is looked for */
  readonly link: boolean;
}

/** What the probe returned of one host. */
export interface Snapshot {
  readonly host: string;
  /** a sample of a host, which has only some of its files and units: what is missing there says nothing */
  readonly isSample?: boolean | undefined;
  /** /etc/machine-id */
  readonly machineId: string;
  /** the kernel's, new after each start of the host: random(4); undefined if it can't be read */
  readonly bootId?: string | undefined;
  /** false where systemd doesn't run the host (sd_booted(3)): nothing can be carried out there */
  readonly systemd?: boolean | undefined;
  /** its major version, such as 252; undefined if it isn't known */
  readonly systemdVersion?: number | undefined;
  /**
   * the probe's account isn't root and may not write clusterproxy's files there: nothing can be carried out
   */
  readonly lookOnly?: boolean | undefined;
  /** the user that the probe ran as (after sudo) */
  readonly user: string;
  readonly group: string;
  /** `PRETTY_NAME` and `ID` of os-release(5), empty where unknown */
  readonly os: { readonly id: string; readonly name: string };
  /** the first supported one found on the host; undefined if it has none */
  readonly packageManager?: PackageManager | undefined;
  /** the host's clock minus the controller's, in seconds, within the duration of the probe */
  readonly clockOffset: number;
  /** free space of the file systems that are written to, in percent, by mount path asked for */
  readonly freeSpace: ReadonlyMap<string, number>;
  /** every path asked for by name or included by a file of nginx, and every match of a glob */
  readonly paths: ReadonlyMap<string, PathState>;
  /**
   * By folder, as paths name it: the folders leading to its contents in which others may create or rename
   * entries, nearest first. A folder that only root controls has no entry.
   */
  readonly exposed?: ReadonlyMap<string, readonly ExposedFolder[]> | undefined;
  /** regular files that have further names (hard links), and mount points; see not-replaceable.ts */
  readonly secondNames?: ReadonlySet<string> | undefined;
  readonly mountPoints?: ReadonlySet<string> | undefined;
  /** /var/lib/clusterproxy is a link, or the folder of another account: nothing of it was read */
  readonly foreignState?: boolean | undefined;
  /** matches of each glob asked for, or found in an `include`, sorted */
  readonly globs: ReadonlyMap<string, readonly string[]>;
  /** version of each package asked for that is installed */
  readonly packages: ReadonlyMap<string, string>;
  readonly units: ReadonlyMap<string, UnitState>;
  /** addresses of each name asked for; none where it doesn't resolve */
  readonly names: ReadonlyMap<string, readonly string[]>;
  /** answers by `queryKey` */
  readonly answers: ReadonlyMap<string, Answer>;
  /** units of the host that have failed */
  readonly failedUnits: readonly string[];
  /** the ledger of the cluster that asks */
  readonly ledger: Ledger | undefined;
  /** other clusters that manage something here, besides the one that asks */
  readonly others?: readonly OtherCluster[] | undefined;
  /**
   * whether anything of this cluster is in /var/lib/clusterproxy, even if only records of runs that changed
   * nothing
   */
  readonly remembers?: boolean | undefined;
  /** the hold that freezes the cluster that asks; its times by our clock */
  readonly hold?: Hold | undefined;
  /** the lease of a run that has reserved the host for the cluster that asks; its times by our clock */
  readonly lease?: Lease | undefined;
  /** nodes that it has had taken out in a balancer and that were not given back, of any cluster */
  readonly cordons?: readonly Cordon[] | undefined;
  readonly unsettled: readonly UnsettledRun[];
  /** runs of the cluster that asks which wait here until nobody is there; times by our clock */
  readonly queued?: readonly QueuedRun[] | undefined;
  /**
   * When each path last became what it is (ctime, which dpkg and touch(1) can't turn back; of a link, the
   * later of its own and of what it leads to). Seconds since the epoch by the host's clock; no entry for what
   * isn't there.
   */
  readonly changedAt?: ReadonlyMap<string, number> | undefined;
  /** what of the managed has changed since the last run, and what the host's logs know of that; by path */
  readonly changedSince?: ReadonlyMap<string, ChangedSince> | undefined;
  /**
   * Handlers that the host itself knows to be owed: a run, or its revert, put files in place, but left the
   * services alone because somebody was there. A run that runs them takes them out.
   *
   * A handler is owed besides, with nothing else to change, where for one of the items of the steps that
   * notify it (a) the value is as planned, but its hash isn't the ledger's `activated` (or the ledger lacks
   * it), so somebody else made it so, and (b) one of the units that the handler restarts or reloads runs with
   * `startedAt` not after `changedAt` of the item's path. Times alone say nothing: a file whose managed items
   * are as they were at the last activation was changed elsewhere, which doesn't concern us.
   */
  readonly owed?: readonly string[] | undefined;
  /**
   * for a host that exists only in a plan: what actions will have brought, whose contents aren't known yet
   */
  readonly pending?: Pending | undefined;
}

/** What the actions of a plan bring. Anything else that is missing on the host may come with them, too. */
export interface Pending {
  /** name of the latest stage that has such actions */
  readonly after: string;
  readonly packages: ReadonlySet<string>;
  readonly units: ReadonlySet<string>;
}

/** Whether anything on the host is managed by us. */
export function isManaged({ ledger }: Snapshot): boolean {
  return ledger !== undefined && ledger.items.length > 0;
}

export function isGlob(path: string): boolean {
  return /[*?[]/.test(path);
}
