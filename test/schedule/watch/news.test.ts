import { expect, test } from 'vitest';
import { errorReport } from '../../../src/report/document/document.ts';
import { foundIn } from '../../../src/schedule/watch/news.ts';
import { SecretRegister } from '../../../src/secrets/register.ts';

const error = { code: 'secret-env-missing', message: 'it is not set' };
const report = (errors = [error], exitStatus = 1) =>
  errorReport('schedule run', { exitStatus, errors }, new SecretRegister());

test('what is found again is no news, whenever it was found', () => {
  const found = foundIn(report());
  expect(foundIn({ ...report(), run: '20261127T100000Z-abcdef' })).toBe(found);
  expect(foundIn(report([{ ...error, message: 'it is empty' }]))).not.toBe(found);
  expect(foundIn(report([]))).not.toBe(found);
  expect(foundIn({ ...report(), warnings: ['a warning'] })).not.toBe(found);
});
