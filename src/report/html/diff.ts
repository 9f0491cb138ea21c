import { html, type Markup } from './markup.ts';

interface Line {
  /** as diff(1) has it */
  readonly sign: ' ' | '-' | '+';
  readonly old: number | undefined;
  readonly young: number | undefined;
  readonly text: string;
  /** it has no line break at its end */
  readonly isOpen: boolean;
}

interface Hunk {
  /** `@@ -1,3 +1,4 @@` */
  readonly head: string;
  readonly lines: readonly Line[];
}

/**
 * A unified diff as two tables, of which a style shows one: as it is, and side by side, for whoever has the
 * room.
 */
export function renderDiff(lines: readonly string[], path: string): Markup {
  const hunks = hunksOf(lines);
  if (hunks.length === 0) return html``;
  return html`<div class="unified"><table class="diff"><caption class="hidden">${path}, changed lines</caption><colgroup><col class="number"><col class="number"><col class="sign"><col></colgroup><thead class="hidden"><tr><th scope="col">Old line</th><th scope="col">New line</th><th scope="col">Change</th><th scope="col">Text</th></tr></thead>${hunks.map(unifiedHunk)}</table></div><div class="beside"><table class="diff two"><caption class="hidden">${path}, before and after</caption><colgroup><col class="number"><col><col class="number"><col></colgroup><thead><tr><th scope="col" class="number"><span class="hidden">Old line</span></th><th scope="col">Before</th><th scope="col" class="number"><span class="hidden">New line</span></th><th scope="col">After</th></tr></thead>${hunks.map(sidesOfHunk)}</table></div>`;
}

function unifiedHunk({ head, lines }: Hunk): Markup {
  return html`<tbody><tr class="hunk"><td colspan="4">${head}</td></tr>${lines.map((line) => {
    const { sign, old, young } = line;
    return html`<tr class="${classOf(sign)}"><td class="number">${old}</td><td class="number">${young}</td><td class="sign">${sign}</td><td class="text">${textOf(line)}</td></tr>`;
  })}</tbody>`;
}

function sidesOfHunk({ head, lines }: Hunk): Markup {
  return html`<tbody><tr class="hunk"><td colspan="4">${head}</td></tr>${pairsOf(lines).map(([left, right]) => html`<tr>${side(left, left?.old)}${side(right, right?.young)}</tr>`)}</tbody>`;
}

function side(line: Line | undefined, number: number | undefined): Markup {
  if (line === undefined) return html`<td class="number"></td><td class="text none"></td>`;
  const sign = line.sign === ' ' ? '' : line.sign;
  return html`<td class="number">${number}</td><td class="text ${classOf(line.sign)}"><span class="sign">${sign}</span>${textOf(line)}</td>`;
}

function textOf({ sign, text, isOpen }: Line): Markup {
  const end = isOpen && html` <span class="note">(no line break at the end)</span>`;
  switch (sign) {
    case '-':
      return html`<del>${text}</del>${end}`;
    case '+':
      return html`<ins>${text}</ins>${end}`;
    case ' ':
      return html`${text}${end}`;
  }
}

function classOf(sign: Line['sign']): string {
  return sign === '-' ? 'old' : sign === '+' ? 'new' : 'same';
}

/** Removed lines beside those that were added in their place. */
function pairsOf(lines: readonly Line[]): readonly (readonly [Line | undefined, Line | undefined])[] {
  const pairs: (readonly [Line | undefined, Line | undefined])[] = [];
  let index = 0;
  const run = (sign: Line['sign']) => {
    const start = index;
    while (lines[index]?.sign === sign) index += 1;
    return lines.slice(start, index);
  };
  while (index < lines.length) {
    for (const line of run(' ')) pairs.push([line, line]);
    const [old, young] = [run('-'), run('+')];
    for (let row = 0; row < Math.max(old.length, young.length); row += 1) pairs.push([old[row], young[row]]);
  }
  return pairs;
}

function hunksOf(lines: readonly string[]): readonly Hunk[] {
  const hunks: { head: string; lines: Line[] }[] = [];
  let [old, young] = [0, 0];
  for (const line of lines) {
    const range = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line);
    const current = hunks.at(-1);
    if (range !== null) {
      [old, young] = [Number(range[1]), Number(range[2])];
      hunks.push({ head: line, lines: [] });
    } else if (current === undefined) continue;
    else if (line.startsWith('\\')) {
      const last = current.lines.pop();
      if (last !== undefined) current.lines.push({ ...last, isOpen: true });
    } else {
      const sign = line.startsWith('-') ? '-' : line.startsWith('+') ? '+' : ' ';
      const numbers = { old: sign === '+' ? undefined : old, young: sign === '-' ? undefined : young };
      current.lines.push({ sign, ...numbers, text: line.slice(1), isOpen: false });
      if (sign !== '+') old += 1;
      if (sign !== '-') young += 1;
    }
  }
  return hunks;
}
