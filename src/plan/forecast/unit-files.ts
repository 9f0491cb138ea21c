import type { UnpackedPackage } from '../../model/forecast.ts';
import type { Snapshot, UnitState } from '../../model/snapshot.ts';

/** Where packages and operators put unit files, by systemd.unit(5). */
const folders = ['/etc/systemd/system', '/usr/lib/systemd/system', '/lib/systemd/system'];

/** The files that may define a unit: its own, and for an instance that of its template. */
export function unitFiles(unit: string): readonly string[] {
  const name = /\.[a-z]+$/.test(unit) ? unit : `${unit}.service`;
  const template = name.replace(/@[^@]+(\.[a-z]+)$/, '@$1');
  return folders.flatMap((folder) => [...new Set([name, template])].map((one) => `${folder}/${one}`));
}

/** The units of a host once packages have brought and taken away their files. */
export interface UnitsAfter {
  readonly units: ReadonlyMap<string, UnitState>;
  /** whether they are enabled and running isn't known before the upgrade */
  readonly come: readonly string[];
  readonly go: readonly string[];
}

export function unitsAfter(
  units: Snapshot['units'],
  packages: readonly Pick<UnpackedPackage, 'old' | 'shared' | 'brought' | 'own'>[],
): UnitsAfter {
  const after = new Map(units);
  const come: string[] = [];
  const go: string[] = [];
  const isIn = (files: readonly string[], of: (one: (typeof packages)[number]) => ReadonlySet<string>) =>
    packages.some((one) => files.some((file) => of(one).has(file)));
  for (const [name, state] of units) {
    const files = unitFiles(name);
    const isBrought = isIn(files, ({ brought }) => brought);
    if (isBrought && state.load === 'not-found') {
      come.push(name);
      after.set(name, { load: 'loaded', active: 'inactive', sub: 'dead', enabled: '' });
    }
    const stays = isBrought || isIn(files, ({ shared }) => shared) || isIn(files, ({ own }) => own);
    if (state.load === 'loaded' && !stays && isIn(files, ({ old }) => old)) {
      go.push(name);
      after.set(name, { load: 'not-found', active: 'inactive', sub: 'dead', enabled: '' });
    }
  }
  return { units: after, come, go };
}
