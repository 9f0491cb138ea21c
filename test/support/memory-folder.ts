import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A folder in memory for temporary files: simulated hosts write each of their files to the disk before they
 * continue, as real ones do, and on a busy disk that takes most of a test's time. Undefined if there is none
 * with enough room, or if programs can't be started from it (containers often have a small one, or forbid
 * that).
 */
export function memoryFolder(folder = '/dev/shm'): string | undefined {
  let own: string | undefined;
  try {
    const { bavail, bsize } = statfsSync(folder);
    if (bavail * bsize < 1_000_000_000) return undefined;
    own = mkdtempSync(join(folder, 'clusterproxy-test-'));
    const program = join(own, 'program');
    writeFileSync(program, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    execFileSync(program, { stdio: 'ignore' });
    return folder;
  } catch {
    return undefined;
  } finally {
    if (own !== undefined) rmSync(own, { recursive: true });
  }
}
