import { putLinesBack, type ReplacedLines, replacedLines } from '../formats/replaced-lines.ts';
import type { InTurns } from '../model/in-turns.ts';
import type { FirstTouch, ManagedItem } from '../model/ledger.ts';
import { OperatorError } from '../model/operator-error.ts';
import type { EditedText, ItemFormats, Managed } from '../virtual/managed.ts';
import type { VirtualHost } from '../virtual/virtual-host.ts';
import { isFirstTouch, isItemHash, itemHash, itemId, restoredText, sameRest, valueInText } from './items.ts';

/** A managed thing with what is known of it from before. */
type KnownThing = Managed & Pick<ManagedItem, 'first' | 'lines'>;

type Knowledge = Pick<VirtualHost, 'formats' | 'holdsSecret'>;

/**
 * The lines to note for a thing once a step has edited its file: those that stood there at the first touch,
 * and those that stand there now. Undefined if they can't be known: somebody else has edited what we wrote,
 * or a secret of the inventory is in them.
 */
export function linesAfterEdit(
  item: KnownThing,
  edit: EditedText | undefined,
  host: Knowledge,
): readonly ReplacedLines[] | undefined {
  if (edit === undefined || edit.before === edit.after) return item.lines;
  const without = quietly(() => unedited(item, edit.before, host.formats));
  return without === undefined ? undefined : linesBetween(item, without, edit.after, host);
}

/** The text as it would be without this thing; undefined if that isn't known. */
function unedited(item: KnownThing, text: string, formats: ItemFormats): string | undefined {
  const back = item.lines === undefined ? undefined : putLinesBack(text, item.lines);
  if (back !== undefined) return back;
  // Not touched yet, or set back by hand.
  if (isFirstTouch(item, item.first, valueInText(item, text, formats))) return text;
  return item.lines === undefined ? restoredText(item, text, item.first, formats) : undefined;
}

function linesBetween(
  item: KnownThing,
  without: string,
  after: string,
  host: Knowledge,
): readonly ReplacedLines[] | undefined {
  const { first } = item;
  if (first.kind === 'secret' || without === after) return undefined;
  if (!hasValue(item, without, first, host.formats)) return undefined;
  const lines = replacedLines(without, after, (line) => !host.holdsSecret(line));
  const holdsSecret = lines.some(({ was, wrote }) => host.holdsSecret(was) || host.holdsSecret(wrote));
  return holdsSecret ? undefined : lines;
}

function hasValue(item: Managed, text: string, value: FirstTouch, formats: ItemFormats): boolean {
  return quietly(() => isFirstTouch(item, value, valueInText(item, text, formats))) ?? false;
}

/**
 * The things of one file with lines that give back, all together, the text that those of the ledger so far,
 * `known`, would have given back before this plan. After edits in several runs that isn't certain, since what
 * one of them wrote may be part of what another replaced. The thing that is given back last then gets
 * whatever is missing.
 */
export function* withAgreeingLines(
  items: readonly ManagedItem[],
  known: readonly ManagedItem[],
  { before, after }: Readonly<Record<'before' | 'after', string | undefined>>,
  host: Knowledge,
): InTurns<readonly ManagedItem[]> {
  const [last, ...others] = items;
  const isNoted = [...items, ...known].some(({ lines }) => lines !== undefined);
  if (before === undefined || after === undefined || before === after || !isNoted) return items;
  if (last === undefined || known.length === 0) return items;
  const without = yield* textWithout(known, before, known, host.formats);
  const beforeLast = yield* textWithout(others, after, items, host.formats);
  if (without === undefined || beforeLast === undefined) return items;
  const given = quietly(() => textGivenBack(last, beforeLast, items, host.formats).text ?? beforeLast);
  if (given === without) return items;
  const lines = quietly(() => linesBetween(last, without, beforeLast, host));
  return lines === undefined ? items : [{ ...last, lines }, ...others];
}

/** The text once these things are given back, as far as nobody else has changed them. */
function* textWithout(
  items: readonly ManagedItem[],
  text: string,
  all: readonly Managed[],
  formats: ItemFormats,
): InTurns<string | undefined> {
  let left: string | undefined = text;
  for (const item of [...items].reverse()) {
    const now: string = left;
    left = quietly(() => textGivenBack(item, now, all, formats).text ?? now);
    if (left === undefined) return undefined;
    yield;
  }
  return left;
}

/** A text, or why a thing is left as it is: somebody else has changed it, or what was there was a secret. */
type GivenBack =
  | { readonly text: string; readonly why?: undefined }
  | { readonly text?: undefined; readonly why: 'changed' | 'secret' };

/**
 * The text of the thing's file once it is given back: with the very lines that stood there before, unless
 * somebody else has edited ours since; then with the value of before. `all` is what is managed in the file.
 */
export function textGivenBack(
  item: ManagedItem,
  text: string,
  all: readonly Managed[],
  formats: ItemFormats,
): GivenBack {
  const now = valueInText(item, text, formats);
  const isFirst = isFirstTouch(item, item.first, now);
  if (!isFirst && !isItemHash(item.activated, item, now)) return { why: 'changed' };
  if (!isFirst && item.first.kind === 'secret') return { why: 'secret' };
  const former = withFormerLines(item, text, all, { formats, isFirst });
  return { text: former ?? (isFirst ? text : restoredText(item, text, item.first, formats)) };
}

/**
 * The text with the lines from before in place of ours; undefined if ours aren't there as they were written,
 * or if anything else in the file would read otherwise than it does now.
 */
function withFormerLines(
  item: KnownThing,
  text: string,
  all: readonly Managed[],
  { formats, isFirst }: { readonly formats: ItemFormats; readonly isFirst: boolean },
): string | undefined {
  // Its value is that of before: lines that are back already must not come back once more.
  const back = item.lines && putLinesBack(text, item.lines, { asWritten: isFirst });
  if (back === undefined || !hasValue(item, back, item.first, formats)) return undefined;
  const stays = quietly(
    () =>
      sameRest(item, back, text, formats) &&
      all.every(
        (one) =>
          itemId(one) === itemId(item) ||
          itemHash(valueInText(one, back, formats)) === itemHash(valueInText(one, text, formats)),
      ),
  );
  return stays === true ? back : undefined;
}

/** Undefined if a text can't be read or edited: then it isn't the right one. */
function quietly<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof OperatorError) return undefined;
    throw error;
  }
}
