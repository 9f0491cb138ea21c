import type { ReportDocument, ReportExplanation } from '../document/schema.ts';
import { joined, type Paragraph, wrap } from './prose.ts';
import type { Style } from './style.ts';

/** One code with all that the manual says of it; or every code, in a line or two each, below its section. */
export function renderExplanations({ explanations = [] }: ReportDocument, style: Style): readonly string[] {
  const [only, ...others] = explanations;
  if (only === undefined) return [];
  return others.length === 0 ? renderOne(only, style) : renderList(explanations, style);
}

function renderOne(explanation: ReportExplanation, { columns, paint }: Style): readonly string[] {
  const { code, page, section, what, next, mentions } = explanation;
  const start = `${code}: `;
  const [first = '', ...rest] = wrapped(what, { columns, first: start, hanging: 2 });
  return [
    paint.bold(start) + first.slice(start.length),
    ...rest,
    ...(next === undefined ? [] : ['', ...wrapped(next, { columns, first: 'What to do: ', hanging: 2 })]),
    ...mentions.flatMap((mention) => [
      '',
      paint.bold(`docs/${mention.page}, ${mention.section}:`),
      ...wrapped(mention.text, { columns, first: '  ' }),
    ]),
    '',
    ...wrap(`From docs/${page}, ${section}`, { columns, first: '', hanging: 2 }),
  ];
}

function renderList(explanations: readonly ReportExplanation[], style: Style): readonly string[] {
  const { columns, paint } = style;
  return explanations.flatMap(({ code, page, section, what }, index) => {
    const before = explanations[index - 1];
    const sameSection = before?.section === section && before.page === page;
    const start = `  ${code}: `;
    const [first = '', ...rest] = wrapped(what, { columns, first: start, hanging: 4 });
    return [
      ...(sameSection ? [] : [...(index === 0 ? [] : ['']), paint.bold(section)]),
      paint.bold(start) + first.slice(start.length),
      ...rest,
    ];
  });
}

/** Where a link leads, such as `(docs stuck#end-a-run)`, is to be typed, so it stays in one piece. */
function wrapped(text: string, paragraph: Paragraph): readonly string[] {
  const whole = text.replace(/\(docs (?=[\w-]+(?:#[\w-]+)?\))/g, `(docs${joined}`);
  return wrap(whole, paragraph).map((line) => line.replaceAll(joined, ' '));
}
