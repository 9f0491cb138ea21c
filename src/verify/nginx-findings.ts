import type { ConfigurationFile, PlacedDirective } from '../formats/nginx.ts';

/** What was found in a configuration, in words with file and line. */
export interface Findings {
  readonly faults: readonly string[];
  readonly notes: readonly string[];
}

export const nothingFound: Findings = { faults: [], notes: [] };

/** `/etc/nginx/conf.d/site.conf:12` */
export function placeOf({
  file,
  directive,
}: {
  readonly file: ConfigurationFile;
  readonly directive: PlacedDirective['directive'];
}): string {
  return `${file.path}:${file.text.slice(0, directive.start).split('\n').length}`;
}

/** A directive as it is written, without what is in its block. */
export function wordsOf({ directive: { name, args } }: Pick<PlacedDirective, 'directive'>): string {
  const words = [name, ...args.map(({ raw }) => raw)].join(' ');
  return words.length > 120 ? `${words.slice(0, 120)}…` : words;
}
