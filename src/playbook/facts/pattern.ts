/** The number of groups in a regular expression, or what is wrong with it. */
export function groupsIn(pattern: string): number | { readonly message: string } {
  try {
    // An empty alternative matches everything, so the match has one entry for each group.
    return (new RegExp(`${pattern}|`).exec('')?.length ?? 1) - 1;
  } catch (error) {
    return { message: `this is not a regular expression: ${(error as Error).message.replace(/^.*: /, '')}` };
  }
}
