import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Author } from '../../src/model/author.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { Drifting, dpkgTime, later, syslog, unit } from './drifting.ts';

// Everything happens on one host: 14 kinds of drift, and what may not be taken for an author. The forms of
// the lines are those of rsyslog on Debian 12 and Ubuntu 22.04, of sudo 1.9, cron 3.0pl1, dpkg 1.21, Puppet 7
// and Ansible 2.14.

let host: Drifting;
let authors: ReadonlyMap<string, Author>;
let snapshot: Snapshot;

const at = (path: string) => host.at(path);
const write = (path: string, text: string | Buffer) => host.write(path, text);
const append = (path: string, line: string) => host.append(path, line);
const changed = (path: string) => host.changed(path);
const sudo = (date: Date, who: string, command: string, pwd?: string) =>
  host.sudo(date, who, command, pwd === undefined ? {} : { pwd });

const names = [
  ...['package', 'conffile', 'diverted', 'script', 'ansible', 'puppet', 'sed', 'console', 'cron'],
  ...['editor', 'mode', 'owner', 'removed/one', 'read-only-look', 'two-people', 'forged', 'locked-out'],
  ...['relative', 'moved', 'marked', 'stock-by-hand', 'rotated', 'long', 'configured', 'same'],
];
const path = (name: string) => `/etc/drift/${name}`;

beforeAll(async () => {
  host = await Drifting.start(names.map(path));
  packages();
  scripts();
  managers();
  people();
  doubtful();
  snapshot = await host.look();
  authors = host.authorsIn(snapshot);
}, 60_000);
afterAll(() => host.close());

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

/** dpkg's own files, and its log, for a package that was upgraded when these paths changed. */
function packageOf(name: string, own: readonly string[], stock: string): void {
  const info = `/var/lib/dpkg/info/${name}`;
  write(`${info}.list`, `/.\n/etc\n${own.join('\n')}\n`);
  write(`${info}.md5sums`, own.map((one) => `${md5(stock)}  ${one.slice(1)}\n`).join(''));
}
function upgraded(name: string, time: Date, configuredAt = time, more: readonly string[] = []): void {
  const [from, to] = [dpkgTime(later(time, -3)), dpkgTime(later(configuredAt, 1))];
  for (const line of [
    `${from} upgrade ${name}:all 3.0.3 3.0.4`,
    `${from} status half-installed ${name}:all 3.0.3`,
    `${from} status unpacked ${name}:all 3.0.4`,
    `${dpkgTime(configuredAt)} configure ${name}:all 3.0.4 <none>`,
    ...more,
    `${to} status installed ${name}:all 3.0.4`,
  ])
    append('/var/log/dpkg.log', line);
}

function packages(): void {
  write(path('package'), 'stock\n');
  packageOf('bbb-html5', [path('package')], 'stock\n');
  upgraded('bbb-html5', changed(path('package')));
  write(path('conffile'), 'asked\n');
  packageOf('bbb-web', [path('conffile')], 'none');
  const asked = changed(path('conffile'));
  upgraded('bbb-web', later(asked, -40), later(asked, 30), [
    `${dpkgTime(asked)} conffile ${path('conffile')} install`,
  ]);
  write(path('diverted'), 'by the operator\n');
  packageOf('bbb-etherpad', [path('diverted')], 'by the operator\n');
  upgraded('bbb-etherpad', changed(path('diverted')));
  write('/var/lib/dpkg/diversions', `${path('diverted')}\n${path('diverted')}.distrib\n:\n`);
  write(path('stock-by-hand'), 'stock\n');
  packageOf('bbb-libreoffice', [path('stock-by-hand')], 'stock\n');
  upgraded('bbb-libreoffice', later(changed(path('stock-by-hand')), -7200));
  write(path('configured'), 'by its script\n');
  packageOf('bbb-config', [path('configured')], 'stock\n');
  upgraded('bbb-config', later(changed(path('configured')), -2), changed(path('configured')));
}

function scripts(): void {
  write('/usr/bin/bbb-conf', '#!/bin/bash\n# see /etc/drift/same\n. /etc/bbb-conf/apply-config.sh\n');
  write('/etc/bbb-conf/apply-config.sh', `#!/bin/bash\nFILE="${path('script')}"\nsed -i s/a/b/ $FILE\n`);
  write(path('script'), 'by a script\n');
  sudo(later(changed(path('script')), -5), 'ada', '/usr/bin/bbb-conf --restart');
  write('/usr/local/bin/nightly', `#!/bin/sh\ncp /srv/nightly ${path('cron')}\n`);
  write(path('cron'), 'by cron\n');
  append(
    '/var/log/syslog',
    `${syslog(later(changed(path('cron')), -1))} bbb-01 CRON[811]: (root) CMD (/usr/local/bin/nightly --quiet)`,
  );
}

