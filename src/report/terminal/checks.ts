import type { ReportCheck, ReportDocument } from '../document/schema.ts';
import { count, list, oneLine, wrap } from './prose.ts';
import type { Style } from './style.ts';

/**
 * What was asked from outside, by host: a line for each check, and below one that failed what was expected,
 * what was found and what to do. Checks that don't apply are shown only with --verbose.
 */
export function renderChecks({ checks = [] }: ReportDocument, style: Style): readonly string[] {
  const hosts = [...new Set(checks.map(({ host }) => host))];
  return [
    ...hosts.flatMap((host) =>
      renderHost(
        host,
        checks.filter((check) => check.host === host),
        style,
      ),
    ),
    ...wrap(summaryWords(checks), { columns: style.columns, first: '', hanging: 2 }),
  ];
}

function renderHost(host: string, checks: readonly ReportCheck[], style: Style): readonly string[] {
  const { paint, verbose } = style;
  const shown = checks.filter(({ outcome }) => verbose || outcome !== 'not-applicable');
  const [first] = checks;
  return [
    `${paint.bold(oneLine(host))} (${first?.role ?? ''})`,
    ...(shown.length === 0 ? ['  nothing to ask'] : shown.flatMap((check) => renderCheck(check, style))),
    '',
  ];
}

const words: Readonly<Record<ReportCheck['outcome'], string>> = {
  passed: 'passed',
  failed: 'FAILED',
  'not-applicable': 'does not apply',
  'not-asked': 'not asked',
};

function renderCheck(check: ReportCheck, style: Style): readonly string[] {
  const { title, outcome, expected, found, note, fix } = check;
  const { columns, paint } = style;
  const painted = {
    passed: paint.green,
    failed: paint.red.bold,
    'not-applicable': paint.dim,
    'not-asked': paint.yellow,
  };
  const start = `  ${words[outcome]}: `;
  const [first = '', ...rest] = wrap(title, { columns, first: start, hanging: 4 });
  const noted = (label: string, text: string | undefined) =>
    text === undefined ? [] : wrap(text, { columns, first: `    ${label}: `, hanging: 6 });
  const whole = outcome === 'failed' || style.verbose;
  return [
    `  ${painted[outcome](words[outcome])}: ${first.slice(start.length)}`,
    ...rest,
    ...(whole ? noted('expected', expected) : []),
    ...(whole || outcome === 'not-asked' ? noted('found', found) : []),
    ...noted('note', note),
    ...noted('to fix it', fix),
  ];
}

/** `12 checks: 10 passed, 1 failed, 1 not asked` */
function summaryWords(checks: readonly ReportCheck[]): string {
  const of = (outcome: ReportCheck['outcome']) => checks.filter((check) => check.outcome === outcome).length;
  const asked = checks.length - of('not-applicable');
  const parts = (['passed', 'failed', 'not-asked'] as const).flatMap((outcome) =>
    of(outcome) === 0 ? [] : [`${of(outcome)} ${words[outcome].toLowerCase()}`],
  );
  return asked === 0 ? 'no check applies to these hosts' : `${count(asked, 'check')}: ${list(parts)}`;
}
