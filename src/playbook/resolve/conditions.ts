import type { Condition } from '../../model/playbook-parts.ts';
import type { TemplateContext } from './templates.ts';

/** The first subject of the condition without one of the values given for it; undefined if all hold. */
export function unmet(condition: Condition, context: TemplateContext): string | undefined {
  return Object.entries(condition).find(([subject, values]) => !holds({ [subject]: values }, context))?.[0];
}

/**
 * Whether each of the condition's subjects (`vars.X`, `facts.X`, …) has one of the values given for it; a
 * list has them as its items.
 */
export function holds(condition: Condition, context: TemplateContext): boolean {
  return Object.entries(condition).every(([subject, values]) => {
    const [group = '', name = ''] = splitSubject(subject);
    const holder = context[group];
    if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, name)) return false;
    const value = (holder as Readonly<Record<string, unknown>>)[name];
    return values.some((wanted) => (Array.isArray(value) ? value.includes(wanted) : wanted === value));
  });
}

/** Whether the condition can still hold if some groups (facts) aren't known yet. */
export function mayHold(condition: Condition, context: TemplateContext): boolean {
  const known = Object.entries(condition).filter(([subject]) =>
    Object.hasOwn(context, splitSubject(subject)[0]),
  );
  return holds(Object.fromEntries(known), context);
}

/** Splits e.g. `facts.release` into its group and its name. */
export function splitSubject(subject: string): readonly [string, string] {
  const dot = subject.indexOf('.');
  return dot === -1 ? [subject, ''] : [subject.slice(0, dot), subject.slice(dot + 1)];
}
