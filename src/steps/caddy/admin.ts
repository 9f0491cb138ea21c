import type { StepHost } from '../../virtual/step-host.ts';
import { caddyOn, lineOf, mainCaddyfile } from './caddy-files.ts';

/**
 * Refuses a Caddy that has no admin API: `caddy reload`, which its unit runs, needs it, and so what is
 * written would never be used.
 */
export function refuseAdminOff(host: StepHost, lookIn: readonly string[]): void {
  for (const { path, text, parts } of caddyOn(host, mainCaddyfile, lookIn).files) {
    const off = parts.options?.block?.statements.find(
      ({ words: [name, value] }) => name?.text === 'admin' && value?.text === 'off',
    );
    if (off === undefined) continue;
    throw host.problem(
      'admin-off',
      `${path}:${lineOf(text, off.start)}: "admin off" leaves Caddy without its admin API, and without that it can't be reloaded`,
      'remove that line, or put "admin unix//var/lib/caddy/admin.sock" in its place, a socket that only root and the account of Caddy can use; then `systemctl restart caddy`, and plan again',
    );
  }
}
