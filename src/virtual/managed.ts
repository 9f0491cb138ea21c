import type { KeyedFormat, Value } from '../formats/keyed-format.ts';
import type { PathState } from '../model/snapshot.ts';

/**
 * One thing that a step manages: a key of a file in some format, a named block of a file, or (no key) the
 * whole file.
 */
export interface Managed {
  readonly path: string;
  readonly format: string;
  readonly key: readonly string[];
  /**
   * a program on the host makes it anew of the files that it is made of, such as after the renewal of a
   * certificate: that it holds something else by now is nobody's edit. Left out of all other things
   */
  readonly isRemade?: true | undefined;
}

/** How managed things are read from a file's text and restored, by the name of their format. */
export type ItemFormats = ReadonlyMap<string, KeyedFormat>;

/** The text of a thing's file before and after a step's edit for that very thing. */
export interface EditedText {
  readonly before: string;
  readonly after: string;
}

/**
 * What a step found of a thing when it took it over: what is left after an earlier set-up has been removed.
 */
export interface Found {
  readonly state: PathState;
  /**
   * the part of the value that belongs to others, on a host that was set up before; undefined if none does
   */
  readonly theirs: Value | undefined;
  /** a package's own file without any of our content, as installed or as renewed by an upgrade */
  readonly pristine: boolean;
}

/** What an earlier run has left at a path that it managed as a whole. */
export interface LeftByEarlierRun {
  /** somebody has changed it since */
  readonly edited: boolean;
  /** what it was before the first run; undefined if that can't be restored by a step */
  readonly before: PathState | undefined;
}

/**
 * The format of an item that is a whole path: a file with its bytes, mode and owner, a link or a directory.
 * It has no key.
 */
const wholePathFormat = 'file';
/**
 * The format of an item that is one aspect of a unit: its path is a `unitPath`, and its key is `enabled` or
 * `active`.
 */
const unitStateFormat = 'unit-state';

/** Formats that don't apply to a text. */
export const stateFormats: readonly string[] = [wholePathFormat, unitStateFormat];

export function isWholePath({ format }: Pick<Managed, 'format'>): boolean {
  return format === wholePathFormat;
}

export function isUnitState({ format }: Pick<Managed, 'format'>): boolean {
  return format === unitStateFormat;
}

/** One aspect of a unit, at its `unitPath`. */
export function unitAspect(path: string, aspect: 'enabled' | 'active'): Managed {
  return { path, format: unitStateFormat, key: [aspect] };
}

/** Everything at a path. */
export function wholePath(path: string): Managed {
  return { path, format: wholePathFormat, key: [] };
}

/** A file that programs on the host make anew, of the same files as the step does. */
export function remadeFile(path: string): Managed {
  return { ...wholePath(path), isRemade: true };
}
