import type { ReportDocument, ReportHost } from '../document/schema.ts';
import { oneLine } from '../shared/prose.ts';
import { authorNotes } from './author.ts';
import { wrap } from './prose.ts';
import type { Style } from './style.ts';

/** What is accepted, or what `accept` has done. */
export function renderAccepted({ accepted }: ReportDocument, style: Style): readonly string[] {
  if (accepted === undefined) return [];
  const { what, entries } = accepted;
  if (entries.length === 0) return ['nothing is accepted'];
  return entries.flatMap((entry) => {
    const { host, who, reason, since, until } = entry;
    const first = `${host}: ${place(entry)}`;
    const end = entry.ended ? `until ${utc(until)}, which is over` : `until ${utc(until)}`;
    const words = what === 'ended' ? 'is no longer accepted; it was' : 'is accepted';
    return wrap(`${first} ${words} ${end}, by ${who} since ${utc(since)}: ${reason}`, {
      ...{ columns: style.columns, first: '', hanging: 2 },
    });
  });
}

/** What differs on a host and stays as it is; what its step keeps only with --verbose. */
export function renderLeft({ left = [], name }: ReportHost, style: Style, named: boolean): readonly string[] {
  const { columns, paint } = style;
  return left.flatMap((one) => {
    const shown = one.items.filter(({ because }) => because !== 'keep' || style.verbose);
    const lines = shown.flatMap((item) => {
      const label = item.because === 'report' ? 'drift' : item.because === 'keep' ? 'kept' : 'accepted';
      const start = `  ${named ? `${name}: ` : ''}${label}: `;
      const what = `${place({ path: one.path, key: item.key })} (${oneLine(one.step)})`;
      const [first = '', ...rest] = wrap(`${what}${why(item)}`, { columns, first: start, hanging: 4 });
      return [
        first.replace(label, item.because === 'report' ? paint.yellow(label) : paint.bold(label)),
        ...rest,
      ];
    });
    if (lines.length === 0) return [];
    const { handlers } = one;
    const not =
      handlers.length === 0 ? [] : [`because of it, ${handlers.map(oneLine).join(', ')} is not asked for`];
    return [
      ...lines,
      ...authorNotes(one, style).flatMap((text) => wrap(text, { columns, first: '    ' })),
      ...not.flatMap((text) => wrap(text, { columns, first: '    ' })),
      ...(style.verbose
        ? one.diff
            .trimEnd()
            .split('\n')
            .map((text) => `    ${oneLine(text)}`)
        : []),
    ];
  });
}

type Item = NonNullable<ReportHost['left']>[number]['items'][number];

function why({ because, accepted }: Item): string {
  if (because === 'report') return ' is not as last written; it stays as it is (on_drift: report)';
  if (because === 'keep') return ' is not as last written; it stays as it is (on_drift: keep)';
  if (accepted === undefined) return '';
  return ` stays as it is until ${utc(accepted.until)}, accepted by ${accepted.who}: ${accepted.reason}`;
}

function place({ path, key }: { readonly path: string; readonly key?: string | undefined }): string {
  return key === undefined ? oneLine(path) : `${oneLine(key)} in ${oneLine(path)}`;
}

/** `2026-12-31 16:00 UTC` */
function utc(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}
