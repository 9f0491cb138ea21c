import type { RunResult } from '../model/result.ts';
import type { Session } from './session.ts';

/** What `resume` takes up again; hosts that are queued begin by themselves. */
const left = ['deferred', 'owed', 'rolled-back', 'failed', 'unreachable', 'not-started'];

/**
 * A run with an id of its own hasn't done everything: that call once more only tells this, whatever is said
 * of running the command again.
 */
export function tellWhatIsLeft(
  { hosts }: Pick<RunResult, 'hosts'>,
  { run, aborted }: { readonly run: string; readonly aborted: boolean },
  session: Session,
): void {
  if (!hosts.some(({ status }) => left.includes(status))) return;
  const command = `clusterproxy resume --inventory ${session.inventory.file}${aborted ? ' --aborted' : ''} ${run}`;
  session.message(`the same call again only tells this; to go on with what is left: ${command}`);
}
