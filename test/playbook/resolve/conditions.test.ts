import { expect, it } from 'vitest';
import { holds } from '../../../src/playbook/resolve/conditions.ts';

it('holds for a list that has one of the values', () => {
  const context = { vars: { wanted: ['tls', 'hsts'], none: [], one: 'tls' } };
  const isTrue = (subject: string, ...values: string[]) => holds({ [subject]: values }, context);
  expect(isTrue('vars.wanted', 'hsts')).toBe(true);
  expect(isTrue('vars.wanted', 'other', 'tls')).toBe(true);
  expect(isTrue('vars.wanted', 'other')).toBe(false);
  expect(isTrue('vars.none', 'tls')).toBe(false);
  expect(isTrue('vars.one', 'tls', 'hsts')).toBe(true);
});
