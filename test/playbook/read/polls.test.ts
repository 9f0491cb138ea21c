import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { problemsOf } from '../../../src/model/operator-error.ts';
import { loadPlaybook } from '../../../src/playbook/read/load.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polls-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const playbook = (polls: string) => `name: mine
description: for tests
roles:
  balancer: {description: the balancer, steps: []}
  node:
    description: a host
    steps:
      - {id: message, file: {path: /etc/motd, content: hello}, notify: restart}
    guards:
      calls:
        program: calls.sh
        description: running calls
        drain:
          on: balancer
          program: calls.sh
          polls:
            - ${polls}
    handlers:
      - {id: restart, restart: calls.service, guards: [calls]}
      - {id: blindly, restart: calls.service}
`;
async function load(polls: string) {
  writeFileSync(join(folder, 'calls.sh'), 'exit 0\n');
  writeFileSync(join(folder, 'mine.yaml'), playbook(polls));
  return loadPlaybook('./mine.yaml', folder);
}

it('are those of a balancer, with everything filled in that may be left out', async () => {
  const { roles } = await load('{every: 60s, misses: 2, silent: [restart], ends: calls are dropped}');
  expect(roles.flatMap(({ guards }) => guards.map(({ drain }) => drain?.polls))).toEqual([
    [
      {
        when: {},
        at: '',
        every: '60s',
        misses: 2,
        silent: ['restart'],
        ends: 'calls are dropped',
        pause: '',
      },
    ],
  ]);
});

it.each([
  ['restrat', '17:', 'unknown-handler', /did you mean restart|restart/],
  ['blindly', '17:', 'wrong-value', /add calls to the guards of blindly/],
])('name handlers that are there and ask who is on the host: %s', async (silent, line, code, next) => {
  const found = await load(`{every: 60s, misses: 2, silent: [${silent}], ends: x}`).then(
    () => [],
    (error: unknown) => problemsOf(error),
  );
  expect(found.map((one) => one.code)).toEqual([code]);
  expect(found[0]?.next).toMatch(next);
  expect(`${found[0]?.location?.line}:`).toBe(line);
});

it('have conditions that can hold', async () => {
  const found = await load('{when: {vars.kind: x}, every: 60s, misses: 2, silent: [restart], ends: x}').then(
    () => [],
    (error: unknown) => problemsOf(error),
  );
  expect(found).toHaveLength(1);
});
