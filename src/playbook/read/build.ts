import type { Places, YamlPath } from '../../document/yaml-document.ts';
import { toValue } from '../../inventory/variables.ts';
import type {
  HealthCheck,
  PlaybookAction,
  PlaybookCheck,
  PlaybookGuard,
  PlaybookHandler,
  PlaybookStep,
  Role,
  Variable,
} from '../../model/playbook.ts';
import type { EveryLook } from '../../model/playbook-checks.ts';
import type { OwnProgram } from '../../model/playbook-parts.ts';
import type { LoadedPlaybook } from '../../steps/loaded-playbook.ts';
import type { StepModule } from '../../steps/step-module.ts';
import type { TemplateSource } from '../resolve/templates.ts';
import { buildOutsideCheck, buildSymptom, buildTrouble } from './build-checks.ts';
import { buildCondition, listOf, mapValues } from './build-parts.ts';
import { buildServerList } from './build-server-list.ts';
import { programKey } from './guard-programs.ts';
import type { GuardData, HandlerData, PlaybookData, RoleData, StepData } from './schema.ts';
import { buildTried } from './tried-schema.ts';

/** Builds a playbook from valid data; every default listed in docs/playbooks.md is filled in here. */
export function buildPlaybook(
  document: Places,
  data: PlaybookData,
  from: {
    /** the playbook's own file */
    readonly file: string;
    /** the texts of all files that it consists of */
    readonly text: string;
    readonly modules: ReadonlyMap<string, StepModule>;
    readonly templates: ReadonlyMap<string, TemplateSource>;
    readonly programs: ReadonlyMap<string, OwnProgram>;
  },
): LoadedPlaybook {
  return {
    name: data.name,
    description: data.description,
    file: from.file,
    text: from.text,
    names: data.names ?? {},
    variables: mapValues(data.variables, buildVariable),
    modules: from.modules,
    roles: Object.entries(data.roles).map(([name, role]) =>
      buildRole(document, { ...from, name, data: role }),
    ),
    crossChecks: data['cross-checks'] ?? [],
    tried: data.tried === undefined ? undefined : buildTried(data.tried, buildCondition),
  };
}

function buildVariable(data: NonNullable<PlaybookData['variables']>[string]): Variable {
  return {
    type: data.type,
    values: data.values ?? [],
    default: data.default === undefined ? undefined : toValue(data.default),
    perHost: data.perHost ?? true,
    description: data.description,
  };
}

interface RoleSource {
  readonly name: string;
  readonly data: RoleData;
  readonly modules: ReadonlyMap<string, StepModule>;
  readonly templates: ReadonlyMap<string, TemplateSource>;
  readonly programs: ReadonlyMap<string, OwnProgram>;
}

function buildRole(document: Places, source: RoleSource): Role {
  const { name, data } = source;
  const at = (...path: YamlPath) => document.location(['roles', name, ...path]);
  return {
    name,
    description: data.description,
    hosts: {
      minimum: data.hosts?.minimum ?? 0,
      maximum: data.hosts?.maximum ?? Number.POSITIVE_INFINITY,
    },
    external: data.external ?? false,
    shared: data.shared ?? false,
    hostname: data.hostname ?? 'optional',
    facts: data.facts ?? {},
    introduction: data.introduction,
    recipes: (data.recipes ?? []).map((recipe) => ({
      name: recipe.name,
      title: recipe.title,
      when: buildCondition(recipe.when),
      reason: recipe.reason,
      vars: mapValues(recipe.vars, toValue),
    })),
    refuse: (data.refuse ?? []).map(({ when, text, next }) => ({ when: buildCondition(when), text, next })),
    unknown: data.unknown,
    stages: data.stages ?? [],
    stageOrders: (data.stage_orders ?? []).map(({ when, stages }) => ({
      when: buildCondition(when),
      stages,
    })),
    steps: data.steps.map((step, index) => ({
      ...buildStep(step as StepData, source),
      location: at('steps', index, 'id'),
    })),
    health: (data.health ?? []).map(
      (check): HealthCheck => ({
        when: buildCondition(check.when),
        ...(check.units === undefined
          ? { kind: 'http', url: check.http ?? '' }
          : { kind: 'units', units: check.units }),
      }),
    ),
    verify: (data.verify ?? []).map((check, index) => ({
      ...buildOutsideCheck(check, source),
      location: at('verify', index, 'id'),
    })),
    asked: data.asked && {
      ...{ by: data.asked.by, checks: data.asked.checks, fix: data.asked.fix },
      when: buildCondition(data.asked.when),
    },
    everyLook: (data.every_look ?? []).map(everyLookOf),
    symptoms: Object.fromEntries(
      Object.entries(data.symptoms ?? {}).map(([id, symptom]) => [id, buildSymptom(id, symptom, source)]),
    ),
    troubles: (data.troubles ?? []).map((trouble, index) => ({
      ...buildTrouble(trouble),
      location: at('troubles', index, 'id'),
    })),
    serverLists: (data.server_lists ?? []).map(buildServerList),
    warnings: (data.warnings ?? []).map((warning) => ({
      when: buildCondition(warning.when),
      text: warning.text,
    })),
    units: data.units ?? [],
    productPackages: data.product_packages ?? [],
    ports: (data.ports ?? []).map((port) => ({
      port: String(port.port),
      protocol: port.protocol ?? 'tcp',
      when: buildCondition(port.when),
      from: listOf(port.from),
      purpose: port.for,
    })),
    guards: Object.entries(data.guards ?? {}).map(([id, { description, when, kind, args = [], drain }]) => ({
      when: buildCondition(when),
      ...{ id, description, args },
      drain: buildDrain(drain, source.programs.get(programKey(name, 'drain', id))),
      kind: kind === undefined ? 'program' : kind === 'http' ? 'http' : 'command',
      program: kind === undefined ? source.programs.get(programKey(name, 'guard', id)) : undefined,
    })),
    handOver: buildHandOver(data.hand_over, source.programs.get(programKey(name, 'hand-over', ''))),
    handlers: (data.handlers ?? []).map((handler, index) => ({
      ...buildHandler(handler),
      location: at('handlers', index, 'id'),
    })),
  };
}

