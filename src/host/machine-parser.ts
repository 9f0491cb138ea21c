import { fields, printable } from './records.ts';

/** `ID` and `PRETTY_NAME` of os-release(5), whose values may be quoted as in sh(1). */
export function readOs(lines: readonly string[]): { id: string; name: string } {
  const value = (key: string) => {
    const line = lines.find((candidate) => candidate.startsWith(`${key}=`)) ?? '';
    const raw = line.slice(key.length + 1).trim();
    const quoted = /^(["'])(.*)\1$/.exec(raw)?.[2] ?? raw;
    return printable(quoted.replace(/\\(.)/g, '$1'));
  };
  return { id: value('ID'), name: value('PRETTY_NAME') };
}

/**
 * How far the host's clock is ahead of ours, in seconds. The host reports whole seconds, so a difference of
 * less than one second plus the duration of the answer counts as none.
 */
export function clockOffset(
  seconds: number,
  clock: { readonly askedAt: number; readonly answeredAt: number },
): number {
  const middle = (clock.askedAt + clock.answeredAt) / 2_000;
  const tolerance = (clock.answeredAt - clock.askedAt) / 2_000 + 1;
  const offset = seconds + 0.5 - middle;
  return Math.abs(offset) <= tolerance ? 0 : Math.round(offset);
}

/** Free space in percent, by mount path. */
export function readSpace(lines: readonly string[], root: string): ReadonlyMap<string, number> {
  const space = new Map<string, number>();
  for (const line of lines) {
    const [free, total, path] = fields(line);
    if (path === undefined || !(Number(total) > 0)) continue;
    space.set(path.slice(root.length) || '/', Math.round((Number(free) / Number(total)) * 1_000) / 10);
  }
  return space;
}

/** The major version in the first line of `systemctl --version`: systemd 252 (252.39-1~deb12u1). */
export function readSystemdVersion(line: string | undefined): number | undefined {
  const digits = /^systemd ([0-9]{1,5})\b/.exec(line ?? '')?.[1];
  return digits === undefined ? undefined : Number(digits);
}
