import { type Inventory, type InventoryHost, roleOf } from '../../inventory/inventory.ts';
import type { Check } from '../../model/handler.ts';
import type { HttpQuestion, OutsideCheck } from '../../model/outside-check.ts';
import type { Role } from '../../model/playbook.ts';
import type { PlaybookOutsideCheck } from '../../model/playbook-checks.ts';
import { type Query, queryKey } from '../../model/reads.ts';
import { holds, mayHold } from './conditions.ts';
import { baseContext, type ClusterView, hostContext, withRecipe } from './contexts.ts';
import { leniently, strictly } from './handlers.ts';
import { resolveOutsideCheck } from './outside-checks.ts';
import { isFor } from './reads.ts';
import type { TemplateContext } from './templates.ts';

/** What other hosts ask themselves for a host, and what its answer must be. */
export interface ResolvedAsked {
  /** the role whose hosts ask */
  readonly by: string;
  readonly check: OutsideCheck;
  readonly question: HttpQuestion;
  /** what to do if no host of the role answers as it should */
  readonly fix: string;
}

/**
 * What a host asks itself for the hosts of other roles while it is looked at. Which of a role's checks
 * applies to a host isn't known by then, so the questions for each one stand in a row, in the playbook's
 * order: the next is asked unless the one before got no answer, or one of a server in trouble (5xx).
 */
export function askedQueries(inventory: Inventory, asking: InventoryHost): readonly Query[] {
  const asked = inventory.playbook.roles.filter((role) => role.asked?.by === asking.role);
  return asked.flatMap((role) =>
    inventory.hosts
      .filter((host) => host.role === role.name && host.state === 'active')
      .flatMap((host) => queriesFor(inventory, role, { asking, host })),
  );
}

function queriesFor(
  inventory: Inventory,
  role: Role,
  { asking, host }: { readonly asking: InventoryHost; readonly host: InventoryHost },
): readonly Query[] {
  const base = { ...baseContext(inventory, host), hosts: {} };
  if (role.asked === undefined || !mayHold(role.asked.when, base)) return [];
  const contexts: readonly { readonly name?: string; readonly context: TemplateContext }[] =
    role.recipes.length === 0
      ? [{ context: base }]
      : role.recipes.map((recipe) => ({ name: recipe.name, context: withRecipe(recipe, base) }));
  const queries = checksOf(role).flatMap((check) =>
    contexts
      .filter(({ name, context }) => isFor(check, name) && mayHold(check.when, context))
      .map(({ context }) => {
        const fill = leniently(context);
        const { url, headers } = check.question;
        return askedQuery(asking, host.name, { url: fill.text(url), headers: fill.list(headers) });
      }),
  );
  return [...new Map(queries.map((query) => [queryKey(query), query] as const)).values()];
}

/** A question that a host asks itself for another host, in the form of src/host/remote/browse.sh. */
export function askedQuery(
  asking: InventoryHost,
  host: string,
  { url, headers }: Pick<HttpQuestion, 'url' | 'headers'>,
): Query {
  const own = /^[0-9.]+$/.test(asking.address) ? asking.address : '';
  return { kind: 'browse', args: [host, own, url, ...headers] };
}

/**
 * What is asked for the host `name` by another role: the first of its checks that applies; undefined if none
 * does, or if too little is known of it.
 */
export function resolveAsked(cluster: ClusterView, name: string): ResolvedAsked | undefined {
  const view = cluster.hosts.get(name);
  if (view?.snapshot === undefined || view.problem !== undefined || view.host.state !== 'active')
    return undefined;
  const role = roleOf(cluster.inventory.playbook, view.host.role);
  const context = hostContext(cluster, view);
  if (role.asked === undefined || !holds(role.asked.when, context)) return undefined;
  const found = checksOf(role).find((check) => isFor(check, view.recipe?.name) && holds(check.when, context));
  if (found === undefined) return undefined;
  const { question, ...check } = resolveOutsideCheck(found, name, context);
  if (question.kind !== 'http') return undefined;
  const { by, fix } = role.asked;
  return { by, check: { ...check, question }, question, fix: strictly(context).text(fix) };
}

/** What a handler waits for: that the hosts of a role answer as they should. */
export function askedThrough(cluster: ClusterView, role: string): readonly Check[] {
  return cluster.inventory.hosts
    .filter((host) => host.role === role)
    .flatMap(({ name }) => {
      const asked = resolveAsked(cluster, name);
      if (asked === undefined) return [];
      const { url, headers, contains } = asked.question;
      return [{ kind: 'browse', host: name, url, headers, contains, verified: false }];
    });
}

/** The checks of a role that others ask, in the order in which they ask. */
function checksOf(role: Role): readonly AskedCheck[] {
  return (role.asked?.checks ?? []).flatMap((id) => {
    const check = role.verify.find((one) => one.id === id);
    return check !== undefined && isHttp(check) ? [check] : [];
  });
}

type AskedCheck = PlaybookOutsideCheck & {
  readonly question: Extract<PlaybookOutsideCheck['question'], { kind: 'http' }>;
};

function isHttp(check: PlaybookOutsideCheck): check is AskedCheck {
  return check.question.kind === 'http';
}
