import { readFileSync, readlinkSync } from 'node:fs';

/** Of a process in the machine's first pid namespace (PROC_PID_INIT_INO in the kernel's proc_ns.h). */
const machineItself = 'pid:[4026531836]';

/**
 * This process among all of all machines, as it stands in a lease: the kernel's boot id, the pid namespace,
 * the machine's id, the process and when it started (field 22 of proc_pid_stat(5)). Empty parts where they
 * can't be known, as without Linux's /proc.
 */
export function thisProcess(): string {
  const { pid } = process;
  const parts = [
    read('/proc/sys/kernel/random/boot_id'),
    namespace(),
    read('/etc/machine-id'),
    String(pid),
    startOf(pid),
  ];
  return parts.join(' ');
}

/**
 * Whether a process that a lease names has surely ended: it was on this very machine, and isn't any more.
 * A process elsewhere, or one that can't be told, may be alive.
 */
export function hasEnded(told: string): boolean {
  const [boot = '', where = '', machine = '', pid = '', start = ''] = told.split(' ');
  if (boot === '' || where === '' || start === '' || where !== namespace()) return false;
  if (boot !== read('/proc/sys/kernel/random/boot_id')) {
    return where === machineItself && machine !== '' && machine === read('/etc/machine-id');
  }
  return startOf(Number(pid)) !== start;
}

function namespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Counted behind the name, which may hold blanks. */
function startOf(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
