import type { ReportDocument, ReportSetting } from '../document/schema.ts';
import { wrap } from './prose.ts';
import type { Style } from './style.ts';

/** What counts on this machine, by topic; variables that aren't set in one paragraph. */
export function renderSettings({ settings = [] }: ReportDocument, style: Style): readonly string[] {
  const topics = [...new Set(settings.map(({ topic }) => topic))];
  return topics.flatMap((topic, index) => {
    const own = settings.filter((one) => one.topic === topic);
    const unset = topic === 'variables' ? own.filter(({ value }) => value === undefined) : [];
    const names = unset.map(({ name }) => name).join(', ');
    return [
      ...(index === 0 ? [] : ['']),
      style.paint.bold(topic),
      ...own.filter((one) => !unset.includes(one)).flatMap((one) => renderSetting(one, style)),
      ...(names === ''
        ? []
        : wrap(names, { columns: style.columns, first: '  read, but not set: ', hanging: 4 })),
    ];
  });
}

/** `  agent: /run/user/1000/agent (SSH_AUTH_SOCK; it has 2 keys)` */
function renderSetting({ name, value, why }: ReportSetting, style: Style): readonly string[] {
  const { columns, paint } = style;
  const start = `  ${name}: `;
  const [first = '', ...rest] = wrap(`${value ?? 'none'} (${why})`, { columns, first: start, hanging: 4 });
  return [`  ${paint.bold(`${name}:`)} ${first.slice(start.length)}`, ...rest];
}
