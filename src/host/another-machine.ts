import type { Problem } from '../model/operator-error.ts';

/**
 * What a host says to a word that was meant for another machine: addresses move (keepalived, a host that was
 * installed anew).
 */
export const notThisMachine = 'another-machine';

/** Nothing was done there. */
export function anotherMachine(): Problem {
  return {
    code: 'another-machine',
    message: 'this is not the machine that was looked at; nothing was done on it',
    next: 'somebody else answers at its address now: check the inventory, then look again',
  };
}
