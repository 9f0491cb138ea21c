/** How many assets of a page are asked for: a client's page names a handful. */
const mostAssets = 50;
/** How many of those that they name: a style sheet names a dozen fonts. */
export const mostNamed = 100;

/**
 * Whole URLs of what a page loads by itself: scripts, style sheets, pictures, modules that are loaded ahead.
 * Only those of the page's own origin, which is the one that is checked; links that a person clicks are none.
 */
export function assetsOf(page: string, url: string): readonly string[] {
  const tags = tagsOf(page);
  const base = tags.find(({ tag, attributes }) => tag === 'base' && attributes.has('href'));
  const href = base?.attributes.get('href') ?? '';
  const from = URL.canParse(href, url) ? new URL(href, url).href : url;
  const named = tags.flatMap(({ tag, attributes }) => {
    if (tag === 'base') return [];
    const rels = (attributes.get('rel') ?? '').toLowerCase().split(/\s+/);
    if (tag === 'link' && !rels.some((rel) => loaded.has(rel))) return [];
    return [attributes.get(tag === 'link' ? 'href' : 'src') ?? ''];
  });
  return ownOf(
    named.map((name) => name.replaceAll('&amp;', '&')),
    { from, url },
  ).slice(0, mostAssets);
}

/**
 * Whole URLs of what a style sheet or a module loads by itself, by its text: pictures, fonts and other style
 * sheets; modules that it imports. Only relative ones: of what else a program names it isn't known whether it
 * is loaded.
 */
export function assetsNamedBy(text: string, url: string): readonly string[] {
  const { pathname } = new URL(url);
  return ownOf(
    namedIn(text, pathname).filter((name) => !/^(?:[a-z][a-z0-9+.-]*:|\/|#)/i.test(name)),
    { from: url, url },
  );
}

/** What a browser loads by itself of what a page links to. */
const loaded: ReadonlySet<string> = new Set(['stylesheet', 'modulepreload', 'preload', 'icon']);

interface Tag {
  readonly tag: string;
  /** by lower-case names; of several the first, as in browsers */
  readonly attributes: ReadonlyMap<string, string>;
}

// What follows searches texts of megabytes that a server chose. Each part of a text is looked at once: a
// pattern that begins anew at each of its beginnings would keep the command busy for hours.

/** The tags that matter of a page, without those in its comments. */
function tagsOf(page: string): readonly Tag[] {
  const tags: Tag[] = [];
  let begun: { readonly tag: string; readonly at: number } | undefined;
  const text = withoutComments(page, '<!--', '-->');
  for (const { 0: part, 1: tag, index } of text.matchAll(/<(script|img|link|base)\b|>/gi)) {
    if (begun === undefined) {
      if (tag !== undefined) begun = { tag: tag.toLowerCase(), at: index + part.length };
    } else if (tag === undefined) {
      tags.push({ tag: begun.tag, attributes: attributesIn(text.slice(begun.at, index)) });
      begun = undefined;
    }
  }
  return tags;
}

function attributesIn(text: string): ReadonlyMap<string, string> {
  const pattern = /([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g;
  const found = [...text.matchAll(pattern)].map(
    ([, name = '', one, two, three]) => [name.toLowerCase(), one ?? two ?? three ?? ''] as const,
  );
  return new Map(found.toReversed());
}

/** The text without what stands between these marks; an end without its beginning is none. */
function withoutComments(text: string, begin: string, end: string): string {
  const parts: string[] = [];
  for (let at = 0; ; ) {
    const from = text.indexOf(begin, at);
    const to = from < 0 ? -1 : text.indexOf(end, from + begin.length);
    if (to < 0) return [...parts, text.slice(at)].join('');
    parts.push(text.slice(at, from));
    at = to + end.length;
  }
}

function namedIn(text: string, path: string): readonly string[] {
  if (path.endsWith('.css')) {
    const rules = withoutComments(text, '/*', '*/');
    const urls = rules.matchAll(/\burl\(\s*(?:"([^"\\]*)"|'([^'\\]*)'|([^\s"'()\\]+))\s*\)/g);
    const imports = rules.matchAll(/@import\s+(?:"([^"\\]*)"|'([^'\\]*)')/g);
    return [...urls, ...imports].map(([, one, two, three]) => one ?? two ?? three ?? '');
  }
  return /\.m?js$/.test(path) ? importsIn(text) : [];
}

/** What a module imports: `import{a as b}from"./c.js"`, or `import"./c.js"`. */
function importsIn(text: string): readonly string[] {
  const specifier = /["'](\.\.?\/[^"'\\\n]+)["']/y;
  return [...text.matchAll(/[\w\s{},*$]+/g)].flatMap(({ 0: words, index }) => {
    specifier.lastIndex = index + words.length;
    const name = specifier.exec(text)?.[1];
    if (name === undefined) return [];
    // At the beginning of a line or after another one: bundlers write nothing else, and comments have words.
    const before = index === 0 || text[index - 1] === ';' ? `\n${words}` : words;
    const isImport =
      /[}\n]import\s*$/.test(before) || (/[}\n]import/.test(before) && /from\s*$/.test(before));
    return isImport ? [name] : [];
  });
}

function ownOf(
  names: readonly string[],
  { from, url }: { readonly from: string; readonly url: string },
): readonly string[] {
  const own = names
    .filter((name) => name !== '' && !name.startsWith('data:') && URL.canParse(name, from))
    .map((name) => new URL(name, from))
    .filter(({ origin }) => origin === new URL(url).origin)
    .map((asset) => {
      asset.hash = '';
      return asset.href;
    });
  return [...new Set(own)];
}
