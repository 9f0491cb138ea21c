import type { Problem } from '../model/operator-error.ts';
import { cleanLine } from './clean.ts';
import { renderProblem } from './problem.ts';
import { widthOf } from './prose.ts';
import type { Style } from './style.ts';

/** A host and the public keys that it shows. */
export interface TrustRow {
  readonly host: string;
  /** where it is, and the hosts on the way */
  readonly address: string;
  readonly keys: readonly {
    readonly type: string;
    readonly fingerprint: string;
    readonly state: 'known' | 'new' | 'contradicts' | 'revoked' | 'unneeded';
  }[];
  /** what is known and contradicted */
  readonly old: readonly {
    readonly type: string;
    readonly fingerprint: string;
    readonly file: string;
    readonly line: number;
  }[];
  /** fingerprints that the inventory pins */
  readonly pinned: readonly string[];
  readonly problem: Problem | undefined;
}

const stateWords = {
  known: 'known',
  new: 'new',
  contradicts: 'CONTRADICTS what is known',
  revoked: 'REVOKED',
  unneeded: 'not needed: known otherwise',
} as const;

/** A table of keys, never wrapped, since fingerprints are compared by eye; then what is wrong, host by host. */
export function renderTrust(rows: readonly TrustRow[], style: Style): readonly string[] {
  const cells = rows.flatMap((row) =>
    row.keys.map((key, index) => {
      const [host, address] = index === 0 ? [row.host, row.address] : ['', ''];
      const texts = [host, address, key.type, key.fingerprint].map(cleanLine);
      return { state: key.state, texts, below: index === row.keys.length - 1 ? oldLines(row) : [] };
    }),
  );
  const titles = ['host', 'address', 'type', 'fingerprint'];
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...cells.map(({ texts }) => widthOf(texts[column] ?? ''))),
  );
  const line = (texts: readonly string[], state: string) =>
    [...texts.map((text, column) => text + ' '.repeat((widths[column] ?? 0) - widthOf(text))), state].join(
      '  ',
    );
  const table =
    cells.length === 0
      ? []
      : [
          style.paint.bold(line(titles, 'state')),
          ...cells.flatMap(({ state, texts, below }) => [line(texts, painted(state, style)), ...below]),
        ];
  const problems = rows.flatMap(({ problem }) =>
    problem === undefined ? [] : ['', ...renderProblem(problem, style)],
  );
  return [...table, ...(table.length === 0 ? problems.slice(1) : problems)];
}

function painted(state: keyof typeof stateWords, { paint }: Style): string {
  const words = stateWords[state];
  if (state === 'contradicts' || state === 'revoked') return paint.red.bold(words);
  return state === 'new' ? paint.yellow(words) : words;
}

function oldLines(row: TrustRow): readonly string[] {
  if (!row.keys.some(({ state }) => state === 'contradicts')) return [];
  return [
    ...row.old.map(
      ({ type, fingerprint, file, line }) =>
        `  known until now: ${cleanLine(`${type} ${fingerprint} (${file}, line ${line})`)}`,
    ),
    ...row.pinned.map((fingerprint) => `  the inventory pins: ${cleanLine(fingerprint)}`),
  ];
}
