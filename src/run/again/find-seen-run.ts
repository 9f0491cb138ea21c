import { nearestName } from '../../document/nearest-name.ts';
import type { Inventory } from '../../inventory/inventory.ts';
import { OperatorError, type Problem } from '../../model/operator-error.ts';
import { baseRun } from '../../plan/rollback/plan-rollback.ts';
import { readAgreement, readOutcome } from '../../plan/saved/agreement.ts';
import { heard } from '../../secrets/showable.ts';
import type { SeenOnHost, SeenRun } from './seen-run.ts';

/**
 * The run of that id, from what the hosts know of it. Throws an OperatorError `run-unknown`,
 * `run-elsewhere`, `agreement-forgotten`, or `agreement-unreadable`.
 */
export function seenRun(run: string, hosts: readonly SeenOnHost[], inventory: Inventory): SeenRun {
  const found = seenRunIfAny(run, hosts, inventory);
  if (found !== undefined) return found;
  throw new OperatorError(unknownRun(run, hosts, inventory));
}

/** The same, or undefined if no host that could be asked knows the run. */
export function seenRunIfAny(
  run: string,
  hosts: readonly SeenOnHost[],
  inventory: Inventory,
): SeenRun | undefined {
  const stored = hosts.flatMap(({ host, known }) =>
    known?.agreement === undefined ? [] : [{ host: host.name, text: known.agreement.toString('base64') }],
  );
  // All hosts of a run have stored the same. By what one of them has altered, others must not be judged.
  const usable = stored.flatMap((one) => {
    const agreement = readAgreement(Buffer.from(one.text, 'base64'));
    const isMeant = agreement?.run === run && agreement.cluster === inventory.cluster.name;
    return isMeant ? [{ ...one, agreement }] : [];
  });
  const votes = ({ text }: { readonly text: string }) => usable.filter((one) => one.text === text).length;
  const [first] = [...usable].sort((one, other) => votes(other) - votes(one));
  if (first !== undefined) {
    const differing = stored.filter(({ text }) => text !== first.text).map(({ host }) => host);
    const holders = stored.map(({ host }) => host);
    return { agreement: first.agreement, differing, holders, outcome: outcomeIn(hosts), hosts };
  }
  if (stored.length > 0) {
    throw new OperatorError({
      code: 'agreement-unreadable',
      message: `what was agreed on for the run ${run} is damaged, or of a newer version of clusterproxy`,
      next: `use that version; clusterproxy history --inventory ${inventory.file} --run ${run} shows what was done`,
    });
  }
  const remembering = hosts.filter(({ known }) => (known?.stages.length ?? 0) > 0);
  if (remembering.length > 0) {
    throw new OperatorError({
      code: 'agreement-forgotten',
      message: `${remembering.map(({ host }) => host.name).join(', ')} remember${remembering.length === 1 ? 's' : ''} the run ${run}, but not what was agreed on: an older version began it, or the hosts that knew it could not be asked${notReached(hosts)}`,
      next: `see what was done: clusterproxy history --inventory ${inventory.file} --run ${run}`,
    });
  }
  return undefined;
}

/** How it ended, by what any host knows. */
export function outcomeIn(hosts: readonly SeenOnHost[]) {
  return hosts
    .flatMap(({ known }) => (known?.outcome === undefined ? [] : (readOutcome(known.outcome) ?? [])))
    .at(0);
}

function unknownRun(run: string, hosts: readonly SeenOnHost[], { file, cluster }: Inventory): Problem {
  const elsewhere = [...new Set(hosts.flatMap(({ known }) => known?.elsewhere ?? []))];
  if (elsewhere.length > 0) {
    return {
      code: 'run-elsewhere',
      message: `the run ${run} belongs to the cluster ${elsewhere.map(heard).join(', ')}, and not to ${cluster.name}`,
      next: 'use the inventory of that cluster',
    };
  }
  const others = [...new Set(hosts.flatMap(({ known }) => known?.others ?? []).map(baseRun))];
  const meant = nearestName(run, others);
  const history = `clusterproxy history --inventory ${file} shows the runs that hosts remember`;
  return {
    code: 'run-unknown',
    message: `no host that could be asked remembers the run ${run}${notReached(hosts)}`,
    next: meant === undefined ? history : `did you mean ${heard(meant)}? ${history}`,
  };
}

/** `; not reached: bbb-01`, so that nobody takes silence for an answer. */
export function notReached(hosts: readonly SeenOnHost[]): string {
  const lost = hosts.filter(({ known }) => known === undefined).map(({ host }) => host.name);
  return lost.length === 0 ? '' : ` (not reached: ${lost.join(', ')})`;
}
