import type { Value } from '../formats/keyed-format.ts';
import type { DriftPolicy } from './accepted.ts';
import type { Location } from './operator-error.ts';
import type { EveryLook, PlaybookAsked, PlaybookOutsideCheck } from './playbook-checks.ts';
import type { Condition, OwnProgram } from './playbook-parts.ts';
import type { PlaybookServerList } from './server-list.ts';
import type { Tried } from './tried.ts';

/** What a variable of a playbook may hold; the inventory's values are checked against it. */
export const variableTypes = [
  'string',
  'integer',
  'number',
  'boolean',
  'enum',
  'hostname',
  'path',
  'url',
  'port',
  'duration',
  'secret',
  'list',
  'map',
] as const;

export type VariableType = (typeof variableTypes)[number];

export interface Variable {
  readonly type: VariableType;
  /** the values of an enum, or those that a list's items may have; empty for any, and for the other types */
  readonly values: readonly string[];
  /** undefined if the inventory must set it */
  readonly default: Value | undefined;
  /** it may also be set on a host */
  readonly perHost: boolean;
  readonly description: string;
}

/**
 * A question about a host whose answer recipes, conditions and templates can use, as written in the playbook.
 * Its keys determine its kind: see src/playbook/facts.
 */
export type Fact = Readonly<Record<string, Value>>;

/** One of a role's variants. */
export interface Recipe {
  readonly name: string;
  /** what people are told of, where several recipes are the same to them; undefined: its name */
  readonly title: string | undefined;
  readonly when: Condition;
  /** a template; shown in the plan */
  readonly reason: string;
  /** may contain templates that use cluster, host, vars and facts */
  readonly vars: Readonly<Record<string, Value>>;
}

/** One use of a step module; its parameters are still templates. */
export interface PlaybookStep {
  readonly id: string;
  /** name of the step module */
  readonly module: string;
  readonly parameters: Value;
  /** the template file that it names, in the full template language; the result becomes `content` */
  readonly template: { readonly file: string; readonly text: string } | undefined;
  /** name of its stage; undefined in a role without stages */
  readonly stage: string | undefined;
  /** only for these recipes; undefined: for all recipes */
  readonly recipes: readonly string[] | undefined;
  readonly when: Condition;
  /** ids of handlers of the same role */
  readonly notify: readonly string[];
  /** accounts that may own the folders of its files, or write in them: USER, USER:GROUP or :GROUP */
  readonly folderOf: readonly string[];
  /** what it does where a thing is no longer as last written; undefined: `fix` */
  readonly onDrift?: DriftPolicy | undefined;
  readonly location: Location;
}

/** A restart or reload as written in the playbook: texts are still templates. See Handler in handler.ts. */
export interface PlaybookHandler {
  readonly id: string;
  readonly when: Condition;
  readonly validate: readonly string[] | undefined;
  readonly actions: readonly PlaybookAction[];
  readonly checks: readonly PlaybookCheck[];
  /** ids of guards of the same role */
  readonly guards: readonly string[];
  readonly timeout: number;
  readonly settle: number;
  readonly rewrites: readonly string[];
  readonly location: Location;
}

export type PlaybookAction =
  | { readonly kind: 'daemon-reload' }
  | { readonly kind: 'reload'; readonly unit: string }
  | { readonly kind: 'restart'; readonly unit: string }
  | { readonly kind: 'command'; readonly argv: readonly string[] };

export type PlaybookCheck =
  | { readonly kind: 'active'; readonly unit: string }
  | { readonly kind: 'port'; readonly port: number | string }
  | { readonly kind: 'nginx-workers' | 'haproxy-workers' }
  | {
      /** `browse` counts only where it held before the files were swapped in */
      readonly kind: 'http' | 'browse';
      readonly url: string;
      /** lists of text, or one template that becomes a list */
      readonly headers: Value;
      readonly contains: Value;
    }
  /** what the hosts of the role are `asked` through this one, where it held before */
  | { readonly kind: 'through'; readonly role: string };

export interface PlaybookGuard {
  readonly id: string;
  readonly kind: 'program' | 'http' | 'command';
  /** the file beside the playbook that is asked, in sh; undefined for the other kinds */
  readonly program: OwnProgram | undefined;
  readonly args: readonly string[];
  /** who would be interrupted, e.g. `running meetings` */
  readonly description: string;
  /** on which hosts of the role anybody could be interrupted */
  readonly when: Condition;
  readonly drain: PlaybookDrain | undefined;
}

/** How new people are kept away from a host, and sent there again: texts are templates. See drain.ts. */
export interface PlaybookDrain {
  /** the role on whose hosts the program runs, each of which is told */
  readonly on: string;
  readonly program: OwnProgram;
  readonly args: readonly string[];
  readonly answers: readonly { readonly url: string; readonly contains: string }[];
  readonly polls: readonly PlaybookPolls[];
}

/**
 * How a host gives to another of its role what only one of them has, before it is interrupted: texts are
 * templates. The program has the verbs of a drain's, and runs on the host itself.
 */
export interface PlaybookHandOver {
  readonly when: Condition;
  readonly program: OwnProgram;
  readonly args: readonly string[];
  /** the address that one of them has at a time; undefined: it is none, or a look doesn't show who has it */
  readonly address: string | undefined;
  /** ids of the handlers before which it is handed over; undefined: all that interrupt somebody */
  readonly handlers: readonly string[] | undefined;
  /** what another host takes over, in words */
  readonly what: string;
}

