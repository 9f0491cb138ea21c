import { providesNothing } from '../../model/action.ts';
import { emptyStage, type HostPlan, hasWork, type Stage } from '../../model/plan.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { RunRecord } from '../../model/transaction.ts';
import { uniqueGuards } from '../forward/handler-units.ts';

/** The name of a package without its architecture: dpkg prints `libc6:amd64`, rpm `glibc.x86_64`. */
export function packageOf(name: string): string {
  return name.replace(/:[a-z0-9-]+$|\.(?:x86_64|i[3-6]86|aarch64|ppc64le|s390x|noarch)$/, '');
}

/** What a rollback doesn't undo, as texts. */
export function staysWarnings(
  run: string,
  records: readonly RunRecord[],
  packages: readonly string[],
  options: { readonly removePackages: boolean },
): readonly string[] {
  const others = records
    .flatMap(({ actions = [] }) => actions)
    .filter(({ kind }) => kind !== 'install-packages')
    .map(({ name }) => name);
  return [
    ...(packages.length === 0 || options.removePackages
      ? []
      : [
          `packages that run ${run} installed stay: ${packages.join(', ')}; --remove-packages removes them as well`,
        ]),
    ...(others.length === 0
      ? []
      : [`run ${run} also did the following, which is not undone: ${others.join(', ')}`]),
  ];
}

/** Why packages stay although they should be removed: other clusters on the host may use them. */
export function othersNeed(packages: readonly string[], { others = [] }: Snapshot): readonly string[] {
  const clusters = others.map(({ cluster }) => cluster).join(', ');
  return [`packages stay, because the host also serves ${clusters}: ${packages.join(', ')}`];
}

/**
 * The plan followed by a stage that removes the packages, once the files that need them have been undone.
 * Their services stop, so all guards of the run's handlers are asked.
 */
export function withRemoval(
  plan: HostPlan,
  packages: readonly string[],
  records: readonly RunRecord[],
): HostPlan {
  const [files] = plan.stages;
  const manager = plan.snapshot?.packageManager;
  if (packages.length === 0 || files === undefined || manager === undefined || plan.problem !== undefined)
    return plan;
  const removal: Stage = {
    ...emptyStage,
    actions: [
      {
        step: 'rollback',
        action: {
          name: `remove ${packages.join(', ')}`,
          run: { kind: 'remove-packages', manager, names: packages },
          unless: undefined,
          provides: providesNothing,
          timeout: 600,
          notes: ['their services are stopped', 'their configuration files stay'],
          guards: uniqueGuards(records.flatMap((record) => record.handlers)),
        },
      },
    ],
    ledger: files.ledger,
    snapshot: files.snapshot,
  };
  if (!hasWork(files)) return { ...plan, stages: [removal] };
  return {
    ...plan,
    stages: [
      { ...files, name: 'files' },
      { ...removal, number: 2, name: 'packages' },
    ],
  };
}
