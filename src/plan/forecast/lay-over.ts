import type { BroughtPackage, ConffileAnswer, ConffileForecast, HostForecast } from '../../model/forecast.ts';
import type { Query } from '../../model/reads.ts';
import type { PathState, Snapshot } from '../../model/snapshot.ts';
import { matchesGlob } from '../../virtual/virtual-host.ts';
import { conffileAfter } from './conffiles.ts';
import { withDestinations } from './links.ts';
import { answersAfter } from './searches.ts';
import { unitsAfter } from './unit-files.ts';

/** What is assumed, and what was asked. */
export interface LayOverOptions {
  /** what dpkg is told where it asks about a conffile */
  readonly answer: ConffileAnswer;
  /** the searches whose answers may be others in the packages' files */
  readonly searches: readonly Query[];
}

/** A host as an upgrade leaves it, before anything is planned for it. */
export interface LaidOver {
  readonly snapshot: Snapshot;
  readonly forecast: Omit<HostForecast, 'supported' | 'recipe' | 'leftOut'>;
}

const absent: PathState = { kind: 'absent' };
/** When what maintainer scripts write will be known, in the words of a plan. */
const afterwards = 'the upgrade';

/**
 * Lays the files of packages over a host as dpkg would, in as much as they were read. What their maintainer
 * scripts do isn't known: whatever is missing afterwards may come with them.
 */
export function layOver(
  snapshot: Snapshot,
  packages: readonly BroughtPackage[],
  { answer, searches }: LayOverOptions,
): LaidOver {
  const host = withLedTo(snapshot.paths);
  const brought = filesOf(packages);
  const patterns = [...snapshot.globs.keys()];
  const decided: ConffileForecast[] = [];
  const paths = new Map(host);
  for (const [path, { state, of }] of brought) {
    const now = host.get(path) ?? absent;
    if (!of.conffiles.has(path) || state.kind !== 'file') {
      paths.set(path, replacing(now, state));
      continue;
    }
    const after = conffileAfter({ now, known: knownHash(path, packages), brought: state }, answer);
    paths.set(path, after.state);
    if (after.state.kind === 'symlink' && after.state.resolved !== undefined) {
      const { path: place, ...file } = after.state.resolved;
      paths.set(place, file);
    }
    const place = now.kind === 'symlink' ? (now.resolved?.path ?? path) : path;
    for (const [ending, state] of after.beside ?? []) {
      const beside = `${place}${ending}`;
      if (host.has(beside) || patterns.some((pattern) => matchesGlob(pattern, beside)))
        paths.set(beside, state);
    }
    if (after.decision !== undefined)
      decided.push({ path, package: of.chosen.name, decision: after.decision, answer });
  }
  const { removed, obsolete } = takeAway(paths, brought, packages);
  const units = unitsAfter(snapshot.units, packages);
  const after = withDestinations(paths);
  const globs = globsAfter(snapshot, after);
  const matched = new Set([...globs.values()].flat());
  const scripts = packages.some((one) => one.scripts.length > 0);
  const touched = [...after].flatMap(([path, state]) => (same(host.get(path), state) ? [] : [path]));
  return {
    snapshot: {
      ...snapshot,
      // As in a look: without the files that only links lead to.
      paths: new Map([...after].filter(([path]) => snapshot.paths.has(path) || matched.has(path))),
      globs,
      packages: packagesAfter(snapshot, packages),
      units: units.units,
      answers: answersAfter(snapshot, packages, searches),
      // When the upgrade will have written them isn't known, nor what its scripts restart.
      changedAt: without(snapshot.changedAt, touched),
      secondNames: new Set([...(snapshot.secondNames ?? [])].filter((path) => !touched.includes(path))),
      ...(scripts || units.come.length > 0
        ? { pending: { after: afterwards, packages: new Set(), units: new Set(units.come) } }
        : {}),
    },
    forecast: {
      packages: packages.map(({ chosen, scripts: own }) => ({
        name: chosen.name,
        from: chosen.installed,
        to: chosen.version,
        scripts: own,
      })),
      replaced: managedPaths(snapshot).filter(
        (path) => brought.has(path) && !brought.get(path)?.of.conffiles.has(path) && touched.includes(path),
      ),
      removed,
      conffiles: [...decided, ...obsolete.map((one) => ({ ...one, answer }))],
      units: { come: units.come, go: units.go },
    },
  };
}

