import type { Statement } from '../../formats/caddyfile.ts';

/**
 * Headers of an answer that change nothing of what the nodes' pages can do; so do those of one's own, `X-…`.
 * Others may: a policy forbids microphones, a cookie or a type of content is the node's, and copies that are
 * kept longer than the node says outlive its upgrade.
 */
const harmless: ReadonlySet<string> = new Set([
  'strict-transport-security',
  'referrer-policy',
  'server',
  'via',
  'alt-svc',
  'report-to',
  'nel',
  'reporting-endpoints',
  'content-security-policy-report-only',
]);

/**
 * Whether a directive of a site only sets or removes such headers. Caddy does it before it looks for a rule
 * that answers, so it goes on to hold for the nodes' pages where it stands. Source: Caddy's documentation of
 * the directive `header` and of the order of directives.
 */
export function isHarmlessHeader({ words: [name, ...rest], block }: Statement): boolean {
  if (name?.text !== 'header') return false;
  const [first, ...others] = rest.map(({ text }) => text);
  const given = first !== undefined && /^[/@*]/.test(first) ? others : rest.map(({ text }) => text);
  const inner = (block?.statements ?? []).map(({ words }) => words.map(({ text }) => text));
  const fields = [given, ...inner].filter(([field]) => field !== undefined && field !== 'defer');
  return fields.length > 0 && fields.every(([field = '']) => isHarmless(field));
}

/** A field as it is written: `+` adds, `-` removes, `?` is for those that lack it, `>` waits for the end. */
function isHarmless(field: string): boolean {
  const bare = field.replace(/^[+\-?>]/, '').toLowerCase();
  return harmless.has(bare) || /^x-[a-z0-9-]+$/.test(bare);
}