/** How a balancer asks whether a host is alive: texts are templates, `every` and `misses` may be. */
export interface PlaybookPolls {
  readonly when: Condition;
  readonly at: string;
  readonly every: string;
  readonly misses: number | string;
  readonly silent: readonly string[];
  readonly ends: string;
  readonly pause: string;
}

/** Something that should be healthy before anything is changed; each failure is a warning in the plan. */
export type HealthCheck = { readonly when: Condition } & (
  | { readonly kind: 'units'; readonly units: readonly string[] }
  | { readonly kind: 'http'; readonly url: string }
);

/**
 * A known trouble of a role's hosts. It is there where all of `shows` and none of `unless` holds; their
 * values and the texts are templates.
 */
export interface PlaybookTrouble {
  readonly id: string;
  readonly title: string;
  /** only for these recipes; undefined: for all recipes */
  readonly recipes: readonly string[] | undefined;
  /** where it can be at all */
  readonly when: Condition;
  readonly shows: Condition;
  readonly unless: Condition;
  /** what is worth a word where it is not there, and where that holds */
  readonly note: { readonly when: Condition; readonly text: string } | undefined;
  /** the fact that shows it */
  readonly found: string;
  /** what follows from it, in one sentence */
  readonly means: string;
  readonly fix: string;
  readonly location: Location;
}

/** What is wrong with a host that the role is not for, and what to do about it; both are templates. */
export interface PlaybookRefusal {
  readonly when: Condition;
  readonly text: string;
  readonly next: string;
}

/** Something that an operator should know about a host before agreeing to the plan. */
export interface PlaybookWarning {
  readonly when: Condition;
  /** a template */
  readonly text: string;
}

/** A port that has to be reachable on a role's hosts: what an operator's firewall needs to know. */
export interface PortFact {
  /** a number, a range `A-B`, or a template that becomes one of them */
  readonly port: string;
  /** of VRRP, which has no ports, `port` is the number of the protocol */
  readonly protocol: 'tcp' | 'udp' | 'vrrp';
  /** of variables alone */
  readonly when: Condition;
  /** `everyone`, `operators` (where clusterproxy runs), `itself` (nobody from outside), or roles */
  readonly from: readonly string[];
  readonly purpose: string;
}

export interface Role {
  readonly name: string;
  readonly description: string;
  readonly hosts: { readonly minimum: number; readonly maximum: number };
  /** the inventory may say `external` instead of listing hosts */
  readonly external: boolean;
  /** its hosts may also serve other clusters, each with its own files */
  readonly shared: boolean;
  /** whether its hosts have a public DNS name */
  readonly hostname: 'required' | 'optional';
  readonly facts: Readonly<Record<string, Fact>>;
  /** facts that only `init` reads, to say what a host is; undefined: hosts of this role have no product */
  readonly introduction?: Introduction | undefined;
  /** hosts that the role is not for; the first that holds is told */
  readonly refuse: readonly PlaybookRefusal[];
  /** in the order in which they are tried; empty if all hosts of the role are alike */
  readonly recipes: readonly Recipe[];
  /** a template: what to say if no recipe holds */
  readonly unknown: string | undefined;
  /** names in order; empty if all steps are carried out at once */
  readonly stages: readonly string[];
  /** the same stages in other orders, of which the first applies whose condition holds */
  readonly stageOrders: readonly { readonly when: Condition; readonly stages: readonly string[] }[];
  readonly steps: readonly PlaybookStep[];
  readonly health: readonly HealthCheck[];
  /** what `verify` asks for each of its hosts */
  readonly verify: readonly PlaybookOutsideCheck[];
  readonly asked: PlaybookAsked | undefined;
  /** checks in `verify` that every look at its hosts answers, and not only that of `verify` */
  readonly everyLook: readonly EveryLook[];
  /** facts that only `doctor` reads; texts are templates over cluster, host and vars, except of a program */
  readonly symptoms: Readonly<Record<string, Fact>>;
  readonly troubles: readonly PlaybookTrouble[];
  /** the first one that applies is asked by `doctor` */
  readonly serverLists: readonly PlaybookServerList[];
  readonly warnings: readonly PlaybookWarning[];
  readonly units: readonly string[];
  /** names of the product's packages, with `*` and `?` as dpkg-query(1) has them; empty: it has none */
  readonly productPackages: readonly string[];
  readonly guards: readonly PlaybookGuard[];
  readonly handOver?: PlaybookHandOver | undefined;
  readonly ports: readonly PortFact[];
  readonly handlers: readonly PlaybookHandler[];
}

/** By what a host is known to have the product of its role, in which version, and under which name. */
export interface Introduction {
  /** `true`, or not empty, where the product is there */
  readonly installed: Fact;
  readonly version?: Fact | undefined;
  /** the public name that the product itself has */
  readonly hostname?: Fact | undefined;
}

/** Which steps the hosts of each role get, and everything that a run has to know about them. */
export interface Playbook {
  readonly name: string;
  readonly description: string;
  /** the file that it was read from */
  readonly file: string;
  /** its text, and the texts of the playbooks that it extends, of its own modules and its guards' programs */
  readonly text: string;
  /** what it calls its product; already filled in everywhere except in template files */
  readonly names: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, Variable>>;
  /** in the order of a run */
  readonly roles: readonly Role[];
  /** names of the checks over the whole planned cluster */
  readonly crossChecks: readonly string[];
  /** how far it was tried; undefined if its author doesn't say */
  readonly tried?: Tried | undefined;
}
