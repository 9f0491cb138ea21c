/** Whether a text has the name of a host as a word of its own, and not as a part of another host's. */
export function namesHost(text: string, name: string): boolean {
  const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(?<![\\w.-])${escaped}(?![\\w-])`).test(text);
}
