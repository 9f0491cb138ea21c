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

/**
 * The keys, as a table where the lines fit, else host by host: fingerprints are compared by eye, so none is
 * ever broken. Then what is wrong, host by host.
 */
export function renderTrust(rows: readonly TrustRow[], style: Style): readonly string[] {
  const shown = rows.filter(({ keys }) => keys.length > 0);
  const keys = shown.length === 0 ? [] : (keyTable(shown, style) ?? keyBlocks(shown, style));
  const problems = rows.flatMap(({ problem }) =>
    problem === undefined ? [] : ['', ...renderProblem(problem, style)],
  );
  return [...keys, ...(keys.length === 0 ? problems.slice(1) : problems)];
}

const titles = ['host', 'address', 'type', 'fingerprint'];

/** Undefined where it is wider than there is room for. */
function keyTable(rows: readonly TrustRow[], style: Style): readonly string[] | undefined {
  const cells = rows.flatMap((row) =>
    row.keys.map((key, index) => {
      const [host, address] = index === 0 ? [row.host, row.address] : ['', ''];
      const texts = [host, address, key.type, key.fingerprint].map(cleanLine);
      return { state: key.state, texts, below: index === row.keys.length - 1 ? oldLines(row) : [] };
    }),
  );
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...cells.map(({ texts }) => widthOf(texts[column] ?? ''))),
  );
  const state = Math.max(...cells.map((cell) => stateWords[cell.state].length));
  const width = widths.reduce((sum, one) => sum + one + 2, state);
  if (width > style.columns) return undefined;
  const line = (texts: readonly string[], state: string) =>
    [...texts.map((text, column) => text + ' '.repeat((widths[column] ?? 0) - widthOf(text))), state].join(
      '  ',
    );
  return [
    style.paint.bold(line(titles, 'state')),
    ...cells.flatMap(({ state, texts, below }) => [line(texts, painted(state, style)), ...below]),
  ];
}

function keyBlocks(rows: readonly TrustRow[], style: Style): readonly string[] {
  return rows.flatMap((row) => [
    `${style.paint.bold(cleanLine(row.host))}  ${cleanLine(row.address)}`,
    ...row.keys.flatMap(({ type, fingerprint, state }) => [
      `  ${cleanLine(type)}  ${painted(state, style)}`,
      `    ${cleanLine(fingerprint)}`,
    ]),
    ...oldLines(row),
  ]);
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
