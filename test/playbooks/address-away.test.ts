import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/**
 * How a host gives an address away. keepalived and who answers are files that stand-ins read; the real ones
 * are tried on pairs of real hosts (test/e2e/pair-hand-over.lab.test.ts).
 */
const program = join(import.meta.dirname, '../../playbooks/files/address-away.sh');

/** What keepalived asks: who answers is in files. By the text of the real one, it looks for the file. */
const answers = `#!/bin/sh
# /run/clusterproxy-away
printf '%s\\n' "$*" >>"$ROOT/asked"
if [ "$1" = --ask ]; then
  for address; do :; done
  [ -e "$ROOT/says/$address" ]
  exit
fi
! ls "$ROOT"/run/clusterproxy-away/* >/dev/null 2>&1
`;

/** An address leaves the interface once the file is there, as keepalived sees to. */
const ip = `#!/bin/sh
ls "$ROOT"/run/clusterproxy-away/* >/dev/null 2>&1 || cat "$ROOT/addresses"
`;

const systemctl = `#!/bin/sh
case $1 in
  is-active) [ ! -e "$ROOT/keepalived-is-stopped" ] ;;
  show) cat "$ROOT/active-since" ;;
esac
`;

let folder: string;
const path = (name: string) => join(folder, name);
const flag = (name = 'prod') => path(`run/clusterproxy-away/${name}`);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'address-away-'));
  for (const name of ['bin', 'says', 'proc', 'run', 'etc/keepalived/clusterproxy', 'usr/local/sbin'])
    mkdirSync(path(name), { recursive: true });
  const executable = (name: string, text: string) => writeFileSync(path(name), text, { mode: 0o755 });
  executable('answers', answers);
  executable('bin/ip', ip);
  executable('bin/systemctl', systemctl);
  executable('bin/ss', `#!/bin/sh\nprintf '%s\\n' "$*" >>"$ROOT/ended"\n`);
  executable('bin/sleep', '#!/bin/sh\n');
  writeFileSync(path('proc/uptime'), '1000.5 900.1\n');
  writeFileSync(path('active-since'), '900000000\n');
  isSetUp('prod', 'bbb.example.com /bbb-01/html5client', '192.0.2.10');
  has('192.0.2.10');
  answering('192.0.2.5', '192.0.2.6', '192.0.2.10');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** keepalived's file for a cluster, in the form that the step writes. */
function isSetUp(name: string, question: string, address: string): void {
  writeFileSync(
    path(`etc/keepalived/clusterproxy/${name}.conf`),
    `vrrp_script clusterproxy-${name} {
    script "${path('answers')} ${question} 192.0.2.5 192.0.2.6"
    user nobody
}

vrrp_instance clusterproxy-${name} {
    unicast_src_ip 192.0.2.5
    unicast_peer {
        192.0.2.6
    }
    virtual_ipaddress {
        ${address}/32 dev eth0
    }
}
`,
  );
}

function has(...addresses: readonly string[]): void {
  const lines = addresses.map((address) => `2: eth0    inet ${address}/32 scope global eth0\n`);
  writeFileSync(path('addresses'), lines.join(''));
}

function answering(...addresses: readonly string[]): void {
  rmSync(path('says'), { recursive: true });
  mkdirSync(path('says'));
  for (const address of addresses) writeFileSync(path(`says/${address}`), '');
}

function away(verb: 'cordon' | 'enable' | 'state', name = 'prod') {
  const ended = spawnSync('/bin/sh', [program, verb, name], {
    env: { PATH: `${path('bin')}:/usr/bin:/bin`, ROOT: folder },
    encoding: 'utf8',
  });
  expect(ended.stderr).toBe('');
  return { status: ended.status, said: ended.stdout.replaceAll('\x1f', ' ').trim() };
}

function putFlag(name: string): void {
  mkdirSync(path('run/clusterproxy-away'), { recursive: true });
  writeFileSync(flag(name), '');
}

const state = (name?: string) => away('state', name).said.replaceAll('\n', ', ');

