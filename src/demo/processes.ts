import { readdirSync, readFileSync } from 'node:fs';

/**
 * Ends what still runs on simulated hosts whose roots are below a folder. As on real hosts, programs don't
 * end with the connection that started them; all of them have their root in CLUSTERPROXY_ROOT, which
 * /proc/PID/environ shows (proc(5)). When this returns they have ended, and write nothing. It blocks, so that
 * it can be the last thing that a process does.
 */
export function endProcessesBelow(folder: string): void {
  endAll(() => processesBelow(folder));
}

/** The same for the one host with that root. */
export function endProcessesOf(root: string): void {
  endAll(() => processesOf(root));
}

export function processesBelow(folder: string): readonly number[] {
  return processesWith((variable) => variable.startsWith(`CLUSTERPROXY_ROOT=${folder}/`));
}

export function processesOf(root: string): readonly number[] {
  return processesWith((variable) => variable === `CLUSTERPROXY_ROOT=${root}`);
}

function processesWith(wanted: (variable: string) => boolean): readonly number[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      const variables = readFileSync(`/proc/${name}/environ`, 'latin1').split('\0');
      return variables.some(wanted) ? [pid] : [];
    } catch {
      // It has ended, or belongs to another user.
      return [];
    }
  });
}

/**
 * The search is repeated, so that programs that start meanwhile are found too. Once isn't enough to know that
 * nothing is left: a program in the middle of execve(2) shows no environment for a moment.
 */
function endAll(search: () => readonly number[]): void {
  let nothing = 0;
  for (let round = 0; round < 1000 && nothing < 2; round += 1) {
    const found = search();
    for (const pid of found) kill(pid);
    nothing = found.length === 0 ? nothing + 1 : 0;
    if (nothing < 2) wait(5);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function wait(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
