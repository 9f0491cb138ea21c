import type { InventoryWindow } from '../calendar/windows.ts';
import type { Value } from '../formats/keyed-format.ts';
import type { HookPrograms } from '../model/hook.ts';
import type { Problem } from '../model/operator-error.ts';
import type { Playbook, Role } from '../model/playbook.ts';
import type { Policy } from '../model/policy.ts';
import type { MaxUnavailable } from '../model/rollout.ts';
import type { UpgradeCommand } from '../model/upgrade.ts';
import type { WhenBusy } from '../model/when-busy.ts';
import type { SshSettings } from '../ssh/settings.ts';
import type { LoadedPlaybook } from '../steps/loaded-playbook.ts';
import type { AcceptedFile } from './accepted-file.ts';
import type { NotifySettings } from './notify-schema.ts';
import type { SecretUse } from './secret-use.ts';
import type { VirtualAddress } from './virtual-address.ts';

/** What the cluster is called, and where people reach it. */
export interface ClusterSettings {
  readonly name: string;
  readonly hostname: string;
  /** the address that one of several hosts has; undefined: none moves */
  readonly virtualAddress?: VirtualAddress | undefined;
}

/** The operator's inventory, checked against the playbook and with every default filled in. */
export interface Inventory {
  /** the file as the operator named it, and its text */
  readonly file: string;
  readonly text: string;
  readonly playbook: LoadedPlaybook;
  readonly playbookText: string;
  readonly cluster: ClusterSettings;
  /** the playbook's defaults and the inventory's own values, without those set on hosts */
  readonly vars: Readonly<Record<string, Value>>;
  /** roles whose hosts are run by somebody else */
  readonly external: ReadonlySet<string>;
  /** in the order of the playbook's roles, then of the file */
  readonly hosts: readonly InventoryHost[];
  /** how many hosts of a role may be out of service at once: for all roles, and overrides for single roles */
  readonly maxUnavailable: {
    readonly all: MaxUnavailable | undefined;
    readonly roles: ReadonlyMap<string, MaxUnavailable>;
  };
  /** IANA name of the time zone whose clocks decide about windows; undefined if the inventory names none */
  readonly timeZone?: string | undefined;
  /** when people may be interrupted; undefined if the inventory doesn't say */
  readonly windows?: readonly InventoryWindow[] | 'anytime' | undefined;
  /** what a run does with hosts on which people are */
  readonly whenBusy: WhenBusy;
  /** for how long nobody may have been on a host that changes itself; seconds; undefined: the default */
  readonly idleFor?: number | undefined;
  /** how the product is upgraded: on all hosts, and on those of single roles */
  readonly upgradeCommand?:
    | { readonly all: UpgradeCommand | undefined; readonly roles: ReadonlyMap<string, UpgradeCommand> }
    | undefined;
  /** the words of a program on this machine that saves a host before it is upgraded */
  readonly snapshotCommand?: readonly string[] | undefined;
  /** programs on this machine that are asked whether a plan may be carried out */
  readonly policies?: readonly Policy[] | undefined;
  /** programs on this machine that are called while a run is carried out; undefined: none */
  readonly hooks?: HookPrograms | undefined;
  /** who is told what scheduled runs find */
  readonly notify?: NotifySettings | undefined;
  /** the secrets that this takes */
  readonly notifySecrets?: readonly Pick<SecretUse, 'value' | 'location'>[] | undefined;
  /** the secrets that its hosts get; see with-secrets.ts */
  readonly secrets: readonly SecretUse[];
  /** those by which server lists are read, by the names of their variables, as far as they are known */
  readonly listSecrets: ReadonlyMap<string, string>;
  /** the differences that people have accepted, from the file beside it; undefined: there is no such file */
  readonly accepted?: AcceptedFile | undefined;
  /** problems worth reporting that aren't mistakes */
  readonly warnings: readonly Problem[];
}

/**
 * `off`: it may be switched off, as machines are at night; while it answers it is like any that is active.
 * `retired`: it leaves the cluster.
 */
export type HostState = 'active' | 'off' | 'retired';

export interface InventoryHost {
  readonly name: string;
  readonly role: string;
  /** public DNS name */
  readonly hostname: string | undefined;
  /** address at which other hosts of the cluster reach it */
  readonly address: string;
  /** the same where the inventory gives it, instead of an address for ssh alone or a name */
  readonly givenAddress?: string | undefined;
  /** the recipe that the operator chose, regardless of the host's facts */
  readonly recipe: string | undefined;
  readonly state: HostState;
  /** it gets nothing from other hosts in a run that takes another one out; see src/run/aside.ts */
  readonly aside?: boolean | undefined;
  /** how its product is upgraded, where that differs from the others of its role */
  readonly upgradeCommand?: UpgradeCommand | undefined;
  /** values from defaults, the inventory and the host */
  readonly vars: Readonly<Record<string, Value>>;
  readonly ssh: SshSettings;
}

/** The roles whose hosts are changed at all, in the order of a run: the others only tell others something. */
export function changedRoles({ roles }: Pick<Playbook, 'roles'>): readonly Role[] {
  return roles.filter(({ steps }) => steps.length > 0);
}

/** The role of a host. A host without one is a bug, since loading checks it. */
export function roleOf(playbook: Playbook, name: string): Role {
  const role = playbook.roles.find((candidate) => candidate.name === name);
  if (role === undefined) throw new Error(`the playbook ${playbook.name} has no role ${name}`);
  return role;
}
