import { basename } from 'node:path';
import { type HostAction, providesNothing } from '../../model/action.ts';
import { sha256 } from '../../model/change.ts';
import type { HostPlan } from '../../model/plan.ts';
import type { UpgradeCommand } from '../../model/upgrade.ts';

/**
 * Of all that an upgrade does, in hex: a host on which it has been done isn't upgraded again. How long it may
 * take makes no other one of it.
 */
export function digestOf(command: UpgradeCommand): string {
  const { to = '' } = command;
  const what =
    command.kind === 'script'
      ? ['script', command.sha256, ...command.args]
      : ['apt', command.conffiles, ...command.packages];
  return sha256(JSON.stringify([to, ...what]));
}

/** The action that upgrades a host, with what is to be known of it before saying yes. */
export function upgradeAction(
  command: UpgradeCommand,
  { guards, notes }: Pick<HostAction, 'guards' | 'notes'>,
): HostAction {
  const digest = digestOf(command);
  const to = command.to === undefined ? '' : ` to ${command.to}`;
  const common = {
    ...{ unless: undefined, provides: providesNothing, guards, notes },
    timeout: command.timeLimit,
  };
  if (command.kind === 'script') {
    const { file, args } = command;
    return {
      name: `upgrade${to} by ${basename(file)}`,
      run: { kind: 'script', file, sha256: command.sha256, args, digest },
      ...common,
    };
  }
  const { packages: names, conffiles } = command;
  return {
    name: `upgrade ${names.join(', ')}${to}`,
    run: { kind: 'upgrade-packages', manager: 'apt-get', names, conffiles, digest },
    ...common,
  };
}

/** The name of the action by which a plan upgrades its host; undefined if it doesn't. */
export function upgradeIn({ stages }: Pick<HostPlan, 'stages'>): string | undefined {
  return stages
    .flatMap(({ actions }) => actions)
    .find(({ action: { run } }) => run.kind === 'script' || run.kind === 'upgrade-packages')?.action.name;
}
