import type { Location } from '../model/operator-error.ts';
import type { SecretReference } from '../secrets/reference.ts';

/** The keys below `ssh` that hold a secret, and their names in SshSettings. */
export const sshKeys = {
  password: 'password',
  passphrase: 'passphrase',
  sudo_password: 'sudoPassword',
} as const;
export type SshKey = keyof typeof sshKeys;

/** A secret that a host, or the cluster as a whole, gets from the inventory. */
export interface SecretUse {
  /** undefined for the cluster's, which applies unless a host has its own */
  readonly host: string | undefined;
  readonly for:
    | { readonly kind: 'variable'; readonly name: string }
    | { readonly kind: 'ssh'; readonly key: SshKey }
    /** of the variable by which a server list is read; no host gets it */
    | { readonly kind: 'server-list'; readonly name: string };
  /** a reference to it, or the secret itself */
  readonly value: SecretReference | string;
  readonly location: Location;
}
