/**
 * Options of a Java virtual machine in one text, as in JDK_JAVA_OPTIONS: separated by white space, with parts
 * in single or double quotes taken literally. Source: java(1), "Using the JDK_JAVA_OPTIONS Launcher
 * Environment Variable".
 */

/** The single options, each as written, including quotes. */
export function splitOptions(text: string): readonly string[] {
  return text.match(/(?:[^\s"']|"[^"]*"|'[^']*'|["'])+/g) ?? [];
}

/** Two options with the same key are about the same thing; the launcher uses the last one. */
function keyOf(option: string): string {
  const bare = option.replace(/["']/g, '');
  return /^-(?:D|XX:)[^=]+=/.test(bare) ? bare.slice(0, bare.indexOf('=')) : bare;
}

/** The options that are about the same things as `ours`, whatever their values. */
export function optionsLike(theirs: string, ours: readonly string[]): readonly string[] {
  const keys = new Set(ours.map(keyOf));
  return splitOptions(theirs).filter((option) => keys.has(keyOf(option)));
}

/** The text without the options that are about the same things as `ours`; what is left stays in its order. */
export function withoutOptions(theirs: string, ours: readonly string[]): string {
  const keys = new Set(ours.map(keyOf));
  const options = splitOptions(theirs);
  const kept = options.filter((option) => !keys.has(keyOf(option)));
  return kept.length === options.length ? theirs : kept.join(' ');
}

/**
 * Others' options in their order, then ours. The same text if it already contains all of ours, and only once.
 */
export function mergeOptions(theirs: string, ours: readonly string[]): string {
  if (sayAll(theirs, ours)) return theirs;
  return [...splitOptions(withoutOptions(theirs, ours)), ...ours].join(' ');
}

/** Whether the text contains each of our options exactly, and nothing else about the same things. */
export function sayAll(theirs: string, ours: readonly string[]): boolean {
  const found = optionsLike(theirs, ours);
  return found.length === ours.length && ours.every((option) => found.includes(option));
}
