import type { ReportRollout } from '../document/schema.ts';

/** Until when hosts wait through which people reach others; empty for those that wait for nobody so. */
export function afterWords({ hosts, after }: Pick<ReportRollout, 'hosts' | 'after'>): string {
  if (after === undefined) return '';
  const left = after === 'leaving' ? 'have left' : 'are rolled back';
  return `, once those ${left}, as people reach them through ${hosts.length === 1 ? 'it' : 'these'}`;
}

/** Why none of these hosts, `names` in words, is begun; undefined where no other host is the reason. */
export function heldUpWords(
  { held, heldUpBy, after }: Pick<ReportRollout, 'held' | 'heldUpBy' | 'after'>,
  names: string,
): string | undefined {
  if (heldUpBy === undefined) return undefined;
  return after === 'leaving'
    ? `${names} will not be changed, because ${heldUpBy} still needs ${held.length === 1 ? 'it' : 'them'}, and does not leave in this run`
    : `${names} will not be changed, because ${heldUpBy} comes first, and can't be changed now`;
}
