import type { NotifyTargetTold } from '../model/notify.ts';
import { exitStatus, resultWithoutHosts } from '../model/result.ts';
import { loadInventory } from '../playbook/resolve/load-inventory.ts';
import { chooseView } from '../report/choose-view.ts';
import { reportDocument } from '../report/document/document.ts';
import { tellTest, waitingOf } from '../schedule/notify/tell.ts';
import type { Environment } from './environment.ts';
import { openNotifying, targetsOf } from './notify-targets.ts';
import type { StatusOptions } from './schedule-options.ts';
import { ownFolder } from './schedule-round.ts';

/** Sends each target a test message; returns the exit status, 3 if one did not arrive. */
export async function notifyTest(options: StatusOptions, environment: Environment): Promise<number> {
  const loaded = await loadInventory(options.inventory, environment.secrets);
  const folder = options.state ?? ownFolder(loaded, environment);
  const notifying = await openNotifying(loaded, folder, environment);
  const told = notifying === undefined ? [] : await tellTest(notifying);
  const failed = told.some(({ answer }) => answer !== 'delivered');
  return end('notify test', told, failed ? exitStatus.failed : exitStatus.done, options, environment);
}

/** Shows what waits for each target; returns the exit status. Nobody is asked. */
export async function notifyStatus(options: StatusOptions, environment: Environment): Promise<number> {
  const loaded = await loadInventory(options.inventory, environment.secrets);
  const folder = options.state ?? ownFolder(loaded, environment);
  const told = await waitingOf(await targetsOf(loaded, folder), folder);
  return end('notify status', told, exitStatus.done, options, environment);
}

function end(
  command: string,
  notify: readonly NotifyTargetTold[],
  status: number,
  options: StatusOptions,
  { output, secrets, inventory }: Environment,
): number {
  const notes = notify.length === 0 ? ['the inventory names nobody below `notify`'] : [];
  const told = { schedule: { notify, notes }, taken: inventory, exitStatus: status };
  const document = reportDocument(resultWithoutHosts(command), told, secrets);
  const view = chooseView(output, options);
  view.show('schedule', document);
  view.end(document);
  return status;
}
