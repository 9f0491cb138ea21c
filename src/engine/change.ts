import { digestOf } from './digest.ts';
import type { Answer, ApplyRequest, ChangeEnd, ChangeRequest, ChangeState } from './messages.ts';
import { isLost, nextRound, runOfRound } from './next-round.ts';

/** For so long a plan waits for somebody who agrees to it. Milliseconds. */
export const approvalTime = 7 * 86_400_000;

/** Between two tries of hosts that were put off. Milliseconds. */
const pause = 5 * 60_000;

/**
 * What a change needs of an engine of durable execution. Each of them is remembered: what is carried out
 * again after a crash gets the same answers as before, and comes to the same place.
 */
export interface Engine {
  /** the change's id, which is that of its first run as well */
  readonly id: string;
  /** lets others see how far it is */
  tell(state: ChangeState): void;
  /** what somebody has said to the plan of this digest; undefined: nobody has within that time */
  answer(digest: string, patience: number): Promise<'yes' | 'no' | undefined>;
  /** has a worker carry it out, once no other change of the cluster is at work */
  apply(cluster: string, request: ApplyRequest): Promise<Answer>;
  /** milliseconds since the epoch */
  now(): Promise<number>;
  /** survives whatever is restarted meanwhile; milliseconds */
  sleep(duration: number): Promise<void>;
}

/**
 * Carries out a plan that somebody has agreed to: waits for the approval, changes the cluster, goes on where
 * a worker was lost, and comes back for hosts that were put off.
 */
export async function carryOutChange(request: ChangeRequest, engine: Engine): Promise<ChangeEnd> {
  const { cluster, keepTrying, ...asked } = request;
  const digest = digestOf(request.plan);
  engine.tell({ phase: 'asking', cluster, digest });
  const said = await engine.answer(digest, approvalTime);
  if (said !== 'yes') return { kind: said === 'no' ? 'declined' : 'not-approved' };
  const end = keepTrying === 0 ? 0 : (await engine.now()) + keepTrying * 1_000;
  for (let [round, losses] = [1, 0]; ; round++) {
    const run = runOfRound(engine.id, round);
    engine.tell({ phase: 'changing', cluster, digest, run });
    const answer = await engine.apply(cluster, { ...asked, run });
    losses = isLost(answer.document) ? losses + 1 : 0;
    const hasTime = keepTrying > 0 && (await engine.now()) + pause <= end;
    const next = nextRound(answer.document, { losses, hasTime });
    if (next === 'over') return { kind: 'carried-out', answer };
    if (next === 'again') continue;
    engine.tell({ phase: 'waiting', cluster, digest, run });
    await engine.sleep(pause);
  }
}
