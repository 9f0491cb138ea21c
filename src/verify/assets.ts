/** How many assets of a page are asked for: a client's page names a handful. */
const mostAssets = 50;
/** How many of those that they name: a style sheet names a dozen fonts. */
export const mostNamed = 100;

/**
 * Whole URLs of what a page loads by itself: scripts, style sheets, pictures, modules that are loaded ahead.
 * Only those of the page's own origin, which is the one that is checked; links that a person clicks are none.
 */
export function assetsOf(page: string, url: string): readonly string[] {
  const base = /<base\s[^>]*href\s*=\s*["']([^"']+)["']/i.exec(page)?.[1] ?? '';
  const from = URL.canParse(base, url) ? new URL(base, url).href : url;
  const named = [...page.matchAll(/<(script|img|link)\b([^>]*)>/gi)].flatMap(
    ([, tag = '', attributes = '']) => {
      const name = tag.toLowerCase() === 'link' ? 'href' : 'src';
      if (
        name === 'href' &&
        !/\brel\s*=\s*["']?[^"'>]*\b(?:stylesheet|modulepreload|preload|icon)\b/i.test(attributes)
      )
        return [];
      const value = new RegExp(`\\b${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'i').exec(
        attributes,
      );
      return [value?.[1] ?? value?.[2] ?? value?.[3] ?? ''];
    },
  );
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

function namedIn(text: string, path: string): readonly string[] {
  if (path.endsWith('.css')) {
    const rules = text.replace(/\/\*[\s\S]*?\*\//g, '');
    const urls = rules.matchAll(/\burl\(\s*(?:"([^"\\]*)"|'([^'\\]*)'|([^\s"'()\\]+))\s*\)/g);
    const imports = rules.matchAll(/@import\s+(?:"([^"\\]*)"|'([^'\\]*)')/g);
    return [...urls, ...imports].map(([, one, two, three]) => one ?? two ?? three ?? '');
  }
  if (!/\.m?js$/.test(path)) return [];
  // At the beginning of a line or after another one: bundlers write nothing else, and comments have words.
  return [...text.matchAll(/(?:^|[;}\n])import(?:[\w\s{},*$]+from)?\s*["'](\.\.?\/[^"'\\\n]+)["']/g)].map(
    ([, name = '']) => name,
  );
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
