import type { Value } from '../../formats/keyed-format.ts';
import { type Inventory, type InventoryHost, roleOf } from '../../inventory/inventory.ts';
import type { Guard } from '../../model/handler.ts';
import { mergeReads } from '../../model/merge-reads.ts';
import { OperatorError } from '../../model/operator-error.ts';
import type { PlaybookStep, Recipe, Role } from '../../model/playbook.ts';
import type { PlaybookOutsideCheck } from '../../model/playbook-checks.ts';
import { noReads, type Reads } from '../../model/reads.ts';
import { isGlob, type Snapshot } from '../../model/snapshot.ts';
import type { StepModule } from '../../steps/step-module.ts';
import { readsOfQuestion } from './balancer-questions.ts';
import { mayHold } from './conditions.ts';
import { baseContext, recipeContext, viewHost, withRecipe } from './contexts.ts';
import { factReads } from './facts.ts';
import { handOverQueries } from './hand-over.ts';
import { type Fill, leniently, type ResolvedHealthCheck, resolveGuards, resolveHealth } from './handlers.ts';
import { moduleOf } from './modules.ts';
import { naming } from './template-problems.ts';
import { mentions, renderLeniently, type TemplateContext } from './templates.ts';

/**
 * Everything that must be read from a host before it can be planned, for all recipes together, since its
 * recipe is known only afterwards. Facts are not known yet, so paths must not depend on them.
 */
export function readsOf(
  inventory: Inventory,
  host: InventoryHost,
  options: ReadsOptions = { guards: true },
): Reads {
  return naming({ host: host.name, place: `role ${host.role}` }, () =>
    collectReads(inventory, host, options),
  );
}

/**
 * The guards of a host. What they ask depends on no facts, but some are only for certain hosts: without a
 * snapshot, all that may be for this one.
 */
export function guardsOf(
  inventory: Inventory,
  host: InventoryHost,
  snapshot?: Snapshot | undefined,
): readonly Guard[] {
  return naming({ host: host.name, place: `role ${host.role}` }, () => {
    const { base, seen } = seenContext(inventory, host, snapshot);
    return resolveGuards(roleOf(inventory.playbook, host.role), leniently(base), seen);
  });
}

/** The health checks of a host, by what was seen of it. */
export function healthOf(
  inventory: Inventory,
  host: InventoryHost,
  snapshot: Snapshot,
): readonly ResolvedHealthCheck[] {
  return naming({ host: host.name, place: `role ${host.role}` }, () => {
    const { base, seen } = seenContext(inventory, host, snapshot);
    return resolveHealth(roleOf(inventory.playbook, host.role).health, leniently(base), seen);
  });
}

/** The context before anything is known, and the one with facts and recipe, as far as they are known. */
function seenContext(inventory: Inventory, host: InventoryHost, snapshot: Snapshot | undefined) {
  const base = { ...baseContext(inventory, host), hosts: unknownHosts(inventory) };
  const { facts, recipe, problem } = viewHost(inventory, host, snapshot);
  const isKnown = snapshot !== undefined && problem === undefined;
  const seen = { ...base, facts, ...(recipe === undefined ? {} : { recipe: recipeContext(recipe) }) };
  return { base, seen: isKnown ? seen : base };
}

export interface ReadsOptions {
  /** also ask the guards, so that the plan can say who would be interrupted */
  readonly guards: boolean;
  /** which checks from outside ask something of the host itself: all, or those of every look */
  readonly checks?: 'all' | 'every-look';
}

function collectReads(inventory: Inventory, host: InventoryHost, options: ReadsOptions): Reads {
  const role = roleOf(inventory.playbook, host.role);
  const base = { ...baseContext(inventory, host), hosts: unknownHosts(inventory) };
  // Where one is forced, or its variables rule one out, nothing is read for the others.
  const recipes = role.recipes.filter(({ name, when }) =>
    host.recipe === undefined ? mayHold(when, base) : name === host.recipe,
  );
  const contexts: readonly RecipeContext[] =
    recipes.length === 0
      ? [{ recipe: undefined, context: base }]
      : recipes.map((recipe) => ({ recipe, context: withRecipe(recipe, base) }));
  const steps = role.steps.flatMap((step) =>
    contextsOf(step, contexts).map((context) =>
      stepReads(inventory, step, host, renderLeniently(step.parameters, context)),
    ),
  );
  const handlers = contexts.map(({ context }) => handlerUnits(role, leniently(context), context));
  const all = [...steps, ...handlers];
  return withParents(
    mergeReads(
      [
        ...factReads(role),
        ...all,
        alwaysAsked(role, base, options),
        { queries: handOverQueries(inventory, host) },
        ...(options.checks === undefined ? [] : checkReads(role, contexts, options.checks)),
      ].map(complete),
    ),
  );
}

interface RecipeContext {
  readonly recipe: Recipe | undefined;
  readonly context: TemplateContext;
}

/**
 * The contexts in which a step reads different things: one is enough if it doesn't use its recipe's
 * variables.
 */
