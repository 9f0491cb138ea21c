import type { Value } from '../formats/keyed-format.ts';

/** Somebody else's list of a role's hosts, such as a load balancer's, as a playbook declares it. */
export interface PlaybookServerList {
  readonly id: string;
  /** what it is called in sentences */
  readonly title: string;
  readonly when: Readonly<Record<string, readonly Value[]>>;
  /** a template: the address of whoever keeps it; empty where there is none */
  readonly at: string;
  /** below that server's name */
  readonly path: string;
  /** name of the variable with the secret by which it may be read */
  readonly secret: string;
  readonly proof: ListProof;
  /** texts in an answer that refuses the secret */
  readonly refused: readonly string[];
  /** a text in the answer of a server whose list is empty; undefined where that is an empty list */
  readonly empty: string | undefined;
  readonly entries: EntryFields;
  readonly ask: HostCall;
}

/** How a question proves that the one who asks knows the secret. */
export type ListProof =
  /** a parameter `checksum`: SHA-256 of this text and the secret */
  | { readonly kind: 'checksum'; readonly of: string }
  /** a JSON Web Token (RFC 7519) as bearer token; a secret that is one is sent as it is */
  | {
      readonly kind: 'token';
      readonly algorithm: TokenAlgorithm;
      readonly claims: Readonly<Record<string, string>>;
    };

export const tokenAlgorithms = ['HS256', 'HS384', 'HS512'] as const;
export type TokenAlgorithm = (typeof tokenAlgorithms)[number];

/** Where an entry of the answer has what: names of keys, with a dot between those of nested objects. */
export interface EntryFields {
  /** the key of the list itself; empty where the answer is the list */
  readonly in: string;
  readonly address: string;
  readonly secret: string;
  readonly state: string;
  /** words of the state of a server that gets sessions, and of one that was taken out on purpose */
  readonly inUse: readonly string[];
  readonly out: readonly string[];
  readonly health: string;
  readonly up: readonly string[];
  readonly down: readonly string[];
  /** why the server counts as down; undefined where the list doesn't tell */
  readonly error: string | undefined;
  /** when the server was last heard (RFC 3339), and after how many seconds that is too long ago */
  readonly heard: string | undefined;
  readonly heardWithin: number;
}

/** How a host is asked whether it takes the secret that a list has of it. */
export interface HostCall {
  /** a template: the address that the list should have */
  readonly address: string;
  /** a call below it that changes nothing; its parameter `checksum` is a hash of the name and the secret */
  readonly call: string;
  /** texts of an answer that takes the secret, and of one that refuses it */
  readonly accepts: string;
  readonly refuses: string;
}

/** One entry of a list. The texts are whatever its server says. */
export interface ListedServer {
  /** parsed and normal: without a slash at its end */
  readonly address: URL;
  readonly secret: string;
  readonly state: string;
  /** undefined where the state is a word that isn't known here */
  readonly inUse: boolean | undefined;
  readonly health: 'up' | 'down' | undefined;
  readonly error: string;
  /** milliseconds since the epoch; undefined where the list doesn't tell, NaN where it was never heard */
  readonly heard: number | undefined;
}

export type ListAnswer =
  | {
      readonly kind: 'list';
      readonly servers: readonly ListedServer[];
      /** by the clock of whoever keeps it; milliseconds since the epoch */
      readonly now: number;
    }
  /** why it could not be read, as a sentence without its end */
  | { readonly kind: 'unasked'; readonly words: string };

/** What a host said to the secret that a list has of it. */
export type HostReply =
  | { readonly kind: 'takes' | 'refuses' }
  /** it answered something else: in words */
  | { readonly kind: 'other'; readonly words: string }
  | { readonly kind: 'unasked'; readonly words: string };

/**
 * What a list tells of a host, each a text; all are empty where there is no list.
 *
 * - `list`: what the list is called
 * - `entry`: `missing`, `once` or `twice`; entries that are out of use count only if there is no other
 * - `address`: what it has; of several, all
 * - `form`: `right`, or what is wrong with the address: `scheme`, `path`, `name`
 * - `use`: `yes`, or `no` if it was taken out on purpose
 * - `state`: the list's word for that
 * - `health`: `up`, `down`, or empty
 * - `error`: why it counts as down, in quotes and brackets after a blank
 * - `unheard`: since when it was not heard, if that is too long: `since TIME` or `so far`
 * - `secret`: `taken` or `refused` by the host
 * - `answer`: the host's answer if it is neither
 */
export const listTells = [
  'list',
  'entry',
  'address',
  'form',
  'use',
  'state',
  'health',
  'error',
  'unheard',
  'secret',
  'answer',
] as const;
export type ListTell = (typeof listTells)[number];

/** A text, or why it could not be found out. */
export type ListTold = Readonly<Record<ListTell, string | { readonly unknown: string }>>;
