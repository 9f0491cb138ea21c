import type { Value } from '../../formats/keyed-format.ts';
import type { Action, Check, Guard, Handler } from '../../model/handler.ts';
import type {
  HealthCheck,
  PlaybookAction,
  PlaybookCheck,
  PlaybookGuard,
  PlaybookHandler,
  Role,
} from '../../model/playbook.ts';
import type { Query } from '../../model/reads.ts';
import { holds, mayHold } from './conditions.ts';
import { render, renderLeniently, type TemplateContext, TemplateError } from './templates.ts';

/** A way to fill in templates: strictly if everything is known, leniently if only reads are collected. */
export interface Fill {
  text(template: string): string;
  list(template: Value): readonly string[];
  port(template: number | string): number;
}

export function strictly(context: TemplateContext): Fill {
  return filling((value) => render(value, context));
}

export function leniently(context: TemplateContext): Fill {
  return filling((value) => renderLeniently(value, context));
}

function filling(filled: (value: Value) => Value): Fill {
  return {
    text: (template) => scalar(template, filled(template)),
    list: (template) => {
      const value = filled(template);
      const items: readonly Value[] = Array.isArray(value) ? value : [value];
      return items.map((item) => scalar(String(template), item));
    },
    port: (template) => {
      const value = Number(filled(template));
      if (Number.isInteger(value) && value >= 0 && value <= 65535) return value;
      throw new TemplateError(
        String(template),
        `${template} is not a port number`,
        'make it a number from 1 to 65535',
      );
    },
  };
}

function scalar(template: string, value: Value): string {
  if (typeof value !== 'object') return String(value);
  throw new TemplateError(template, `expected text, found a list, a map or nothing`, 'name one of its parts');
}

interface ForHandlers {
  readonly fill: Fill;
  readonly host: string;
  readonly through: (role: string) => readonly Check[];
}

/**
 * A handler of the playbook with everything filled in. `through` are the checks of a role whose hosts are
 * asked through this one.
 */
export function resolveHandler(
  handler: PlaybookHandler,
  guards: readonly Guard[],
  { fill, host, through }: ForHandlers,
): Handler {
  return {
    id: handler.id,
    validate: handler.validate?.map(fill.text),
    actions: handler.actions.map((action) => resolveAction(action, fill)),
    checks: handler.checks.flatMap((check) =>
      check.kind === 'through' ? through(check.role) : [resolveCheck(check, fill, host)],
    ),
    guards: guards.filter(({ id }) => handler.guards.includes(id)),
    timeout: handler.timeout,
    settle: handler.settle,
    rewrites: handler.rewrites.map(fill.text),
  };
}

/**
 * The guards of a role whose condition holds or may hold. They are asked in the probe, so what they ask can't
 * depend on facts.
 */
export function resolveGuards(role: Role, fill: Fill, context: TemplateContext): readonly Guard[] {
  return role.guards
    .filter(({ when }) => mayHold(when, context))
    .map((guard) => ({
      id: guard.id,
      query: queryOf(guard, guard.args.flatMap(fill.list)),
      description: fill.text(guard.description),
    }));
}

function queryOf({ id, kind, program }: PlaybookGuard, args: readonly string[]): Query {
  if (kind !== 'program') return { kind, args };
  if (program === undefined) throw new Error(`the guard ${id} has no program`);
  return { kind, program: program.text, args };
}

/** A health check with everything filled in. */
export type ResolvedHealthCheck = {
  /** its condition may not hold: what it depends on isn't known yet */
  readonly uncertain: boolean;
} & (
  | { readonly kind: 'units'; readonly units: readonly string[] }
  | { readonly kind: 'http'; readonly query: Query }
);

/** Those whose condition holds or may hold, with everything filled in. */
export function resolveHealth(
  checks: readonly HealthCheck[],
  fill: Fill,
  context: TemplateContext,
): readonly ResolvedHealthCheck[] {
  return checks
    .filter(({ when }) => mayHold(when, context))
    .map((check) => {
      const uncertain = !holds(check.when, context);
      return check.kind === 'units'
        ? { uncertain, kind: 'units', units: check.units.map(fill.text) }
        : { uncertain, kind: 'http', query: { kind: 'http', args: [fill.text(check.url)] } };
    });
}

function resolveAction(action: PlaybookAction, fill: Fill): Action {
  switch (action.kind) {
    case 'daemon-reload':
      return action;
    case 'command':
      return { kind: 'command', argv: action.argv.map(fill.text) };
    default:
      return { kind: action.kind, unit: fill.text(action.unit) };
  }
}

function resolveCheck(check: Exclude<PlaybookCheck, { kind: 'through' }>, fill: Fill, host: string): Check {
  switch (check.kind) {
    case 'nginx-workers':
    case 'haproxy-workers':
      return { kind: check.kind };
    case 'active':
      return { kind: 'active', unit: fill.text(check.unit) };
    case 'port':
      return { kind: 'port', port: fill.port(check.port) };
    default: {
      const asked = {
        url: fill.text(check.url),
        headers: fill.list(check.headers),
        contains: fill.list(check.contains),
      };
      return check.kind === 'http'
        ? { kind: 'http', ...asked }
        : { kind: 'browse', host, ...asked, verified: true };
    }
  }
}
