import type { Problem } from '../model/operator-error.ts';
import type { TroubleResult } from '../model/trouble.ts';

/** At which layer it failed, by the code of the error; the error says the rest. */
const layers: readonly (readonly [codes: RegExp, title: string])[] = [
  [/^(?:unreachable|connect-timeout)$/, "the host can't be reached"],
  [/host-key/, 'the key of the host is not accepted'],
  [/^authentication|^passphrase|^key-/, 'the login is refused'],
  [/^sudo-|^login-shell$/, 'sudo does not let the account act as root'],
  [/^not-permitted$/, 'the account may not read what is needed'],
  [/^(?:ssh-|connection-lost|proxy-jump|needs-openssh|algorithm|no-common)/, 'ssh does not get through'],
];

/** A host that is switched off, as it may be: nothing is known of it, and that is no trouble. */
export function switchedOff({ name, role }: { readonly name: string; readonly role: string }): TroubleResult {
  const title = 'there is any trouble on this host';
  return { host: name, role, id: 'off', title, outcome: 'unknown', found: 'it is off' };
}

/** A host that could not be looked at, as a trouble: nothing else is known of it. */
export function unlooked(
  { name, role }: { readonly name: string; readonly role: string },
  { code, message, notes = [], next }: Problem,
): TroubleResult {
  if (code === 'interrupted') {
    // The operator's doing, and no trouble of the host's.
    const title = 'there is any trouble on this host';
    return { host: name, role, id: code, title, outcome: 'unknown', found: message };
  }
  const title = layers.find(([codes]) => codes.test(code))?.[1] ?? 'the host could not be looked at';
  return {
    ...{ host: name, role, id: code, title, outcome: 'found' },
    found: [message, ...notes].join('; '),
    means: 'nothing else is known of this host, and no run can change it',
    fix: next,
  };
}
