import type { PageNeeds } from '../model/balancer-question.ts';
import type { Findings } from './nginx-findings.ts';

/** What stands in for a directive that isn't there (CSP Level 3, 6.8.3), beside `default-src`. */
const fallbacks: Readonly<Record<string, string>> = { 'frame-src': 'child-src', 'worker-src': 'child-src' };

/** What a Content-Security-Policy keeps pages from, of what they need on their nodes. */
export function contentPolicyFindings(value: string, { content, nodes }: PageNeeds): Findings {
  // Of several policies in one header all must allow it.
  const all = value.split(',').map((policy) => policyFindings(directivesOf(policy), content, nodes));
  return {
    faults: [...new Set(all.flatMap(({ faults }) => faults))],
    notes: [...new Set(all.flatMap(({ notes }) => notes))],
  };
}

function policyFindings(
  policy: ReadonlyMap<string, readonly string[]>,
  content: PageNeeds['content'],
  nodes: readonly string[],
): Findings {
  const faults = Object.entries(content).flatMap(([directive, schemes]) => {
    const sources =
      policy.get(directive) ?? policy.get(fallbacks[directive] ?? '') ?? policy.get('default-src');
    if (sources === undefined) return [];
    const missing = schemes.flatMap((scheme) =>
      nodes
        .filter((node) => !sources.some((source) => allows(source, scheme, node)))
        .map((node) => `${scheme}://${node}`),
    );
    return missing.length === 0 ? [] : [`its ${directive} lacks ${missing.join(' ')}`];
  });
  const sandboxed = policy.has('sandbox') ? ['sandbox takes from pages what they need'] : [];
  const framed = policy.has('frame-ancestors')
    ? ['sites that show the client in a frame have to be in frame-ancestors']
    : [];
  return { faults: [...faults, ...sandboxed], notes: framed };
}

function directivesOf(policy: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const part of policy.split(';')) {
    const [name = '', ...sources] = part.trim().split(/\s+/);
    // Only the first of a name counts.
    if (name !== '' && !found.has(name.toLowerCase())) found.set(name.toLowerCase(), sources);
  }
  return found;
}

/**
 * Whether a source matches an address (CSP Level 3, 6.7.2). Without a scheme, `https` and `wss` are both taken
 * to match, as browsers do or did; with one, `https:` doesn't let a WebSocket through.
 */
function allows(source: string, scheme: string, node: string): boolean {
  if (source === '*') return true;
  const [, given, rest] = /^(?:([a-z]+):)?(?:\/\/)?(.*)$/i.exec(source) ?? [];
  const wanted = given?.toLowerCase();
  const isScheme =
    wanted === undefined ||
    wanted === scheme ||
    (wanted === 'http' && scheme === 'https') ||
    (wanted === 'ws' && scheme === 'wss');
  if (!isScheme) return false;
  const host =
    (rest ?? '')
      .split('/')[0]
      ?.replace(/:(?:443|\*)$/, '')
      .toLowerCase() ?? '';
  if (host === '') return wanted !== undefined;
  if (host.startsWith('*.')) return node.toLowerCase().endsWith(host.slice(1));
  return host === node.toLowerCase();
}
