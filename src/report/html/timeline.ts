import type { ReportPicture } from '../document/schema.ts';
import { duration } from '../shared/prose.ts';
import { html, type Markup } from './markup.ts';

type Row = ReportPicture['timeline'][number];
type Phase = Row['phases'][number];

/** More hosts are folded, those that took longest stay. */
const mostRows = 25;
/** Units of a bar's width. */
const whole = 1000;
/** An event comes a little later than what it follows. Milliseconds. */
const slack = 500;

type Kind = 'look' | 'wait' | 'prepare' | 'change' | 'check';

const kinds: Readonly<Record<string, Kind>> = {
  looking: 'look',
  waiting: 'wait',
  draining: 'wait',
  queued: 'wait',
  connecting: 'prepare',
  uploading: 'prepare',
  unpacking: 'prepare',
  fetching: 'prepare',
  prepared: 'prepare',
  acting: 'change',
  swapped: 'change',
  validating: 'change',
  handler: 'change',
  checking: 'check',
  settling: 'check',
  confirming: 'check',
};

const kindWords: Readonly<Record<Kind, string>> = {
  look: 'looking at it',
  wait: 'waiting for people to leave',
  prepare: 'preparing',
  change: 'changing files and services',
  check: 'checking',
};

/** Where a bar of a kind is, and how high: its form tells it as well as its colour. */
const forms: Readonly<Record<Kind, readonly [y: number, height: number]>> = {
  look: [7, 6],
  wait: [9, 2],
  prepare: [5, 10],
  change: [2, 16],
  check: [4, 12],
};

/** The command as it went, host by host: what took how long, and for whom each host waited. */
export function renderTimeline(picture: ReportPicture | undefined): Markup | undefined {
  const rows = (picture?.timeline ?? [])
    .filter(({ phases }) => phases.length > 0)
    .sort((one, other) => beginningOf(one) - beginningOf(other));
  // That hosts were looked at is no story.
  if (picture === undefined || !rows.some((row) => workOf(row).length > 0)) return undefined;
  const end = Math.max(1, ...rows.flatMap(({ phases }) => phases.map(({ at, ms }) => at + ms)));
  const causes = causesOf(rows);
  const slowest = [...rows].sort((one, other) => tookOf(other) - tookOf(one)).slice(0, mostRows);
  const shown = rows.length <= mostRows ? rows : rows.filter((row) => slowest.includes(row));
  const used = new Set(rows.flatMap(({ phases }) => phases.map(({ phase }) => kinds[phase] ?? 'change')));
  const isLong = rows.length > mostRows;
  return html`<section aria-labelledby="timeline"><h2 id="timeline">How it went</h2><ul class="legend">${(Object.keys(forms) as Kind[]).filter((kind) => used.has(kind)).map((kind) => html`<li>${bar(kind)} ${kindWords[kind]}</li>`)}</ul>${table(isLong ? `The ${mostRows} hosts that took longest` : 'Each host', shown, { end, causes })}${
    isLong &&
    html`<details><summary>All ${rows.length} hosts</summary>${table('All hosts', rows, { end, causes })}</details>`
  }</section>`;
}

interface Drawn {
  /** of the whole, in milliseconds */
  readonly end: number;
  readonly causes: ReadonlyMap<string, string>;
}

function table(caption: string, rows: readonly Row[], drawn: Drawn): Markup {
  return html`<table class="list timeline"><caption>${caption}</caption><thead><tr><th scope="col">Host</th><th scope="col" class="bars"><span class="axis"><span>0 s</span><span>${duration(drawn.end)}</span></span></th>${drawn.causes.size > 0 && html`<th scope="col" class="began">Began after</th>`}<th scope="col">Took</th></tr></thead><tbody>${rows.map((row) => renderRow(row, drawn))}</tbody></table>`;
}

function renderRow(row: Row, { end, causes }: Drawn): Markup {
  const { host, phases } = row;
  const cause = causes.get(host);
  const at = (ms: number) => Math.round((ms / end) * whole * 10) / 10;
  const start = workOf(row)[0]?.at;
  const looked = phases.filter(({ phase }) => phase === 'looking').at(-1);
  const idle =
    start === undefined || looked === undefined ? undefined : ([looked.at + looked.ms, start] as const);
  return html`<tr><th scope="row">${host}</th><td class="bars"><svg viewBox="0 0 ${whole} 20" preserveAspectRatio="none" role="img" aria-label="${spoken(phases)}">${
    idle !== undefined &&
    html`<path class="idle" d="M${at(idle[0])} 10H${at(idle[1])}" vector-effect="non-scaling-stroke"/>`
  }${phases.map((phase) => drawPhase(phase, at))}</svg></td>${causes.size > 0 && html`<td class="began">${cause}</td>`}<td>${duration(tookOf(row))}</td></tr>`;
}

function drawPhase({ phase, detail, at, ms }: Phase, x: (ms: number) => number): Markup {
  const kind = kinds[phase] ?? 'change';
  const [y, height] = forms[kind];
  const width = Math.max(2, x(at + ms) - x(at));
  const words = `${phase}${detail === undefined ? '' : `: ${detail}`}, ${duration(ms)}`;
  return html`<rect class="p-${kind}" x="${x(at)}" y="${y}" width="${width}" height="${height}"><title>${words}</title></rect>`;
}

function bar(kind: Kind): Markup {
  const [y, height] = forms[kind];
  return html`<svg width="28" height="20" viewBox="0 0 28 20" aria-hidden="true" focusable="false"><rect class="p-${kind}" x="0" y="${y}" width="28" height="${height}"/></svg>`;
}

function workOf({ phases }: Row): readonly Phase[] {
  return phases.filter(({ phase }) => phase !== 'looking');
}

/** When its own work began; hosts that were only looked at come last. */
function beginningOf(row: Row): number {
  return workOf(row)[0]?.at ?? Number.MAX_SAFE_INTEGER;
}

/** From its first phase to its last; looking counts only where nothing else was done. */
function tookOf(row: Row): number {
  const phases = workOf(row).length === 0 ? row.phases : workOf(row);
  const [first, last] = [phases[0], phases.at(-1)];
  return first === undefined || last === undefined ? 0 : last.at + last.ms - first.at;
}

/** The host whose end came right before another began, since hosts wait for each other. */
function causesOf(rows: readonly Row[]): ReadonlyMap<string, string> {
  const works = rows.flatMap((row) => {
    const [first, last] = [workOf(row)[0], workOf(row).at(-1)];
    return first === undefined || last === undefined
      ? []
      : [{ host: row.host, start: first.at, end: last.at + last.ms }];
  });
  const byEnd = [...works].sort((one, other) => one.end - other.end);
  const causes = new Map<string, string>();
  for (const { host, start } of works) {
    let [low, high] = [0, byEnd.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((byEnd[middle]?.end ?? 0) <= start + 1) low = middle + 1;
      else high = middle;
    }
    const before = byEnd[low - 1];
    if (before !== undefined && before.host !== host && start - before.end < slack)
      causes.set(host, before.host);
  }
  return causes;
}

function spoken(phases: readonly Phase[]): string {
  return phases.map(({ phase, ms }) => `${phase} ${duration(ms)}`).join(', ');
}
