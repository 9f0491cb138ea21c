import type { Problem } from '../model/operator-error.ts';
import type { Snapshot } from '../model/snapshot.ts';

interface Seen {
  readonly host: string;
  readonly snapshot: Pick<Snapshot, 'machineId'> | undefined;
}

/**
 * An id as in machine-id(5). A host whose first boot isn't complete has none, or the word `uninitialized`.
 */
const machineIdForm = /^[0-9a-f]{32}$/;

/**
 * What prevents hosts from being told apart, by host. All work on a machine is tied to its machine id: with
 * two names for one machine both would follow the same run, and of two clones either could be mistaken for
 * the other.
 */
export function refuseSameMachine(seen: readonly Seen[]): ReadonlyMap<string, Problem> {
  const known = seen.flatMap(({ host, snapshot }) =>
    snapshot === undefined ? [] : [{ host, id: snapshot.machineId }],
  );
  return new Map(
    known.flatMap(({ host, id }) => {
      if (!machineIdForm.test(id)) return [[host, noMachineId(host, id)] as const];
      const same = known.filter((other) => other.id === id).map((other) => other.host);
      return same.length === 1 ? [] : [[host, sameMachine(host, id, same)] as const];
    }),
  );
}

/**
 * An empty file gets a new id at the next boot, as in an image from which many machines are made; a missing
 * file would also make it a first boot, with all units reset to their presets. An id of D-Bus would be
 * reused. Source: machine-id(5).
 */
const newMachineId = 'truncate -s 0 /etc/machine-id; rm -f /var/lib/dbus/machine-id; reboot';

/** The same words for each of them, so that they can be said once. */
function sameMachine(host: string, id: string, same: readonly string[]): Problem {
  const names = `${same.slice(0, -1).join(', ')} and ${same.at(-1)}`;
  return {
    code: 'same-machine',
    message: `${names} have the same machine id, ${id}: they are one machine, or clones of one`,
    next: `if it is one machine, correct an address in the inventory, or remove one of the hosts: a machine has one role. A clone needs its own id; run as root, on the clone only: ${newMachineId}`,
    host,
  };
}

function noMachineId(host: string, id: string): Problem {
  return {
    code: 'no-machine-id',
    message: `its /etc/machine-id ${id === '' ? 'is empty or missing' : `says '${id}', which is not a machine id`}, so it can't be told apart from other machines`,
    next: `run as root, on the host: ${newMachineId}`,
    host,
  };
}
