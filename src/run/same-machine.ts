import type { Problem } from '../model/operator-error.ts';
import type { Snapshot } from '../model/snapshot.ts';

interface Seen {
  readonly host: string;
  readonly snapshot: Pick<Snapshot, 'machineId'> | undefined;
}

/** An id of machine-id(5). A host whose first start isn't done has none, or the word `uninitialized`. */
const machineIdForm = /^[0-9a-f]{32}$/;

/**
 * What keeps hosts from being told apart, by host. Whatever is done on a machine goes by its machine id: with
 * two names for one machine both would follow one and the same run, and of two clones either could be taken
 * for the other.
 */
export function refuseSameMachine(seen: readonly Seen[]): ReadonlyMap<string, Problem> {
  const known = seen.flatMap(({ host, snapshot }) =>
    snapshot === undefined ? [] : [{ host, id: snapshot.machineId }],
  );
  return new Map(
    known.flatMap(({ host, id }) => {
      if (!machineIdForm.test(id)) return [[host, noMachineId(host, id)] as const];
      const others = known
        .filter((other) => other.host !== host && other.id === id)
        .map((other) => other.host);
      return others.length === 0 ? [] : [[host, sameMachine(host, id, others)] as const];
    }),
  );
}

/**
 * An empty file gets a new id at the next start, as in an image that many machines are made from; a missing
 * one would also make it a first start, with all units as their presets say. An id that D-Bus has would come
 * back. Source: machine-id(5).
 */
const newMachineId = 'truncate -s 0 /etc/machine-id; rm -f /var/lib/dbus/machine-id; reboot';

function sameMachine(host: string, id: string, others: readonly string[]): Problem {
  const names = `${host} and ${others.join(', ')}`;
  return {
    code: 'same-machine',
    message: `${names} have one machine id, ${id}: they are one machine, or clones of one`,
    next: `if it is one machine, correct an address in the inventory, or take one of them out: a machine has one role. A clone needs an id of its own; as root, on the clone alone: ${newMachineId}`,
    host,
  };
}

function noMachineId(host: string, id: string): Problem {
  return {
    code: 'no-machine-id',
    message: `its /etc/machine-id ${id === '' ? 'is empty or missing' : `says '${id}', which is no machine id`}, so it can't be told from any other machine`,
    next: `as root, on the host: ${newMachineId}`,
    host,
  };
}