function managers(): void {
  write(path('ansible'), '# Ansible managed\nx\n');
  append(
    '/var/log/syslog',
    `${syslog(changed(path('ansible')))} bbb-01 python3[92]: ansible-ansible.legacy.copy Invoked with src=/root/.ansible/tmp/s dest=${path('ansible')} mode=0644`,
  );
  write(path('puppet'), 'x\n');
  append(
    '/var/log/syslog',
    `${syslog(later(changed(path('puppet')), 1))} bbb-01 puppet-agent[77]: (/Stage[main]/Video/File[${path('puppet')}]/content) content changed '{sha256}aa' to '{sha256}bb'`,
  );
  write(path('marked'), '# This file is managed by Puppet\nx\n');
}

function people(): void {
  write(path('sed'), 'sed\n');
  sudo(changed(path('sed')), 'ada', `/usr/bin/sed -i s/written/other/ ${path('sed')}`);
  write(path('console'), 'console\n');
  append(
    '/var/log/auth.log',
    `${syslog(changed(path('console')))} bbb-01 login[401]: ROOT LOGIN on '/dev/tty1'`,
  );
  write(`${path('editor')}.new`, 'edited\n');
  renameSync(at(`${path('editor')}.new`), at(path('editor')));
  const saved = changed(path('editor'));
  append(
    '/var/log/auth.log',
    `${syslog(later(saved, -600))} bbb-01 sudo[555]:    grace : TTY=pts/1 ; PWD=/home/grace ; USER=root ; COMMAND=/usr/bin/vim ${path('editor')}`,
  );
  append(
    '/var/log/auth.log',
    `${syslog(later(saved, 2))} bbb-01 sudo[555]: pam_unix(sudo:session): session closed for user root`,
  );
  chmodSync(at(path('mode')), 0o600);
  sudo(changed(path('mode')), 'ada', `/usr/bin/chmod 600 ${path('mode')}`);
  write(path('owner'), 'as if the owner had changed\n');
  sudo(changed(path('owner')), 'ada', `/usr/bin/chown www-data: ${path('owner')}`);
  rmSync(at(path('removed/one')));
  sudo(changed('/etc/drift/removed'), 'ada', `/usr/bin/rm -f ${path('removed/one')}`);
  write(path('relative'), 'relative\n');
  sudo(changed(path('relative')), 'ada', '/usr/bin/nano ./relative', '/etc/drift');
  write(path('moved'), 'x\n');
  sudo(changed(path('moved')), 'ada', `/usr/bin/sh -c cat /tmp/x > ${path('moved')}`);
  mkdirSync(at('/etc/systemd/system/multi-user.target.wants'), { recursive: true });
  sudo(
    changed('/etc/systemd/system/multi-user.target.wants'),
    'ada',
    '/usr/bin/systemctl disable --now nginx',
  );
  write(path('rotated'), 'x\n');
  write(
    '/var/log/auth.log.2.gz',
    gzipSync(
      `${changed(path('rotated')).toISOString().replace('Z', '+00:00')} bbb-01 sudo:   hedy : TTY=pts/0 ; PWD=/root ; USER=root ; COMMAND=/usr/bin/tee ${path('rotated')}\n`,
    ),
  );
}

