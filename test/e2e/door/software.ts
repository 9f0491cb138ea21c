import type { LabHost } from '../../lab/host.ts';

/** What is known of one software for proxies; what isn't here is the same for all of them. */
export interface ProxySoftware {
  readonly name: string;
  readonly unit: string;
  /** in the inventory, beside the certificate */
  readonly vars: Readonly<Record<string, unknown>>;
  /** the file with what the operator has already, and its whole text; it answers at port 8404 */
  readonly main: { readonly path: string; readonly text: string };
  /** before the first boot, besides that file and the unit */
  readonly prepare?: (host: LabHost) => Promise<void>;
  /** the operator's edit that makes the configuration one that the software refuses */
  readonly broken: { readonly path: string; readonly text: string };
  /** Whether WebSockets outlive a reload; otherwise a run waits for them. */
  readonly reloadKeepsSockets: boolean;
  /** Whether it reads a path, and spells it in its own way when it passes it on. */
  readonly respellsPaths: boolean;
  /** Whether it starts although the name of a node doesn't resolve. */
  readonly startsWithoutName: boolean;
  /** Whether it surely goes on using the address of a name that no longer resolves, until it is restarted. */
  readonly keepsAddresses: boolean;
  /** the promises that it doesn't keep; a test fails where it does keep one of them */
  readonly breaks: readonly Promised[];
  /** one node's client, set up without the program */
  readonly byHand: {
    readonly vars: Readonly<Record<string, unknown>>;
    readonly path: string;
    readonly text: (hostname: string, node: string) => string;
    /** what of it goes when the program takes it over */
    readonly route: (node: string) => string;
    /** what the program says that it found */
    readonly found: (node: string) => RegExp;
  };
}

/**
 * - `another-host`: a request for another host than the cluster's gets no page of a node
 * - `path-parameters`: a segment `..;x`, which is `..` to some servers, leads nowhere
 * - `chunked-bodies`: a large body is refused although nobody tells its length
 * - `marks`: the marks `!'()*` stay as they are in a path that the node has elsewhere
 * - `two-clusters`: both may have a server of our own; otherwise the second one is refused
 */
export type Promised = 'another-host' | 'path-parameters' | 'chunked-bodies' | 'marks' | 'two-clusters';

/** What the operator's page says. */
export const operatorsText = 'of the operator';
