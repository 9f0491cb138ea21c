import type { Query } from '../../model/reads.ts';
import type { StepHost } from '../../virtual/step-host.ts';

/** Asks for tries of the last hour to get a certificate for one of the names, whoever made them. */
export function askFailed(names: readonly string[]): Query {
  return { kind: 'failed-challenges', args: names };
}

/** Tries that failed, as src/host/remote/challenges.sh tells them. */
export interface Failed {
  readonly count: number;
  /** `10:50 UTC` */
  readonly last: string;
  /** from when on the host makes another one, in the same form */
  readonly again: string;
  /** the host doesn't have certbot ask now */
  readonly isTooOften: boolean;
}

/** Undefined where none failed, or nothing is known of it. */
export function failedOn(host: StepHost, names: readonly string[]): Failed | undefined {
  const { status = 0, output = '' } = host.answer(askFailed(names)) ?? {};
  const [, count, last, again] = /^(\d+) (\d+) (\d+)\s*$/.exec(output) ?? [];
  if (count === undefined) return undefined;
  return { count: Number(count), last: clockOf(last), again: clockOf(again), isTooOften: status === 1 };
}

function clockOf(seconds = ''): string {
  return `${new Date(Number(seconds) * 1_000).toISOString().slice(11, 16)} UTC`;
}

export function failedWords({ count, last }: Failed): string {
  const tries = count === 1 ? 'a try has' : `${count} tries have`;
  return `${tries} failed within the last hour, the last one at ${last}; after four, the authority is not asked until an hour has passed`;
}

export function tooOftenWords(name: string, { count, last, again }: Failed): string {
  return `the certificate ${name} is not asked for before ${again}: ${count} tries have failed within the last hour, the last one at ${last}, and Let's Encrypt takes five; mend what it complained about first (/var/log/letsencrypt)`;
}
