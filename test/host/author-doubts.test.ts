import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync, statSync, symlinkSync, utimesSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, test } from 'vitest';
import { Drifting, dpkgTime, later, nextSecond, syslog, unit } from './drifting.ts';

// What may not be taken for an author, and what a look at a host may not cost.

let host: Drifting;
afterEach(() => host.close());

const [one, other] = ['/etc/drift/one', '/etc/drift/other'] as const;
const hash = (algorithm: string, text: string) => createHash(algorithm).update(text).digest('hex');
const vim = `/usr/bin/vim ${one}`;

test('without drift nothing is looked for, and no process is started for it', async () => {
  host = await Drifting.start([one, other]);
  for (const name of ['awk', 'date', 'grep', 'journalctl', 'zcat'])
    host.standIn(name, `echo ${name} >>${host.at('/srv/started')}; PATH=/usr/bin:/bin exec ${name} "$@"`);
  host.write('/srv/started', '');
  expect((await host.look()).changedSince).toBeUndefined();
  expect(statSync(host.at('/srv/started')).size).toBe(0);
  host.write(one, 'by hand\n');
  expect([...((await host.look()).changedSince?.keys() ?? [])]).toEqual([one]);
  expect(statSync(host.at('/srv/started')).size).toBeGreaterThan(0);
});

test('what a run has put back, removed or written is no change, nor is what is put beside it', async () => {
  host = await Drifting.start([one, other, '/etc/drift/gone']);
  rmSync(host.at('/etc/drift/gone'));
  host.write(one, 'put back by a run that was deferred\n');
  const state = ['file', '', '644', 'root', 'root', ''];
  const removed = ['change', 1, '/etc/drift/gone', ...state, 'absent', '', '', '', '', '', '.'].join(
    '\u001f',
  );
  host.remember([one, other, '/etc/drift/gone'], 'committed', [removed]);
  await nextSecond();
  host.write('/etc/drift/beside', 'new\n');
  expect((await host.look()).changedSince).toBeUndefined();
});

test('what was changed between two runs, and left by the later one, is still known', async () => {
  host = await Drifting.start([one, other]);
  host.write(one, 'by hand\n');
  host.sudo(host.changed(one), 'ada', `/usr/bin/tee ${one}`);
  await nextSecond();
  const later = '/var/lib/clusterproxy/runs/20261122T074500Z-4f2a9c';
  host.write(`${later}/settle.sh`, '#!/bin/sh\n');
  host.write(`${later}/manifest`, 'cluster\u001fprod\n');
  host.write(`${later}/boot`, 'a start\n');
  host.write(other, 'as written\n');
  host.write(`${later}/state`, 'committed\n');
  expect([...((await host.look()).changedSince?.keys() ?? [])]).toEqual([one]);
  expect((await host.authors()).get(one)).toMatchObject({ kind: 'person', name: 'ada' });
});

test('a unit changes with its own links, not with those of others', async () => {
  host = await Drifting.start([one]);
  const wants = '/etc/systemd/system/multi-user.target.wants';
  mkdirSync(host.at(wants), { recursive: true });
  symlinkSync('/usr/lib/systemd/system/nginx.service', host.at(`${wants}/nginx.service`));
  host.remember([one], 'committed');
  await nextSecond();
  symlinkSync('/usr/lib/systemd/system/other.service', host.at(`${wants}/other.service`));
  host.write('/etc/systemd/system/clusterproxy-settle-x.service', 'x\n');
  expect((await host.look()).changedSince).toBeUndefined();
  rmSync(host.at(`${wants}/nginx.service`));
  host.sudo(host.changed(wants), 'ada', '/usr/bin/systemctl disable nginx');
  expect((await host.authors()).get(unit)).toMatchObject({ kind: 'person', name: 'ada' });
});

