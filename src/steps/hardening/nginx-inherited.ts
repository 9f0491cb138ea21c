import type { Directive } from '../../formats/nginx.ts';

/**
 * What nginx takes from the `http` block only where the server has none of its own. Source: the
 * documentation of add_header, proxy_hide_header, limit_req and limit_conn, each under "inherited".
 */
const inherited = ['add_header', 'proxy_hide_header', 'limit_req', 'limit_conn'] as const;

/**
 * The operator's lines of `http` that a server would lose by our own of the same kind, to be written there
 * once more: headers for browsers, and limits. A header that we set ourselves isn't repeated, since browsers
 * would get it twice. From nginx 1.29.3 on, `add_header_inherit merge` has them inherited anyway.
 */
export function keptOfHttp(http: readonly Directive[], own: readonly string[]): readonly string[] {
  const merges = http.some(({ name, args }) => name === 'add_header_inherit' && args[0]?.text === 'merge');
  const needed = inherited.filter(
    (name) => own.some((line) => line.startsWith(`${name} `)) && !(name === 'add_header' && merges),
  );
  const subjects = new Set(own.map((line) => subjectOf(line)));
  const lines = http
    .filter(({ name }) => needed.some((one) => one === name))
    .map(({ name, args }) => `${name} ${args.map(({ raw }) => raw).join(' ')};`);
  return lines.filter((line) => !subjects.has(subjectOf(line)));
}

/** The directive and what it is about, such as a header's name; browsers take names in any letters. */
function subjectOf(line: string): string {
  return line
    .split(/[\s;]+/, 2)
    .join(' ')
    .replace(/['"]/g, '')
    .toLowerCase();
}
