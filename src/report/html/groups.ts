import type { Tone } from '../shared/tones.ts';
import type { HostShown } from './hosts.ts';

/** Hosts of one role that are shown together: one, or many that are alike. */
export interface Group {
  readonly tone: Tone;
  readonly words: string;
  readonly leaves: boolean;
  readonly hosts: readonly HostShown[];
}

/** So many hosts of a role are shown one by one, whatever their states. */
const mostAlone = 12;
/** So many in one state are in a larger role. */
const mostOfState = 6;

const order: readonly Tone[] = ['bad', 'wait', 'change', 'good', 'off'];

/** What needs somebody comes first where hosts are put together; else all stay in their order. */
export function groupsOf(hosts: readonly HostShown[]): readonly Group[] {
  if (hosts.length <= mostAlone) return hosts.map(alone);
  const states = new Map<string, HostShown[]>();
  for (const host of hosts) {
    const key = JSON.stringify([host.tone, host.words, host.leaves]);
    const those = states.get(key) ?? [];
    those.push(host);
    states.set(key, those);
  }
  const together = [...states.values()].sort(([one], [other]) => rank(one) - rank(other));
  return together.flatMap((those) => {
    const [first] = those;
    if (first === undefined || those.length <= mostOfState) return those.map(alone);
    return [{ tone: first.tone, words: first.words, leaves: first.leaves, hosts: those }];
  });
}

function alone(host: HostShown): Group {
  return { tone: host.tone, words: host.words, leaves: host.leaves, hosts: [host] };
}

function rank(host: HostShown | undefined): number {
  return host === undefined ? order.length : order.indexOf(host.tone);
}
