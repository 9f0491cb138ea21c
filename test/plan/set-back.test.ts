import { expect, it } from 'vitest';
import { noReads } from '../../src/model/reads.ts';
import { valuesSetBack } from '../../src/plan/set-back.ts';
import { builtInItemFormats } from '../../src/steps/item-formats.ts';
import { carriedOutHost, edited, planWith, wantedStep } from '../support/recorded-run.ts';
import { snapshotOf } from '../support/snapshot-from-folder.ts';

const paths = ['/etc/x.properties', '/etc/y.properties'];
const text = 'a=1\nb=2\nc=3\n';

it('names a file once, with all that is as it was before the first run', () => {
  const files = Object.fromEntries(paths.map((path) => [path, text]));
  const fresh = snapshotOf({ name: 'a', files }, { ...noReads, paths: [...paths, '/etc'] });
  const steps = paths.map((path) =>
    wantedStep(path, 'properties', { path, set: { a: 'x', b: 'x', c: 'x' } }),
  );
  const done = carriedOutHost(planWith(fresh, steps));
  expect(valuesSetBack(done, builtInItemFormats)).toEqual([]);
  const [x = '', y = ''] = paths;
  const back = edited(
    edited(done, x, () => text),
    y,
    (now) => now.replace('b=x', 'b=2'),
  );
  expect(valuesSetBack(back, builtInItemFormats)).toEqual([`a, b and c in ${x}`, `b in ${y}`]);
});
