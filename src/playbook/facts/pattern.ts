/** How many groups a regular expression has, or what is wrong with it. */
export function groupsIn(pattern: string): number | { readonly message: string } {
  try {
    // An empty alternative matches everything, so that the match has as many entries as there are groups.
    return (new RegExp(`${pattern}|`).exec('')?.length ?? 1) - 1;
  } catch (error) {
    return { message: `this is no regular expression: ${(error as Error).message.replace(/^.*: /, '')}` };
  }
}
