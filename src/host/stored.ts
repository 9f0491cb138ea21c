import { z } from 'zod';
import type { Value } from '../formats/keyed-format.ts';
import type { Ledger } from '../model/ledger.ts';
import { isEveryHosts } from '../model/system-folders.ts';
import type { RunRecord } from '../model/transaction.ts';
import { recordWithPrograms } from './record-text.ts';

// The forms of what clusterproxy stores on hosts (model/ledger.ts, model/transaction.ts). A host may be
// damaged, or in somebody else's hands: whatever it sends is checked before anything is done with it. Fields
// that aren't known here belong to a later version of the same schema and are left alone.

const texts = z.array(z.string());
// What was sent to the host once has no control characters (`record` in records.ts), and is sent to it again.
const controls = /[\u0000-\u001f\u007f]/;
const sent = z.string().refine((text) => !controls.test(text), 'expected no control characters');
const sentTexts = z.array(sent);
const absolute = sent.regex(/^(\/|unit:)/);
const everyHostsFolder = 'names a folder that every host has, so clusterproxy did not create it';
const made = absolute.refine((path) => !isEveryHosts(path), everyHostsFolder);
const value: z.ZodType<Value> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(value), z.record(z.string(), value)]),
);
const ownership = { mode: z.number().int().min(0).max(0o7777), user: sent, group: sent };

const first = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('absent') }),
  z.looseObject({ kind: z.literal('value'), value }),
  z.looseObject({ kind: z.literal('file'), content: z.string(), ...ownership }),
  z.looseObject({ kind: z.literal('secret'), hash: z.string() }),
  z.looseObject({ kind: z.literal('link'), target: sent }),
  z.looseObject({ kind: z.literal('directory'), ...ownership }),
]);

const lines = z
  .array(
    z.looseObject({
      line: z.number().int().nonnegative(),
      was: z.string(),
      wrote: z.string(),
      above: texts,
      below: texts,
    }),
  )
  .optional();

const item = z.looseObject({
  step: z.string(),
  path: absolute,
  format: z.string(),
  key: texts,
  first,
  lines,
  activated: z.string(),
  folderOf: texts.optional(),
  isRemade: z.literal(true).optional(),
});

const ledger = z.looseObject({
  schemaVersion: z.literal(1),
  cluster: z.string(),
  playbook: z.string(),
  recipe: z.string().optional(),
  run: z.string(),
  items: z.array(item),
  created: z.array(made),
});

const handler = z.looseObject({
  id: sent,
  validate: sentTexts.optional(),
  actions: z.array(
    z.discriminatedUnion('kind', [
      z.looseObject({ kind: z.literal('daemon-reload') }),
      z.looseObject({ kind: z.literal('reload'), unit: sent }),
      z.looseObject({ kind: z.literal('restart'), unit: sent }),
      z.looseObject({ kind: z.literal('command'), argv: sentTexts }),
    ]),
  ),
  checks: z.array(
    z.discriminatedUnion('kind', [
      z.looseObject({ kind: z.literal('active'), unit: sent }),
      z.looseObject({ kind: z.literal('port'), port: z.number().int() }),
      z.looseObject({ kind: z.literal('nginx-workers') }),
      z.looseObject({ kind: z.literal('haproxy-workers') }),
      z.looseObject({ kind: z.literal('http'), url: sent, headers: sentTexts, contains: sentTexts }),
    ]),
  ),
  guards: z.array(
    z.looseObject({
      id: sent,
      query: z.looseObject({ kind: sent, args: sentTexts, program: z.number().int().optional() }),
    }),
  ),
  timeout: z.number().nonnegative(),
  settle: z.number().nonnegative(),
  rewrites: sentTexts,
});

const runRecord = z.looseObject({
  schemaVersion: z.literal(1),
  run: z.string(),
  command: z.string(),
  undoes: z.string().optional(),
  cluster: z.string(),
  host: z.string(),
  operator: z.string(),
  from: z.string(),
  version: z.string(),
  startedAt: z.string(),
  now: z.literal(true).optional(),
  despitePolls: z.literal(true).optional(),
  changes: z.array(
    z
      .looseObject({
        path: absolute,
        kind: z.enum(['file', 'directory', 'symlink', 'unit']),
        action: z.enum(['create', 'modify', 'delete']),
        steps: texts,
        before: z.string().optional(),
        after: z.string().optional(),
      })
      .refine(({ action, path }) => action !== 'create' || !isEveryHosts(path), everyHostsFolder),
  ),
  actions: z
    .array(
      z.looseObject({ step: z.string(), name: z.string(), kind: z.string(), digest: z.string().optional() }),
    )
    .optional(),
  items: z
    .array(
      z.looseObject({
        step: z.string(),
        path: absolute,
        format: z.string(),
        key: texts,
        before: z.string(),
        after: z.string(),
        lines,
        isRemade: z.literal(true).optional(),
      }),
    )
    .optional(),
  letGo: z.array(item).optional(),
  letGoCreated: z.array(made).optional(),
  handlers: z.array(handler),
  programs: texts.optional(),
});

/** What was stored, or why it can't be used: it is damaged (in words), or of a newer version. */
export type Stored<Content> =
  | { readonly kind: 'read'; readonly content: Content }
  | { readonly kind: 'newer' }
  | { readonly kind: 'damaged'; readonly words: string };

/** A host's ledger from the text of its file. */
export function readStoredLedger(text: string): Stored<Ledger> {
  return read<Ledger>(text, ledger, (content) => content);
}

/** The record of a run from the text of its file. One of another run is damaged: a copy, or mixed up. */
export function readStoredRecord(text: string, run: string): Stored<RunRecord> {
  const stored = read<RunRecord>(text, runRecord, recordWithPrograms);
  if (stored.kind !== 'read' || stored.content.run === run) return stored;
  return { kind: 'damaged', words: `run: expected ${run}, found ${stored.content.run}` };
}

function read<Content>(
  text: string,
  schema: z.ZodType,
  finish: (content: Content) => Content,
): Stored<Content> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (isDeep(parsed))
      return { kind: 'damaged', words: `expected at most ${deepest} levels of objects and lists` };
    const version =
      typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, 'schemaVersion') : undefined;
    if (typeof version === 'number' && version > 1) return { kind: 'newer' };
    const result = schema.safeParse(parsed);
    if (result.success) return { kind: 'read', content: finish(parsed as Content) };
    const [issue] = result.error.issues;
    const at = issue?.path.map(String).join('.') ?? '';
    return { kind: 'damaged', words: `${at === '' ? 'it' : at}: ${issue?.message ?? 'not as it should be'}` };
  } catch (error) {
    // Also what is nested so deeply that nobody can look through it.
    return { kind: 'damaged', words: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * More levels than any file that is edited has (src/formats), and the few around its values. Whatever looks
 * through the content later, also through fields that aren't known here, calls itself for each level.
 */
const deepest = 1_000;

/** Without calling itself, for that reason. */
function isDeep(content: unknown): boolean {
  let level: readonly unknown[] = [content];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) return true;
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return false;
}
