import { readdirSync, readFileSync } from 'node:fs';

/**
 * Ends what still runs on simulated hosts whose roots are below a folder. As on real hosts, programs don't
 * end with the connection that started them; all of them have their root in CLUSTERPROXY_ROOT, which
 * /proc/PID/environ shows (proc(5)). The search is repeated, so that programs that start meanwhile are found
 * too.
 */
export function endProcessesBelow(folder: string): void {
  for (let round = 0; round < 20; round += 1) {
    const found = processesBelow(folder);
    if (found.length === 0) return;
    for (const pid of found) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
  }
}

export function processesBelow(folder: string): readonly number[] {
  const mark = `CLUSTERPROXY_ROOT=${folder}/`;
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      const variables = readFileSync(`/proc/${name}/environ`, 'latin1').split('\0');
      return variables.some((variable) => variable.startsWith(mark)) ? [pid] : [];
    } catch {
      // It has ended, or belongs to another user.
      return [];
    }
  });
}
