import type { Findings } from './nginx-findings.ts';

/**
 * Features that the pages need and that a header takes from them: `camera=()` (Permissions-Policy, a
 * structured field) or `camera 'none'` (its predecessor, Feature-Policy). A feature that isn't named keeps its
 * default, which allows the page itself.
 */
export function permissionsFindings(
  value: string,
  { features, hostname }: { readonly features: readonly string[]; readonly hostname: string },
): Findings {
  const given = new Map([...structured(value), ...legacy(value)]);
  const refused = features.filter((feature) => {
    const allowed = given.get(feature);
    return allowed !== undefined && !allowed.some((one) => allowsSelf(one, hostname));
  });
  if (refused.length === 0) return { faults: [], notes: [] };
  return { faults: [`browsers refuse the pages ${refused.join(', ')}`], notes: [] };
}

/** `camera=(self "https://a.example.com"), fullscreen=*` */
function structured(value: string): readonly (readonly [string, readonly string[]])[] {
  return [...value.matchAll(/(?:^|,)\s*([a-z-]+)=(\*|\(([^)]*)\)|[^,;]*)/g)].map(
    ([, name = '', whole = '', list]) => [name, words(list ?? whole)],
  );
}

/** `camera 'self' https://a.example.com; fullscreen *` */
function legacy(value: string): readonly (readonly [string, readonly string[]])[] {
  return [...value.matchAll(/(?:^|;)\s*([a-z-]+)\s+([^;=]+)/g)].map(([, name = '', list = '']) => [
    name,
    words(list),
  ]);
}

function words(list: string): readonly string[] {
  return list
    .split(/\s+/)
    .map((word) => word.replace(/^["']|["']$/g, ''))
    .filter((word) => word !== '');
}

function allowsSelf(word: string, hostname: string): boolean {
  return word === '*' || word === 'self' || word.replace(/\/$/, '') === `https://${hostname}`;
}
