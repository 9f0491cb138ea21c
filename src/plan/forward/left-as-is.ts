import { decode } from '../../formats/decode.ts';
import type { AcceptedNow, DriftPolicy, LeftItem } from '../../model/accepted.ts';
import { sameState } from '../../model/change.ts';
import type { PathState } from '../../model/snapshot.ts';
import { isUnitState, isWholePath, type Managed, wholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { holdsAnything, type VirtualHost } from '../../virtual/virtual-host.ts';
import { isAcceptedItem, isAcceptedPath } from '../accepted.ts';
import { isAsWritten, itemHash, itemId, itemValue, textOf } from '../items.ts';
import { linesAfterEdit, textGivenBack } from '../replaced-text.ts';
import { restoredUnit } from '../unit-items.ts';

/** What decides whether a thing stays as it is. */
export interface Leaving {
  /** what was accepted on this host */
  readonly accepted: readonly AcceptedNow[];
  readonly onDrift: DriftPolicy;
}

/** A path at which a step's edits are taken back, in full or in part. */
export interface LeftPath {
  readonly path: string;
  readonly items: readonly LeftItem[];
  /** what the step has made of it without them */
  readonly left: PathState;
  /** what the step would have made of it */
  readonly wanted: PathState;
}

/**
 * Takes back those edits of a step that concern things which stay as they are: accepted differences, and
 * drift, if the step says so. Everything else that the step did stays, byte for byte.
 */
export function leaveAsIs(host: VirtualHost, view: StepHost, leaving: Leaving): readonly LeftPath[] {
  if (leaving.onDrift === 'fix' && leaving.accepted.length === 0) return [];
  const left = [...view.edits].flatMap(([path, before]): readonly LeftPath[] => {
    const wanted = host.state(path);
    if (sameState(before, wanted) || before.kind === 'pending' || wanted.kind === 'pending') return [];
    const items = view.managed.filter((item) => {
      return item.path === path && !sameValue(item, { before, wanted, host });
    });
    const whole = leaving.accepted.find((one) => isAcceptedPath(one, path, before));
    if (whole !== undefined) {
      host.set(path, before);
      return [
        {
          path,
          wanted,
          left: before,
          items: (items.length > 0 ? items : [wholePath(path)]).map(because(whole)),
        },
      ];
    }
    const stay = items.flatMap((item) => staying(host, item, before, leaving));
    if (stay.length === 0) return [];
    const back = withTheseBack(host, view, { path, before, wanted, stay, changed: items.length });
    host.set(path, back);
    // Where one thing holds another, or nothing less than the file can be given back, more stays than these.
    const more = items.filter(
      (item) => !stay.some((one) => isWithin(one, item)) && !sameValue(item, { before: back, wanted, host }),
    );
    const [first] = stay;
    const withThem = first === undefined ? [] : more.map((item) => ({ ...first, ...item }));
    return [{ path, items: [...stay, ...withThem], left: back, wanted }];
  });
  if (left.length > 0) withoutEmptyParents(host, view);
  return left;
}

function sameValue(
  item: Managed,
  { before, wanted, host }: { before: PathState; wanted: PathState; host: VirtualHost },
): boolean {
  return itemHash(itemValue(item, before, host.formats)) === itemHash(itemValue(item, wanted, host.formats));
}

/** Whether it is that thing, or a part of it. */
function isWithin(item: Managed, other: Managed): boolean {
  return item.format === other.format && other.key.every((part, index) => item.key[index] === part);
}

function because({ who, reason, since, until }: AcceptedNow): (item: Managed) => LeftItem {
  return (item) => ({ ...item, because: 'accepted', accepted: { who, reason, since, until } });
}

function staying(
  host: VirtualHost,
  item: Managed,
  before: PathState,
  { accepted, onDrift }: Leaving,
): readonly LeftItem[] {
  const value = itemValue(item, before, host.formats);
  const one = accepted.find((candidate) => isAcceptedItem(candidate, item, value));
  if (one !== undefined) return [because(one)(item)];
  if (onDrift === 'fix') return [];
  const known = host.snapshot.ledger?.items.find((written) => itemId(written) === itemId(item));
  const isDrift = known !== undefined && !isAsWritten(known, value);
  return isDrift ? [{ ...item, because: onDrift }] : [];
}

interface Edited {
  readonly path: string;
  readonly before: PathState;
  readonly wanted: PathState;
  readonly stay: readonly LeftItem[];
  /** how many of the step's things it changes there */
  readonly changed: number;
}

/** The path as the step makes it, but for the things that stay. */
function withTheseBack(host: VirtualHost, view: StepHost, edited: Edited): PathState {
  const { before, wanted, stay, changed } = edited;
  if (stay.some(isWholePath)) return before;
  if (before.kind === 'unit' && wanted.kind === 'unit') {
    return stay
      .filter(isUnitState)
      .reduce((unit, item) => restoredUnit(item, unit, itemValue(item, before, host.formats)), wanted);
  }
  // Without any of its things there is no reason for the file, whatever else would be in it.
  if (before.kind === 'absent' && stay.length === changed) return before;
  const text = textWithTheseBack(host, view, edited);
  if (text === undefined || wanted.kind !== 'file') return before;
  if (before.kind === 'file' && text === textOf(before)) return { ...wanted, content: before.content };
  return { ...wanted, content: decode(wanted.content).encode(text) };
}

/**
 * From the last edit to the first, each with the very lines that stood there; but what holds another thing
 * goes before that, which then is as it was already.
 */
function textWithTheseBack(
  host: VirtualHost,
  view: StepHost,
  { path, before, wanted, stay }: Edited,
): string | undefined {
  const { formats } = host;
  const all = view.managed.filter((item) => item.path === path);
  const ids = new Set(stay.map(itemId));
  // These lines are on the host already, and go nowhere else.
  const knowledge = { formats, holdsSecret: () => false };
  return all
    .filter((item) => ids.has(itemId(item)))
    .reverse()
    .sort((one, other) => one.key.length - other.key.length)
    .reduce((text, item) => {
      if (text === undefined) return undefined;
      const first = itemValue(item, before, formats);
      const lines = linesAfterEdit(
        { ...item, first, lines: undefined },
        view.editedTexts.get(item),
        knowledge,
      );
      const activated = itemHash(itemValue(item, wanted, formats));
      return textGivenBack({ ...item, step: view.step, first, lines, activated }, text, all, formats).text;
    }, textOf(wanted));
}

/** Folders that the step made for what isn't written now. */
function withoutEmptyParents(host: VirtualHost, view: StepHost): void {
  const made = [...view.edits].filter(([path, before]) => {
    const isWanted = view.managed.some((item) => item.path === path);
    return before.kind === 'absent' && !isWanted && host.state(path).kind === 'directory';
  });
  for (const [path, before] of made.sort(([one], [other]) => other.length - one.length)) {
    if (!holdsAnything(host, path)) host.set(path, before);
  }
}
