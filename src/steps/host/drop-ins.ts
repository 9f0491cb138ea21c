import type { StepHost } from '../../virtual/step-host.ts';
import { foundFiles } from '../shared/found-files.ts';

/**
 * Where units and their drop-ins are searched; for files of the same name, an earlier folder wins over a
 * later one.
 */
const unitFolders = ['/etc/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system'] as const;

/** A unit file, or a part of one. */
export interface DropIn {
  readonly path: string;
  readonly text: string;
}

export function dropInPath(unit: string, name: string): string {
  return `/etc/systemd/system/${unit}.d/${name}`;
}

/**
 * Everything that must be read to know a unit's settings: its file, its drop-ins, and the folder of our own
 * drop-in.
 */
export function dropInReads(unit: string, name: string): readonly string[] {
  return [
    ...unitFolders.map((folder) => `${folder}/${unit}`),
    ...unitFolders.map((folder) => `${folder}/${unit}.d/*.conf`),
    `/etc/systemd/system/${unit}.d`,
    dropInPath(unit, name),
  ];
}

/**
 * The drop-ins of a unit except ours, in the order in which systemd reads them: by file name, and for two
 * with the same name only the one in the earlier folder. Source: systemd.unit(5).
 */
export function otherDropIns(host: StepHost, unit: string, ours: string): readonly DropIn[] {
  const byName = new Map<string, DropIn>();
  for (const folder of unitFolders) {
    for (const { path, text } of foundFiles(host, `${folder}/${unit}.d/*.conf`)) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      if (name !== ours && !byName.has(name)) byName.set(name, { path, text });
    }
  }
  return [...byName].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, dropIn]) => dropIn);
}

/** The unit's own file, from the first folder that has it. */
export function unitFile(host: StepHost, unit: string): DropIn | undefined {
  const path = unitFolders.map((folder) => `${folder}/${unit}`).find((candidate) => host.exists(candidate));
  const text = path === undefined ? undefined : host.text(path);
  return path === undefined || text === undefined ? undefined : { path, text };
}

/** A drop-in without any settings left is removed. */
export function removeHollowDropIn(host: StepHost, path: string): void {
  const text = host.text(path);
  if (text?.split('\n').every((line) => /^\s*(?:[#;].*|\[[^\]]*\])?\s*$/.test(line))) host.remove(path);
}
