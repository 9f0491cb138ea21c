import { locations } from '../../formats/nginx.ts';

/** A path that is answered by a redirect to another path of the same host. */
export interface Redirect {
  readonly from: string;
  readonly to: string;
}

export function redirectText({ from, to }: Redirect): string {
  return `location = ${from} {\n    return 301 ${to};\n}\n`;
}

/** The text with the redirect appended, unless it has one for that path. */
export function withRedirect(text: string, redirect: Redirect): string {
  const there = locations(text).some(({ modifier, path }) => modifier === '=' && path === redirect.from);
  if (there) return text;
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}\n${redirectText(redirect)}`;
}
