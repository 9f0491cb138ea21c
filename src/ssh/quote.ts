/**
 * One word for any shell that a login can have: sh, bash, fish, csh. Without line ends, which csh doesn't
 * take.
 */
export function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
