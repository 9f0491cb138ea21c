import { existsSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { getAsset, getRawAsset } from 'node:sea';
import { cacheOfAccount } from './cache.ts';
import { indexAsset } from './index-of-files.ts';
import { findUnpacked, layOut, type Packed, unpackBelow } from './unpack.ts';

let folder: string | undefined;

/**
 * The folder with the files of this single file. A package of the distribution brings it; otherwise it is
 * unpacked once into this account's cache, or where there is none that can be trusted and written, into a
 * folder for this process alone.
 */
export function unpackedHere(): string {
  // Somebody may have emptied the cache while this process runs.
  if (folder !== undefined && existsSync(join(folder, 'package.json'))) return folder;
  const packed: Packed = {
    index: getAsset(indexAsset, 'utf8'),
    read: (path) => new Uint8Array(getRawAsset(path) as ArrayBuffer),
  };
  folder = unpackedAt(packed, placesHere());
  return folder;
}

export interface Places {
  readonly uid: number;
  /** with what a package of the distribution has unpacked */
  readonly shared: string;
  /** undefined: this account has no home of its own */
  readonly cache: string | undefined;
  /** for what only this process uses; it goes away with it */
  readonly temporary: string;
}

export function unpackedAt(packed: Packed, places: Places): string {
  const { uid, shared, cache, temporary } = places;
  const found = [shared, cache].map((place) => place && findUnpacked(packed, place, { uid }));
  const first = found.find((one) => one !== undefined);
  if (first !== undefined) return first;
  try {
    if (cache !== undefined) return unpackBelow(packed, cache, { uid });
  } catch {
    // It can't be written, or others can change it.
  }
  const own = mkdtempSync(join(temporary, 'clusterproxy-files-'));
  process.once('exit', () => rmSync(own, { recursive: true, force: true }));
  // Who owns the folders above can't be known where accounts are hidden (PrivateUsers= of systemd.exec(5)).
  const files = join(own, 'files');
  layOut(packed, files);
  return files;
}

function placesHere(): Places {
  const uid = process.geteuid?.() ?? 0;
  const program = realpathSync(process.execPath);
  return {
    uid,
    shared: join(dirname(dirname(program)), 'share', 'clusterproxy'),
    cache: cacheOfAccount({ uid, variables: process.env, home: homedir }),
    temporary: tmpdir(),
  };
}
