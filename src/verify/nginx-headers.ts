import { type PlacedDirective, walk } from '../formats/nginx.ts';
import type { NginxQuestion, PageNeeds } from '../model/balancer-question.ts';
import { contentPolicyFindings } from './content-policy.ts';
import type { Answering } from './nginx-answering.ts';
import { type Findings, nothingFound, placeOf, wordsOf } from './nginx-findings.ts';
import { permissionsFindings } from './permissions-policy.ts';

/** Headers that nginx adds to the cluster's own locations, and what they do to the pages. */
export function headerFindings(
  { locations, hostname, needs }: NginxQuestion,
  { configuration, servers }: Answering,
): Findings {
  const http = configuration.shared('http');
  const added = servers.flatMap(({ server }) => {
    const content = server.content();
    const ours = [...walk(content)].filter(
      ({ file, directive }) => file.path === locations && directive.name === 'location',
    );
    return ours.flatMap(({ within }) => addedBy([http, content, within]));
  });
  const findings = [...new Map(added.map((one) => [placeOf(one), one])).values()].map((one) =>
    judgeHeader(one, { needs, hostname }),
  );
  return {
    faults: findings.flatMap(({ faults }) => faults),
    notes: findings.flatMap(({ notes }) => notes),
  };
}

/** A level that adds any header has none of the levels above it: ngx_http_headers_module. */
function addedBy(levels: readonly (readonly PlacedDirective[])[]): readonly PlacedDirective[] {
  return ['add_header', 'more_set_headers'].flatMap((name) => {
    const those = levels.map((level) => level.filter(({ directive }) => directive.name === name));
    return those.findLast((level) => level.length > 0) ?? [];
  });
}

function judgeHeader(
  one: PlacedDirective,
  { needs, hostname }: { readonly needs: PageNeeds; readonly hostname: string },
): Findings {
  const all = headersOf(one).map(([name, value]) => judge(name.toLowerCase(), value, needs, hostname));
  const told = (words: string) => `${placeOf(one)}: ${wordsOf(one)}: ${words}`;
  return {
    faults: all.flatMap(({ faults }) => faults.map(told)),
    notes: all.flatMap(({ notes }) => notes.map(told)),
  };
}

/** `add_header NAME VALUE`; `more_set_headers 'NAME: VALUE'…` of the module headers-more. */
function headersOf({ directive: { name, args } }: PlacedDirective): readonly (readonly [string, string])[] {
  const words = args.map(({ text }) => text);
  if (name === 'add_header') return [[words[0] ?? '', words[1] ?? '']];
  return words
    .filter((word) => word.includes(':'))
    .map((word) => [word.slice(0, word.indexOf(':')).trim(), word.slice(word.indexOf(':') + 1).trim()]);
}

function judge(name: string, value: string, needs: PageNeeds, hostname: string): Findings {
  // What a variable holds isn't known here.
  if (value.includes('$')) return nothingFound;
  switch (name) {
    case 'content-security-policy':
      return contentPolicyFindings(value, needs);
    case 'permissions-policy':
    case 'feature-policy':
      return permissionsFindings(value, { features: needs.permissions, hostname });
    case 'cross-origin-embedder-policy':
      return /^\s*(?:require-corp|credentialless)/i.test(value)
        ? { faults: ['browsers refuse what the page loads from its node'], notes: [] }
        : nothingFound;
    case 'x-frame-options':
      return { faults: [], notes: ["sites that show the client in a frame can't do so any more"] };
    default:
      return nothingFound;
  }
}
