import { dirname, resolve } from 'node:path';
import type { Value } from '../../formats/keyed-format.ts';
import { type InventoryHost, roleOf } from '../../inventory/inventory.ts';
import type { DriftPolicy } from '../../model/accepted.ts';
import type { Guard, Handler } from '../../model/handler.ts';
import { OperatorError } from '../../model/operator-error.ts';
import type { PlaybookHandler, PlaybookStep } from '../../model/playbook.ts';
import type { LoadedPlaybook } from '../../steps/loaded-playbook.ts';
import type { StepModule } from '../../steps/step-module.ts';
import { askedThrough } from './asked.ts';
import { holds } from './conditions.ts';
import { type ClusterView, hostContext } from './contexts.ts';
import type { Facts } from './facts.ts';
import {
  type ResolvedHealthCheck,
  resolveGuards,
  resolveHandler,
  resolveHealth,
  strictly,
} from './handlers.ts';
import { moduleOf } from './modules.ts';
import { isFor, withContent } from './reads.ts';
import type { ChosenRecipe } from './recipes.ts';
import { naming } from './template-problems.ts';
import { render, renderFile, type TemplateContext } from './templates.ts';

/** A step with everything filled in and checked. */
export interface ResolvedStep {
  readonly id: string;
  readonly module: StepModule;
  /** as returned by the module's schema */
  readonly parameters: unknown;
  /** ids of the handlers that exist on this host */
  readonly notify: readonly string[];
  /** accounts that may own the folders of its files, or write in them */
  readonly folderOf: readonly string[];
  /** what it does where a thing is no longer as last written */
  readonly onDrift?: DriftPolicy | undefined;
  /** number of its stage, from 1 */
  readonly stage: number;
}

/** What a host gets: its playbook, filled in with its own facts and those of the other hosts. */
export interface ResolvedHost {
  readonly host: InventoryHost;
  readonly facts: Facts;
  readonly recipe: ChosenRecipe | undefined;
  readonly steps: readonly ResolvedStep[];
  /** names of the role's stages, in the order that applies to this host; empty if it has none */
  readonly stages: readonly string[];
  /** in the order in which they run */
  readonly handlers: readonly Handler[];
  readonly guards: readonly Guard[];
  readonly health: readonly ResolvedHealthCheck[];
  /** what the operator should know about this host */
  readonly warnings: readonly string[];
  /** units that must be active after a transaction if they were active before */
  readonly units: readonly string[];
}

/**
 * What the host `name` gets. Throws OperatorError if its version is unknown, or if a template or a parameter
 * can't be filled in. The host must have been inspected.
 */
export function resolveHost(cluster: ClusterView, name: string): ResolvedHost {
  const view = cluster.hosts.get(name);
  if (view?.snapshot === undefined) throw new Error(`${name} was not inspected`);
  if (view.problem !== undefined) throw new OperatorError(view.problem);
  const { host, facts, recipe } = view;
  const directory = dirname(cluster.inventory.file);
  const role = roleOf(cluster.inventory.playbook, host.role);
  const context = hostContext(cluster, view);
  const handlers = role.handlers.filter(({ when }) => holds(when, context));
  // A retired host has no steps: what an earlier run managed there is restored.
  const wanted = host.state === 'retired' ? [] : role.steps;
  const steps = wanted.filter((step) => isFor(step, recipe?.name) && holds(step.when, context));
  const { stages } = role.stageOrders.find(({ when }) => holds(when, context)) ?? role;
  return naming({ host: name, place: `role ${role.name}` }, () => {
    const fill = strictly(context);
    const guards = resolveGuards(role, fill, context);
    return {
      host,
      facts,
      recipe,
      steps: steps.map((step) =>
        resolveStep(step, {
          host,
          context,
          handlers,
          stages,
          playbook: cluster.inventory.playbook,
          directory,
        }),
      ),
      stages,
      handlers: handlers.map((handler) =>
        naming({ host: name, place: `handler ${handler.id}`, location: handler.location }, () =>
          resolveHandler(handler, guards, {
            ...{ fill, host: name },
            through: (role) => askedThrough(cluster, role),
          }),
        ),
      ),
      guards,
      health: resolveHealth(role.health, fill, context),
      warnings: role.warnings.filter(({ when }) => holds(when, context)).map(({ text }) => fill.text(text)),
      units: role.units.map(fill.text),
    };
  });
}

function resolveStep(
  step: PlaybookStep,
  on: {
    host: InventoryHost;
    context: TemplateContext;
    handlers: readonly PlaybookHandler[];
    stages: readonly string[];
    playbook: LoadedPlaybook;
    /** directory of the inventory */
    directory: string;
  },
): ResolvedStep {
  const module = moduleOf(on.playbook, step.module);
  const at = { host: on.host.name, step: step.id, location: step.location };
  const filled = naming(at, () => {
    const content = step.template === undefined ? '' : renderFile(step.template, on.context);
    return withLocalFiles(
      module,
      withContent(step, render(step.parameters, on.context), content),
      on.directory,
    );
  });
  const checked = module.parameters.safeParse(filled);
  if (!checked.success) {
    const mistakes = checked.error.issues.map(
      ({ path, message }) => `${path.join('.') || step.module}: ${message}`,
    );
    throw new OperatorError({
      code: 'invalid-parameters',
      message: `with its templates filled in, the step's parameters are wrong: ${mistakes.join('; ')}`,
      next: 'check the variables and facts that the step uses',
      ...at,
    });
  }
  const notify = step.notify.filter((id) => on.handlers.some((handler) => handler.id === id));
  const { id, folderOf, onDrift } = step;
  const stage = step.stage === undefined ? 1 : on.stages.indexOf(step.stage) + 1;
  return { id, module, parameters: checked.data, notify, folderOf, stage, onDrift };
}

/**
 * Files on this machine are named relative to the inventory, which is the operator's, since the playbook may
 * be a built-in one.
 */
function withLocalFiles(module: StepModule, parameters: Value, directory: string): Value {
  const names = module.localFiles ?? [];
  if (
    names.length === 0 ||
    typeof parameters !== 'object' ||
    parameters === null ||
    Array.isArray(parameters)
  )
    return parameters;
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => [
      name,
      names.includes(name) && typeof value === 'string' && value !== '' ? resolve(directory, value) : value,
    ]),
  );
}
