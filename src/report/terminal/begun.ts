import type { ReportBegun, ReportDocument } from '../document/schema.ts';
import { list, oneLine } from '../shared/prose.ts';
import { renderProblem } from './problem.ts';
import { wrap } from './prose.ts';
import type { Style } from './style.ts';

type Found = ReportBegun['hosts'][number];

/** `bbb-01: a BigBlueButton server, version 3.0.10; Ubuntu 22.04.4 LTS, ops is root by sudo; …` */
export function renderFound({ begun }: ReportDocument, style: Style): readonly string[] {
  return (begun?.hosts ?? []).flatMap((host) => renderHost(host, style));
}

function renderHost(host: Found, style: Style): readonly string[] {
  const { columns, paint } = style;
  const { name, role, reached, problem, unfit } = host;
  const who = `${oneLine(name)} (${oneLine(role)}): `;
  const said = reached ? wordsOf(host) : ['could not be looked at'];
  const [first = '', ...rest] = wrap(said.join('; '), { columns, first: who, hanging: 2 });
  return [
    first.replace(oneLine(name), paint.bold(oneLine(name))),
    ...rest,
    ...(problem === undefined ? [] : renderProblem(problem, style, 2)),
    // That a product is missing has been said already.
    ...(unfit === undefined || host.product === undefined ? [] : renderProblem(unfit, style, 2)),
  ];
}

function wordsOf({ user, root, system, product, programs = [], ...found }: Found): string[] {
  const { recipe, publicNames, certificates } = found;
  // What stands in front of others needs none.
  const nothing = programs.length === 0 ? 'no known product' : `${list(programs)}, with no known product`;
  const what =
    product === undefined
      ? `${nothing}${recipe === undefined ? '' : `, fit for the recipe ${recipe}`}`
      : `${product.title}${product.version === undefined ? '' : `, version ${product.version}`}${recipe === undefined ? '' : ` (recipe ${recipe})`}`;
  const account = { sudo: `${user ?? 'the user'} is root by sudo`, login: 'root logs in' };
  const [certificate] = certificates;
  return [
    oneLine(what),
    [
      ...(system === undefined ? [] : [oneLine(system)]),
      root === undefined ? 'not as root' : account[root],
    ].join(', '),
    ...(publicNames.length === 0 ? [] : [`answers for ${list(shortened(publicNames.map(oneLine)))}`]),
    ...(certificate === undefined
      ? ['no certificate found']
      : [
          `certificate for ${list(shortened(certificate.names.map(oneLine)))} until ${certificate.until.slice(0, 10)}`,
        ]),
  ];
}

/** Nobody reads the names of a hundred sites. */
function shortened(names: readonly string[]): readonly string[] {
  const most = 3;
  return names.length <= most + 1 ? names : [...names.slice(0, most), `${names.length - most} others`];
}

/** The inventory as it is to be, or that it has been written and what comes next. */
export function renderBegun({ begun }: ReportDocument, { columns, paint }: Style): readonly string[] {
  if (begun?.inventory === undefined) return [];
  const { file, text, written, agreed = false, next } = begun.inventory;
  const lines = text.trimEnd().split('\n');
  if (!written) return ['', ...lines.map((line) => `  ${line}`), ''];
  return [
    '',
    // It stands above the question.
    paint.bold(`${oneLine(file)} is written${agreed ? '' : ':'}`),
    ...(agreed ? [] : lines.map((line) => `  ${line}`)),
    ...(agreed ? [] : ['']),
    ...wrap(next, { columns, first: 'next: ', hanging: 2 }),
  ];
}
