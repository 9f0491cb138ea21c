import type { ReportCheck, ReportDocument } from '../document/schema.ts';
import { count, list, oneLine } from '../shared/prose.ts';
import { wrap } from './prose.ts';
import type { Style } from './style.ts';

/**
 * What was asked from outside, by host: a line for each check, and below one that failed what was expected,
 * what was found and what to do. Checks that don't apply are shown only with --verbose.
 */
export function renderChecks({ checks = [], browser }: ReportDocument, style: Style): readonly string[] {
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
    ...(browser?.screenshots ?? []).map(
      ({ host, file }) => `screenshot of ${oneLine(host)}: ${oneLine(file)}`,
    ),
  ];
}

function renderHost(host: string, checks: readonly ReportCheck[], style: Style): readonly string[] {
  const { paint, verbose } = style;
  const applying = checks.filter(({ outcome }) => outcome !== 'not-applicable');
  const isAsked = ({ title }: ReportCheck) => applying.some((other) => other.title === title);
  // A check may have variants of one title, one for each way to set a host up.
  const shown = verbose ? checks.filter((check) => applying.includes(check) || !isAsked(check)) : applying;
  const [first] = checks;
  const why = shown.length === 0 ? sharedReason(checks) : undefined;
  const nothing = why === undefined ? 'nothing to ask' : `${words['not-asked']}: ${oneLine(why)}`;
  return [
    `${paint.bold(oneLine(host))} (${first?.role ?? ''})`,
    ...(shown.length === 0 ? [`  ${nothing}`] : renderShown(shown, style)),
    '',
  ];
}

/** Why nothing applies to a host, where it is the same for all checks: it is retired, or off. */
function sharedReason(checks: readonly ReportCheck[]): string | undefined {
  const reasons = [...new Set(checks.map(({ found }) => found))];
  return reasons.length === 1 ? reasons[0] : undefined;
}

/**
 * What failed for one and the same reason stands together, and the reason below the first: a host that is
 * down would repeat it for each check. --verbose shows everything of each check.
 */
function renderShown(shown: readonly ReportCheck[], style: Style): readonly string[] {
  if (style.verbose) return shown.flatMap((check) => renderCheck(check, style));
  const first = (check: ReportCheck) => shown.find((other) => isLikewise(other, check)) ?? check;
  return shown.flatMap((check) => {
    if (first(check) !== check) return [];
    const others = shown.filter((other) => other !== check && first(other) === check);
    if (check.outcome === 'not-asked') return renderCheck(check, style, others.length);
    return [...renderCheck(check, style), ...others.flatMap((other) => renderLikewise(other, style))];
  });
}

/** Whether it is the same check, or both failed, or weren't asked, for the same reason. */
function isLikewise(one: ReportCheck, other: ReportCheck): boolean {
  if (one === other) return true;
  const { outcome, found, fix, note } = one;
  const isIll = (outcome === 'failed' || outcome === 'not-asked') && note === undefined;
  return isIll && other.outcome === outcome && other.found === found && other.fix === fix && !other.note;
}

function renderLikewise({ title }: ReportCheck, { columns, paint }: Style): readonly string[] {
  const label = `${words.failed} for the same reason`;
  const start = `  ${label}: `;
  const [first = '', ...rest] = wrap(title, { columns, first: start, hanging: 4 });
  return [`  ${paint.red.bold(words.failed)}${first.slice(2 + words.failed.length)}`, ...rest];
}

const words: Readonly<Record<ReportCheck['outcome'], string>> = {
  passed: 'passed',
  failed: 'FAILED',
  'not-applicable': 'does not apply',
  'not-asked': 'not asked',
};

/** `more`: how many others were not asked for the same reason */
function renderCheck(check: ReportCheck, style: Style, more = 0): readonly string[] {
  const { title, outcome, expected, found, note, fix } = check;
  const { columns, paint } = style;
  const painted = {
    passed: paint.green,
    failed: paint.red.bold,
    'not-applicable': paint.dim,
    'not-asked': paint.yellow,
  };
  const start = `  ${words[outcome]}: `;
  const whose = more === 0 ? title : `${title}, and ${count(more, 'other check')}`;
  const [first = '', ...rest] = wrap(whose, { columns, first: start, hanging: 4 });
  const noted = (label: string, text: string | undefined) =>
    text === undefined ? [] : wrap(text, { columns, first: `    ${label}: `, hanging: 6 });
  const whole = outcome === 'failed' || style.verbose;
  const isLeft = outcome === 'not-asked' || outcome === 'not-applicable';
  return [
    `  ${painted[outcome](words[outcome])}: ${first.slice(start.length)}`,
    ...rest,
    ...(whole ? noted('expected', expected) : []),
    ...(isLeft ? noted('because', found) : whole ? noted('found', found) : []),
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
