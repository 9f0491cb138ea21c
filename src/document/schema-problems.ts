import { z } from 'zod';
import type { Problem } from '../model/operator-error.ts';
import { describeValue, quotesHint, valueAt } from './found-value.ts';
import { knownNamesHint, nearestName } from './nearest-name.ts';
import type { Places, YamlPath } from './yaml-document.ts';

type Issue = z.core.$ZodIssue;

/** The keys that a map may have, for each map with an unknown one. */
type KnownKeys = Map<unknown, readonly string[]>;

/** What our own refinements add to their message, passed as `params` of a custom issue. */
export interface IssueDetails {
  readonly code?: string;
  readonly next?: string | undefined;
}

export interface CheckOptions {
  /** what to do about a mistake of type, where more is known than the schema says */
  readonly hint?: (path: YamlPath, value: unknown) => string | undefined;
  /** where the checked value is in the document */
  readonly at: YamlPath;
  /** mistakes to ignore, e.g. about a template that has no value yet */
  readonly ignore?: (issue: Issue, value: unknown) => boolean;
}

/** Check part of a document against a schema and report every mistake at once, each with its place. */
export function schemaProblems(
  document: Places,
  schema: z.ZodType,
  value: unknown,
  options: CheckOptions = { at: [] },
): readonly Problem[] {
  const knownKeys: KnownKeys = new Map();
  const result = schema.safeParse(value, {
    error: (issue) => {
      const keys = issue.code === 'unrecognized_keys' ? keysOf(issue.inst) : undefined;
      // Only the raw issue knows its schema, and so the keys that would have been valid.
      if (keys !== undefined) knownKeys.set(issue.input, [...(knownKeys.get(issue.input) ?? []), ...keys]);
      return undefined;
    },
  });
  if (result.success) return [];
  const issues = result.error.issues.flatMap((issue) => flattened(issue, value));
  const misspelt = new Set(issues.flatMap((issue) => misspeltBy(issue, value, knownKeys)));
  return issues
    .filter((issue) => !misspelt.has(placeOf(issue.path)) || valueAt(value, issue.path) !== undefined)
    .filter((issue) => options.ignore?.(issue, valueAt(value, issue.path)) !== true)
    .flatMap((issue) => issueProblems(document, issue, value, options, knownKeys));
}

/** The keys that are meant by unknown ones: that they are missing is the same mistake. */
function misspeltBy(issue: Issue, root: unknown, knownKeys: KnownKeys): readonly string[] {
  if (issue.code !== 'unrecognized_keys') return [];
  const holder = valueAt(root, issue.path);
  const given = Object.keys(typeof holder === 'object' && holder !== null ? holder : {});
  const known = (knownKeys.get(holder) ?? []).filter((name) => !given.includes(name));
  return issue.keys.flatMap((key) => {
    const meant = nearestName(key, known);
    return meant === undefined ? [] : [placeOf([...issue.path, meant])];
  });
}

function placeOf(path: readonly PropertyKey[]): string {
  return JSON.stringify(path.map(String));
}

function issueProblems(
  document: Places,
  issue: Issue,
  root: unknown,
  options: CheckOptions,
  knownKeys: KnownKeys,
): readonly Problem[] {
  const path = [...options.at, ...issue.path];
  const value = valueAt(root, issue.path);
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys.get(value) ?? [];
    const given = Object.keys(typeof value === 'object' && value !== null ? value : {});
    return issue.keys.map((key) =>
      document.problem([...path, key], {
        part: 'key',
        code: 'unknown-key',
        message: `unknown key ${key}${within(document.written(path))}`,
        next: knownNamesHint(
          key,
          known.filter((name) => !given.includes(name)),
        ),
      }),
    );
  }
  if (issue.code === 'custom') {
    const { code, next } = (issue.params ?? {}) as IssueDetails;
    return [
      document.problem(path, {
        code: code ?? 'wrong-value',
        message: issue.message,
        next: next ?? 'see the reference in docs/',
      }),
    ];
  }
  if (issue.code === 'invalid_key') {
    const inner = issue.issues[0];
    const { code, next } = (inner?.code === 'custom' ? (inner.params ?? {}) : {}) as IssueDetails;
    const message = inner?.message ?? issue.message;
    return [document.problem(path, { part: 'key', code: code ?? 'invalid-name', message, next })];
  }
  const key = path.at(-1);
  if (value === undefined && typeof key === 'string') {
    return [
      document.problem(path, {
        code: 'missing-key',
        message: `the key ${key} is missing${within(document.written(path.slice(0, -1)))}; expected ${expected(issue)}`,
        next: `add ${key}: …`,
      }),
    ];
  }
  const plain = document.plain(path);
  const isType = issue.code === 'invalid_type' || issue.code === 'invalid_union';
  return [
    document.problem(path, {
      code: isType ? 'wrong-type' : 'wrong-value',
      message: `expected ${expected(issue)}, found ${describeValue(value, plain)}`,
      next: (isType ? options.hint?.(path, value) : undefined) ?? hint(issue, value, plain),
    }),
  ];
}

