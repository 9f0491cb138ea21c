/**
 * What a run does with a host on which people are:
 *
 * - `refuse`: it is put off, with nothing changed;
 * - `wait`: the others go on, and it follows once its people have gone;
 * - `drain`: whoever sends people there is told to send no more, until it is empty and changed;
 * - `later`: it is queued: the host changes itself once nobody has been there for a while;
 * - `force`: it is changed, and they are interrupted.
 */
export const busyPolicies = ['refuse', 'wait', 'drain', 'later', 'force'] as const;

export type BusyPolicy = (typeof busyPolicies)[number];

/** What an inventory says of it: for all roles, and for single ones. */
export interface WhenBusy {
  readonly all: BusyPolicy | undefined;
  readonly roles: ReadonlyMap<string, BusyPolicy>;
}

/** How long a run waits for people to go, if nothing else is said. Seconds. */
export const usualPatience = 7_200;
