import { Liquid, LiquidError } from 'liquidjs';
import { knownNamesHint } from '../../document/nearest-name.ts';
import type { Value } from '../../formats/keyed-format.ts';

/** What templates can use: cluster, host, vars, facts, recipe, hosts. */
export type TemplateContext = Readonly<Record<string, Value>>;

/** A template that can't be filled in: names the variable, and says what to do. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  /** as written between the braces */
  readonly variable: string;
  readonly next: string;

  constructor(variable: string, message: string, next: string) {
    super(message);
    this.variable = variable;
    this.next = next;
  }
}

const liquid = new Liquid({
  strictVariables: true,
  strictFilters: true,
  ownPropertyOnly: true,
  // No template may read another file: `include` and `render` find nothing.
  templates: {},
  // A loop of an author's must not keep the program busy for ever, nor fill its memory: milliseconds, and
  // characters and list items made while a file is filled in.
  renderLimit: 5_000,
  memoryLimit: 10_000_000,
});

const output = /\{\{(.*?)\}\}/gs;
/** `a.b`, `a.b[0].c`: what Liquid calls a variable. */
const pathPattern = /^[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*|\[\d+\])*$/;

export function hasTemplate(text: string): boolean {
  return text.includes('{{');
}

/** Whether a template anywhere in the value uses a name from a group, such as `recipe`. */
export function mentions(value: Value, group: string): boolean {
  if (typeof value === 'string') {
    return hasTemplate(value) && variablesOf(value).some((variable) => variable.split(/[.[]/)[0] === group);
  }
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, item]) => mentions(key, group) || mentions(item, group));
}

/** Texts of playbooks that were already parsed: they are the same few for every host. */
const known = new Map<string, readonly string[]>();

/** The variables that a playbook's text uses, as written between the braces. Throws TemplateError. */
export function variablesOf(text: string): readonly string[] {
  const variables = known.get(text) ?? findVariables(text);
  known.set(text, variables);
  return variables;
}

function findVariables(text: string): readonly string[] {
  const tag = /\{%.*?%\}|\{%/s.exec(text);
  if (tag !== null) {
    const next = 'use only outputs {{ a.b }} here; loops and conditions go into `file: {template: …}`';
    throw new TemplateError(tag[0], `the tag ${tag[0]} can't be used in a playbook`, next);
  }
  const rest = text.replace(output, '');
  if (rest.includes('{{')) {
    throw new TemplateError('', 'a template that starts with {{ has no }}', 'close it with }}');
  }
  return [...text.matchAll(output)].map(([whole, inner = '']) => {
    const variable = inner.trim();
    if (pathPattern.test(variable)) return variable;
    const message = `expected the name of a value between the braces, found ${whole}`;
    throw new TemplateError(variable, message, 'write {{ a.b }}, without filters or calculations');
  });
}

/**
 * The value with every template in it filled in, in lists, maps and the keys of maps. Text that is exactly
 * one template becomes the value itself, of any type; within text, only text, numbers and booleans are
 * allowed. Throws TemplateError if a template uses something that doesn't exist.
 */
export function render(value: Value, context: TemplateContext): Value {
  return renderWith(value, (variable) => evaluate(variable, context));
}

/** Like render(), for what must be known before facts are: anything unknown becomes empty text. */
export function renderLeniently(value: Value, context: TemplateContext): Value {
  return renderWith(value, (variable) => {
    try {
      return evaluate(variable, context) ?? '';
    } catch (error) {
      if (error instanceof TemplateError) return '';
      throw error;
    }
  });
}

/** Text with every template in it filled in. */
export function renderText(text: string, context: TemplateContext): string {
  const value = render(text, context);
  if (typeof value === 'object') {
    const message = `expected text, found ${value === null ? 'nothing' : 'a list or a map'}`;
    throw new TemplateError(text, message, 'name one of its parts');
  }
  return String(value);
}

/** A file in the full template language, loops and conditions included. Throws TemplateError. */
export function renderFile(source: TemplateSource, context: TemplateContext): string {
  try {
    return liquid.parseAndRenderSync(source.text, context);
  } catch (error) {
    throw fileError(error, source);
  }
}

export interface TemplateSource {
  readonly file: string;
  readonly text: string;
}

/** Whether a template file is well-formed. Throws TemplateError. */
export function parseFile(source: TemplateSource): void {
  try {
    liquid.parse(source.text);
  } catch (error) {
    throw fileError(error, source);
  }
}

function fileError(error: unknown, { file }: TemplateSource): unknown {
  if (!(error instanceof LiquidError)) return error;
  return new TemplateError(error.token?.getText() ?? '', `${file}: ${error.message}`, 'correct the template');
}

function renderWith(value: Value, evaluated: (variable: string) => Value): Value {
  if (typeof value === 'string') return renderString(value, evaluated);
  if (typeof value !== 'object' || value === null) return value;
  if (isList(value)) return value.map((item) => renderWith(item, evaluated));
  const entries = Object.entries(value).map(
    ([key, item]) => [renderKey(key, evaluated), renderWith(item, evaluated)] as const,
  );
  const twice = entries.find(([key], index) => entries.findIndex(([other]) => other === key) !== index);
  if (twice !== undefined) {
    throw new TemplateError(
      twice[0],
      `two keys of a map both become ${twice[0]}`,
      'give them different keys',
    );
  }
  return Object.fromEntries(entries);
}

function renderString(text: string, evaluated: (variable: string) => Value): Value {
  if (!hasTemplate(text)) return text;
  const variables = variablesOf(text);
  const [only] = variables;
  if (only !== undefined && /^\{\{[^}]*\}\}$/.test(text)) return evaluated(only);
  return text.replace(output, (_, inner: string) => within(inner.trim(), evaluated(inner.trim())));
}

function renderKey(key: string, evaluated: (variable: string) => Value): string {
  return hasTemplate(key) ? within(key, renderString(key, evaluated)) : key;
}

function within(variable: string, value: Value): string {
  if (typeof value !== 'object') return String(value);
  const found = value === null ? 'nothing' : isList(value) ? 'a list' : 'a map';
  const next = 'use only text, numbers, true and false within text';
  throw new TemplateError(variable, `${variable} is ${found}, which can't be used within text`, next);
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/**
 * The value at a path of own properties, as Liquid would find it, without the cost of a parser for thousands
 * of hosts.
 */
function evaluate(variable: string, context: TemplateContext): Value {
  let holder: Value = context;
  for (const [part] of variable.matchAll(/[^.[\]]+/g)) {
    if (!hasPart(holder, part)) {
      throw new TemplateError(variable, missingWords(variable), missingHint(variable, part, holder));
    }
    holder = holder[part] ?? null;
  }
  return holder;
}

/** Keys of maps and indexes of lists; a list's length isn't accessible. */
function hasPart(holder: Value, part: string): holder is Readonly<Record<string, Value>> {
  if (typeof holder !== 'object' || holder === null) return false;
  return Object.hasOwn(holder, part) && (!isList(holder) || /^\d+$/.test(part));
}

function missingWords(variable: string): string {
  return variable === 'host.hostname'
    ? 'this host needs a hostname, and the inventory has none for it'
    : `the playbook uses ${variable}, which has no value for this host`;
}

function missingHint(variable: string, part: string, holder: Value): string {
  if (variable === 'host.hostname') return 'add a hostname to the host in the inventory';
  if (typeof holder !== 'object' || holder === null) return 'check the name';
  return knownNamesHint(part, isList(holder) ? [] : Object.keys(holder));
}
