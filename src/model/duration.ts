const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** `90s`, `10m`, `1h30m` or `0` in seconds; undefined where the text isn't such a time. */
export function secondsOf(text: string): number | undefined {
  if (text === '0') return 0;
  const parts = [...text.matchAll(/(\d{1,6})([smh])/g)];
  const whole = text !== '' && parts.map(([part]) => part).join('') === text;
  if (!whole) return undefined;
  return parts.reduce((total, [, number, unit]) => total + Number(number) * (units[unit ?? ''] ?? 0), 0);
}

/** `2h`, `90m`, `45s` */
export function durationWords(seconds: number): string {
  if (seconds > 0 && seconds % 3_600 === 0) return `${seconds / 3_600}h`;
  return seconds > 0 && seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}
