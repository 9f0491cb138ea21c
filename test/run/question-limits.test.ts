import { expect, it } from 'vitest';
import type { AskedQuestion } from '../../src/model/outside-check.ts';
import { questionLimits } from '../../src/run/question-limits.ts';

/** How many questions are under way once nothing more can begin, in all and by server. */
async function underWay(questions: readonly AskedQuestion[]): Promise<readonly [number, number]> {
  const limit = questionLimits();
  const begun = new Map<string, number>();
  let release: () => void = () => undefined;
  const released = new Promise<void>((done) => {
    release = done;
  });
  const asked = questions.map((question) =>
    limit(question, async () => {
      const server = 'hostname' in question ? question.hostname : 'other';
      begun.set(server, (begun.get(server) ?? 0) + 1);
      await released;
    }),
  );
  // Whoever may begin does so within a few turns of the event loop.
  for (let turn = 0; turn < 10; turn += 1) await new Promise((done) => setImmediate(done));
  const counts = [...begun.values()];
  release();
  await Promise.all(asked);
  return [counts.reduce((sum, one) => sum + one, 0), Math.max(...counts)];
}

const of = (hostname: string, count: number): readonly AskedQuestion[] =>
  Array.from({ length: count }, () => ({ kind: 'certificate', hostname, port: 443 }));

it('asks several servers side by side, and none of them too much at once', async () => {
  expect(await underWay(of('a', 40))).toEqual([16, 16]);
  expect(await underWay([...of('a', 40), ...of('b', 3), ...of('c', 20)])).toEqual([35, 16]);
});

it('asks no more in all than this machine can take', async () => {
  const many = Array.from({ length: 20 }, (_, index) => of(`bbb-${index}`, 10)).flat();
  expect(await underWay(many)).toEqual([96, 10]);
});
