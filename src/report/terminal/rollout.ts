import type { ReportRollout } from '../document/schema.ts';
import { afterWords, heldUpWords } from '../shared/order.ts';
import { list, oneLine } from '../shared/prose.ts';
import { wrap } from './prose.ts';
import type { Style } from './style.ts';

/**
 * How a run will go through its hosts, in one paragraph, and whom it will not begin:
 * `in this order: proxy-1; then node-01 alone, then 3 more of the role node, at most 2 at a time`. Nothing
 * for one host.
 */
export function renderRollout(rollout: readonly ReportRollout[], style: Style): readonly string[] {
  const { columns, paint } = style;
  const going = rollout.filter(({ hosts }) => hosts.length > 0);
  const total = going.reduce((sum, { hosts }) => sum + hosts.length, 0);
  const order = going
    .map((one, index) => `${roleWords(one)}${index === 0 ? '' : afterWords(one)}`)
    .join('; then ');
  const reverts = going.filter(({ onFailure }) => onFailure === 'revert-wave');
  const together = reverts.some(({ waves }) => waves?.some((wave) => wave.length > 1));
  const more = reverts.some(({ hosts, atOnce }) => hosts.length > 2 && atOnce === 1);
  const alone = `${aloneWords}${more ? '; --max-unavailable lets more be out at once' : ''}`;
  return [
    ...(total < 2 ? [] : wrap(order, { columns, first: 'in this order: ', hanging: 2 })),
    ...(total < 2 || reverts.length === 0
      ? []
      : wrap(together ? revertWords : alone, { columns, first: '', hanging: 2 })),
    ...rollout.flatMap((one) =>
      one.held.length === 0
        ? []
        : wrap(heldWords(one), { columns, first: 'warning: ', hanging: 2 }).map((line, index) =>
            index === 0 ? line.replace('warning', paint.yellow('warning')) : line,
          ),
    ),
  ];
}

/** Beyond that, the order is that of the hosts below. */
const mostNamed = 8;

const revertWords =
  'hosts that are changed together wait for each other: if one of them fails, all of them are put back';

const aloneWords =
  'no two of these hosts are changed together, so that one that fails is put back, and no other with it';

function roleWords({ role, hosts: [first = '', ...rest], atOnce, waves }: ReportRollout): string {
  if (waves !== undefined && atOnce > 1) return waves.map(waveWords).join(', then ');
  if (rest.length === 0) return first;
  if (atOnce === 1)
    return `${[first, ...rest].length <= mostNamed ? list([first, ...rest]) : `${first} and ${rest.length} more of the role ${oneLine(role)}`}, one at a time`;
  const others = rest.length < mostNamed ? list(rest) : `${rest.length} more of the role ${oneLine(role)}`;
  const together =
    atOnce >= rest.length
      ? rest.length === 2
        ? 'both at once'
        : 'all at once'
      : `at most ${atOnce} at a time`;
  return `${first} alone, then ${others}, ${together}`;
}

function waveWords(hosts: readonly string[], index: number): string {
  if (hosts.length > 1) return `${list(hosts)} together`;
  return index === 0 ? `${hosts.join()} alone` : hosts.join();
}

function heldWords(rollout: ReportRollout): string {
  const { role, held, down, maxUnavailable } = rollout;
  const names = held.length > mostNamed ? `${held.length} hosts of the role ${oneLine(role)}` : list(held);
  const heldUp = heldUpWords(rollout, names);
  if (heldUp !== undefined) return heldUp;
  const out = list(down.map(({ name, why }) => `${name} (${why})`));
  const are = down.length === 1 ? 'is' : 'are';
  return `${list(held)} will not be changed, because that would cut people off: at most ${maxUnavailable} of the role ${oneLine(role)} may be out at once, and ${out} ${are} out already; --max-unavailable ${down.length + 1} allows one more`;
}
