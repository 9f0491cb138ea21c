/** An address as people may read it: what a query says may be a session, and a password is none of theirs. */
export function shownUrl(url: string): string {
  if (!URL.canParse(url)) return url;
  const parsed = new URL(url);
  if (parsed.protocol === 'data:' || parsed.protocol === 'blob:') return `${parsed.protocol}…`;
  const names = [...parsed.searchParams.keys()].map((name) => `${name}=…`);
  const query = names.length === 0 ? '' : `?${names.join('&')}`;
  return `${parsed.protocol}//${parsed.host}${parsed.pathname}${query}`;
}

/** A text with all addresses in it as people may read them. */
export function withShownUrls(text: string): string {
  return text.replace(/\b(?:https?|wss?):\/\/[^\s'"]+/g, shownUrl);
}
