import { getDomain } from 'tldts';
import type { Value } from '../../formats/keyed-format.ts';
import {
  type ClusterSettings,
  type Inventory,
  type InventoryHost,
  roleOf,
} from '../../inventory/inventory.ts';
import { movers } from '../../inventory/virtual-address.ts';
import { OperatorError, type Problem } from '../../model/operator-error.ts';
import type { Recipe } from '../../model/playbook.ts';
import { isManaged, type Snapshot } from '../../model/snapshot.ts';
import { type Facts, factsOf } from './facts.ts';
import { type ChosenRecipe, chooseRecipe, recipeVars } from './recipes.ts';
import { templateProblem } from './template-problems.ts';
import { renderLeniently, type TemplateContext, TemplateError } from './templates.ts';

const nobody = 'nobody';

/** A host as seen by the templates of other hosts. */
export interface HostView {
  readonly host: InventoryHost;
  readonly snapshot: Snapshot | undefined;
  readonly facts: Facts;
  readonly recipe: ChosenRecipe | undefined;
  /** why its facts or its recipe aren't known although it was inspected */
  readonly problem: Problem | undefined;
}

/**
 * What is known about all hosts before any of them is planned, since a proxy's locations depend on the nodes'
 * facts.
 */
export interface ClusterView {
  readonly inventory: Inventory;
  /** by name */
  readonly hosts: ReadonlyMap<string, HostView>;
  /** `hosts.ROLE` of the templates */
  readonly lists: Readonly<Record<string, readonly Value[]>>;
}

/**
 * Facts and recipe of every host; `snapshots` is by the host's name, without those that could not be
 * inspected.
 */
export function viewCluster(inventory: Inventory, snapshots: ReadonlyMap<string, Snapshot>): ClusterView {
  const views = inventory.hosts.map((host) => viewHost(inventory, host, snapshots.get(host.name)));
  const lists = inventory.playbook.roles.map(
    (role) => [role.name, views.filter(({ host }) => host.role === role.name).map(listEntry)] as const,
  );
  return {
    inventory,
    hosts: new Map(views.map((view) => [view.host.name, view])),
    lists: Object.fromEntries(lists),
  };
}

/** The context of a host's templates before anything is known about it. */
export function baseContext(inventory: Inventory, host: InventoryHost): TemplateContext {
  const { hostname } = inventory.cluster;
  return {
    cluster: clusterContext(inventory.cluster),
    host: {
      name: host.name,
      role: host.role,
      address: host.address,
      state: host.state,
      ...(host.hostname === undefined
        ? {}
        : { hostname: host.hostname, same_site: isSameSite(host.hostname, hostname) }),
    },
    vars: host.vars,
    // For template files; in the playbook itself names are already filled in.
    names: inventory.playbook.names,
  };
}

/**
 * What templates and conditions know of the cluster. Where no address moves, `virtual_address` is empty, and
 * nobody moves it.
 */
export function clusterContext({ name, hostname, virtualAddress }: ClusterSettings): Value {
  return {
    ...{ name, hostname, url: `https://${hostname}` },
    virtual_address: virtualAddress?.address ?? '',
    virtual_address_by: virtualAddress?.by ?? nobody,
    virtual_address_claim: virtualAddress?.command?.claim ?? '',
    virtual_address_owner: virtualAddress?.command?.owner ?? '',
    vrrp: {
      interface: virtualAddress?.interface ?? '',
      router_id: virtualAddress?.routerId ?? 0,
      preempt: virtualAddress?.preempt ?? false,
    },
  };
}

/** What `cluster.virtual_address_by` may be, for conditions. */
export const addressMovers: readonly string[] = [...movers, nobody];

/** The full context of a host's templates. */
export function hostContext(cluster: ClusterView, view: HostView): TemplateContext {
  const { inventory, lists } = cluster;
  return {
    ...baseContext(inventory, view.host),
    facts: view.facts,
    ...(view.recipe === undefined ? {} : { recipe: recipeContext(view.recipe) }),
    hosts: lists,
  };
}

