import type { Change } from '../../model/change.ts';
import type { ManagedItem } from '../../model/ledger.ts';
import type { Problem } from '../../model/operator-error.ts';
import { type OtherCluster, type Snapshot, unitOfPath } from '../../model/snapshot.ts';
import { type ItemFormats, isUnitState, isWholePath, type Managed } from '../../virtual/managed.ts';
import { itemHash, itemName, itemValue } from '../items.ts';

/** What a cluster plans for a host that also serves other clusters. */
interface Planned {
  readonly cluster: string;
  /** what it will manage there, each item with its step */
  readonly managed?: readonly (Managed & { readonly step: string })[];
  readonly changes: readonly Change[];
  /** formats for reading what clusters manage in files */
  readonly formats: ItemFormats;
}

interface Clash {
  readonly other: OtherCluster;
  readonly item: ManagedItem;
  readonly step: string | undefined;
}

/**
 * Why a plan can't be carried out beside other clusters on the same host; undefined if it can. A file that a
 * cluster writes as a whole is its own. In other files each cluster has its own keys and blocks, and a plan
 * may not change those of another one.
 */
export function twoClusters(snapshot: Snapshot, planned: Planned): Problem | undefined {
  const { host, others = [] } = snapshot;
  const clashes = others.flatMap((other) => [...wholeFiles(other, planned), ...changedItems(other, planned)]);
  const [clash] = clashes;
  if (clash === undefined) return stoppedUnit(snapshot, planned);
  const { other, item, step } = clash;
  const all = [...new Set(clashes.map((one) => `${one.other.cluster}: ${itemName(one.item)}`))];
  const why = isWholePath(item) ? ', as a whole' : '';
  return {
    code: 'two-clusters',
    message: `the cluster ${other.cluster} manages ${itemName(item)} on this host${why} (in its step ${item.step}), so ${planned.cluster} can't`,
    next: `give ${planned.cluster} its own host for this, or take this host out of ${other.cluster} first (\`state: retired\` in its inventory)`,
    host,
    step,
    detail: all.length > 1 ? all.join('\n') : undefined,
  };
}

/** No cluster may stop a unit that another one needs. */
function stoppedUnit(snapshot: Snapshot, { cluster, changes }: Planned): Problem | undefined {
  for (const { path, before, after, steps } of changes) {
    if (before.kind !== 'unit' || after.kind !== 'unit') continue;
    if (before.active !== 'active' || after.active === 'active') continue;
    const other = clusterThatNeeds(snapshot, path);
    if (other === undefined) continue;
    return {
      code: 'two-clusters',
      message: `the cluster ${other} needs ${unitOfPath(path)} on this host, so ${cluster} can't stop it`,
      next: `take this host out of ${other} first (\`state: retired\` in its inventory)`,
      host: snapshot.host,
      step: steps[0],
    };
  }
  return undefined;
}

function wholeFiles(other: OtherCluster, { managed = [] }: Planned): readonly Clash[] {
  return managed.flatMap((own) =>
    other.ledger.items
      .filter((item) => item.path === own.path && (isWholePath(own) || isWholePath(item)))
      .map((item) => ({ other, item, step: own.step })),
  );
}

function changedItems(other: OtherCluster, { changes, formats }: Planned): readonly Clash[] {
  return changes.flatMap(({ path, before, after, steps }) =>
    other.ledger.items
      .filter((item) => item.path === path && after.kind !== 'pending')
      .filter((item) => !staysAsIs(item, { before, after }, formats))
      .map((item) => ({ other, item, step: steps[0] })),
  );
}

/** Unknown for a format that only the other cluster's playbook knows. */
function staysAsIs(
  item: ManagedItem,
  { before, after }: Pick<Change, 'before' | 'after'>,
  formats: ItemFormats,
): boolean {
  if (!isWholePath(item) && !isUnitState(item) && !formats.has(item.format)) return false;
  return itemHash(itemValue(item, before, formats)) === itemHash(itemValue(item, after, formats));
}

/** The name of another cluster that has a matching item on the host. */
export function clusterThat(
  { others = [] }: Snapshot,
  has: (item: ManagedItem) => boolean,
): string | undefined {
  return others.find(({ ledger }) => ledger.items.some(has))?.cluster;
}

/** The name of another cluster that needs the unit behind the path to run on the host. */
export function clusterThatNeeds({ others = [] }: Snapshot, path: string): string | undefined {
  const unit = unitOfPath(path);
  if (unit === undefined) return undefined;
  return others.find(({ units }) => units.some((one) => fullName(one) === fullName(unit)))?.cluster;
}

function fullName(unit: string): string {
  return /\.[a-z]+$/.test(unit) ? unit : `${unit}.service`;
}
