import type { Query } from './reads.ts';

/** Whether a server of RTMP shakes hands (Adobe's specification, 5.2), for each of the servers behind it. */
export interface RtmpQuestion {
  readonly kind: 'rtmp';
  readonly hostname: string;
  readonly port: number;
  readonly tls: boolean;
  /** how many servers are behind that port */
  readonly servers: number;
}

/** An application of a server of RTMP, at the address by which clients reach it. */
interface RtmpApplication {
  readonly hostname: string;
  readonly port: number;
  readonly tls: boolean;
  /** undefined if none is known that all servers behind that port have */
  readonly application: string | undefined;
  /** how many servers are behind that port */
  readonly servers: number;
}

/** Whether clients can connect to an application (Adobe's specification, 7.2.1.1), on each of its servers. */
export interface RtmpConnectQuestion extends RtmpApplication {
  readonly kind: 'rtmp-connect';
}

/**
 * Whether a stream can be published, or played by somebody else meanwhile (7.2.2). It is asked only if the
 * operator wants one. Questions of one host for the same application are answered by the same stream.
 */
export interface RtmpStreamQuestion extends RtmpApplication {
  readonly kind: 'rtmp-stream';
  readonly shows: 'publish' | 'play';
}

/** Whether a port has no answer for this machine, since this machine is none of its clients. */
export interface ClosedQuestion {
  readonly kind: 'closed';
  readonly address: string;
  readonly port: number;
  /** what is said first */
  readonly send: string;
  /** addresses and networks that it answers; those that are names are left out */
  readonly clients: readonly string[];
}

/** Whether upgrades to WebSocket are accepted by every server to which a balancer passes them. */
export interface WebsocketsQuestion {
  readonly kind: 'websockets';
  readonly url: string;
  readonly origin: string;
  /** sent along, each `Name: value` */
  readonly headers: readonly string[];
  /** how many servers are behind that address */
  readonly servers: number;
}

/** Whether clients come back to the server that a balancer's cookie names. */
export interface StickyQuestion {
  readonly kind: 'sticky';
  /** `https:` for a page, `wss:` for a WebSocket */
  readonly url: string;
  readonly cookie: string;
  /** the cookie is the name of the server, or begins with it and `~` (HAProxy's `insert` and `prefix`) */
  readonly mode: 'insert' | 'prefix';
  /** the server whose clients are to come back to it, as the cookie names it */
  readonly server: string;
  /** how many servers there are */
  readonly servers: number;
  /** SameSite of the cookie; '' or `unset` if it has none */
  readonly sameSite: string;
}

/** Whether browsers trust the certificates of several names at several ports. */
export interface CertificatesQuestion {
  readonly kind: 'certificates';
  readonly names: readonly string[];
  readonly ports: readonly number[];
}

/** A backend of HAProxy, and the servers that it must have. */
export interface ExpectedBackend {
  readonly name: string;
  readonly servers: readonly string[];
}

/** Whether HAProxy has the servers, and sends people to them; or whether their agents answer it. */
export interface HaproxyQuestion {
  readonly kind: 'haproxy-servers' | 'haproxy-agents';
  readonly backends: readonly ExpectedBackend[];
  /** what `show stat` says, a query for each backend */
  readonly queries: readonly Query[];
  /** of agents: what each says to the balancer itself, by the server; none where their port isn't given */
  readonly agents?: Readonly<Record<string, Query>> | undefined;
}

/** Whether an agent's answer is what the thresholds and the host's figures make of it. */
export interface AgentQuestion {
  readonly kind: 'agent';
  readonly port: number;
  /** thresholds to the value from which nobody new may come; those that are 0 are left out */
  readonly limits: Readonly<Record<string, number>>;
  /** thresholds to the keys of the statistics page that are added up for it */
  readonly keys: Readonly<Record<string, readonly string[]>>;
  /** the statistics page, the agent's answer, and the page again */
  readonly queries: readonly Query[];
}

/** Whether the RTMP ports of several hosts answer the host that is asked, which is their balancer. */
export interface RtmpServersQuestion {
  readonly kind: 'rtmp-servers';
  readonly servers: readonly string[];
  /** a query for each of them */
  readonly queries: readonly Query[];
}

/** Whether a command on the host ends as it must. */
export interface CommandQuestion {
  readonly kind: 'command';
  readonly status: number;
  /** a regular expression that its output matches */
  readonly answers: string;
  /** what is expected, in words */
  readonly expected: string;
  readonly queries: readonly Query[];
}

/** Whether the ids of a server's sessions hold the clients' addresses, and not the balancer's. */
export interface SessionIdsQuestion {
  readonly kind: 'session-ids';
  /** the key of the ids in the JSON that a command prints */
  readonly key: string;
  readonly balancers: readonly string[];
  readonly queries: readonly Query[];
}

/** What pages of the cluster ask of browsers and of other hosts, which headers may forbid. */
export interface PageNeeds {
  /** directives of a Content-Security-Policy to the schemes by which the nodes are asked under it */
  readonly content: Readonly<Record<string, readonly string[]>>;
  /** features of a Permissions-Policy */
  readonly permissions: readonly string[];
  /** the nodes' names */
  readonly nodes: readonly string[];
}

/** Whether nginx passes on nothing but what is meant, and sends no header that breaks the pages. */
export interface NginxQuestion {
  readonly kind: 'nginx-passes' | 'nginx-headers';
  readonly hostname: string;
  /** the file with the cluster's own locations */
  readonly locations: string;
  /** what the server block passes on to another fixed place is a fault, or its maintainer's business */
  readonly others: 'fault' | 'note';
  readonly needs: PageNeeds;
}

/** Whether a host resolves names as this machine does, or at least to the right servers. */
export interface NamesQuestion {
  readonly kind: 'names';
  readonly names: readonly string[];
}

/** A host between which and others an address moves. */
export interface PairHost {
  readonly name: string;
  readonly address: string;
}

/**
 * Which of several hosts has the address that moves between them, and whether each shows a certificate for
 * the cluster's name. The looks at all of them answer it, and the network.
 */
export interface VirtualAddressQuestion {
  readonly kind: 'virtual-address';
  readonly address: string;
  readonly hostname: string;
  /** at which each host must show a certificate for that name; undefined: none of them has one */
  readonly port: number | undefined;
  /** one of these hosts must have it; where somebody else moves it, it may be elsewhere */
  readonly strict: boolean;
  /** what is asked on each of them about the command that moves it; undefined: no command does */
  readonly claim?: Query | undefined;
  readonly hosts: readonly PairHost[];
}

/** Whether files, or our blocks in files that others share, are the same on several hosts. */
export interface SameFilesQuestion {
  readonly kind: 'same-files';
  readonly paths: readonly string[];
  /** the cluster whose blocks count; undefined: the whole file */
  readonly blocks: string | undefined;
  /** names */
  readonly hosts: readonly string[];
}

/** What is asked of a balancer and its servers, and of a proxy's nginx. */
export type BalancerQuestion =
  | RtmpQuestion
  | RtmpConnectQuestion
  | RtmpStreamQuestion
  | ClosedQuestion
  | WebsocketsQuestion
  | StickyQuestion
  | CertificatesQuestion
  | HaproxyQuestion
  | AgentQuestion
  | RtmpServersQuestion
  | CommandQuestion
  | SessionIdsQuestion
  | NginxQuestion
  | NamesQuestion
  | VirtualAddressQuestion
  | SameFilesQuestion;
