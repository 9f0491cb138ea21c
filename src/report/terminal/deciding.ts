import type { ReportHost } from '../document/schema.ts';
import { count, list, oneLine } from '../shared/prose.ts';
import { differs } from '../shared/reading.ts';
import { wrap } from './prose.ts';
import type { Style } from './style.ts';

type Deciding = NonNullable<ReportHost['deciding']>;

/** More hosts aren't named one by one. */
const mostNamed = 4;

/** Which checks from outside decide whether the host stays changed; nothing where it decides by itself. */
export function renderDeciding(host: ReportHost, style: Style): readonly string[] {
  const { deciding } = host;
  if (deciding === undefined || !differs(host)) return [];
  const text = decidingWords(host.name, deciding);
  return ['', ...wrap(text, { columns: style.columns, first: '  ', hanging: 4 })];
}

function decidingWords(name: string, deciding: Deciding): string {
  const always = deciding.filter((one) => one.always);
  const maybe = deciding.filter((one) => !one.always);
  if (deciding.length === 0) {
    return 'it stays changed once it answers over a new connection; no check from outside applies to it';
  }
  const first =
    always.length === 0
      ? []
      : [`it stays changed only if these checks pass from outside: ${named(name, always)}`];
  const still =
    maybe.length === 0
      ? []
      : [
          always.length === 0
            ? `it stays changed only if these checks still pass from outside, as far as they passed before: ${named(name, maybe)}`
            : `and, as far as they passed before: ${named(name, maybe)}`,
        ];
  return [...first, ...still].join('; ');
}

/** `certificate; for bbb-01, bbb-02: client-page, api-addresses` */
function named(name: string, checks: Deciding): string {
  const own = checks.filter(({ host }) => host === name).map(({ id }) => oneLine(id));
  const byChecks = new Map<string, readonly string[]>();
  for (const host of new Set(checks.map((one) => one.host))) {
    if (host === name) continue;
    const ids = list(checks.filter((one) => one.host === host).map(({ id }) => oneLine(id)));
    byChecks.set(ids, [...(byChecks.get(ids) ?? []), oneLine(host)]);
  }
  const others = [...byChecks].map(
    ([ids, hosts]) => `${ids} of ${hosts.length > mostNamed ? count(hosts.length, 'host') : list(hosts)}`,
  );
  return [...(own.length === 0 ? [] : [list(own)]), ...others].join(', and ');
}

/** `9 checks passed from outside`, once it was asked. */
export function passedWords(deciding: Deciding): readonly string[] {
  const passed = deciding.filter(({ outcome }) => outcome === 'passed').length;
  return passed === 0 ? [] : [`${count(passed, 'check')} passed from outside`];
}
