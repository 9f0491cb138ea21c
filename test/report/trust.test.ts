import { describe, expect, test } from 'vitest';
import { makeStyle } from '../../src/report/style.ts';
import { renderTrust, type TrustRow } from '../../src/report/trust.ts';

const style = makeStyle({ columns: 100, color: false, verbose: false });
const row = (more: Partial<TrustRow>): TrustRow => ({
  host: 'bbb-01',
  address: '192.0.2.11:22',
  keys: [{ type: 'ssh-ed25519', fingerprint: 'SHA256:abc', state: 'new' }],
  old: [],
  pinned: [],
  problem: undefined,
  ...more,
});

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
    expect(renderTrust(rows, style).map((line) => line.trimEnd())).toEqual([
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
    expect(renderTrust(rows, makeStyle({ columns: 80, color: false, verbose: false }))).toEqual([
      'bbb-01  192.0.2.11:22',
      '  ecdsa-sha2-nistp256  known',
      `    ${fingerprint}`,
    ]);
  });

  test('a host that could not be asked has no line, but its problem', () => {
    const problem = { code: 'unreachable', message: 'gone', host: 'bbb-01' };
    expect(renderTrust([row({ keys: [], problem })], style)).toEqual(['error unreachable: bbb-01: gone']);
  });

  test('what a host says of itself cannot move the cursor', () => {
    const rows = [row({ keys: [{ type: 'ssh-\u001b[2Jx', fingerprint: 'SHA256:abc', state: 'new' }] })];
    expect(renderTrust(rows, style).join('\n')).not.toContain('\u001b');
  });
});
