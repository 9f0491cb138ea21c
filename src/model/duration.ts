const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 };

/** The longest that can be said. Seconds. */
const longest = 86_400;

/** What a duration looks like, for an error message. */
export const durationExample = 'a time such as 90s, 10m or 1h, and at most one day';

/** `90s`, `10m`, `1h30m` or `0` in seconds; at most a day. Undefined for any other text. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  const parts = [...text.matchAll(/(\d{1,6})([smh])/g)];
  const isWhole = text !== '' && parts.map(([part]) => part).join('') === text;
  const sum = parts.reduce((total, [, number, unit]) => total + Number(number) * (units[unit ?? ''] ?? 0), 0);
  return isWhole && sum <= longest ? sum : undefined;
}

/** `2h`, `90m`, `45s` */
export function durationWords(seconds: number): string {
  if (seconds > 0 && seconds % 3_600 === 0) return `${seconds / 3_600}h`;
  return seconds > 0 && seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}
