import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { LabHost } from './host.ts';

/** An ACME client in one file; Debian's package lego. */
const lego = '/usr/bin/lego';

/** Whether this machine has none that a host could run. */
export const withoutLego = !existsSync(lego);

export async function installLego(host: LabHost): Promise<void> {
  await host.writeFile(lego, await readFile(lego), 0o755);
}