test('logs that take for ever end after ten seconds: what a checksum proves is told, the rest is unknown', async () => {
  host = await Drifting.start([one, other]);
  host.write(one, 'stock\n');
  host.write('/var/lib/dpkg/info/demo.list', `${one}\n`);
  host.write('/var/lib/dpkg/info/demo.md5sums', `${hash('md5', 'stock\n')}  ${one.slice(1)}\n`);
  const time = dpkgTime(host.changed(one));
  for (const line of ['upgrade demo:all 1 2', 'configure demo:all 2 <none>', 'status installed demo:all 2'])
    host.append('/var/log/dpkg.log', `${time} ${line}`);
  host.write(other, 'by hand\n');
  host.sudo(host.changed(other), 'ada', `/usr/bin/tee ${other}`);
  host.write('/var/log/auth.log.2.gz', gzipSync('older\n'));
  host.standIn('zcat', 'sleep 600');
  const authors = await host.authors();
  expect(authors.get(one)).toMatchObject({ kind: 'package', name: 'demo', version: '2' });
  expect(authors.get(other)).toMatchObject({
    kind: 'unknown',
    evidence: expect.stringContaining('not all of'),
  });
});

test('compressed logs that are older than what has changed are not unpacked', async () => {
  host = await Drifting.start([one]);
  host.write('/var/log/auth.log.2.gz', gzipSync('older\n'));
  const before = new Date(Date.now() - 86_400_000);
  utimesSync(host.at('/var/log/auth.log.2.gz'), before, before);
  host.standIn('zcat', `touch ${host.at('/srv/unpacked')}`);
  host.write(one, 'by hand\n');
  host.sudo(host.changed(one), 'ada', vim);
  expect((await host.authors()).get(one)).toMatchObject({ kind: 'person', name: 'ada' });
  expect(existsSync(host.at('/srv/unpacked'))).toBe(false);
});

test.each(['exit 1', 'echo "date: invalid date @1" >&2; exit 1'])(
  'a date(1) that knows no -f: nothing is known, and nothing fails',
  async (text) => {
    host = await Drifting.start([one]);
    host.write(one, 'by hand\n');
    host.sudo(host.changed(one), 'ada', vim);
    host.standIn('date', text);
    expect((await host.authors()).get(one)).toMatchObject({
      kind: 'unknown',
      evidence: expect.stringContaining('date command'),
    });
  },
);

test('a host on which others use sudo all the time tells of those alone who wrote it', async () => {
  host = await Drifting.start([one]);
  host.write(one, 'by hand\n');
  const time = host.changed(one);
  for (let number = 0; number < 400; number++) {
    const pid = String(20_000 + number);
    host.sudo(later(time, -30), 'monitor', '/usr/bin/true', { pid });
    host.ended(later(time, -29), pid);
  }
  host.sudo(later(time, -300), 'ada', vim, { pid: '555' });
  host.ended(later(time, 2), '555');
  expect((await host.authors()).get(one)).toMatchObject({ kind: 'person', name: 'ada' });
  expect(host.answer).not.toContain('monitor');
});

test('a script, or a cron job, that only reads the file is none', async () => {
  host = await Drifting.start([one, other]);
  host.write(
    '/usr/local/bin/report',
    `#!/bin/sh\nFILE=${one}\ngrep -q x "$FILE" && cat ${one} >/tmp/report\n`,
  );
  host.write(
    '/usr/local/bin/tidy',
    `#!/bin/sh\nDIR=/etc/drift\nif true; then yq w -i $DIR/other key value; fi\n`,
  );
  host.write(one, 'by hand\n');
  host.write(other, 'by cron\n');
  const time = syslog(host.changed(one));
  for (const line of [
    `CRON[7]: (root) CMD (/usr/local/bin/report)`,
    `CRON[8]: (root) CMD (/usr/bin/diff ${one} /srv/${one})`,
    `CRON[9]: (root) CMD (/usr/local/bin/tidy)`,
  ])
    host.append('/var/log/syslog', `${time} bbb-01 ${line}`);
  host.sudo(host.changed(one), 'ada', '/usr/local/bin/report');
  const authors = await host.authors();
  expect(authors.get(one)).toMatchObject({ kind: 'unknown' });
  expect(authors.get(other)).toMatchObject({ kind: 'cron', name: 'root' });
});

test('sessions of two people that the log gives no number are not told apart', async () => {
  host = await Drifting.start([one]);
  host.write(one, 'by hand\n');
  const time = host.changed(one);
  host.sudo(later(time, -300), 'ada', vim);
  host.sudo(later(time, -200), 'grace', '/usr/bin/less /var/log/syslog');
  host.ended(later(time, -100));
  host.ended(later(time, 100));
  expect((await host.authors()).get(one)).toMatchObject({ kind: 'unknown' });
});

