import { type AcceptedFile, acceptedFileOf, writeAccepted } from '../inventory/accepted-file.ts';
import type { Inventory } from '../inventory/inventory.ts';
import type { Accepted } from '../model/accepted.ts';
import { sameState } from '../model/change.ts';
import { OperatorError } from '../model/operator-error.ts';
import { type HostPlan, stagesOf } from '../model/plan.ts';
import { type Snapshot, stateIn, unitOfPath } from '../model/snapshot.ts';
import { acceptedValue, isFor, placeName, placeOf, shownPath, valueOfPath } from '../plan/accepted.ts';
import { isItemHash, itemValue } from '../plan/items.ts';
import { itemFormatsOf } from '../steps/item-formats.ts';
import type { ItemFormats, Managed } from '../virtual/managed.ts';
import { meant, type Place } from './accepted-place.ts';
import { operatorHere } from './operator.ts';
import type { RunOptions } from './options.ts';
import { planRun } from './plan-run.ts';

export interface Accepting extends Place {
  readonly reason: string;
  /** ISO 8601, UTC */
  readonly until: string;
  readonly now: Date;
}

/**
 * Accepts a difference as it is on its host now. Throws an OperatorError if there is nothing to accept; then
 * nothing was written.
 */
export async function acceptDifference(options: RunOptions, accepting: Accepting): Promise<Accepted> {
  const { inventory } = options;
  expectHost(inventory, accepting.host);
  if (isRetired(inventory, accepting.host)) throw retired(accepting.host);
  const { plan } = await planRun({ ...options, prune: false, limit: [accepting.host] });
  const host = plan.hosts.find((one) => one.host === accepting.host);
  if (host?.snapshot === undefined || host.problem !== undefined) {
    throw new OperatorError(
      host?.problem ?? {
        code: 'unreachable',
        message: 'the host could not be looked at',
        next: 'accept it once the host can be reached',
        host: accepting.host,
      },
    );
  }
  const formats = itemFormatsOf(inventory.playbook);
  const found = foundAt(host, host.snapshot, meant(accepting, unitsIn(host), keysIn(host)), formats);
  const { reason, until, now } = accepting;
  const entry: Accepted = {
    ...{ host: accepting.host, ...found },
    ...{ who: operatorHere().operator, reason, since: `${now.toISOString().slice(0, 19)}Z`, until },
  };
  await writeAccepted(inventory.file, (entries) => [...entries.filter((one) => !isSame(one, entry)), entry]);
  return entry;
}

/** Ends what was accepted at a place. Returns what it was; throws an OperatorError if there was nothing. */
export async function endAccepted(inventory: Inventory, given: Place): Promise<readonly Accepted[]> {
  const own = entriesOf(inventory.accepted).filter(({ host }) => host === given.host);
  const place = meant(
    given,
    own.map(({ path }) => path).filter((path) => !path.startsWith('/')),
    own.flatMap(({ key }) => key ?? []),
  );
  const isMeant = (one: Accepted) =>
    one.host === place.host &&
    (place.path === undefined || one.path === place.path) &&
    (place.key === undefined || one.key === place.key);
  const ended = entriesOf(inventory.accepted).filter(isMeant);
  if (ended.length === 0) {
    throw new OperatorError({
      code: 'nothing-accepted',
      message: `nothing is accepted at ${nameOf(place)} on ${place.host} in ${acceptedFileOf(inventory.file)}`,
      next: 'look at what is: clusterproxy accept --list',
    });
  }
  const paths = [...new Set(ended.map(({ path }) => path))];
  if (paths.length > 1) throw ambiguous(place, `is accepted in ${paths.join(' and ')}`);
  await writeAccepted(inventory.file, (entries) => entries.filter((one) => !isMeant(one)));
  return ended;
}

function unitsIn(plan: HostPlan): readonly string[] {
  const paths = [
    ...managedIn(plan).map(({ path }) => path),
    ...(plan.left ?? []).map(({ change }) => change.path),
    ...stagesOf(plan).flatMap(({ changes }) => changes.map(({ path }) => path)),
  ];
  return paths.flatMap((path) => unitOfPath(path) ?? []);
}

function keysIn(plan: HostPlan): readonly string[] {
  const left = (plan.left ?? []).flatMap(({ items }) => items);
  return [...managedIn(plan), ...left].flatMap((item) => placeOf(item).key ?? []);
}

function entriesOf(file: AcceptedFile | undefined): readonly Accepted[] {
  return file?.entries ?? [];
}

function isSame(one: Accepted, other: Accepted): boolean {
  return one.host === other.host && one.path === other.path && one.key === other.key;
}

function expectHost({ hosts }: Inventory, host: string): void {
  if (hosts.some(({ name }) => name === host)) return;
  throw new OperatorError({
    code: 'limit-unknown',
    message: `${host} is not in the inventory`,
    next: `it has ${hosts.map(({ name }) => name).join(', ')}`,
  });
}

