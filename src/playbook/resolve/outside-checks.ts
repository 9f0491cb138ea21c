import type { Value } from '../../formats/keyed-format.ts';
import { type Inventory, type InventoryHost, roleOf } from '../../inventory/inventory.ts';
import { OperatorError } from '../../model/operator-error.ts';
import type { BrowserCheck, OutsideCheck, OutsideQuestion } from '../../model/outside-check.ts';
import type { EveryLook, PlaybookOutsideCheck, PlaybookQuestion } from '../../model/playbook-checks.ts';
import { balancerQuestion } from './balancer-questions.ts';
import { unmet } from './conditions.ts';
import { baseContext, type ClusterView, hostContext } from './contexts.ts';
import { type Fill, leniently, strictly } from './handlers.ts';
import { isFor } from './reads.ts';
import { naming } from './template-problems.ts';
import { render, type TemplateContext } from './templates.ts';

/** The checks of one host. */
export interface ResolvedOutsideChecks {
  readonly checks: readonly OutsideCheck[];
  /** those for which a real browser is needed */
  readonly inBrowser: readonly BrowserCheck[];
  /** those that don't apply to what is installed and set there */
  readonly notApplicable: readonly LeftCheck[];
}

/** A check of which no more is known than what it is called. */
export interface NamedCheck extends Pick<OutsideCheck, 'id' | 'title'> {
  readonly kind: PlaybookQuestion['kind'];
}

/** A check that doesn't apply to a host, with the reason in words. */
export interface LeftCheck extends NamedCheck {
  readonly why: string;
}

/**
 * What is asked from outside for the host `name`, by its own facts; `only` those of every look,
 * whose wrong answers are faults or warnings. Throws
 * OperatorError if its version is unknown, or a template can't be filled in. The host must have been
 * inspected.
 */
export function resolveOutsideChecks(
  cluster: ClusterView,
  name: string,
  only?: EveryLook['wrong'],
): ResolvedOutsideChecks {
  const view = cluster.hosts.get(name);
  if (view?.snapshot === undefined) throw new Error(`${name} was not inspected`);
  if (view.problem !== undefined) throw new OperatorError(view.problem);
  const role = roleOf(cluster.inventory.playbook, view.host.role);
  const verify =
    only === undefined
      ? role.verify
      : role.verify.filter(({ id }) => role.everyLook.some((one) => one.id === id && one.wrong === only));
  const context = hostContext(cluster, view);
  const fill = strictly(context);
  const whyNot = (check: PlaybookOutsideCheck): string | undefined => {
    const recipe = view.recipe?.name;
    if (!isFor(check, recipe)) return `it isn't asked for the recipe ${recipe ?? 'of this host'}`;
    const subject = unmet(check.when, context);
    if (subject !== undefined) return `it depends on ${subject}, which has another value for this host`;
    const needs = inCheck(check, name, () => hasNeeds(check, fill));
    return needs ? undefined : 'what it would ask for is not set';
  };
  const reasons = new Map(verify.map((check) => [check, whyNot(check)] as const));
  const applying = verify.filter((check) => reasons.get(check) === undefined);
  const resolved = applying.map((check) => resolveOutsideCheck(check, name, context));
  return {
    checks: resolved.flatMap(({ question, ...check }) =>
      question.kind === 'browser' ? [] : [{ ...check, question }],
    ),
    inBrowser: resolved.flatMap(({ question, ...check }) =>
      question.kind === 'browser' ? [{ ...check, question }] : [],
    ),
    notApplicable: [...reasons].flatMap(([check, why]) =>
      why === undefined ? [] : [{ ...named(check, leniently(context)), why }],
    ),
  };
}

/** A check with its question filled in, whether or not it takes a browser. */
type FilledCheck = Omit<OutsideCheck, 'question'> & {
  readonly question: OutsideCheck['question'] | BrowserCheck['question'];
};

/** A check of the host `name`, filled in. Throws OperatorError if a template can't be. */
export function resolveOutsideCheck(
  check: PlaybookOutsideCheck,
  name: string,
  context: TemplateContext,
): FilledCheck {
  const fill = strictly(context);
  return inCheck(check, name, () => ({
    id: check.id,
    title: fill.text(check.title),
    fix: fill.text(check.fix),
    question: resolveQuestion(check.question, context),
    during: check.during,
  }));
}

/** What can't be filled in is a mistake at the check's place in the playbook. */
function inCheck<Result>({ id, location }: PlaybookOutsideCheck, host: string, work: () => Result): Result {
  return naming({ host, place: `check ${id}`, location }, work);
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
function named({ id, title, question }: PlaybookOutsideCheck, fill: Fill): NamedCheck {
  return { id, title: fill.text(title), kind: question.kind };
}

function resolveQuestion(
  question: PlaybookQuestion,
  context: TemplateContext,
): OutsideQuestion | BrowserCheck['question'] {
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
    case 'browser': {
      const { page, elsewhere, sockets, protocol, reads } = question;
      return {
        ...question,
        page: fill.text(page),
        elsewhere: elsewhere === undefined ? undefined : fill.text(elsewhere),
        sockets: fill.list(sockets),
        protocol: fill.text(protocol),
        reads: fill.list(reads),
      };
    }
    case 'meeting': {
      const { kind, program, args, client, session } = question;
      return {
        ...{ kind, session, program: program.text },
        args: args.map(fill.text),
        client: fill.list(client),
      };
    }
    case 'certificate':
      return { ...question, hostname: fill.text(question.hostname), port: fill.port(question.port) };
    default:
      return balancerQuestion({
        kind: question.kind,
        values: render(question.values, context) as Readonly<Record<string, Value>>,
      });
  }
}