test('an editor that was open before one of several such sessions had ended is known', async () => {
  host = await Drifting.start([one]);
  host.write(one, 'by hand\n');
  const time = host.changed(one);
  host.sudo(later(time, -300), 'ada', vim);
  host.sudo(later(time, -200), 'grace', '/usr/bin/less /var/log/syslog');
  host.ended(later(time, 1));
  host.ended(later(time, 3));
  expect((await host.authors()).get(one)).toMatchObject({ kind: 'person', name: 'ada' });
});

test.each([
  ['a shell of root by sudo', 'sudo'],
  ['root at the console', 'login'],
])('beside %s an open editor is no proof', async (_title, by) => {
  host = await Drifting.start([one]);
  host.write(one, 'by hand\n');
  const time = host.changed(one);
  host.sudo(later(time, -300), 'ada', vim, { pid: '555' });
  if (by === 'sudo') host.sudo(later(time, -200), 'grace', '/bin/bash', { pid: '556' });
  else
    host.append(
      '/var/log/auth.log',
      `${syslog(later(time, -200))} bbb-01 login[401]: pam_unix(login:session): session opened for user root(uid=0) by LOGIN(uid=0)`,
    );
  host.ended(later(time, 2), '555');
  expect((await host.authors()).get(one)).toMatchObject({ kind: 'unknown' });
});

test('root at the console is no person, and that somebody was there is told', async () => {
  host = await Drifting.start([one]);
  host.write(one, 'by hand\n');
  host.append(
    '/var/log/auth.log',
    `${syslog(later(host.changed(one), -200))} bbb-01 login[401]: pam_unix(login:session): session opened for user root(uid=0) by LOGIN(uid=0)`,
  );
  expect((await host.authors()).get(one)).toMatchObject({
    kind: 'unknown',
    evidence: expect.stringContaining('shell of root'),
  });
});

test.each([
  ['keep', { kind: 'unknown' }],
  ['install', { kind: 'package', name: 'demo' }],
])("dpkg's answer about a configuration file: %s", async (decision, expected) => {
  host = await Drifting.start([one]);
  host.write(one, decision === 'keep' ? 'by hand, while dpkg asked\n' : 'new, then changed by its script\n');
  host.write('/var/lib/dpkg/info/demo.list', `${one}\n`);
  const time = host.changed(one);
  for (const [seconds, line] of [
    [-2, 'upgrade demo:all 1 2'],
    [-1, 'configure demo:all 2 <none>'],
    [0, `conffile ${one} ${decision}`],
    [1, 'status installed demo:all 2'],
  ] as const)
    host.append('/var/log/dpkg.log', `${dpkgTime(later(time, seconds))} ${line}`);
  expect((await host.authors()).get(one)).toMatchObject(expected);
});

test('the audit log names who logged in, whatever they became; who only opened it is none', async () => {
  host = await Drifting.start([one, other]);
  host.write('/etc/passwd', 'root:x:0:0::/root:/bin/bash\nada:x:1000:1000::/home/ada:/bin/bash\n');
  host.write(one, 'by hand\n');
  host.write(other, 'by hand\n');
  let serial = 0;
  const audited = (path: string, flags: string) => {
    const event = `msg=audit(${host.changed(path).getTime() / 1000}.123:${++serial}):`;
    for (const line of [
      `type=SYSCALL ${event} arch=c000003e syscall=257 success=yes exit=3 a0=ffffff9c a1=7ffc a2=${flags} a3=1b6 items=2 ppid=9 pid=10 auid=1000 uid=0 gid=0 comm="vim" exe="/usr/bin/vim.basic" key="etc"`,
      `type=CWD ${event} cwd="/etc/drift"`,
      `type=PATH ${event} item=0 name="/etc/drift/" inode=1 nametype=PARENT`,
      `type=PATH ${event} item=1 name="${path.slice('/etc/drift/'.length)}" inode=2 nametype=NORMAL`,
    ])
      host.append('/var/log/audit/audit.log', line);
  };
  audited(one, '241');
  audited(other, '0');
  const authors = await host.authors();
  expect(authors.get(one)).toMatchObject({
    kind: 'person',
    name: 'ada',
    evidence: expect.stringContaining('audit'),
  });
  expect(authors.get(other)).toMatchObject({ kind: 'unknown' });
});

