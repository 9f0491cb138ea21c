import { randomBytes } from 'node:crypto';
import type { RtmpStreamQuestion } from '../model/balancer-question.ts';
import type { OutsideCheck } from '../model/outside-check.ts';
import { type Asked, type Asking, endingOf, hearing, notAsked } from '../verify/ask.ts';
import { urlOf, withoutApplication } from '../verify/rtmp/connect.ts';
import { holdStream, judgeStream } from '../verify/rtmp/stream.ts';
import type { Look } from './look.ts';
import type { RunOptions } from './options.ts';

export interface StreamOptions extends Pick<RunOptions, 'progress'>, Pick<Asking, 'network' | 'signal'> {}

/** A check that is answered by a stream. */
export type StreamCheck = OutsideCheck & { readonly question: RtmpStreamQuestion };

/** Whether a check is asked only where a stream may be published. */
export function needsStream(check: OutsideCheck): check is StreamCheck {
  return check.question.kind === 'rtmp-stream';
}

/**
 * Publishes a stream for each application that the checks of one host ask about, one after the other, and
 * ends it. The endings by the checks' ids. A host that is being changed at the moment is left alone.
 */
export async function askStreams(
  { host, snapshot }: Look,
  checks: readonly StreamCheck[],
  options: StreamOptions,
): Promise<ReadonlyMap<string, Asked>> {
  const isBeingChanged = snapshot?.unsettled.some(({ alive }) => alive === true) ?? false;
  const endings = new Map<string, Asked>();
  const end = (some: readonly StreamCheck[], ending: (check: StreamCheck) => Asked) => {
    for (const check of some) endings.set(check.id, ending(check));
  };
  for (const together of byApplication(checks)) {
    const [{ question }] = together;
    const { application } = question;
    const { signal, progress } = options;
    if (application === undefined) end(together, () => ({ ...withoutApplication, fix: undefined }));
    else if (isBeingChanged) {
      end(together, () => notAsked('a run is in progress on this host, so no stream was published there'));
    } else if (signal.aborted) end(together, () => notAsked('interrupted'));
    else {
      progress({ kind: 'message', text: `publishing a stream to ${urlOf(question)} (${host.name})` });
      const { network, unsent } = hearing(options.network);
      const isPlayed = together.some((check) => check.question.shows === 'play');
      const heard = await holdStream(
        { ...question, application },
        { network, name: streamName(), players: isPlayed ? question.servers : 0 },
      );
      end(together, (check) => endingOf(check.fix, judgeStream(check.question, heard), { signal, unsent }));
    }
  }
  return endings;
}

/** Checks that one stream answers. */
function byApplication(checks: readonly StreamCheck[]): readonly [StreamCheck, ...StreamCheck[]][] {
  const groups = new Map<string, [StreamCheck, ...StreamCheck[]]>();
  for (const check of checks) {
    const address = urlOf(check.question);
    const group = groups.get(address);
    if (group === undefined) groups.set(address, [check]);
    else group.push(check);
  }
  return [...groups.values()];
}

/** A name that nobody has, and that says who has made it; letters that every server allows. */
function streamName(): string {
  return `clusterproxy-${randomBytes(8).toString('hex')}`;
}
