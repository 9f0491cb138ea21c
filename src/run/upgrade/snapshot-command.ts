import { execFile } from 'node:child_process';
import { dirname } from 'node:path';
import type { Inventory, InventoryHost } from '../../inventory/inventory.ts';
import { OperatorError } from '../../model/operator-error.ts';

export interface SnapshotOptions {
  readonly inventory: Pick<Inventory, 'snapshotCommand' | 'file'>;
  /** whoever leaves at once doesn't wait for it */
  readonly signal: AbortSignal;
}

/** Large virtual machines take a while to be saved. Milliseconds. */
const limit = 3_600_000;

/** The words of the command for a host. */
export function snapshotWords(
  command: readonly string[],
  { name, address }: Pick<InventoryHost, 'name' | 'address'>,
): readonly string[] {
  return command.map((word) =>
    word.replace(/\{\{ *host\.name *\}\}/g, () => name).replace(/\{\{ *host\.address *\}\}/g, () => address),
  );
}

/**
 * Runs the operator's program, on this machine and in the inventory's folder, that saves a host before it is
 * upgraded. Nobody can answer it. Throws an OperatorError `snapshot-failed`, and nothing was touched then.
 */
export async function saveHost(
  host: Pick<InventoryHost, 'name' | 'address'>,
  { inventory: { snapshotCommand, file }, signal }: SnapshotOptions,
): Promise<void> {
  if (snapshotCommand === undefined) return;
  const [program = '', ...args] = snapshotWords(snapshotCommand, host);
  const env = { ...process.env, CLUSTERPROXY_HOST: host.name, CLUSTERPROXY_ADDRESS: host.address };
  await new Promise<void>((resolve, reject) => {
    const options = { cwd: dirname(file), env, signal, timeout: limit, maxBuffer: 64 * 1024 * 1024 };
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve();
      else
        reject(
          failed(host.name, error.killed ? `was stopped` : error.message.split('\n')[0], stderr || stdout),
        );
    });
    child.stdin?.end();
  });
}

function failed(host: string, why: string | undefined, said: string): OperatorError {
  return new OperatorError({
    code: 'snapshot-failed',
    message: `${host} was not saved, so it was not upgraded: the snapshot_command of the inventory failed (${why})`,
    next: 'run it by hand, and see what is wrong with it',
    host,
    detail: said.trim().slice(-2_000),
  });
}
