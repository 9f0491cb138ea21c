import type { ProgressEvent } from '../../model/progress.ts';
import { count } from '../shared/prose.ts';
import { LookState, lineOf } from './progress.ts';
import { RunState } from './run-state.ts';
import { type AtWork, type Frame, renderAtWork } from './run-table.ts';

/** How the command of a cluster ended, as far as it is counted. */
export type ClusterEnd = 'done' | 'put-off' | 'failed';

/** A cluster that is worked on. */
interface ClusterAtWork {
  readonly look: LookState;
  readonly run: RunState;
  /** since when it is */
  readonly begun: number;
  words: string;
  /** since when that is being done */
  since: number;
}

/** What is known of a fleet from events alone. `now`: milliseconds that only ever grow. */
export class FleetProgress {
  readonly #atWork = new Map<string, ClusterAtWork>();
  readonly #ended: Record<ClusterEnd, number> = { done: 0, 'put-off': 0, failed: 0 };
  readonly #of: number;
  #longestName = 0;

  /** `of`: how many clusters there are */
  constructor(of: number) {
    this.#of = of;
  }

  begin(cluster: string, now: number): void {
    const words = 'reading its inventory';
    this.#atWork.set(cluster, {
      ...{ look: new LookState(), run: new RunState() },
      ...{ begun: now, since: now, words },
    });
    this.#longestName = Math.max(this.#longestName, cluster.length);
  }

  take(cluster: string, event: ProgressEvent, now: number): void {
    const one = this.#atWork.get(cluster);
    if (one === undefined) return;
    one.look.take(event);
    one.run.take(event, now);
    const words = wordsOf(one);
    if (words === one.words) return;
    one.words = words;
    one.since = now;
  }

  end(cluster: string, how: ClusterEnd): void {
    this.#atWork.delete(cluster);
    this.#ended[how] += 1;
  }

  /** Several hosts of it are changed in one run. */
  isOfSeveral(cluster: string): boolean {
    return this.#atWork.get(cluster)?.run.isOfSeveral ?? false;
  }

  get hasFailed(): boolean {
    return this.#ended.failed > 0;
  }

  /** how much is done, from 0 to 1 */
  get share(): number {
    const begun = [...this.#atWork.values()].reduce((sum, { run }) => sum + run.share, 0);
    return (this.#sum + begun) / Math.max(1, this.#of);
  }

  /** The clusters at work, in the order in which they began, and a sum below them, in lines that fit. */
  lines(frame: Frame): readonly string[] {
    const atWork: readonly AtWork[] = [...this.#atWork].map(([name, { words, since, begun }]) => ({
      ...{ name, words, since, begun },
    }));
    const [longestName, sum] = [this.#longestName, this.words];
    return renderAtWork({ what: 'cluster', atWork, longestName, sum }, frame);
  }

  /** `12 of 50 clusters done, 1 put off, 0 failed` */
  get words(): string {
    const { done, 'put-off': putOff, failed } = this.#ended;
    return `${done} of ${count(this.#of, 'cluster')} done, ${putOff} put off, ${failed} failed`;
  }

  get #sum(): number {
    return Object.values(this.#ended).reduce((sum, number) => sum + number, 0);
  }
}

/** `looking: 3 of 12 done`, `2 of 12 done; bbb-03 (1 more under way): uploading the new files` */
function wordsOf({ look, run }: ClusterAtWork): string {
  if (look.isLooking && !run.isUnderWay) return look.words();
  const line = lineOf(run);
  if (!run.isOfSeveral) return line ?? 'planning';
  return `${run.ended} of ${run.sum.of} hosts done${line === undefined ? '' : `; ${line}`}`;
}