test('on a host of rpm its own checksum and the time of the installation tell of the package', async () => {
  host = await Drifting.start([one, other]);
  rmSync(host.at('/var/lib/dpkg'), { recursive: true });
  host.write(one, 'stock\n');
  host.write(other, 'by hand\n');
  const seconds = host.changed(one).getTime() / 1000;
  const row = (path: string, sum: string) =>
    ['nginx', '1:1.20-1.el9', String(seconds), path, sum].join('\\037');
  host.standIn(
    'rpm',
    `printf '${row(one, hash('sha256', 'stock\n'))}\\n${row(other, hash('sha256', 'stock\n'))}\\n'`,
  );
  const authors = await host.authors();
  expect(authors.get(one)).toMatchObject({ kind: 'package', name: 'nginx', version: '1:1.20-1.el9' });
  expect(authors.get(other)).toMatchObject({ kind: 'unknown' });
});

test('a log that may not be read could name somebody else', async () => {
  host = await Drifting.start([one]);
  host.write(one, 'by hand\n');
  host.sudo(host.changed(one), 'ada', vim);
  host.write('/var/log/syslog.2.xz', 'compressed\n');
  expect((await host.authors()).get(one)).toMatchObject({ kind: 'unknown' });
});

const acts = [
  `/usr/bin/dd if=/x of=${one}`,
  `/usr/bin/chmod --reference=/x ${one}`,
  `/usr/bin/touch -r /x ${one}`,
  `/usr/bin/vim -c wq ${one}`,
  `/usr/bin/patch ${one} /x`,
  `/usr/bin/cp -t /etc/drift /x/one`,
  `/usr/bin/rsync -a /x ${one}`,
  `/usr/bin/ln -sfn /x ${one}`,
  `/usr/bin/sed -n -i p ${one}`,
  `/usr/bin/yq w -i ${one} key value`,
  `/usr/bin/yq -i .a = 1 ${one}`,
  `/usr/bin/crudini --set ${one} a b c`,
  `/usr/sbin/dpkg-divert --rename --add ${one}`,
  `/usr/bin/sh -c echo 'a > b' > ${one}`,
  `/usr/bin/bash -c cat /y | tee ${one}`,
  `/usr/bin/env LANG=C vim ${one}`,
];
const looks = [
  `/usr/bin/grep => ${one}`,
  `/usr/bin/grep -E a|tee ${one}`,
  `/usr/bin/grep -e a; rm ${one}`,
  `/usr/bin/grep a & tee ${one}`,
  `/bin/bash -c grep => ${one}`,
  `/usr/bin/sh -c grep -c '> ${one}' /x`,
  `/usr/bin/sh -c echo "x | tee ${one}"`,
  `/usr/bin/sh -c echo "x ; tee ${one}`,
  `/usr/bin/dd if=${one} of=/x`,
  `/usr/sbin/dpkg-divert --list ${one}`,
  `/usr/sbin/dpkg-divert --truename ${one}`,
  `/usr/bin/chmod --reference=${one} /x`,
  `/usr/bin/chown --reference ${one} /x`,
  `/usr/bin/touch -r ${one} /x`,
  `/usr/bin/touch -cr ${one} /x`,
  `/usr/bin/truncate -r ${one} /x`,
  `/usr/bin/vim -R ${one}`,
  `/usr/bin/nano --view ${one}`,
  `/usr/bin/nano -v ${one}`,
  `/usr/bin/setfacl --test -m u:x:r ${one}`,
  `/usr/bin/setfacl -M ${one} /x`,
  `/usr/bin/patch --dry-run ${one}`,
  `/usr/bin/patch /x ${one}`,
  `/usr/bin/patch -o /x ${one}`,
  `/usr/bin/rsync -n /x ${one}`,
  `/usr/bin/rsync -a /x /y --exclude ${one}`,
  `/usr/bin/cp -n /x ${one}`,
  `/usr/bin/cp -t /x ${one}`,
  `/usr/bin/cp ${one} /x`,
  `/usr/bin/sed -n p ${one}`,
  `/usr/bin/sed -i -f ${one} /x`,
  `/usr/bin/yq .a ${one}`,
  `/usr/bin/crudini --get ${one} a b`,
  `/usr/bin/crudini --set /x a b ${one}`,
];
test('of what sudo ran, only what writes the file counts, and signs of the shell only in a shell', async () => {
  const commands = [...acts, ...looks];
  const path = (index: number) => `/etc/drift/one-${index}`;
  host = await Drifting.start(commands.map((_, index) => path(index)));
  for (const [index, command] of commands.entries()) {
    host.write(path(index), 'by hand\n');
    const named = command.replaceAll(one, path(index)).replace('/x/one', `/x/one-${index}`);
    host.sudo(host.changed(path(index)), 'ada', named);
  }
  const authors = await host.authors();
  const named = commands.map((command, index) => [command, authors.get(path(index))?.name]);
  expect(named).toEqual([
    ...acts.map((command) => [command, 'ada']),
    ...looks.map((command) => [command, undefined]),
  ]);
});

