import { createHash } from 'node:crypto';

/** A target, as the messages that wait for it know it. */
export interface KnownTarget {
  /** stays the same between runs, also where the target is corrected */
  readonly key: string;
  readonly kind: 'webhook' | 'mail' | 'command';
  /** as the inventory names it */
  readonly name?: string | undefined;
  /** is another once anything is changed by which it is reached; says nothing of its secrets */
  readonly print: string;
}

/** What the print of a target is. */
export function printOf(target: object): string {
  return createHash('sha256').update(JSON.stringify(target)).digest('hex').slice(0, 12);
}

/**
 * The keys of targets, in their order, after a look at those of the run before: a target is who has its name,
 * or else who is exactly as it is, or else the next one of its kind, which was corrected. Pure.
 */
export function keysFor(
  former: readonly KnownTarget[],
  targets: readonly Omit<KnownTarget, 'key'>[],
): readonly string[] {
  const free = [...former];
  const keys: (string | undefined)[] = targets.map(() => undefined);
  const rules: readonly ((one: Omit<KnownTarget, 'key'>, known: KnownTarget) => boolean)[] = [
    ({ name }, known) => name !== undefined && known.name === name,
    ({ print }, known) => known.print === print,
    ({ kind, name }, known) => known.kind === kind && (name === undefined || known.name === undefined),
  ];
  for (const isSame of rules) {
    for (const [index, one] of targets.entries()) {
      const at = keys[index] === undefined ? free.findIndex((known) => isSame(one, known)) : -1;
      if (at !== -1) keys[index] = free.splice(at, 1)[0]?.key;
    }
  }
  const used = new Set([...former.map(({ key }) => key), ...keys]);
  return targets.map(({ kind }, index) => keys[index] ?? fresh(kind, used));
}

/** Of one that is gone nobody takes the key: its messages may still be there. */
function fresh(kind: string, used: Set<string | undefined>): string {
  let number = 1;
  while (used.has(`${kind}-${number}`)) number += 1;
  used.add(`${kind}-${number}`);
  return `${kind}-${number}`;
}
