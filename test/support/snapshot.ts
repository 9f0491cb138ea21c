import type { Snapshot } from '../../src/model/snapshot.ts';

/** A host on which nothing was found of what was asked for. */
export function emptySnapshot(host: string): Snapshot {
  return {
    host,
    machineId: host,
    user: 'root',
    group: 'root',
    os: { id: 'ubuntu', name: 'Ubuntu' },
    clockOffset: 0,
    freeSpace: new Map(),
    paths: new Map(),
    globs: new Map(),
    packages: new Map(),
    units: new Map(),
    names: new Map(),
    answers: new Map(),
    failedUnits: [],
    ledger: undefined,
    unsettled: [],
  };
}
