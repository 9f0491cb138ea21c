/** How a balancer is told to send no more people to a host, and to send some again, filled in for it. */
export interface Drain {
  /** id of the guard that it belongs to */
  readonly guard: string;
  /** the role on whose hosts the program runs */
  readonly on: string;
  /** its text, in sh */
  readonly program: string;
  readonly args: readonly string[];
  /** what the host answers when it is well; asked by the hosts of that role before it gets people again */
  readonly answers: readonly { readonly url: string; readonly contains: string }[];
  /** how balancers that may be in use ask the host whether it is alive */
  readonly polls: readonly Polls[];
}

/** How a host gives to another of its role what only one of them has, filled in for it. */
export interface HandOver {
  /** its text, in sh; it runs on the host itself */
  readonly program: string;
  readonly args: readonly string[];
  /** the address that one of the hosts has at a time; undefined: it is none, or a look doesn't show it */
  readonly address?: string | undefined;
  /** ids of the handlers before which it is handed over; undefined: all that interrupt somebody */
  readonly handlers?: readonly string[] | undefined;
  /** what another host takes over, in words, such as `the cluster's address` */
  readonly what: string;
}

/** A balancer that asks a host again and again, and takes one that stays silent for dead. */
export interface Polls {
  /** its address, where the inventory has it; else empty */
  readonly at: string;
  /** time between two questions; seconds */
  readonly every: number;
  /** how many questions in a row without an answer make a host dead */
  readonly misses: number;
  /** ids of the handlers while which the host gives it no answer */
  readonly silent: readonly string[];
  /** what it does to a host that is dead, in words that follow the name of the host's role */
  readonly ends: string;
  /** how a person keeps it from that for a while, in words; empty where nothing does */
  readonly pause: string;
}

/** What a balancer does with a host, by one that tells it. */
export interface InBalancer {
  /** the host that tells it */
  readonly on: string;
  /** `enabled`, `cordoned`, `unknown`: it doesn't know the host, `not told`, or another word of its own */
  readonly state: string;
  /** what is left to be done there by people, in words or as a command */
  readonly byHand?: string | undefined;
}

/** A host that was taken out by clusterproxy and not given back, as told by the host that took it out. */
export interface Cordon {
  readonly cluster: string;
  readonly node: string;
  readonly run: string;
  readonly holder: string;
  /** seconds since the epoch, by the clock of the host that tells it */
  readonly since: number;
  readonly deadline: number;
  /** why it stays out; undefined if it is given back in the end */
  readonly stays: string | undefined;
}
