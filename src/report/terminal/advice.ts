import type { ReportError, ReportHost } from '../document/schema.ts';

/** Hosts, in the order in which they are shown, with what is said of several of them said once. */
export function adviceOnce(hosts: readonly ReportHost[]): readonly ReportHost[] {
  const last = new Map<string, ReportHost>();
  const times = new Map<string, number>();
  for (const host of hosts) {
    const next = host.error?.next;
    if (next === undefined) continue;
    last.set(next, host);
    times.set(next, (times.get(next) ?? 0) + 1);
  }
  return hosts.map((host) => {
    const { error } = host;
    const number = times.get(error?.next ?? '') ?? 0;
    if (error?.next === undefined || number < 2) return host;
    const next =
      last.get(error.next) === host ? `for each of these ${number} hosts: ${error.next}` : undefined;
    return { ...host, error: { ...error, next } };
  });
}

/** Errors that say the same of several hosts, once for all of them: two names of one machine. */
export function errorsOnce(hosts: readonly ReportHost[]): readonly ReportError[] {
  const errors = new Map<string, { readonly error: ReportError; readonly names: string[] }>();
  for (const { name, error } of hosts) {
    if (error === undefined) continue;
    const { host: _, next: __, ...same } = error;
    const key = JSON.stringify(same);
    const one = errors.get(key) ?? { error, names: [] };
    one.names.push(name);
    errors.set(key, { ...one, error: { ...one.error, next: error.next ?? one.error.next } });
  }
  return [...errors.values()].map(({ error, names }) => ({ ...error, host: names.join(', ') }));
}
