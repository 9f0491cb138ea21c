/** How many assets of a page are asked for: a client's page names a handful. */
const mostAssets = 50;

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
  const own = named
    .filter((name) => name !== '' && !name.startsWith('data:') && URL.canParse(name, from))
    .map((name) => new URL(name.replaceAll('&amp;', '&'), from))
    .filter(({ origin }) => origin === new URL(url).origin)
    .map((asset) => {
      asset.hash = '';
      return asset.href;
    });
  return [...new Set(own)].slice(0, mostAssets);
}
