import type { Cordon } from '../model/drain.ts';
import { secondsIn } from './claims.ts';
import { printable } from './records.ts';

/** The nodes that a host has had taken out and that were not given back. */
export function cordonsIn(facts: readonly string[][]): readonly Cordon[] {
  return facts.flatMap(
    ([kind, cluster = '', node = '', stays = '', run = '', holder = '', since = '', deadline = '']) =>
      kind === 'cordon'
        ? [
            {
              ...{ cluster: printable(cluster), node: printable(node), run: printable(run) },
              holder: printable(holder),
              ...{ since: secondsIn(since) ?? 0, deadline: secondsIn(deadline) ?? 0 },
              stays: stays === '' ? undefined : printable(stays),
            },
          ]
        : [],
  );
}
