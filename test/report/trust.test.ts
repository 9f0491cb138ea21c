import { describe, expect, test } from 'vitest';
import type { Problem } from '../../src/model/operator-error.ts';
import { emptyPlan } from '../../src/model/plan.ts';
import type { HostKeys } from '../../src/report/document/keys.ts';
import { makeStyle, type Style } from '../../src/report/terminal/style.ts';
import { renderTrust } from '../../src/report/terminal/trust.ts';
import { documentOf } from './documents.ts';
import { hostResult, runResult } from './plans.ts';

const style = makeStyle({ columns: 100, color: false, verbose: false });

interface Row extends HostKeys {
  readonly host: string;
  readonly problem: Problem | undefined;
}

const row = (more: Partial<Row>): Row => ({
  host: 'bbb-01',
  address: '192.0.2.11:22',
  keys: [{ type: 'ssh-ed25519', fingerprint: 'SHA256:abc', state: 'new' }],
  old: [],
  pinned: [],
  written: [],
  problem: undefined,
  ...more,
});

function render(rows: readonly Row[], on: Style = style): readonly string[] {
  const hosts = rows.map(({ host, problem }) =>
    hostResult(emptyPlan({ name: host, role: 'node' }), 'failed', { problem }),
  );
  return renderTrust(documentOf(runResult(hosts, { command: 'trust' }), { keys: rows }), on);
}

describe('the keys that hosts show', () => {
  test('stand in a table; what they contradict below them', () => {
    const rows = [
      row({}),
      row({
        host: 'proxy-1',
        address: '192.0.2.5:22 (through 192.0.2.1:22)',
        keys: [
          { type: 'ssh-ed25519', fingerprint: 'SHA256:new', state: 'contradicts' },
          { type: 'ssh-rsa', fingerprint: 'SHA256:rsa', state: 'known' },
        ],
        old: [
          { type: 'ssh-ed25519', fingerprint: 'SHA256:old', file: '/home/ada/.ssh/known_hosts', line: 7 },
        ],
        problem: { code: 'host-key-changed', message: 'another key', next: 'look', host: 'proxy-1' },
      }),
    ];
    expect(render(rows).map((line) => line.trimEnd())).toEqual([
      'host     address                              type         fingerprint  state',
      'bbb-01   192.0.2.11:22                        ssh-ed25519  SHA256:abc   new',
      'proxy-1  192.0.2.5:22 (through 192.0.2.1:22)  ssh-ed25519  SHA256:new   CONTRADICTS what is known',
      '                                              ssh-rsa      SHA256:rsa   known',
      '  known until now: ssh-ed25519 SHA256:old (/home/ada/.ssh/known_hosts, line 7)',
      '',
      'error host-key-changed: proxy-1: another key',
      '  look',
    ]);
  });

  test('stand host by host where a table would be broken', () => {
    const fingerprint = `SHA256:${'a'.repeat(43)}`;
    const rows = [row({ keys: [{ type: 'ecdsa-sha2-nistp256', fingerprint, state: 'known' }] })];
    expect(render(rows, makeStyle({ columns: 80, color: false, verbose: false }))).toEqual([
      'bbb-01  192.0.2.11:22',
      '  ecdsa-sha2-nistp256  known',
      `    ${fingerprint}`,
    ]);
  });

  test('a host that could not be asked has no line, but its problem', () => {
    const problem = { code: 'unreachable', message: 'gone', host: 'bbb-01' };
    expect(render([row({ keys: [], problem })])).toEqual(['error unreachable: bbb-01: gone']);
  });

  test('what a host says of itself cannot move the cursor', () => {
    const rows = [row({ keys: [{ type: 'ssh-\u001b[2Jx', fingerprint: 'SHA256:abc', state: 'new' }] })];
    expect(render(rows).join('\n')).not.toContain('\u001b');
  });
});

test('no fingerprint is broken on a terminal of 80 columns, nor is any line longer', () => {
  const shown = `SHA256:${'a'.repeat(43)}`;
  const old = `SHA256:${'b'.repeat(43)}`;
  const rows = [
    row({
      address: 'bbb-01.example.com:22',
      keys: [{ type: 'ecdsa-sha2-nistp256', fingerprint: shown, state: 'contradicts' }],
      old: [{ type: 'ecdsa-sha2-nistp256', fingerprint: old, file: '/home/ada/.ssh/known_hosts', line: 2 }],
      pinned: [old],
      problem: {
        code: 'host-key-changed',
        message: `bbb-01.example.com:22 shows a different host key than the known one: ecdsa-sha2-nistp256 ${shown}`,
      },
    }),
  ];
  const lines = render(rows, makeStyle({ columns: 80, color: false, verbose: false }));
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
  expect(lines.filter((line) => line.includes(shown)).length).toBe(2);
  expect(lines.filter((line) => line.includes(old)).length).toBe(2);
});
