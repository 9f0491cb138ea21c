import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/**
 * What claims an address by an operator's commands, with stand-ins for those and for the interface; a network
 * of its own and systemd are tried on a pair of real hosts (test/e2e/pair-by-command.lab.test.ts).
 */
const template = join(import.meta.dirname, '../../playbooks/files/address-claim.sh');

let folder: string;
const path = (name: string) => join(folder, name);
const executable = (name: string, text: string) =>
  writeFileSync(path(name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'address-claim-'));
  for (const name of ['bin', 'var/lib/clusterproxy']) mkdirSync(path(name), { recursive: true });
  const values: Readonly<Record<string, string>> = {
    'cluster.name': 'prod',
    'cluster.virtual_address': '192.0.2.10',
    'cluster.virtual_address_claim': `${path('claim')} 192.0.2.10`,
    'cluster.virtual_address_owner': path('owner'),
  };
  const text = readFileSync(template, 'utf8').replaceAll(
    /\{\{ (\S+) \}\}/g,
    (_, key: string) => values[key] ?? '',
  );
  writeFileSync(path('program'), text);
  executable('bin/ip', 'cat "$ROOT/addresses" 2>/dev/null');
  executable('bin/systemctl', '[ -e "$ROOT/systemd-says-failed" ]');
  executable('claim', 'echo "$*" >>"$ROOT/claims"');
  executable('owner', 'echo proxy-1');
  has(true);
});
afterEach(() => rmSync(folder, { recursive: true }));

const environment = () => ({ PATH: `${path('bin')}:/usr/bin:/bin`, ROOT: folder });

function has(it: boolean): void {
  if (it) writeFileSync(path('addresses'), '2: eth0    inet 192.0.2.10/32 scope global eth0\n');
  else rmSync(path('addresses'), { force: true });
}

function run(verb: 'claim' | 'state') {
  const ended = spawnSync('/bin/sh', [path('program'), verb], { env: environment(), encoding: 'utf8' });
  return { status: ended.status, said: ended.stdout.trim(), complained: ended.stderr };
}
const state = () => run('state').said.split('\n');

describe('the command that claims', () => {
  it('runs on the host that has the address, and is known to have worked there then', () => {
    expect(state()).toEqual(['owner proxy-1', 'never-claimed']);
    expect(run('claim').status).toBe(0);
    expect(readFileSync(path('claims'), 'utf8')).toBe('192.0.2.10\n');
    expect(state()).toEqual(['owner proxy-1']);
  });

  it('does not run on one that does not have it', () => {
    has(false);
    expect(run('claim').status).toBe(0);
    expect(existsSync(path('claims'))).toBe(false);
  });

  it('has failed until it has worked again, also while it is tried', () => {
    executable('claim', 'exit 22');
    const failed = run('claim');
    expect(failed.status).toBe(22);
    expect(failed.complained).toContain('ended with status 22');
    expect(state()).toEqual(['owner proxy-1', 'claim-failed', 'never-claimed']);
    executable('claim', 'true');
    expect(run('claim').status).toBe(0);
    expect(state()).toEqual(['owner proxy-1']);
  });

  it('has not failed on a host that does not have the address any more', () => {
    executable('claim', 'exit 22');
    run('claim');
    has(false);
    expect(state()).not.toContain('claim-failed');
    run('claim');
    has(true);
    expect(state()).not.toContain('claim-failed');
  });

  it('is ended where the host loses the address meanwhile: it would take it from whoever has it now', async () => {
    executable('claim', 'echo begun >>"$ROOT/claims"; sleep 80; echo done >>"$ROOT/claims"');
    const running = spawn('/bin/sh', [path('program'), 'claim'], { env: environment() });
    const ended = once(running, 'exit');
    await expect.poll(() => existsSync(path('claims')), { timeout: 20_000 }).toBe(true);
    has(false);
    expect(await ended).toEqual([0, null]);
    expect(readFileSync(path('claims'), 'utf8')).toBe('begun\n');
  });
});

describe('the command that tells the owner', () => {
  it.each([
    ['printf "proxy-1"', 'owner proxy-1'],
    ['echo "using a proxy" >&2; echo proxy-1', 'owner proxy-1'],
    ['echo proxy-1; echo and more', 'owner proxy-1'],
    ['printf "proxy-1\\033[31m\\r\\n"', 'owner proxy-1[31m'],
    ['true', 'owner '],
    ['echo "curl: token=a-secret" >&2; exit 6', 'owner-failed 6'],
    ['echo "token=a-secret"; exit 6', 'owner-failed 6'],
    ['yes a-secret', 'owner-failed long'],
  ])('that does: %s', (text, said) => {
    executable('owner', text);
    const [first] = state();
    expect(first).toEqual(said);
    expect(first).not.toContain('a-secret');
  });

  it('that prints an endless line is cut short', () => {
    executable('owner', 'printf "%s" "$(seq 1 400 | tr -d "\\n")"');
    expect((state()[0] ?? '').length).toBeLessThan(220);
  });
});
