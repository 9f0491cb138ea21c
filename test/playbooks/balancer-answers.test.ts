import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/**
 * Whether a balancer should have the cluster's address. What the addresses answer is in files that a stand-in
 * for curl reads; the real one is tried on pairs of real hosts (test/e2e/balancers-wcs.lab.test.ts).
 */
const program = join(import.meta.dirname, '../../playbooks/files/balancer-answers.sh');

const curl = `#!/bin/sh
printf '%s\\n' "$*" >> "$0.log"
for word; do
  case $word in
    ::*:) at=\${word#::} ;;
  esac
done
cat "$(dirname "$0")/../says/\${at%:}" 2>/dev/null || { printf 000; exit 7; }
`;

const url = 'https://wcs.example.com:8443/clusterproxy-answers';
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'balancer-answers-'));
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'says'));
  writeFileSync(join(folder, 'bin/curl'), curl, { mode: 0o755 });
  for (const name of ['cat', 'dirname']) symlinkSync(`/usr/bin/${name}`, join(folder, 'bin', name));
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Its exit status where these addresses answer so, on a host with this address and these others. */
function status(says: Readonly<Record<string, string>>, ...addresses: readonly string[]) {
  for (const [address, answer] of Object.entries(says)) writeFileSync(join(folder, 'says', address), answer);
  return ends(url, ...addresses);
}

function ends(...words: readonly string[]) {
  const ended = spawnSync('/bin/sh', [program, ...words], {
    env: { PATH: join(folder, 'bin') },
    encoding: 'utf8',
  });
  expect(ended.stderr).toBe('');
  return ended.status;
}

const asked = () => readFileSync(join(folder, 'bin/curl.log'), 'utf8').split('\n').slice(0, -1);

describe('a balancer', () => {
  it.each(['200', '404', '503'])(
    'that answers %s should have the address, and nobody else is asked',
    (code) => {
      expect(status({ '192.0.2.5': code }, '192.0.2.5', '192.0.2.6')).toBe(0);
      expect(asked()).toHaveLength(1);
      expect(asked()[0]?.endsWith(url)).toBe(true);
    },
  );

  it('that is silent gives it to one that answers', () => {
    expect(status({ '192.0.2.5': '000', '192.0.2.7': '200' }, '192.0.2.5', '192.0.2.6', '192.0.2.7')).toBe(1);
    expect(asked()).toHaveLength(3);
  });

  it('that is silent keeps it where nobody answers, and where there is nobody else', () => {
    expect(status({}, '192.0.2.5', '192.0.2.6')).toBe(0);
    expect(status({}, '192.0.2.5')).toBe(0);
  });

  it('is asked at an IPv6 address in brackets', () => {
    expect(status({ '[2001:db8::6]': '301' }, '2001:db8::5', '2001:db8::6')).toBe(1);
    expect(asked()[0]).toContain('--connect-to ::[2001:db8::5]:');
  });

  it('is asked by whoever wants to know only whether it answers', () => {
    expect(status({ '192.0.2.6': '200' }, '192.0.2.6')).toBe(0);
    expect(ends('--ask', url, '192.0.2.6')).toBe(0);
    expect(ends('--ask', url, '192.0.2.5')).toBe(1);
    expect(asked()).toHaveLength(3);
  });

  it('that can not be asked keeps it', () => {
    rmSync(join(folder, 'bin/curl'));
    expect(status({ '192.0.2.6': '301' }, '192.0.2.5', '192.0.2.6')).toBe(0);
  });
});