function contextsOf(step: PlaybookStep, contexts: readonly RecipeContext[]): readonly TemplateContext[] {
  const meant = contexts
    .filter(({ recipe, context }) => isFor(step, recipe?.name) && mayHold(step.when, context))
    .map(({ context }) => context);
  return mentions(step.parameters, 'recipe') ? meant : meant.slice(0, 1);
}

/** Whether a step or a check belongs to a recipe. */
export function isFor({ recipes }: Pick<PlaybookStep, 'recipes'>, recipe: string | undefined): boolean {
  return recipes === undefined || (recipe !== undefined && recipes.includes(recipe));
}

function stepReads(
  inventory: Inventory,
  step: PlaybookStep,
  host: InventoryHost,
  parameters: Value,
): Partial<Reads> {
  const module: StepModule = moduleOf(inventory.playbook, step.module);
  const given = withContent(step, parameters, '');
  const checked = module.parameters.safeParse(given);
  try {
    // What facts will fill in is still empty and may not be valid; what is read depends on the rest.
    return module.reads((checked.success ? checked.data : given) as never);
  } catch (error) {
    throw new OperatorError({
      code: 'reads-unknown',
      message: `the paths that the step reads can't be known before the host is inspected: ${error instanceof Error ? error.message : String(error)}`,
      next: 'let its path depend on cluster, host, vars and recipe only, not on facts',
      host: host.name,
      step: step.id,
      location: step.location,
    });
  }
}

/** Turns `template: FILE` into `content: TEXT`, which the step module understands. */
export function withContent(step: PlaybookStep, parameters: Value, content: string): Value {
  if (step.template === undefined) return parameters;
  const { template: _, ...rest } = parameters as Readonly<Record<string, Value>>;
  return { ...rest, content };
}

const unknownHostsOf = new WeakMap<Inventory, Value>();

/** The other hosts according to the inventory, since none has been inspected yet. The same for all hosts. */
function unknownHosts(inventory: Inventory): Value {
  const known = unknownHostsOf.get(inventory) ?? listUnknownHosts(inventory);
  unknownHostsOf.set(inventory, known);
  return known;
}

function listUnknownHosts(inventory: Inventory): Value {
  const lists = inventory.playbook.roles.map((role) => [
    role.name,
    inventory.hosts
      .filter((host) => host.role === role.name)
      .map((host) => ({
        name: host.name,
        ...(host.hostname === undefined ? {} : { hostname: host.hostname }),
        address: host.address,
        state: host.state,
        known: false,
        vars: host.vars,
        facts: {},
      })),
  ]);
  return Object.fromEntries(lists);
}

/** What checks ask of the host itself. */
function checkReads(
  { verify, everyLook }: Role,
  contexts: readonly RecipeContext[],
  which: NonNullable<ReadsOptions['checks']>,
): readonly Partial<Reads>[] {
  const inEveryLook = ({ id }: PlaybookOutsideCheck) => everyLook.some((one) => one.id === id);
  const asked = which === 'all' ? verify : verify.filter(inEveryLook);
  return asked.flatMap((check) =>
    contexts
      .filter(({ recipe, context }) => isFor(check, recipe?.name) && mayHold(check.when, context))
      .map(({ context }) =>
        'values' in check.question
          ? readsOfQuestion({
              kind: check.question.kind,
              values: renderLeniently(check.question.values, context) as Readonly<Record<string, Value>>,
            })
          : {},
      ),
  );
}

/** The units of the handlers that may run. */
function handlerUnits(role: Role, fill: Fill, context: TemplateContext): Partial<Reads> {
  const units = role.handlers
    .filter(({ when }) => mayHold(when, context))
    .flatMap(({ actions, checks }) => [
      ...actions.flatMap((action) => ('unit' in action ? [action.unit] : [])),
      ...checks.flatMap((check) => (check.kind === 'active' ? [check.unit] : [])),
    ]);
  return { units: units.map(fill.text).filter((unit) => unit !== '') };
}

function alwaysAsked(role: Role, base: TemplateContext, options: ReadsOptions): Partial<Reads> {
  const fill = leniently(base);
  const health = resolveHealth(role.health, fill, base);
  return {
    units: [
      ...role.units.map(fill.text),
      ...health.flatMap((check) => (check.kind === 'units' ? check.units : [])),
    ],
    queries: health.flatMap((check) => (check.kind === 'http' ? [check.query] : [])),
    guards: options.guards ? resolveGuards(role, fill, base).map(({ query }) => query) : [],
  };
}

function complete(reads: Partial<Reads>): Reads {
  return { ...noReads, ...reads };
}

/**
 * A missing parent directory of a file is created only if it is known to be missing, so two levels are read.
 */
function withParents(reads: Reads): Reads {
  const parents = reads.paths
    .filter((path) => !isGlob(path))
    .flatMap((path) => [parentOf(path), parentOf(parentOf(path))])
    .filter((path) => path !== '' && path !== '/');
  return { ...reads, paths: [...new Set([...reads.paths, ...parents])].filter((path) => path !== '') };
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}