function buildDrain(data: GuardData['drain'], program: OwnProgram | undefined): PlaybookGuard['drain'] {
  if (data === undefined || program === undefined) return undefined;
  const { on, args = [], answers = [], polls = [] } = data;
  return {
    ...{ on, program, args, answers },
    polls: polls.map(({ when, at = '', pause = '', ...rest }) => ({
      ...{ ...rest, at, pause },
      when: buildCondition(when),
    })),
  };
}

function buildHandOver(data: RoleData['hand_over'], program: OwnProgram | undefined): Role['handOver'] {
  if (data === undefined || program === undefined) return undefined;
  const { when, args = [], address, handlers, what } = data;
  return { when: buildCondition(when), program, args, address, handlers, what };
}

function buildStep(
  data: StepData,
  { name, data: role, modules, templates }: RoleSource,
): Omit<PlaybookStep, 'location'> {
  const module = moduleName(data, modules.keys());
  const parameters = toValue(data[module] ?? {});
  const template = templateName(modules.get(module), parameters);
  return {
    id: data.id,
    module,
    parameters,
    template: template === undefined ? undefined : templates.get(templateKey(name, data.id)),
    stage: data.stage ?? role.usual_stage,
    recipes: data.recipes,
    when: buildCondition(data.when),
    notify: listOf(data.notify),
    folderOf: listOf(data.folder_of),
    onDrift: data.on_drift ?? 'fix',
  };
}

/** The step module that a step uses; the schema has checked that there is exactly one. */
export function moduleName(data: Readonly<Record<string, unknown>>, modules: Iterable<string>): string {
  return [...modules].find((name) => Object.hasOwn(data, name)) ?? '';
}

/** Identifies a template by its step, since two files of one playbook may be in different folders. */
export function templateKey(role: string, step: string): string {
  return `${role} ${step}`;
}

/** The template file that a step names, relative to the playbook. */
export function templateName(module: StepModule | undefined, parameters: unknown): string | undefined {
  if (!module?.takesTemplate || typeof parameters !== 'object' || parameters === null) return undefined;
  const { template } = parameters as { template?: unknown };
  return typeof template === 'string' ? template : undefined;
}

function buildHandler(data: HandlerData): Omit<PlaybookHandler, 'location'> {
  const actions: PlaybookAction[] = [
    ...(data['daemon-reload'] === undefined ? [] : [{ kind: 'daemon-reload' } as const]),
    ...listOf(data.reload).map((unit) => ({ kind: 'reload', unit }) as const),
    ...listOf(data.restart).map((unit) => ({ kind: 'restart', unit }) as const),
    ...(data.command === undefined ? [] : [{ kind: 'command', argv: data.command } as const]),
  ];
  return {
    id: data.id,
    when: buildCondition(data.when),
    validate: data.validate,
    actions,
    checks: (data.ready ?? []).map(buildCheck),
    guards: data.guards ?? [],
    timeout: data.timeout ?? 60,
    settle: data.settle ?? 3,
    rewrites: data.rewrites ?? [],
  };
}

function buildCheck(data: NonNullable<HandlerData['ready']>[number]): PlaybookCheck {
  if (typeof data === 'string') return { kind: data };
  if (data.active !== undefined) return { kind: 'active', unit: data.active };
  if (data.port !== undefined) return { kind: 'port', port: data.port };
  if (data.through !== undefined) return { kind: 'through', role: data.through };
  const { url = '', headers = [], contains = [] } = data.http ?? data.browse ?? {};
  return { kind: data.http === undefined ? 'browse' : 'http', url, headers, contains };
}

function everyLookOf(entry: string | { readonly warning: string }): EveryLook {
  return typeof entry === 'string' ? { id: entry, wrong: 'fault' } : { id: entry.warning, wrong: 'warning' };
}
