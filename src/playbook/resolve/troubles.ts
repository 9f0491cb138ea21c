import type { Value } from '../../formats/keyed-format.ts';
import { type Inventory, type InventoryHost, roleOf } from '../../inventory/inventory.ts';
import { OperatorError } from '../../model/operator-error.ts';
import type { Fact, PlaybookTrouble } from '../../model/playbook.ts';
import type { Condition } from '../../model/playbook-parts.ts';
import type { Reads } from '../../model/reads.ts';
import type { ListTold } from '../../model/server-list.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { Finding, TroubleResult } from '../../model/trouble.ts';
import { kindOf } from '../facts/kinds.ts';
import { holds, splitSubject } from './conditions.ts';
import { baseContext, type ClusterView, hostContext } from './contexts.ts';
import { leniently } from './handlers.ts';
import { isFor } from './reads.ts';
import {
  render,
  renderLeniently,
  renderText,
  type TemplateContext,
  TemplateError,
  variablesOf,
} from './templates.ts';

/** What the symptoms of a host's role need to read. */
export function symptomReads(inventory: Inventory, host: InventoryHost): readonly Partial<Reads>[] {
  return Object.values(symptomsOf(inventory, host)).map((symptom) => kindOf(symptom).reads(symptom));
}

/**
 * Whether each trouble of the host's role is there. The host must have been inspected. `told` is what its
 * role's server list tells of it. A retired host has only those troubles that ask for its state.
 */
export function judgeTroubles(cluster: ClusterView, name: string, told?: ListTold): readonly TroubleResult[] {
  const view = cluster.hosts.get(name);
  if (view?.snapshot === undefined) throw new Error(`${name} was not inspected`);
  const { host, snapshot, problem, recipe } = view;
  const context = hostContext(cluster, view);
  const known = askSymptoms(symptomsOf(cluster.inventory, host), snapshot, told);
  const withSymptoms = { ...context, symptoms: known.answers };
  const { troubles } = roleOf(cluster.inventory.playbook, host.role);
  const wanted = troubles.filter(({ when }) => host.state === 'active' || Object.hasOwn(when, 'host.state'));
  return wanted.map((trouble) => ({
    ...{ host: host.name, role: host.role, id: trouble.id },
    title: leniently(context).text(trouble.title),
    ...(problem === undefined
      ? judge(trouble, { context: withSymptoms, recipe: recipe?.name, unknown: known.unknown })
      : { outcome: 'unknown', found: problem.message }),
  }));
}

interface Known {
  readonly context: TemplateContext;
  readonly recipe: string | undefined;
  /** symptoms that could not be found out, with the reason */
  readonly unknown: ReadonlyMap<string, string>;
}

function judge(trouble: PlaybookTrouble, { context, recipe, unknown }: Known): Finding {
  const { when, shows, unless } = trouble;
  try {
    if (!isFor(trouble, recipe) || !holds(filled(decided(when, unknown), context), context))
      return { outcome: 'not-applicable' };
    const missing = symptomsIn(trouble).find((name) => unknown.has(name));
    if (missing !== undefined) return { outcome: 'unknown', found: unknown.get(missing) };
    if (!holds(filled(when, context), context)) return { outcome: 'not-applicable' };
    const isThere = holds(filled(shows, context), context) && !anyOf(filled(unless, context), context);
    if (!isThere) return { outcome: 'absent', ...notedIn(trouble, context) };
    const [found, means, fix] = [trouble.found, trouble.means, trouble.fix].map((text) =>
      renderText(text, context),
    );
    return { outcome: 'found', found, means, fix };
  } catch (error) {
    if (error instanceof TemplateError) return { outcome: 'unknown', found: error.message };
    throw error;
  }
}

function notedIn({ note }: PlaybookTrouble, context: TemplateContext): Pick<Finding, 'note'> {
  if (note === undefined || !holds(filled(note.when, context), context)) return {};
  return { note: renderText(note.text, context) };
}

/** What does not depend on symptoms that are unknown: a host that isn't meant needs none of them. */
function decided(condition: Condition, unknown: ReadonlyMap<string, string>): Condition {
  const needs = ([subject, values]: readonly [string, readonly Value[]]) =>
    symptomsNamed([subject, ...values.flatMap(variablesIn)]).some((name) => unknown.has(name));
  return Object.fromEntries(Object.entries(condition).filter((entry) => !needs(entry)));
}

function filled(condition: Condition, context: TemplateContext): Condition {
  return Object.fromEntries(
    Object.entries(condition).map(([subject, values]) => [
      subject,
      values.map((value): Value => render(value, context)),
    ]),
  );
}

function anyOf(condition: Condition, context: TemplateContext): boolean {
  return Object.entries(condition).some(([subject, values]) => holds({ [subject]: values }, context));
}

/** The symptoms on which it depends whether a trouble is there. */
function symptomsIn({ when, shows, unless, note, found, means, fix }: PlaybookTrouble): readonly string[] {
  const conditions = [when, shows, unless, note?.when ?? {}].flatMap((condition) =>
    Object.entries(condition),
  );
  const subjects = conditions.map(([subject]) => subject);
  const values = conditions.flatMap(([, all]) => all);
  return symptomsNamed([...subjects, ...[...values, found, means, fix].flatMap(variablesIn)]);
}

function variablesIn(value: Value): readonly string[] {
  return typeof value === 'string' ? variablesOf(value) : [];
}

/** The symptoms among names such as `symptoms.X` and `vars.Y`. */
function symptomsNamed(names: readonly string[]): readonly string[] {
  return names.flatMap((name) => {
    const [group, symptom = ''] = splitSubject(name);
    return group === 'symptoms' ? [symptom] : [];
  });
}

function symptomsOf(inventory: Inventory, host: InventoryHost): Readonly<Record<string, Fact>> {
  const base = baseContext(inventory, host);
  return Object.fromEntries(
    Object.entries(roleOf(inventory.playbook, host.role).symptoms).map(([name, symptom]) => {
      const { program, ...texts } = symptom;
      const rest = renderLeniently(texts, base) as Fact;
      // A program is no template.
      return [name, program === undefined ? rest : { ...rest, program }];
    }),
  );
}

function askSymptoms(
  symptoms: Readonly<Record<string, Fact>>,
  snapshot: Snapshot,
  told: ListTold | undefined,
): { readonly answers: Readonly<Record<string, Value>>; readonly unknown: ReadonlyMap<string, string> } {
  const answers: Record<string, Value> = {};
  const unknown = new Map<string, string>();
  for (const [name, symptom] of Object.entries(symptoms)) {
    try {
      answers[name] = kindOf(symptom).answer(symptom, { fact: name, snapshot, told });
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      unknown.set(name, reasonIn(error.problem.message, name));
    }
  }
  return { answers, unknown };
}

/** Why a symptom isn't known, without its name, which is the playbook's own word. */
function reasonIn(message: string, symptom: string): string {
  const [, reason = message] = message.split(new RegExp(`^(?:the fact )?${symptom} can't be determined: `));
  return reason;
}
