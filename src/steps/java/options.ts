/**
 * Options of a Java virtual machine in one text, as JDK_JAVA_OPTIONS holds them: separated by white space,
 * parts in single or double quotes taken as they are. Source: java(1), "Using the JDK_JAVA_OPTIONS Launcher
 * Environment Variable".
 */

/** The options one by one, each as it is written, quotes included. */
export function splitOptions(text: string): readonly string[] {
  return text.match(/(?:[^\s"']|"[^"]*"|'[^']*'|["'])+/g) ?? [];
}

/** Two options with the same key say something about the same thing; the launcher takes the last one. */
function keyOf(option: string): string {
  const bare = option.replace(/["']/g, '');
  return /^-(?:D|XX:)[^=]+=/.test(bare) ? bare.slice(0, bare.indexOf('=')) : bare;
}

/** The options that are about the same things as `ours`, whatever they say about them. */
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
 * Others' options in their order, then ours. The same text where it says all of ours already, and only once.
 */
export function mergeOptions(theirs: string, ours: readonly string[]): string {
  if (sayAll(theirs, ours)) return theirs;
  return [...splitOptions(withoutOptions(theirs, ours)), ...ours].join(' ');
}

/** Whether the text holds each of our options as it is, and nothing else about the same things. */
export function sayAll(theirs: string, ours: readonly string[]): boolean {
  const found = optionsLike(theirs, ours);
  return found.length === ours.length && ours.every((option) => found.includes(option));
}