test('a script that prints a sign of the shell, or compares with one, writes nothing', async () => {
  host = await Drifting.start([one, other]);
  host.write(
    '/usr/local/bin/report',
    `#!/bin/sh\ngrep '=>' ${one}\ngrep "a|tee" ${one}\n[ x \\> ${one} ]\necho "sed -i x ; rm ${one}"\n[[ x > ${one} ]]\n`,
  );
  host.write('/usr/local/bin/tidy', `#!/bin/sh\necho "a > b" >"${other}"\n`);
  host.write(one, 'by hand\n');
  host.write(other, 'by a script\n');
  host.sudo(host.changed(one), 'ada', '/usr/local/bin/report');
  host.sudo(host.changed(other), 'ada', '/usr/local/bin/tidy');
  const authors = await host.authors();
  expect(authors.get(one)).toMatchObject({ kind: 'unknown' });
  expect(authors.get(other)).toMatchObject({ kind: 'script', name: 'tidy' });
});

test('of a file that is gone, an editor, whose swap file moves the time of the folder, is no author', async () => {
  host = await Drifting.start([one, other, '/etc/drift-b/two']);
  rmSync(host.at(one));
  rmSync(host.at('/etc/drift-b/two'));
  host.sudo(host.changed('/etc/drift'), 'ada', vim);
  host.sudo(host.changed('/etc/drift-b'), 'ada', '/usr/bin/mv /etc/drift-b/two /srv/two');
  const authors = await host.authors();
  expect(authors.get(one)).toMatchObject({ kind: 'unknown' });
  expect(authors.get('/etc/drift-b/two')).toMatchObject({ kind: 'person', name: 'ada' });
});

test('an editor that was open long before and after is no proof, nor are lines of another machine', async () => {
  host = await Drifting.start([one, other]);
  host.write(one, 'by hand\n');
  host.write(other, 'by hand\n');
  const time = host.changed(one);
  host.sudo(later(time, -300), 'ada', vim, { pid: '555' });
  host.ended(later(time, 60), '555');
  host.append(
    '/var/log/auth.log',
    `${syslog(host.changed(other))} bbb-02 sudo:    ada : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/vim ${other}`,
  );
  const authors = await host.authors();
  expect(authors.get(one)).toMatchObject({ kind: 'unknown' });
  expect(authors.get(other)).toMatchObject({ kind: 'unknown' });
});

test('a shell of root that was opened before its log was rotated is seen', async () => {
  host = await Drifting.start([one]);
  host.write(one, 'by hand\n');
  const time = host.changed(one);
  host.append(
    '/var/log/auth.log.1',
    `${syslog(later(time, -7200))} bbb-01 sudo[9]:    grace : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/tmux new -s work`,
  );
  utimesSync(host.at('/var/log/auth.log.1'), later(time, -3600), later(time, -3600));
  host.sudo(later(time, -30), 'ada', vim, { pid: '555' });
  host.ended(later(time, 1), '555');
  expect((await host.authors()).get(one)).toMatchObject({ kind: 'unknown' });
});

test('where a package was only being configured, somebody who is known to have been there makes it unknown', async () => {
  host = await Drifting.start([one]);
  host.write(one, 'by hand\n');
  host.write('/var/lib/dpkg/info/demo.list', `${one}\n`);
  const time = host.changed(one);
  for (const line of ['upgrade demo:all 1 2', 'configure demo:all 2 <none>', 'status installed demo:all 2'])
    host.append('/var/log/dpkg.log', `${dpkgTime(time)} ${line}`);
  host.sudo(time, 'ada', `/usr/bin/tee ${one}`);
  expect((await host.authors()).get(one)).toMatchObject({ kind: 'unknown' });
});
