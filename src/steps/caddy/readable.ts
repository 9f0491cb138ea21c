import type { Query } from '../../model/reads.ts';
import type { StepHost } from '../../virtual/step-host.ts';

/** The account that the packages of Caddy make for its service. */
export const caddyUser = 'caddy';

/** Asks whether the account of Caddy may read a file, which the package doesn't let run as root. */
export function mayRead(user: string, path: string): Query {
  return { kind: 'command', args: ['runuser', '-u', user, '--', 'test', '-r', path] };
}

/**
 * Refuses a file that is there, but not for Caddy. Nothing is said where the host can't tell: without
 * runuser(1), or without that account.
 */
export function refuseUnreadable(host: StepHost, user: string, path: string): void {
  const { status = 0, output = '' } = host.answer(mayRead(user, path)) ?? {};
  if (status !== 1 || output.trim() !== '') return;
  throw host.problem(
    'certificate-unreadable',
    `the account ${user}, as which Caddy runs, can't read ${path}`,
    `give its group that right, such as \`chgrp ${user} ${path} && chmod g+r ${path}\`, and the right to enter the folders above it, also after each renewal; or copy the file to a place that it can read`,
  );
}
