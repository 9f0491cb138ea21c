import type { InTurns } from '../../model/in-turns.ts';
import type { FirstTouch, Ledger, ManagedItem } from '../../model/ledger.ts';
import { type Snapshot, stateIn, unitOfPath } from '../../model/snapshot.ts';
import { type Found, isUnitState, isWholePath, type Managed } from '../../virtual/managed.ts';
import type { VirtualHost } from '../../virtual/virtual-host.ts';
import { itemHash, itemId, itemValue, pathValue, secretItemHash, textOf } from '../items.ts';
import { linesAfterEdit, withAgreeingLines } from '../replaced-text.ts';
import { leftIds, type StepTrace } from './run-steps.ts';

/**
 * The ledger of a host once a stage of the plan is carried out. `kept` is what stays as it is in the current
 * ledger because other stages manage it.
 */
export function* nextLedger(
  host: VirtualHost,
  traces: readonly StepTrace[],
  names: {
    readonly cluster: string;
    readonly playbook: string;
    readonly recipe: string | undefined;
    readonly run: string;
  },
  kept: readonly ManagedItem[] = [],
): InTurns<Ledger> {
  const { snapshot } = host;
  // If another cluster manages the same file, the first-touch state is that of the cluster that came first.
  const all = [
    ...(snapshot.others ?? []).map(({ ledger }) => ledger),
    ...(snapshot.ledger ? [snapshot.ledger] : []),
  ];
  const known = new Map(all.flatMap(({ items }) => items).map((item) => [itemId(item), item] as const));
  const adopted = traces.some((trace) => trace.adopted);
  const managed: ManagedItem[] = [];
  // Nothing was written there: what is known of them stays, and so does what was written last.
  const left = leftIds(traces);
  for (const trace of traces) {
    for (const item of trace.managed) {
      if (left.has(itemId(item))) continue;
      const found = trace.found.get(item);
      const touched =
        adopted && found !== undefined
          ? withoutCluster(item, found)
          : itemValue(item, stateBefore(snapshot, item.path), host.formats);
      const before = known.get(itemId(item));
      const first = withoutSecret(host, item, firstTouch(item, before, found, touched));
      const edit = trace.editedTexts.get(item);
      const lines = linesAfterEdit({ ...item, first, lines: before?.lines }, edit, host);
      managed.push({
        ...item,
        step: trace.step,
        first,
        ...(lines === undefined ? {} : { lines }),
        activated: hashOf(host, item, itemValue(item, host.state(item.path), host.formats)),
        ...(trace.folderOf.length === 0 ? {} : { folderOf: trace.folderOf }),
      });
      yield;
    }
  }
  const items = yield* withLines(host, uniqueItems([...managed, ...kept]));
  return { schemaVersion: 1, ...names, items, created: createdPaths(host, items) };
}

/** For each file of which a key is managed, the lines that give back what was there before. */
function* withLines(host: VirtualHost, items: readonly ManagedItem[]): InTurns<readonly ManagedItem[]> {
  const isKeyed = (item: ManagedItem) => !isWholePath(item) && !isUnitState(item);
  const known = (host.snapshot.ledger?.items ?? []).filter(isKeyed);
  const agreeing = new Map<string, ManagedItem>();
  for (const path of new Set(known.map((item) => item.path))) {
    const inFile = (item: ManagedItem) => item.path === path && isKeyed(item);
    const texts = { before: textOf(stateBefore(host.snapshot, path)), after: textOf(host.state(path)) };
    const agreed = yield* withAgreeingLines(items.filter(inFile), known.filter(inFile), texts, host);
    for (const item of agreed) {
      agreeing.set(itemId(item), item);
    }
  }
  return items.map((item) => agreeing.get(itemId(item)) ?? item);
}

/**
 * A known first-touch value stays, except for a package's file that an upgrade has replaced: its state before
 * the upgrade is of no use to anybody.
 */
function firstTouch(
  item: Managed,
  known: ManagedItem | undefined,
  found: Found | undefined,
  touched: FirstTouch,
): FirstTouch {
  if (known === undefined) return touched;
  return found?.pristine && isWholePath(item) ? pathValue(found.state) : known.first;
}

/**
 * First-touch value on a host that was set up before: the existing value already belongs to the cluster, so
 * restoring a key removes it, and the package's own value applies. A file is as the package has it.
 */
function withoutCluster(item: Managed, { state, theirs }: Found): FirstTouch {
  if (isWholePath(item)) return pathValue(state);
  return theirs === undefined ? { kind: 'absent' } : { kind: 'value', value: theirs };
}

function hashOf(host: VirtualHost, item: Managed, value: FirstTouch): string {
  return holdsSecret(host, value) ? secretItemHash(item, value) : itemHash(value);
}

/** The host may have contained a secret of the inventory before the first run; the ledger must not. */
function withoutSecret(host: VirtualHost, item: Managed, first: FirstTouch): FirstTouch {
  return holdsSecret(host, first) ? { kind: 'secret', hash: secretItemHash(item, first) } : first;
}

function holdsSecret(host: VirtualHost, value: FirstTouch): boolean {
  if (value.kind === 'file') return host.holdsSecret(Buffer.from(value.content, 'base64').toString('utf8'));
  return value.kind === 'value' && host.holdsSecret(JSON.stringify(value.value));
}

/** Files with our content that did not exist before, and the directories that were made for them. */
function createdPaths(host: VirtualHost, items: readonly ManagedItem[]): readonly string[] {
  const { snapshot } = host;
  const theirs = (snapshot.others ?? []).flatMap(({ ledger }) => ledger.created);
  // A folder made by another cluster is removed by whichever of the two leaves last.
  const isOurs = (path: string) =>
    snapshot.ledger?.created.includes(path) ||
    theirs.includes(path) ||
    stateBefore(snapshot, path).kind === 'absent';
  const files = [...new Set(items.map((item) => item.path))].filter(
    (path) => unitOfPath(path) === undefined && isOurs(path),
  );
  const directories = [...new Set([...(snapshot.ledger?.created ?? []), ...theirs, ...host.touched])].filter(
    (path) =>
      !files.includes(path) &&
      isOurs(path) &&
      isKnown(host, path) &&
      host.state(path).kind === 'directory' &&
      items.some((item) => item.path.startsWith(`${path}/`)),
  );
  return [...directories, ...files];
}

function isKnown(host: VirtualHost, path: string): boolean {
  return host.snapshot.paths.has(path) || host.touched.includes(path);
}

function stateBefore(snapshot: Snapshot, path: string) {
  return stateIn(snapshot, path) ?? ({ kind: 'absent' } as const);
}

/** If a step declares a thing twice, the first declaration counts: then it was still as the step found it. */
function uniqueItems(items: readonly ManagedItem[]): readonly ManagedItem[] {
  const seen = new Set<string>();
  return items.filter((item) => {
    const id = itemId(item);
    const first = !seen.has(id);
    seen.add(id);
    return first;
  });
}
