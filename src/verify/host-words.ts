import type { CommandQuestion, SessionIdsQuestion } from '../model/balancer-question.ts';
import type { Verdict } from '../model/outside-check.ts';
import type { Answer } from '../model/reads.ts';
import { short } from './short.ts';

/** timeout(1) and the shell: it took too long, can't be run, isn't there. */
const neverRan = [124, 125, 126, 127, 137];

/** Whether a command on the host ended as it must. */
export function judgeCommand(
  { expected, status, answers: pattern }: CommandQuestion,
  answers: readonly (Answer | undefined)[],
): Verdict {
  const [answer] = answers;
  if (answer === undefined || (neverRan.includes(answer.status) && answer.status !== status)) {
    return { outcome: 'not-asked', expected, found: 'the host could not be asked for it' };
  }
  const output = answer.output.trim();
  if (answer.status === status && new RegExp(pattern, 'm').test(output)) {
    return { outcome: 'passed', expected, found: output === '' ? 'it is so' : short(output) };
  }
  const ended = answer.status === status ? '' : `exit status ${answer.status}`;
  return {
    outcome: 'failed',
    expected,
    found: [ended, short(output)].filter((text) => text !== '').join(': '),
  };
}

/**
 * Whether one of the balancer's addresses is in the id of a session, as it is in all of them where a server
 * doesn't read the header in which the balancer names the client. Without a session there is nothing to see.
 */
export function judgeSessionIds(
  { key, balancers }: SessionIdsQuestion,
  answers: readonly (Answer | undefined)[],
): Verdict {
  const expected = 'the ids of sessions hold the addresses of the clients, and not of the balancer';
  const ids = idsIn(answers[0]?.output ?? '', key);
  if (ids.length === 0) {
    return { outcome: 'not-applicable', expected, found: 'there is no session at the moment' };
  }
  const wrong = ids.find((id) => balancers.some((address) => isIn(id, address)));
  if (wrong === undefined) return { outcome: 'passed', expected, found: `so does each of ${ids.length}` };
  return { outcome: 'failed', expected, found: `a session has the id '${short(wrong)}'` };
}

function idsIn(output: string, key: string): readonly string[] {
  try {
    const found: unknown = JSON.parse(output);
    return (Array.isArray(found) ? found : []).flatMap((one: unknown) => {
      const id = typeof one === 'object' && one !== null ? (one as Record<string, unknown>)[key] : undefined;
      return typeof id === 'string' ? [id] : [];
    });
  } catch {
    return [];
  }
}

/** `192.0.2.1` is in `/192.0.2.1:8080-…`, but not in `/192.0.2.10:8080-…`. */
function isIn(id: string, address: string): boolean {
  const at = address === '' ? -1 : id.indexOf(address);
  const around = [id[at - 1] ?? '', id[at + address.length] ?? ''];
  return at >= 0 && !around.some((one) => /[\da-f.]/i.test(one));
}