describe('an address', () => {
  it('is given away, and what was connected by it is closed; then the host may have it again', () => {
    expect(state()).toBe('state enabled, health online, others 1');
    expect(away('cordon')).toEqual({ status: 0, said: '' });
    expect(state()).toBe('state cordoned, health offline, others 0');
    expect(readFileSync(path('ended'), 'utf8')).toBe('--kill state connected src 192.0.2.10\n');
    expect(away('enable')).toEqual({ status: 0, said: '' });
    expect(existsSync(path('run/clusterproxy-away'))).toBe(false);
    expect(state()).toBe('state enabled, health online, others 1');
  });

  it('is asked for by the question of whichever program keepalived has', () => {
    isSetUp('prod', 'https://wcs.example.com:8443/clusterproxy-answers', '192.0.2.10');
    expect(state()).toBe('state enabled, health online, others 1');
    expect(readFileSync(path('asked'), 'utf8')).toBe(
      [6, 5]
        .map((last) => `--ask https://wcs.example.com:8443/clusterproxy-answers 192.0.2.${last}\n`)
        .join(''),
    );
  });

  it.each([
    ['keepalived has just been started', () => writeFileSync(path('active-since'), '998000000\n')],
    ['the proxy does not answer', () => answering('192.0.2.6')],
    ['another cluster has it keep away', () => putFlag('other')],
  ])('is not for a host where %s', (_, make) => {
    make();
    expect(state()).toBe('state enabled, health offline, others 1');
  });

  it.each([
    ['keepalived does not run', () => writeFileSync(path('keepalived-is-stopped'), '')],
    ['there is none', () => rmSync(path('etc/keepalived/clusterproxy/prod.conf'))],
    ['what keepalived asks is of an earlier version', () => writeFileSync(path('answers'), '#!/bin/sh\n')],
  ])('is nothing to give away where %s', (_, make) => {
    make();
    expect(state()).toBe('state unknown, health offline, others 0');
    expect(away('cordon')).toEqual({ status: 1, said: 'keepalived does not run here, or not for prod' });
    expect(existsSync(flag())).toBe(false);
  });

  it.each([
    ['keepalived was stopped', () => writeFileSync(path('keepalived-is-stopped'), '')],
    ['its files were taken away', () => rmSync(path('etc/keepalived/clusterproxy/prod.conf'))],
  ])('may be had again after %s in between', (_, make) => {
    away('cordon');
    make();
    expect(state()).toBe('state cordoned, health offline, others 0');
    expect(away('enable')).toEqual({ status: 0, said: '' });
    expect(existsSync(path('run/clusterproxy-away'))).toBe(false);
    expect(state()).toBe('state unknown, health offline, others 0');
  });

  it('of another cluster leaves as well, and people who are connected by it', () => {
    isSetUp('other', 'meet.example.com /node-1/html5client', '192.0.2.11');
    has('192.0.2.10', '192.0.2.11');
    expect(away('cordon').status).toBe(0);
    expect(readFileSync(path('ended'), 'utf8')).toBe(
      '--kill state connected src 192.0.2.10\n--kill state connected src 192.0.2.11\n',
    );
    // What another cluster has put there stays.
    putFlag('other');
    away('enable');
    expect(existsSync(flag('other'))).toBe(true);
  });
});

describe('an address that a command moves', () => {
  /** Who has it by the network's word, before it is given away and afterwards. */
  const owners = (before: string, afterwards: string) =>
    writeFileSync(
      path('usr/local/sbin/clusterproxy-prod-claim'),
      `#!/bin/sh
if ls "$ROOT"/run/clusterproxy-away/* >/dev/null 2>&1; then echo "owner${afterwards}"; else echo "owner${before}"; fi
`,
      { mode: 0o755 },
    );

  it('is elsewhere once the network says so, although nobody is led to it from inside', () => {
    owners(' proxy-1', ' proxy-2');
    answering('192.0.2.5', '192.0.2.6');
    expect(away('cordon')).toEqual({ status: 0, said: '' });
  });

  it('is not to be asked from inside by a host that does not have it', () => {
    owners(' proxy-2', ' proxy-2');
    has();
    answering('192.0.2.5', '192.0.2.6');
    expect(away('cordon')).toEqual({ status: 0, said: '' });
  });

  it('is elsewhere once it answers, where the network does not say who has it', () => {
    owners('-failed 6', '-failed 6');
    expect(away('cordon')).toEqual({ status: 0, said: '' });
  });

  it('stays where the network leads it here, although this host answers by it', () => {
    // Seconds pass at each look at the clock.
    writeFileSync(
      path('bin/date'),
      `#!/bin/sh
echo x >>"$ROOT/looks"
echo $(($(wc -l <"$ROOT/looks") * 10))
`,
      { mode: 0o755 },
    );
    owners(' proxy-1', ' proxy-1');
    expect(away('cordon')).toEqual({
      status: 1,
      said: "192.0.2.10 is not here any more, and belongs to proxy-1 by the network's word: no other host has taken it",
    });
    expect(existsSync(flag())).toBe(false);
  });
});
