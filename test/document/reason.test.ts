import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { reasonOf } from '../../src/document/reason.ts';

it('tells of a system call that failed in words, without the name of the call', () => {
  let thrown: unknown;
  try {
    readFileSync('/proc/self');
  } catch (error) {
    thrown = error;
  }
  expect(reasonOf(thrown)).toBe('it is a directory');
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  expect(reasonOf(full)).toBe('no space is left on the disk');
});

it('keeps the words of the system for an error that it does not know', () => {
  const odd = Object.assign(new Error("EUCLEAN: structure needs cleaning, open '/x'"), { code: 'EUCLEAN' });
  expect(reasonOf(odd)).toBe('structure needs cleaning');
  expect(reasonOf(new Error('anything else'))).toBe('anything else');
  expect(reasonOf('text')).toBe('text');
});
