import { expect, it } from 'vitest';
import { OwnRegister } from '../../src/secrets/own-register.ts';
import { SecretRegister } from '../../src/secrets/register.ts';

it('what one cluster keeps secret is hidden on the way out, and unknown to any other cluster', () => {
  const whole = new SecretRegister();
  const [alpha, beta] = [new OwnRegister(whole), new OwnRegister(whole)];
  alpha.add('word-of-alpha');
  beta.add('word-of-beta');
  expect(whole.isIn('word-of-alpha') && whole.isIn('word-of-beta')).toBe(true);
  expect(beta.values).toEqual(['word-of-beta']);
  // What is sent to hosts of beta, so that they can hide it, says nothing of alpha.
  expect(JSON.stringify(beta.likelyWritings(['word-of-alpha']))).not.toContain('alpha');
});
