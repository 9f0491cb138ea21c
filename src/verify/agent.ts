import type { AgentQuestion } from '../model/balancer-question.ts';
import type { Verdict } from '../model/outside-check.ts';
import type { Answer } from '../model/reads.ts';
import { short } from './short.ts';

/**
 * Whether the agent's line is what the figures make of the thresholds. The figures were read before and after
 * it: one that went over its threshold, or below it, in between proves nothing.
 */
export function judgeAgent(
  { port, limits, keys }: AgentQuestion,
  answers: readonly (Answer | undefined)[],
): Verdict {
  const names = Object.keys(limits);
  const expected = `the agent answers on port ${port}, and goes by ${names.length === 0 ? 'no threshold' : `the thresholds ${names.join(', ')}`}`;
  const [before, said, after] = (answers[0]?.output ?? '').split(/\n--clusterproxy--\n/);
  if (said === undefined || after === undefined) {
    return { outcome: 'not-asked', expected, found: 'the host could not be asked for it' };
  }
  const line = said.split(/\r?\n/)[0] ?? '';
  const failed = (found: string): Verdict => ({ outcome: 'failed', expected, found });
  if (line === '') return failed('it says nothing to the host itself');
  const [, weight] = /(?:^|\s)(\d+)%/.exec(line) ?? [];
  if (!/^(?:up|ready|\d+%)/.test(line) || weight === undefined) return failed(`it says '${short(line)}'`);
  const blind = names.filter((name) => reasons(line).some((reason) => isBlindFor(reason, name)));
  if (blind.length > 0) return failed(`it can't tell ${blind.join(', ')}: '${short(line)}'`);
  const silent = reasons(line).find((reason) =>
    /does not answer|not installed|doesn't work|no such/.test(reason),
  );
  if (silent !== undefined) return failed(`it says '${short(line)}'`);
  const [first, last] = [figuresOf(before ?? ''), figuresOf(after)];
  const values = names.flatMap((name) => {
    const [one, other] = [sumOf(first, keys[name]), sumOf(last, keys[name])];
    const limit = limits[name] ?? 0;
    return one === undefined || other === undefined ? [] : [{ name, limit, least: Math.min(one, other) }];
  });
  const reached = values.find(({ limit, least }) => least >= limit);
  if (reached !== undefined && weight !== '0') {
    const { name, limit, least } = reached;
    return failed(`${name} is ${least} of ${limit}, but it says '${short(line)}'`);
  }
  return { outcome: 'passed', expected, found: `it says '${short(line)}'` };
}

/** What stands behind the `#`, in parts. */
function reasons(line: string): readonly string[] {
  const at = line.indexOf(' #');
  return at < 0
    ? []
    : line
        .slice(at + 2)
        .split(';')
        .map((part) => part.trim());
}

function isBlindFor(reason: string, name: string): boolean {
  return reason === `${name} unknown` || reason === `${name} has no number above 0`;
}

/** `key=value` a line; what isn't a number isn't a figure. */
function figuresOf(page: string): ReadonlyMap<string, number> {
  const found = [...page.matchAll(/^([A-Za-z0-9_.-]+)=(\d+(?:\.\d+)?)(?:[ \t].*)?\r?$/gm)];
  return new Map(found.toReversed().map(([, key = '', value]) => [key, Number(value)]));
}

function sumOf(figures: ReadonlyMap<string, number>, keys: readonly string[] = []): number | undefined {
  const known = keys.flatMap((key) => figures.get(key) ?? []);
  return known.length === 0 ? undefined : known.reduce((sum, one) => sum + one, 0);
}
