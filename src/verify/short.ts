/** A server or a program may say a lot; nobody reads more than this. */
export function short(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
