import type { ReportDocument, ReportHost } from '../document/schema.ts';
import { oneLine } from '../shared/prose.ts';
import { adviceOnce } from './advice.ts';
import { renderProblem } from './problem.ts';
import { widthOf, wrap } from './prose.ts';
import type { Style } from './style.ts';

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
export function renderTrust({ hosts }: ReportDocument, style: Style): readonly string[] {
  const shown = hosts.filter((host) => keysOf(host).length > 0);
  const keys = shown.length === 0 ? [] : (keyTable(shown, style) ?? keyBlocks(shown, style));
  const problems = renderFailures(hosts, style);
  return [...keys, ...(keys.length === 0 ? problems.slice(1) : problems)];
}

/** What became of the hosts whose keys were to be written down; that none had to be, where none was. */
export function renderPinned({ hosts }: ReportDocument, style: Style): readonly string[] {
  const pinned = hosts.filter((host) => keysOf(host).some((key) => key.pinned));
  const known = hosts.every(
    (host) => host.error === undefined && keysOf(host).every(({ state }) => state === 'known'),
  );
  return [
    ...renderFailures(hosts, style).slice(1),
    ...(pinned.length === 0 ? [] : ['', `pinned: ${pinned.map(({ name }) => name).join(', ')}`]),
    ...(known ? ['', 'all keys are known: nothing to pin'] : []),
  ];
}

/** What is wrong, host by host, with an empty line before each. */
function renderFailures(hosts: readonly ReportHost[], style: Style): readonly string[] {
  return adviceOnce(hosts).flatMap(({ error }) =>
    error === undefined ? [] : ['', ...renderProblem(error, style)],
  );
}

function keysOf({ hostKeys = [] }: ReportHost): NonNullable<ReportHost['hostKeys']> {
  return hostKeys;
}

const titles = ['host', 'address', 'type', 'fingerprint'];

/** Undefined where it is wider than there is room for. */
function keyTable(hosts: readonly ReportHost[], style: Style): readonly string[] | undefined {
  const cells = hosts.flatMap((host) =>
    keysOf(host).map((key, index, all) => {
      const [name, address = ''] = index === 0 ? [host.name, host.address] : ['', ''];
      const texts = [name, address, key.type, key.fingerprint].map(oneLine);
      return { state: key.state, texts, below: index === all.length - 1 ? oldLines(host, style) : [] };
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

function keyBlocks(hosts: readonly ReportHost[], style: Style): readonly string[] {
  return hosts.flatMap((host) => [
    `${style.paint.bold(oneLine(host.name))}  ${oneLine(host.address ?? '')}`,
    ...keysOf(host).flatMap(({ type, fingerprint, state }) => [
      `  ${oneLine(type)}  ${painted(state, style)}`,
      `    ${oneLine(fingerprint)}`,
    ]),
    ...oldLines(host, style),
  ]);
}

function painted(state: keyof typeof stateWords, { paint }: Style): string {
  const words = stateWords[state];
  if (state === 'contradicts' || state === 'revoked') return paint.red.bold(words);
  return state === 'new' ? paint.yellow(words) : words;
}

function oldLines(host: ReportHost, { columns }: Style): readonly string[] {
  const { contradicted = [], inventoryKeys = [] } = host;
  if (!keysOf(host).some(({ state }) => state === 'contradicts')) return [];
  return [
    ...contradicted.flatMap(({ type, fingerprint, file, line }) =>
      wrap(`${type} ${fingerprint} (${file}, line ${line})`, {
        ...{ columns, first: '  known until now: ', hanging: 4 },
      }),
    ),
    ...inventoryKeys.flatMap((fingerprint) =>
      wrap(fingerprint, { columns, first: '  the inventory pins: ', hanging: 4 }),
    ),
  ];
}
