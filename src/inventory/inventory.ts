import type { Value } from '../formats/keyed-format.ts';
import type { Problem } from '../model/operator-error.ts';
import type { Playbook, Role } from '../model/playbook.ts';
import type { MaxUnavailable } from '../model/rollout.ts';
import type { SshSettings } from '../ssh/settings.ts';
import type { LoadedPlaybook } from '../steps/loaded-playbook.ts';
import type { SecretUse } from './secret-use.ts';

/** What the operator wrote, checked against the playbook and with every default filled in. */
export interface Inventory {
  /** as the operator named it, and its text */
  readonly file: string;
  readonly text: string;
  readonly playbook: LoadedPlaybook;
  readonly playbookText: string;
  readonly cluster: { readonly name: string; readonly hostname: string };
  /** the playbook's defaults and the inventory's own values, without those of hosts */
  readonly vars: Readonly<Record<string, Value>>;
  /** roles whose hosts somebody else runs */
  readonly external: ReadonlySet<string>;
  /** in the order of the playbook's roles, then of the file */
  readonly hosts: readonly InventoryHost[];
  /** how many hosts of a role may be out at once: for all roles, and for some of their own */
  readonly maxUnavailable: {
    readonly all: MaxUnavailable | undefined;
    readonly roles: ReadonlyMap<string, MaxUnavailable>;
  };
  /** what its hosts get that is a secret; see with-secrets.ts */
  readonly secrets: readonly SecretUse[];
  /** what is worth a word and no mistake */
  readonly warnings: readonly Problem[];
}

export interface InventoryHost {
  readonly name: string;
  readonly role: string;
  /** public DNS name */
  readonly hostname: string | undefined;
  /** where other hosts of the cluster reach it */
  readonly address: string;
  /** the recipe that the operator wants, whatever its facts say */
  readonly recipe: string | undefined;
  readonly state: 'active' | 'retired';
  /** defaults, the inventory's, the host's */
  readonly vars: Readonly<Record<string, Value>>;
  readonly ssh: SshSettings;
}

/** The role of a host; a host without one is a fault of the program, since loading checks it. */
export function roleOf(playbook: Playbook, name: string): Role {
  const role = playbook.roles.find((candidate) => candidate.name === name);
  if (role === undefined) throw new Error(`the playbook ${playbook.name} has no role ${name}`);
  return role;
}
