import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { problemsOf } from '../../../src/model/operator-error.ts';
import { loadPlaybook } from '../../../src/playbook/read/load.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'hand-over-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function load(handOver: string) {
  writeFileSync(join(folder, 'away.sh'), 'exit 0\n');
  writeFileSync(
    join(folder, 'mine.yaml'),
    `name: mine
description: for tests
roles:
  door:
    description: one of them has the address
    steps:
      - {id: message, file: {path: /etc/motd, content: hello}, notify: restart}
    hand_over: {program: away.sh, what: the address${handOver}}
    handlers:
      - {id: restart, restart: door.service}
`,
  );
  return loadPlaybook('./mine.yaml', folder);
}

it.each([
  ['', undefined, undefined],
  [", address: '{{ cluster.hostname }}', handlers: [restart]", '{{ cluster.hostname }}', ['restart']],
  [', handlers: []', undefined, []],
])('names an address, and handlers, where it is given them: %s', async (text, address, handlers) => {
  const [door] = (await load(text)).roles;
  expect(door?.handOver).toMatchObject({ args: [], what: 'the address' });
  expect([door?.handOver?.address, door?.handOver?.handlers]).toEqual([address, handlers]);
});

it('names no handler that there is not', async () => {
  const error = await load(', handlers: [restart, restrat]').catch((reason: unknown) => reason);
  expect(problemsOf(error)).toMatchObject([
    { code: 'unknown-handler', message: 'the role has no handler restrat', location: { line: 8 } },
  ]);
});
