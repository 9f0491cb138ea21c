import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../src/package-root.ts';

/** The text of a program in playbooks/files. */
export function guardProgram(name: string): string {
  return readFileSync(join(packageRoot(), 'playbooks/files', name), 'utf8');
}
