import { expect, it } from 'vitest';
import { refuseSameMachine } from '../../src/run/same-machine.ts';

const one = '0123456789abcdef0123456789abcdef';
const other = 'fedcba9876543210fedcba9876543210';
const seen = (host: string, machineId: string | undefined) => ({
  host,
  snapshot: machineId === undefined ? undefined : { machineId },
});

it('refuses all hosts that have one machine id, each with the names of all of them', () => {
  const refused = refuseSameMachine([seen('a', one), seen('b', other), seen('c', one), seen('d', one)]);
  expect([...refused.keys()]).toEqual(['a', 'c', 'd']);
  expect(new Set([...refused.values()].map(({ message, next }) => message + next)).size).toBe(1);
  expect(refused.get('c')).toMatchObject({ code: 'same-machine', host: 'c' });
  expect(refused.get('c')?.message).toContain(`a, c and d have the same machine id, ${one}`);
});

it('takes no host for another because neither has an id, and refuses both', () => {
  const refused = refuseSameMachine([
    seen('a', ''),
    seen('b', ''),
    seen('c', 'uninitialized'),
    seen('d', one),
  ]);
  expect([...refused].map(([host, { code }]) => [host, code])).toEqual([
    ['a', 'no-machine-id'],
    ['b', 'no-machine-id'],
    ['c', 'no-machine-id'],
  ]);
});

it('says nothing of hosts that could not be looked at', () => {
  expect(refuseSameMachine([seen('a', undefined), seen('b', undefined), seen('c', one)]).size).toBe(0);
});
