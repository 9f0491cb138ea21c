import { absent, found, type HostTrouble } from './seen.ts';

export const becomeForgotten: HostTrouble = {
  id: 'become-forgotten',
  title: 'the account may look, but not change anything',
  judge: ({ snapshot: { lookOnly, user } }) =>
    lookOnly !== true
      ? absent
      : found(
          `${user} logs in and is not root`,
          'nothing can be applied on this host as long as that account does not use sudo',
          'add `become: sudo` below `ssh:` in the inventory, or log in as root',
        ),
};