/** With the files to which links lead: those may be a package's. */
function withLedTo(paths: Snapshot['paths']): Map<string, PathState> {
  const led = [...paths.values()].flatMap((state): readonly (readonly [string, PathState])[] => {
    if (state.kind !== 'symlink' || state.resolved === undefined) return [];
    const { path, ...file } = state.resolved;
    return paths.has(path) ? [] : [[path, file]];
  });
  return new Map([...paths, ...led]);
}

interface Brought {
  readonly state: PathState;
  readonly of: BroughtPackage;
}

/** What the packages bring, by the path at which it lands. */
function filesOf(packages: readonly BroughtPackage[]): Map<string, Brought> {
  const brought = new Map<string, Brought>();
  for (const one of packages) {
    for (const [path, state] of one.files.paths) {
      if (state.kind === 'absent') continue;
      const override = one.overrides.get(path);
      const owned = override !== undefined && 'mode' in state ? { ...state, ...override } : state;
      brought.set(one.diverted.get(path) ?? path, { state: owned, of: one });
    }
  }
  return brought;
}

/** dpkg leaves a folder that is there as it is, whatever the package has in its place. */
function replacing(now: PathState, brought: PathState): PathState {
  if (now.kind === 'directory' && brought.kind !== 'file') return now;
  if (now.kind === 'symlink' && brought.kind === 'directory') return now;
  return brought;
}

function knownHash(path: string, packages: readonly BroughtPackage[]): string | undefined {
  return packages.flatMap(({ oldConffiles }) => oldConffiles).find((one) => one.path === path)?.md5;
}

/** Takes away what the installed versions have and the new ones don't; a conffile stays. */
function takeAway(
  paths: Map<string, PathState>,
  brought: ReadonlyMap<string, Brought>,
  packages: readonly BroughtPackage[],
): {
  readonly removed: readonly string[];
  readonly obsolete: readonly Omit<ConffileForecast, 'answer'>[];
} {
  const removed: string[] = [];
  const obsolete: Omit<ConffileForecast, 'answer'>[] = [];
  for (const { old, shared, oldConffiles, diverted, chosen } of packages) {
    // What is in a folder goes first.
    for (const path of [...old].sort().reverse()) {
      const now = paths.get(path) ?? absent;
      if (now.kind === 'absent' || brought.has(path) || shared.has(path) || diverted.has(path)) continue;
      const conffile = oldConffiles.find((one) => one.path === path);
      if (conffile !== undefined) {
        if (!conffile.obsolete) obsolete.push({ path, package: chosen.name, decision: 'obsolete' });
      } else if (now.kind !== 'directory' || isEmpty(path, paths)) {
        paths.set(path, absent);
        if (now.kind !== 'directory') removed.push(path);
      }
    }
  }
  return { removed: removed.sort(), obsolete };
}

function isEmpty(folder: string, paths: ReadonlyMap<string, PathState>): boolean {
  return ![...paths].some(([path, { kind }]) => path.startsWith(`${folder}/`) && kind !== 'absent');
}

function globsAfter({ globs }: Snapshot, paths: ReadonlyMap<string, PathState>): Snapshot['globs'] {
  const isThere = (path: string) => (paths.get(path) ?? absent).kind !== 'absent';
  return new Map(
    [...globs].map(([pattern, matches]) => {
      const more = [...paths.keys()].filter((path) => matchesGlob(pattern, path));
      return [pattern, [...new Set([...matches, ...more])].filter(isThere).sort()] as const;
    }),
  );
}

function packagesAfter({ packages }: Snapshot, brought: readonly BroughtPackage[]): Snapshot['packages'] {
  return new Map([...packages, ...brought.map(({ chosen }) => [chosen.name, chosen.version] as const)]);
}

function managedPaths({ ledger }: Snapshot): readonly string[] {
  return [...new Set((ledger?.items ?? []).map(({ path }) => path))].sort();
}

function without<Value>(
  map: ReadonlyMap<string, Value> | undefined,
  keys: readonly string[],
): ReadonlyMap<string, Value> | undefined {
  const gone = new Set(keys);
  return map && new Map([...map].filter(([key]) => !gone.has(key)));
}

/** Whether a path holds the same, whoever owns it. */
function same(one: PathState | undefined, other: PathState): boolean {
  if (one === other) return true;
  if (one === undefined || one.kind !== other.kind) return false;
  if (one.kind === 'file' && other.kind === 'file') return one.content.equals(other.content);
  if (one.kind === 'symlink' && other.kind === 'symlink') {
    const [a, b] = [one.resolved?.content, other.resolved?.content];
    return (
      one.target === other.target && (a === undefined ? b === undefined : b !== undefined && a.equals(b))
    );
  }
  return one.kind === 'absent' || one.kind === 'directory';
}
