/**
 * One word for any login shell: sh, bash, fish, csh. It must not contain line ends, which csh doesn't accept.
 */
export function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
