import type { Ledger, ManagedItem } from '../model/ledger.ts';
import type { Snapshot } from '../model/snapshot.ts';
import type { VirtualHost } from '../model/virtual-host.ts';
import { itemHash, itemId, itemValue } from './items.ts';
import type { StepTrace } from './run-steps.ts';

/** What the ledger of a host will say once the plan is carried out. */
export function nextLedger(
  host: VirtualHost,
  traces: readonly StepTrace[],
  names: {
    readonly cluster: string;
    readonly playbook: string;
    readonly recipe: string | undefined;
    readonly run: string;
  },
): Ledger {
  const { snapshot } = host;
  const known = new Map((snapshot.ledger?.items ?? []).map((item) => [itemId(item), item] as const));
  const items = traces.flatMap((trace) =>
    trace.managed.map(
      (item): ManagedItem => ({
        ...item,
        step: trace.step,
        first: known.get(itemId(item))?.first ?? itemValue(item, stateBefore(snapshot, item.path)),
        activated: itemHash(itemValue(item, host.state(item.path))),
      }),
    ),
  );
  const paths = [...new Set(items.map((item) => item.path))];
  const created = paths.filter(
    (path) => snapshot.ledger?.created.includes(path) || stateBefore(snapshot, path).kind === 'absent',
  );
  return { schemaVersion: 1, ...names, items: uniqueItems(items), created };
}

/** Whether two ledgers record the same things, whoever wrote them and when. */
export function sameLedger(one: Ledger | undefined, other: Ledger): boolean {
  if (one === undefined) return other.items.length === 0;
  const essence = ({ run: _run, ...rest }: Ledger) => JSON.stringify(rest);
  return essence(one) === essence(other);
}

function stateBefore(snapshot: Snapshot, path: string) {
  return snapshot.paths.get(path) ?? ({ kind: 'absent' } as const);
}

function uniqueItems(items: readonly ManagedItem[]): readonly ManagedItem[] {
  return [...new Map(items.map((item) => [itemId(item), item] as const)).values()];
}
