import type { Problem } from '../model/operator-error.ts';

/**
 * A host's answer to a message that was meant for another machine: addresses move (keepalived, a reinstalled
 * host).
 */
export const notThisMachine = 'another-machine';

/** Nothing was done there. */
export function anotherMachine(): Problem {
  return {
    code: 'another-machine',
    message: 'this is not the machine that was looked at; nothing was done on it',
    next: 'a different machine now answers at its address: check the inventory, then run the command again',
  };
}
