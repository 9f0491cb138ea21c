import { closeSync, existsSync, openSync, renameSync } from 'node:fs';
import { openFolder, pathOf, removeOld } from './folder.ts';
import type { Outlet } from './outlet.ts';
import { writeWhole } from './write-whole.ts';

/** The log of a run in the folder of those that are kept. It is written line by line, as things happen. */
export class KeptLog implements Outlet {
  readonly where: string;
  readonly #folder: string;
  readonly #file: number;
  #name: string;

  private constructor(folder: string, name: string, file: number) {
    this.where = folder;
    this.#folder = folder;
    this.#name = name;
    this.#file = file;
  }

  /** Begins one, and removes the oldest of the others. Throws why there can be none. */
  static async begin(folder: string, name: string): Promise<KeptLog> {
    await openFolder(folder);
    await removeOld(folder);
    const free = freeName(folder, name);
    return new KeptLog(folder, free, openSync(pathOf(folder, free), 'ax', 0o600));
  }

  write(line: string): void {
    writeWhole(this.#file, line);
  }

  /** Names the log after its run, once that is known. */
  name(run: string): void {
    // It may be the second log of that run already.
    const [own] = this.#name.split('.');
    if (own === run || !/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/.test(run)) return;
    const name = freeName(this.#folder, run);
    renameSync(pathOf(this.#folder, this.#name), pathOf(this.#folder, name));
    this.#name = name;
  }

  close(): Promise<void> {
    closeSync(this.#file);
    return Promise.resolve();
  }
}

/** A call with the id of an earlier run has a log of its own: `rollout-01.2`. No id of a run has a dot. */
function freeName(folder: string, name: string): string {
  let free = name;
  for (let number = 2; existsSync(pathOf(folder, free)); number += 1) free = `${name}.${number}`;
  return free;
}