export function recipeContext(recipe: { name: string; vars: Readonly<Record<string, Value>> }): Value {
  return { ...recipe.vars, name: recipe.name };
}

/** The view of a cluster with another state of one of its hosts; `hosts.ROLE` stay as they are. */
export function withHost(cluster: ClusterView, name: string, snapshot: Snapshot): ClusterView {
  const now = cluster.hosts.get(name);
  if (now === undefined) throw new Error(`${name} is not in the inventory`);
  if (now.snapshot === snapshot) return cluster;
  const { host } = now;
  const hosts = new Map(cluster.hosts).set(name, viewHost(cluster.inventory, host, snapshot));
  return { ...cluster, hosts };
}

/** The context of a host's templates if this were its recipe; what depends on facts is left empty. */
export function withRecipe(recipe: Recipe, base: TemplateContext): TemplateContext {
  const vars = recipeVars(recipe, (value) => renderLeniently(value, base));
  return { ...base, recipe: recipeContext({ name: recipe.name, vars }) };
}

/** Views by what they are of: a cluster is viewed more than once in a run, and most hosts stay the same. */
const views = new WeakMap<Snapshot, { readonly inventory: Inventory; readonly view: HostView }>();

/** What is known of one host. */
export function viewHost(
  inventory: Inventory,
  host: InventoryHost,
  snapshot: Snapshot | undefined,
): HostView {
  const known = snapshot && views.get(snapshot);
  if (known !== undefined && known.inventory === inventory && known.view.host === host) return known.view;
  const view = viewAnew(inventory, host, snapshot);
  if (snapshot !== undefined) views.set(snapshot, { inventory, view });
  return view;
}

function viewAnew(inventory: Inventory, host: InventoryHost, snapshot: Snapshot | undefined): HostView {
  const unknown: HostView = { host, snapshot, facts: {}, recipe: undefined, problem: undefined };
  if (snapshot === undefined) return unknown;
  const role = roleOf(inventory.playbook, host.role);
  try {
    const facts = factsOf(role, snapshot);
    const context = { ...baseContext(inventory, host), facts };
    return { ...unknown, facts, recipe: chooseRecipe(role, host, context) };
  } catch (error) {
    if (error instanceof OperatorError) return { ...unknown, problem: error.problem };
    if (error instanceof TemplateError) {
      return { ...unknown, problem: templateProblem(error, { host: host.name, place: `role ${role.name}` }) };
    }
    throw error;
  }
}

function listEntry(view: HostView): Value {
  const { host, recipe } = view;
  return {
    name: host.name,
    ...(host.hostname === undefined ? {} : { hostname: host.hostname }),
    address: host.address,
    ...(host.givenAddress === undefined ? {} : { given_address: host.givenAddress }),
    state: stateOf(view),
    known: view.snapshot !== undefined && view.problem === undefined,
    vars: host.vars,
    facts: view.facts,
    ...(recipe === undefined ? {} : { recipe: recipeContext(recipe) }),
  };
}

/**
 * A host counts as retired only once nothing of ours is left on it: until then it still sends people to the
 * others, so they keep what they have for it. So does one that is set aside, for which they have nothing.
 */
function stateOf({ host, snapshot }: HostView): 'active' | 'off' | 'leaving' | 'retired' {
  if (host.aside) return 'retired';
  if (host.state === 'active') return 'active';
  if (host.state === 'off') return snapshot === undefined ? 'off' : 'active';
  return snapshot !== undefined && !isManaged(snapshot) ? 'retired' : 'leaving';
}

/**
 * Whether browsers treat two hosts as the same site, and so send cookies along: whether they have the same
 * registrable domain by the Public Suffix List, including its private part (RFC 6265bis, 5.2).
 */
function isSameSite(one: string, other: string): boolean {
  const site = (hostname: string) => getDomain(hostname, { allowPrivateDomains: true }) ?? hostname;
  return site(one) === site(other);
}