/** `in hosts.node[2]`, which describes the place in words as well. */
function within(path: YamlPath): string {
  if (path.length === 0) return '';
  const words = path.map((key) => (typeof key === 'number' ? `[${key + 1}]` : `.${String(key)}`)).join('');
  return ` in ${words.replace(/^\./, '')}`;
}

function expected(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return typeWords[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return issue.values.length === 1
        ? String(issue.values[0])
        : `one of ${issue.values.map(String).join(', ')}`;
    case 'too_small':
      return size(issue.origin, 'at least', Number(issue.minimum));
    case 'too_big':
      return size(issue.origin, 'at most', Number(issue.maximum));
    case 'invalid_union':
      return alternatives(issue).join(' or ');
    default:
      // Step modules say it as a sentence of its own: 'expected an absolute path'.
      return issue.message.replace(/^expected /, '');
  }
}

const typeWords: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

function size(origin: string, bound: string, limit: number): string {
  if (origin === 'string') return limit === 1 ? 'non-empty text' : `${bound} ${limit} characters`;
  if (origin === 'array') return limit === 1 ? 'a non-empty list' : `a list of ${bound} ${limit}`;
  return `a number of ${bound} ${limit}`;
}

const mapHint = 'write it as a map: {KEY: VALUE, …}, or one `KEY: VALUE` per line below it, indented';
const listHint = 'write it as a list: [ … ], or one `- …` per line';

function hint(issue: Issue, value: unknown, plain: string | undefined): string {
  const otherwise = `write ${expected(issue)}`;
  if (typeof value === 'string') {
    const nearest = nearestName(value, words(issue));
    if (nearest !== undefined) return `did you mean ${nearest}?`;
    if (issue.code === 'invalid_value') return otherwise;
  }
  if (issue.code === 'invalid_value' && typeof value !== 'string') {
    return issue.values.includes(plain ?? '') ? (quotesHint(value, plain) ?? otherwise) : otherwise;
  }
  if (accepts(issue, 'string') && !['number', 'int', 'boolean'].some((type) => accepts(issue, type))) {
    return quotesHint(value, plain) ?? (accepts(issue, 'array') ? listHint : otherwise);
  }
  if (issue.code === 'invalid_union' && accepts(issue, 'array')) return listHint;
  if (value === null && plain === undefined && (accepts(issue, 'object') || accepts(issue, 'record'))) {
    return 'write its keys on the lines below it, indented deeper than it';
  }
  if (issue.code !== 'invalid_type') return otherwise;
  if (issue.expected === 'boolean' && typeof value === 'string' && /^(yes|no|on|off|y|n)$/i.test(value)) {
    return `YAML 1.2 has only true and false: write ${/^(yes|on|y)$/i.test(value)}`;
  }
  if ((issue.expected === 'number' || issue.expected === 'int') && /^-?\d+$/.test(String(value))) {
    return 'remove the quotes';
  }
  if (issue.expected === 'array' && value !== null) return listHint;
  if (issue.expected === 'object' || issue.expected === 'record') return mapHint;
  return otherwise;
}

/** The issues of the union's alternative that the value was most likely meant to match. */
function flattened(issue: Issue, root: unknown): readonly Issue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
  const fitting = issue.errors
    .filter((issues) => !issues.some(rejectsWhole))
    .toSorted((one, other) => one.length - other.length)[0];
  if (fitting === undefined) return [issue];
  return fitting.flatMap((inner) => flattened({ ...inner, path: [...issue.path, ...inner.path] }, root));
}

function rejectsWhole(issue: Issue): boolean {
  if (issue.path.length > 0) return false;
  if (issue.code === 'invalid_union') return issue.errors.every((issues) => issues.some(rejectsWhole));
  return issue.code === 'invalid_type' || issue.code === 'invalid_value';
}

/** Whether a value of this type is wanted, on its own or as one of several alternatives. */
function accepts(issue: Issue, type: string): boolean {
  if (issue.code === 'invalid_union') {
    return issue.errors.flat().some((inner) => inner.path.length === 0 && accepts(inner, type));
  }
  return issue.code === 'invalid_type' && issue.expected === type;
}

/** The words of which one is wanted, on their own or as one of several alternatives. */
function words(issue: Issue): readonly string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code !== 'invalid_union') return [];
  return issue.errors.flat().flatMap((inner) => (inner.path.length === 0 ? words(inner) : []));
}

function alternatives(issue: z.core.$ZodIssueInvalidUnion): readonly string[] {
  return [
    ...new Set(
      issue.errors.flatMap((issues) => issues.filter(({ path }) => path.length === 0).map(expected)),
    ),
  ];
}

function keysOf(schema: unknown): readonly string[] | undefined {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : undefined;
}
