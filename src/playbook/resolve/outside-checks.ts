import type { Value } from '../../formats/keyed-format.ts';
import { type Inventory, type InventoryHost, roleOf } from '../../inventory/inventory.ts';
import { OperatorError } from '../../model/operator-error.ts';
import type { OutsideCheck, OutsideQuestion } from '../../model/outside-check.ts';
import type { PlaybookOutsideCheck, PlaybookQuestion } from '../../model/playbook.ts';
import { balancerQuestion } from './balancer-questions.ts';
import { holds } from './conditions.ts';
import { baseContext, type ClusterView, hostContext } from './contexts.ts';
import { type Fill, leniently, strictly } from './handlers.ts';
import { isFor } from './reads.ts';
import { naming } from './template-problems.ts';
import { render, type TemplateContext } from './templates.ts';

/** The checks of one host. */
export interface ResolvedOutsideChecks {
  readonly checks: readonly OutsideCheck[];
  /** those that don't apply to what is installed and set there */
  readonly notApplicable: readonly NamedCheck[];
}

/** A check of which no more is known than what it is called. */
export type NamedCheck = Pick<OutsideCheck, 'id' | 'title'>;

/**
 * What is asked from outside for the host `name`, by its own facts. Throws OperatorError if its version is
 * unknown, or a template can't be filled in. The host must have been inspected.
 */
export function resolveOutsideChecks(cluster: ClusterView, name: string): ResolvedOutsideChecks {
  const view = cluster.hosts.get(name);
  if (view?.snapshot === undefined) throw new Error(`${name} was not inspected`);
  if (view.problem !== undefined) throw new OperatorError(view.problem);
  const { verify } = roleOf(cluster.inventory.playbook, view.host.role);
  const context = hostContext(cluster, view);
  const fill = strictly(context);
  const at = <Result>({ id, location }: PlaybookOutsideCheck, work: () => Result) =>
    naming({ host: name, place: `check ${id}`, location }, work);
  const applying = verify.filter(
    (check) =>
      isFor(check, view.recipe?.name) && holds(check.when, context) && at(check, () => hasNeeds(check, fill)),
  );
  return {
    checks: applying.map((check) =>
      at(check, () => ({
        id: check.id,
        title: fill.text(check.title),
        fix: fill.text(check.fix),
        question: resolveQuestion(check.question, context),
      })),
    ),
    notApplicable: verify
      .filter((check) => !applying.includes(check))
      .map((check) => named(check, leniently(context))),
  };
}

/** All checks that a host may have, whatever is installed there, for one that could not be inspected. */
export function outsideChecksByName(inventory: Inventory, host: InventoryHost): readonly NamedCheck[] {
  const fill = leniently(baseContext(inventory, host));
  return roleOf(inventory.playbook, host.role).verify.map((check) => named(check, fill));
}

/** Nothing that it asks about is empty or switched off. */
function hasNeeds({ needs }: PlaybookOutsideCheck, fill: Fill): boolean {
  return needs.flatMap(fill.list).every((value) => !['', 'false', '0'].includes(value));
}

/** People read the title, so what is unknown is left out of it. */
function named({ id, title }: PlaybookOutsideCheck, fill: Fill): NamedCheck {
  return { id, title: fill.text(title) };
}

function resolveQuestion(question: PlaybookQuestion, context: TemplateContext): OutsideQuestion {
  const fill = strictly(context);
  switch (question.kind) {
    case 'http': {
      const { url, headers, contains, answers, location } = question;
      return {
        ...question,
        url: fill.text(url),
        headers: fill.list(headers),
        contains: fill.list(contains),
        answers: Object.fromEntries(
          Object.entries(answers).map(([name, values]) => [name, values.map(fill.text)]),
        ),
        location: location === undefined ? undefined : fill.text(location),
      };
    }
    case 'websocket':
      return { ...question, url: fill.text(question.url), origin: fill.text(question.origin) };
    case 'certificate':
      return { ...question, hostname: fill.text(question.hostname), port: fill.port(question.port) };
    default:
      return balancerQuestion({
        kind: question.kind,
        values: render(question.values, context) as Readonly<Record<string, Value>>,
      });
  }
}