function nameOf({ path = '', key }: Place): string {
  return path === '' ? (key ?? '') : placeName({ path, key });
}

function isRetired({ hosts }: Inventory, host: string): boolean {
  return hosts.some(({ name, state }) => name === host && state === 'retired');
}

function retired(host: string): OperatorError {
  return new OperatorError({
    code: 'accepted-not-managed',
    message: `${host} is retired: everything that was changed there is given back, whatever is accepted`,
    next: 'there is nothing to accept on it',
    host,
  });
}

/** What is there now, with its hash. */
function foundAt(
  plan: HostPlan,
  snapshot: Snapshot,
  place: Place,
  formats: ItemFormats,
): Pick<Accepted, 'path' | 'key' | 'value'> {
  const managed = managedIn(plan);
  const left = (plan.left ?? []).flatMap(({ items }) => items);
  if (place.path !== undefined && place.key === undefined) {
    const changed = stagesOf(plan)
      .flatMap(({ changes }) => changes)
      .find(({ path }) => shownPath(path) === place.path);
    const stays = left.find(({ path }) => shownPath(path) === place.path);
    const path = changed?.path ?? stays?.path;
    const isManaged = managed.some((item) => shownPath(item.path) === place.path);
    if (path === undefined) throw isManaged ? nothingDiffers(place) : notManaged(place, plan);
    // What is given back since no step wants it any longer, and folders made for files, are no step's.
    if (stays === undefined && !isManaged) throw notManaged(place, plan);
    if (changed?.after.kind === 'directory') throw isFolder(place);
    const state = stateIn(snapshot, path) ?? ({ kind: 'absent' } as const);
    if (changed !== undefined && sameState(state, changed.after)) throw nothingDiffers(place);
    const at = { path: place.path };
    return { ...at, value: acceptedValue(place.host, at, valueOfPath(state)) };
  }
  const items = [...managed, ...left].filter((item) => isMeant(item, place));
  if (items.length === 0) throw notManaged(place, plan);
  const differing = items.filter((item) => {
    const known = 'activated' in item ? String(item.activated) : undefined;
    return known === undefined || !isItemHash(known, item, valueNow(item));
  });
  const places = new Map(differing.map((item) => [placeName(placeOf(item)), item] as const));
  const [item, ...others] = places.values();
  if (item === undefined) throw nothingDiffers(place);
  if (others.length > 0) {
    throw ambiguous(place, `differs in ${[...places.values()].map(({ path }) => path).join(' and ')}`);
  }
  const at = placeOf(item);
  return { ...at, value: acceptedValue(place.host, at, valueNow(item)) };

  function valueNow(one: Managed) {
    return itemValue(one, stateIn(snapshot, one.path) ?? { kind: 'absent' }, formats);
  }
}

function isMeant(item: Managed, { path, key }: Place): boolean {
  const at = placeOf(item);
  return path === undefined ? at.key === key && key !== undefined : isFor({ path, key }, item);
}

/** What the plan's steps manage, as they will leave it. */
function managedIn({ stages }: HostPlan): readonly Managed[] {
  return stages.at(-1)?.ledger?.items ?? [];
}

function ambiguous({ key, host }: Place, where: string): OperatorError {
  return new OperatorError({
    code: 'accepted-ambiguous',
    message: `${key} ${where}`,
    next: 'name the path too: clusterproxy accept HOST PATH KEY',
    host,
  });
}

/** A folder that isn't made takes with it what is to be in it, which would fail on the host. */
function isFolder({ path, host }: Place): OperatorError {
  return new OperatorError({
    code: 'accepted-not-managed',
    message: `${path} is a folder, and what is in it depends on it`,
    next: 'accept the files in it instead',
    host,
  });
}

function notManaged(place: Place, plan: HostPlan): OperatorError {
  const differing = [
    ...stagesOf(plan).flatMap(({ changes }) => changes.map(({ path }) => shownPath(path))),
    ...(plan.left ?? []).map(({ change }) => shownPath(change.path)),
  ];
  const names = [...new Set(differing)];
  return new OperatorError({
    code: 'accepted-not-managed',
    message: `no step of the playbook manages ${nameOf(place)} on this host`,
    next:
      names.length === 0
        ? 'nothing differs on this host, so there is nothing to accept'
        : `name it as clusterproxy plan does; what differs is in ${names.join(', ')}`,
    host: place.host,
  });
}

function nothingDiffers(place: Place): OperatorError {
  return new OperatorError({
    code: 'accepted-no-difference',
    message: `${nameOf(place)} is as planned on this host, so there is nothing to accept`,
    next: 'accept it once it differs: an acceptance is of one value, and of no other',
    host: place.host,
  });
}
