/** `1.2.3` and `20250301-120000-abcdef` are compared number by number. */
export function isSince(since: readonly number[], version: string): boolean {
  const numbers = version.split(/[.-]/).map(Number);
  for (const [index, least] of since.entries()) {
    const number = numbers[index] ?? 0;
    if (Number.isNaN(number)) return false;
    if (number !== least) return number > least;
  }
  return true;
}