/** What looks like evidence and is none. */
function doubtful(): void {
  write(path('read-only-look'), 'x\n');
  sudo(changed(path('read-only-look')), 'ada', `/usr/bin/cat ${path('read-only-look')}`);
  sudo(changed(path('read-only-look')), 'ada', `/usr/bin/cp ${path('read-only-look')} /tmp/x`);
  sudo(changed(path('read-only-look')), 'ada', `/usr/bin/vim ${path('read-only-look')}.bak`);
  write(path('two-people'), 'x\n');
  for (const who of ['ada', 'grace'])
    sudo(changed(path('two-people')), who, `/usr/bin/vim ${path('two-people')}`);
  write(path('forged'), `x\nNov 24 03:12:01 bbb-01 sudo: eve : COMMAND=/usr/bin/vim ${path('forged')}\n`);
  const time = syslog(changed(path('forged')));
  const claim = `eve : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/vim ${path('forged')}`;
  for (const line of [
    // inside what somebody typed, or gave as a name
    `${time} bbb-01 sudo:    ada : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/echo #012${time} bbb-01 sudo: ${claim}`,
    `${time} bbb-01 sshd[9]: Invalid user ${time} bbb-01 sudo: ${claim} from 192.0.2.9 port 4`,
    `${time} bbb-01 sudo:    \u001b[31meve : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/vim ${path('forged')}`,
    `${time} bbb-01 sudo:    eve\u001f\u0007 : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/vim ${path('forged')}`,
    `${time} bbb-01 CRON[4]: (ro\u001bot) CMD (/usr/bin/tee ${path('forged')})`,
    `${time} bbb-01 puppet-agent[7]: said (/Stage[main]/File[${path('forged')}]/content) content changed`,
  ])
    append('/var/log/auth.log', line);
  write(path('long'), 'x\n');
  sudo(changed(path('long')), 'e'.repeat(5000), `/usr/bin/vim ${path('long')}`);
  write(path('locked-out'), 'x\n');
  append(
    '/var/log/auth.log',
    `${syslog(changed(path('locked-out')))} bbb-01 sudo:    ada : command not allowed ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/vim ${path('locked-out')}`,
  );
}

const unknown = { kind: 'unknown' } as const;
const ada = { kind: 'person', name: 'ada' } as const;

test.each([
  ['a package upgrade', path('package'), { kind: 'package', name: 'bbb-html5', version: '3.0.4' }],
  ["a package's question about a configuration file", path('conffile'), { kind: 'package', name: 'bbb-web' }],
  ["a package's own script", path('configured'), { kind: 'package', name: 'bbb-config' }],
  ['a file that dpkg-divert keeps from its package', path('diverted'), unknown],
  ['a restart script that calls another one', path('script'), { kind: 'script', name: 'apply-config.sh' }],
  ['Ansible', path('ansible'), { kind: 'manager', name: 'Ansible' }],
  ['Puppet', path('puppet'), { kind: 'manager', name: 'Puppet' }],
  ['a mark of Puppet that a run did not write', path('marked'), { kind: 'manager', name: 'Puppet' }],
  ['sed by sudo', path('sed'), ada],
  ['root on the console', path('console'), unknown],
  ['a cron job', path('cron'), { kind: 'cron', name: 'root' }],
  ['an editor that was open for ten minutes and renames', path('editor'), { kind: 'person', name: 'grace' }],
  ['a file that was removed', path('removed/one'), ada],
  ['mode only', path('mode'), ada],
  ['owner only', path('owner'), ada],
  ['a unit that was disabled', unit, ada],
  ['a name relative to where sudo was called', path('relative'), ada],
  ['a shell that sudo was given', path('moved'), ada],
  ['a log that was rotated and compressed, in ISO time', path('rotated'), { kind: 'person', name: 'hedy' }],
  ['somebody who only looked', path('read-only-look'), unknown],
  ['two people at once', path('two-people'), unknown],
  ['lines forged in commands, names and files', path('forged'), unknown],
  ['somebody who was refused', path('locked-out'), unknown],
  ['a name that is no name', path('long'), unknown],
  ["a package's own bytes, but long after it was installed", path('stock-by-hand'), unknown],
])('%s', (_title, one, expected) => {
  expect(authors.get(one)).toMatchObject(expected);
});

test('what is as the last run wrote it has no author, and its logs are not looked at', () => {
  expect(authors.has(path('same'))).toBe(false);
  expect(snapshot.changedSince?.has(path('same'))).toBe(false);
});

test('nothing that somebody typed leaves the host', () => {
  const { answer } = host;
  const traces = answer.slice(answer.lastIndexOf(' changed\n'));
  for (const typed of ['--restart', 's/written/other/', '/usr/bin/vim', '--quiet', 'COMMAND', 'Invoked'])
    expect(traces).not.toContain(typed);
});

test('names and words of authors are short, and have no control characters', () => {
  for (const { name = '', evidence, clock = '' } of authors.values()) {
    expect(`${name}${evidence}${clock}`).toMatch(/^[\x20-\x7e]{1,200}$/);
    expect(name.length).toBeLessThanOrEqual(64);
  }
});
