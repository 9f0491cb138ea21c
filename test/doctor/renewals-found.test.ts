import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renewalCommand } from '../../src/doctor/renewal-command.ts';
import { type RenewalsFound, readRenewals } from '../../src/doctor/renewals-found.ts';
import { renewerOf, renewerWords } from '../../src/doctor/renewed-by.ts';
import { remoteFile, renewalsProgram } from '../../src/host/program.ts';
import { packageRoot } from '../../src/package-root.ts';

const program = `${await remoteFile('library.sh')}\n${await renewalsProgram()}`;

const now = Date.parse('2026-11-28T00:00:00Z');
let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'renewals-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

type Files = Readonly<Record<string, string>>;
type Units = Readonly<Record<string, string>>;

/** What the program finds in a folder of real files, with more of them, on a host with these units. */
function found(client: string, files: Files = {}, units: Units = {}): RenewalsFound {
  cpSync(join(packageRoot(), 'test/fixtures/renewals', client), root, {
    recursive: true,
    verbatimSymlinks: true,
  });
  for (const [path, content] of Object.entries(files)) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    if (path.startsWith('/etc/cron.daily/')) chmodSync(file, 0o755);
  }
  const states = Object.entries(units).map(
    ([id, state]) => `Id=${id}\nLoadState=loaded\nActiveState=${state}\n`,
  );
  const stub = join(root, 'bin/systemctl');
  mkdirSync(dirname(stub), { recursive: true });
  writeFileSync(
    stub,
    `#!/bin/sh\necho "$*" >${join(root, 'bin/asked')}\ncat <<'END'\n${states.join('\n')}\nEND\n`,
  );
  chmodSync(stub, 0o755);
  const output = execFileSync('sh', ['-c', program, 'renewals'], {
    env: { PATH: `${join(root, 'bin')}:${process.env.PATH}`, CLUSTERPROXY_ROOT: root },
    encoding: 'utf8',
    timeout: 60_000,
  });
  const read = readRenewals({ status: 0, output });
  if (read === undefined) throw new Error(output);
  return read;
}

/** What is said of the certificate in a file that a client keeps, as if it were shown. */
function said(all: RenewalsFound, name = 'bbb.example.com'): string | undefined {
  const one = all.kept.find(({ names }) => names.includes(name));
  const shown = { name, serial: '0', validFrom: 0, validTo: 0, ...one?.certificate };
  const renewer = renewerOf(shown, all);
  return renewer && renewerWords(renewer, now);
}

const service = (unit: string, exec: string): Files => ({
  [`/etc/systemd/system/${unit}.service`]: `[Service]\nExecStart=${exec}\n`,
  [`/etc/systemd/system/${unit}.timer`]: '[Timer]\nOnCalendar=daily\n',
});
const certbotTimer = {
  '/usr/lib/systemd/system/certbot.service':
    '[Service]\nType=oneshot\nExecStart=/usr/bin/certbot -q renew --no-random-sleep-on-renew\n',
  '/usr/lib/systemd/system/certbot.timer': '[Timer]\nOnCalendar=*-*-* 00,12:00:00\n',
  '/etc/cron.d/certbot': `0 */12 * * * root test -x /usr/bin/certbot -a \\! -d /run/systemd/system && perl -e 'sleep int(rand(43200))' && certbot -q renew\n`,
};
const conf = '/etc/letsencrypt/renewal/bbb.example.com.conf';
const confOf = (more: string, version: string) => {
  const text = readFileSync(join(packageRoot(), 'test/fixtures/renewals/certbot', conf), 'utf8');
  return { [conf]: text.replace('version = 2.1.0', `${more}\nversion = ${version}`) };
};

describe('certbot', () => {
  it('is found with its timer', () => {
    expect(said(found('certbot', certbotTimer, { 'certbot.timer': 'active' }))).toBe(
      'renewed by certbot, next about 2027-01-26; certbot.timer is active',
    );
  });

  it('is told to have failed last time', () => {
    const units = { 'certbot.timer': 'active', 'certbot.service': 'failed' };
    expect(said(found('certbot', certbotTimer, units))).toContain(
      '; certbot.timer is active, but certbot.service failed last time',
    );
  });

  it('does not run where its timer is off: the line for cron is for hosts without systemd', () => {
    mkdirSync(join(root, 'run/systemd/system'), { recursive: true });
    const units = { 'certbot.timer': 'inactive', 'cron.service': 'active' };
    expect(said(found('certbot', certbotTimer, units))).toContain('; certbot.timer is not active');
  });

  it('runs by cron where there is no systemd', () => {
    const all = found(
      'certbot',
      { '/etc/cron.d/certbot': certbotTimer['/etc/cron.d/certbot'] },
      { 'crond.service': 'active' },
    );
    expect(said(all)).toContain('; cron runs it (/etc/cron.d/certbot)');
  });

  it.each([
    // 90 days from 27 November
    ['', '2.1.0', '2027-01-26'],
    ['', '4.1.0', '2027-01-26'],
    ['renew_before_expiry = 10 days', '4.2.0', '2027-02-15'],
    ['renew_before_expiry = 2 weeks', '2.1.0', '2027-02-11'],
  ])('goes by what its file says: "%s", version %s', (more, version, date) => {
    expect(said(found('certbot', confOf(more, version)))).toContain(`next about ${date}; no timer,`);
  });

  it('says of a time that is not understood that it is not known', () => {
    expect(said(found('certbot', confOf('renew_before_expiry = 1 month', '2.1.0')))).toContain(
      ', but when is not known;',
    );
  });

  it.each(['autorenew = False', 'authenticator = manual'])('never renews with "%s"', (line) => {
    const text = confOf('', '2.1.0')[conf] ?? '';
    const files = { ...certbotTimer, [conf]: text.replace('authenticator = standalone', line) };
    const all = found('certbot', files, { 'certbot.timer': 'active' });
    expect(
      renewerOf({ name: '', ...(all.kept[0]?.certificate ?? { serial: '', validFrom: 0, validTo: 0 }) }, all)
        ?.running.state,
    ).toBe('stopped');
  });
});

describe('acme.sh', () => {
  const cron = (home: string) => ({
    '/var/spool/cron/crontabs/root': `# edited\n12 3 * * * "${home}"/acme.sh --cron --home "${home}" > /dev/null\n`,
  });

  it('is found with the time that it has written down', () => {
    const all = found('acme.sh', cron('/root/.acme.sh'), { 'cron.service': 'active' });
    expect(said(all)).toBe(
      'renewed by acme.sh, next on 2026-12-26; cron runs it (/var/spool/cron/crontabs/root)',
    );
    // What it runs may hold anything, so that it stays on the host.
    expect(all.kept[0]?.settings).toContain("Le_ReloadCmd='...");
    expect(all.kept[0]?.settings).toContain("Le_PostHook=''");
  });

  it('is found in another folder that cron names', () => {
    mkdirSync(join(root, 'srv'));
    cpSync(join(packageRoot(), 'test/fixtures/renewals/acme.sh/root/.acme.sh'), join(root, 'srv/acme'), {
      recursive: true,
    });
    const all = found('haproxy', cron('/srv/acme'), { 'cron.service': 'failed' });
    expect(all.kept.map(({ file }) => file)).toEqual(['/srv/acme/bbb.example.com_ecc/bbb.example.com.cer']);
    expect(said(all)).toContain('; cron.service is not active');
  });
});

describe('lego', () => {
  const run = '/usr/bin/lego --path /var/lib/lego -d bbb.example.com --http';

  it.each([
    [`${run} renew`, 'next about 2027-01-26'],
    [`${run} renew --days 45 --renew-hook "systemctl reload nginx"`, 'next about 2027-01-11'],
    [`${run} renew --dynamic`, 'next about 2027-01-26'],
    [`${run} run`, 'next about 2027-01-26'],
  ])('is found by a timer: %s', (exec, when) => {
    const all = found('lego', service('certificates', exec), { 'certificates.timer': 'active' });
    expect(said(all)).toBe(`renewed by lego, ${when}; certificates.timer is active`);
  });

  it('keeps nothing of when it renews: without its line that is not known', () => {
    expect(said(found('lego'))).toBe(
      'renewed by lego, but when is not known; no timer, service or line of cron that runs it was found',
    );
  });
});

describe('daemons that get certificates by themselves', () => {
  const json =
    '/var/lib/caddy/.local/share/caddy/certificates/localhost-14000-dir/bbb.example.com/bbb.example.com.json';
  const caddy = {
    '/lib/systemd/system/caddy.service': '[Service]\nExecStart=/usr/bin/caddy run --environ\n',
  };

  it('Caddy, with a third of the lifetime left, or when it has picked one that the authority asked for', () => {
    const units = { 'caddy.service': 'active' };
    expect(said(found('caddy', caddy, units))).toBe(
      'renewed by Caddy itself, next about 2027-01-26; caddy.service is active',
    );
    rmSync(join(root, 'bin'), { recursive: true });
    // As certmagic keeps it from 0.21 on: `renewal_info` of acmez.
    const info = {
      suggestedWindow: { start: '2027-01-20T00:00:00Z', end: '2027-01-22T00:00:00Z' },
      _retryAfter: '2026-11-28T02:00:00Z',
      _selectedTime: '2027-01-21T10:11:12Z',
    };
    const kept = {
      sans: ['bbb.example.com'],
      issuer_data: { url: 'https://ca.example/c/1', renewal_info: info },
    };
    expect(said(found('caddy', { ...caddy, [json]: JSON.stringify(kept, null, '\t') }, units))).toContain(
      'next on 2027-01-21;',
    );
  });

  it("nginx's module, by the names of the server block or its own", () => {
    const all = found('nginx', {}, { 'nginx.service': 'active' });
    expect(all.asked).toEqual([
      { client: 'nginx', names: ['bbb.example.com', 'www.example.com'] },
      { client: 'nginx', names: ['api.example.com'] },
    ]);
    expect(said(all)).toBe("renewed by nginx's ACME module, next about 2027-01-26; nginx.service is active");
    expect(said({ ...all, kept: [] }, 'other.example.com')).toBeUndefined();
  });

  it('HAProxy, with a twelfth of the lifetime left', () => {
    const all = found('haproxy', {}, { 'haproxy.service': 'active' });
    expect(all.asked.map(({ names }) => names)).toEqual([
      ['api.example.com'],
      ['bbb.example.com', 'www.example.com'],
      undefined,
    ]);
    const day = 86_400_000;
    const validFrom = Date.parse('2026-11-27T00:00:00Z');
    const shown = { name: 'www.example.com', serial: '1', validFrom, validTo: validFrom + 90 * day };
    const renewer = renewerOf(shown, all);
    expect(renewer && renewerWords(renewer, now)).toBe(
      "renewed by HAProxy's own ACME, next about 2027-02-17; haproxy.service is active",
    );
    const off = readRenewals({
      status: 0,
      output:
        'asks\u001fhaproxy\u001f acme.scheduler off\nasks\u001fhaproxy\u001f load crt a acme b domains www.example.com\nend',
    });
    expect(off && renewerOf(shown, off)?.running.state).toBe('stopped');
    expect(off?.asked).toHaveLength(1);
  });
});

it('finds nobody on a host that has none of them, and what it may not read', () => {
  const all = found('haproxy', {
    '/etc/haproxy/haproxy.cfg': 'frontend a\n    bind :443 ssl crt /etc/haproxy/a.pem\n',
  });
  expect(all).toMatchObject({ kept: [], asked: [], runs: [], reloads: false, partly: [] });
  expect(readRenewals({ status: 124, output: 'own\u001fcertbot' })).toBeUndefined();
});

it('finds what reloads a daemon every now and then', () => {
  const line = '0 4 * * * root systemctl reload nginx\n';
  expect(found('lego', { '/etc/cron.d/nightly': line }).reloads).toBe(true);
});

describe('what users can write to', () => {
  const of = (home: string) => `${home}/.acme.sh/bbb.example.com_ecc`;
  /** Puts acme.sh's folder into a home. */
  const homeWith = (home: string) => {
    mkdirSync(join(root, home), { recursive: true });
    cpSync(
      join(packageRoot(), 'test/fixtures/renewals/acme.sh/root/.acme.sh'),
      join(root, home, '.acme.sh'),
      {
        recursive: true,
      },
    );
    return join(root, of(home));
  };
  const without = { '/etc/haproxy/haproxy.cfg': '' };
  const isRoot = process.getuid?.() === 0;
  const give = (path: string, user: number) => {
    for (const one of readdirSync(path, { recursive: true, encoding: 'utf8' }))
      chownSync(join(path, one), user, user);
    chownSync(path, user, user);
  };

  it('is looked at where it is their own, and run as them', () => {
    homeWith('/home/ada');
    const all = found('haproxy', without);
    expect(all.kept.map(({ file }) => file)).toEqual([`${of('/home/ada')}/bbb.example.com.cer`]);
    const [kept] = all.kept;
    if (kept === undefined) throw new Error('nothing was found');
    const owners = new Map([['/home/ada/.acme.sh', 'ada']]);
    expect(renewalCommand(kept, { ...all, owners })).toBe(
      'sudo -u ada /home/ada/.acme.sh/acme.sh --home /home/ada/.acme.sh --cron',
    );
    expect(renewalCommand(kept, { ...all, owners: new Map() })).toMatch(/^run acme\.sh by hand for /);
    expect(renewalCommand(kept, { ...all, owners: new Map([['/home/ada/.acme.sh', 'a;b']]) })).toMatch(
      /^run acme/,
    );
    const other = { ...kept, file: '/root/.acme.sh/$(id)/x.cer' };
    expect(renewalCommand(other, all)).toMatch(/^run acme/);
    expect(said({ ...all, owners })).toContain(
      '; no timer, service or line of cron that runs it for ada was found',
    );
  });

  it('is never opened where it is a pipe, a link, or not there', () => {
    const [piped, linked, half, folder] = ['/home/a', '/home/b', '/home/c', '/home/d'].map(homeWith);
    if (!piped || !linked || !half || !folder) throw new Error('no homes');
    for (const name of ['bbb.example.com.conf', 'bbb.example.com.cer']) {
      for (const home of [piped, linked]) renameSync(join(home, name), join(root, name));
      execFileSync('mkfifo', [join(piped, name)]);
      symlinkSync(join(root, name), join(linked, name));
    }
    rmSync(join(half, 'bbb.example.com.cer'));
    execFileSync('mkfifo', [join(half, 'bbb.example.com.cer')]);
    renameSync(folder, join(root, 'elsewhere'));
    symlinkSync(join(root, 'elsewhere'), folder);
    expect(lstatSync(folder).isSymbolicLink()).toBe(true);
    const all = found('haproxy', without);
    expect([all.kept, all.partly]).toEqual([[], []]);
  });

  it('is not opened either where daemons keep theirs', () => {
    for (const path of ['/var/lib/lego/certificates', '/root/.acme.sh/x', '/etc/letsencrypt/renewal']) {
      mkdirSync(join(root, path), { recursive: true });
      for (const name of ['x.json', 'x.crt', 'x.conf', 'x.cer'])
        execFileSync('mkfifo', [join(root, path, name)]);
    }
    execFileSync('mkfifo', [join(root, 'etc/crontab'), join(root, 'etc/pipe')]);
    mkdirSync(join(root, 'etc/systemd/system'), { recursive: true });
    execFileSync('mkfifo', [join(root, 'etc/systemd/system/x.service')]);
    mkdirSync(join(root, 'etc/haproxy'));
    execFileSync('mkfifo', [join(root, 'etc/haproxy/y.cfg')]);
    expect(found('haproxy', without).kept).toEqual([]);
  });

  it.skipIf(!isRoot)("counts only where it is the home's owner's", () => {
    for (const [home, owner, inside] of [
      ['/home/own', 1001, 1001],
      ['/home/other', 1001, 1002],
    ] as const) {
      homeWith(home);
      give(join(root, home), owner);
      give(join(root, home, '.acme.sh'), inside);
    }
    expect(found('haproxy', without).kept.map(({ file }) => file.split('/')[2])).toEqual(['own']);
  });

  it('is looked at in another folder of a home that its cron names, and not by a pattern', () => {
    homeWith('/home/ada');
    renameSync(join(root, '/home/ada/.acme.sh'), join(root, '/home/ada/tls'));
    const line = (folder: string) => `1 1 * * * acme.sh --cron --home ${folder}\n`;
    const files = (folder: string) => ({ ...without, '/var/spool/cron/crontabs/ada': line(folder) });
    const all = found('haproxy', files('/home/ada/tls'), { 'cron.service': 'active' });
    expect(said(all)).toContain('; cron runs it (/var/spool/cron/crontabs/ada)');
    rmSync(join(root, 'bin'), { recursive: true });
    expect(found('haproxy', files('/home/*/tls')).kept).toEqual([]);
    rmSync(join(root, 'bin'), { recursive: true });
    expect(found('haproxy', files('/home/ada/../ada/tls')).kept).toEqual([]);
  });

  it('is read only so far', () => {
    const folder = homeWith('/home/ada');
    const conf = join(folder, 'bbb.example.com.conf');
    const text = readFileSync(conf, 'utf8');
    writeFileSync(conf, `${text}${`${'#'.repeat(99)}\n`.repeat(2_000)}Le_RenewHook='late'\n`);
    const settings = found('haproxy', without).kept[0]?.settings ?? [];
    expect(settings.join()).toContain('Le_NextRenewTime');
    expect(settings.join()).not.toContain("Le_RenewHook='...");
  });

  it('has no names that would be lines or fields of their own', () => {
    const folder = homeWith('/home/ada');
    renameSync(folder, join(root, '/home/ada/.acme.sh/a\nown\u001fcertbot'));
    homeWith('/home/b\u001fb');
    const all = found('haproxy', {
      ...without,
      '/etc/systemd/system/a b.service': '[Service]\nExecStart=certbot renew\n',
      '/etc/systemd/system/a\nb.service': '[Service]\nExecStart=certbot renew\n',
      '/etc/systemd/system/$(id).service': '[Service]\nExecStart=certbot renew\n',
    });
    expect([all.kept, all.runs]).toEqual([[], []]);
  });

  it('loses nothing else where it does not answer in time', () => {
    const stub = { '/bin/readlink': '#!/bin/sh\nexec sleep 20\n' };
    homeWith('/home/ada');
    mkdirSync(join(root, 'bin'));
    writeFileSync(join(root, 'bin/readlink'), stub['/bin/readlink'], { mode: 0o755 });
    const all = found('certbot', certbotTimer, { 'certbot.timer': 'active' });
    expect(said(all)).toContain('certbot.timer is active');
    expect(all.partly).toEqual(['/home within 3 seconds']);
  });
});

describe('what runs a client', () => {
  const acme = (home: string) => `12 3 * * * "${home}"/acme.sh --cron --home "${home}" > /dev/null\n`;
  const on = { 'cron.service': 'active' };

  it.each<readonly [string, Files]>([
    [
      "a name with a dot in Debian's cron.d",
      { '/etc/debian_version': '12', '/etc/cron.d/certbot.off': '1 1 * * * root certbot renew\n' },
    ],
    ['a file that a package put aside', { '/etc/cron.d/certbot.rpmsave': '1 1 * * * root certbot renew\n' }],
    [
      'a name with a dot for run-parts',
      { '/etc/debian_version': '12', '/etc/cron.daily/certbot.sh': 'certbot renew\n' },
    ],
    ['a file that is not executable', { '/etc/cron.weekly/certbot': 'certbot renew\n' }],
    ['a line that only tries', { '/etc/cron.d/certbot': '1 1 * * * root certbot renew --dry-run\n' }],
  ])('is not %s', (_, files) => {
    expect(found('certbot', files, on).runs).toEqual([]);
  });

  it.each<readonly [string, Files]>([
    ['a name with a dot elsewhere', { '/etc/cron.d/certbot.cron': '1 1 * * * root certbot renew\n' }],
    ['an executable file', { '/etc/debian_version': '12', '/etc/cron.daily/certbot': 'certbot renew\n' }],
  ])('is %s', (_, files) => {
    expect(said(found('certbot', files, on))).toContain('; cron runs it (/etc/cron.');
  });

  it('belongs to its home', () => {
    const all = found('acme.sh', { '/var/spool/cron/crontabs/ada': acme('/home/ada/.acme.sh') }, on);
    expect(all.runs).toMatchObject([{ user: 'ada', folders: ['/home/ada/.acme.sh'] }]);
    expect(said(all)).toContain('; no timer, service or line of cron that runs it was found');
    rmSync(join(root, 'bin'), { recursive: true });
    const plain = '1 1 * * * acme.sh --cron\n';
    expect(said(found('acme.sh', { '/var/spool/cron/crontabs/ada': plain }, on))).toContain('; no timer');
    rmSync(join(root, 'bin'), { recursive: true });
    expect(said(found('acme.sh', { '/etc/cron.d/x': '@daily root acme.sh --cron\n' }, on))).toContain(
      '; cron runs it (/etc/cron.d/x)',
    );
  });

  it('may be a template: of those the ones count that are active', () => {
    const files = {
      '/etc/systemd/system/renew@.service': '[Service]\nExecStart=/usr/bin/certbot renew --cert-name %i\n',
      '/etc/systemd/system/renew@.timer': '[Timer]\nOnCalendar=daily\n',
    };
    expect(said(found('certbot', files, { 'renew@bbb.timer': 'active' }))).toContain(
      '; renew@bbb.timer is active',
    );
    expect(readFileSync(join(root, 'bin/asked'), 'utf8')).toContain(' renew@*.timer renew@*.service');
    rmSync(join(root, 'bin'), { recursive: true });
    expect(said(found('certbot', files, {}))).toContain('; whether anything runs it is not known');
  });
});

describe('dates', () => {
  const time = (value: string) => {
    const kept = found('acme.sh').kept[0];
    rmSync(join(root, 'bin'), { recursive: true });
    if (kept === undefined) throw new Error('nothing was found');
    return said({
      ...found('acme.sh'),
      kept: [{ ...kept, settings: [`Le_NextRenewTime='${value}'`] }],
    });
  };

  it.each(['99999999999999999', '1e300', 'Infinity', '-5', '0', '1', 'x', '4102444800'])(
    'that nobody can mean are none: %s',
    (value) => {
      expect(time(value)).toContain(', but when is not known;');
    },
  );

  it('that have passed are said so', () => {
    expect(time(String(Date.parse('2026-11-27T23:30:00Z') / 1000))).toContain(', was due on 2026-11-27;');
  });

  it('at the end are none', () => {
    expect(said(found('certbot', confOf('renew_before_expiry = 0 days', '2.1.0')))).toContain(
      'when is not known',
    );
    rmSync(join(root, 'bin'), { recursive: true });
    const files = service('certificates', '/usr/bin/lego --path /var/lib/lego renew --days 0');
    expect(said(found('lego', files))).toContain('when is not known');
  });
});

describe('how much is looked at', () => {
  const many = (count: number) => {
    const pem = readFileSync(
      join(packageRoot(), 'test/fixtures/renewals/lego/var/lib/lego/certificates/bbb.example.com.crt'),
      'utf8',
    );
    return Object.fromEntries(
      Array.from({ length: count }, (_, index) => `/etc/lego/certificates/n${index}`).flatMap((path) => [
        [`${path}.json`, '{}'],
        [`${path}.crt`, pem],
      ]),
    );
  };

  it('is 40 certificates', { timeout: 60_000 }, () => {
    const all = found('haproxy', { ...many(40), '/etc/haproxy/haproxy.cfg': '' });
    expect([all.kept.length, all.partly]).toEqual([40, []]);
    rmSync(join(root, 'bin'), { recursive: true });
    const more = found('haproxy', { ...many(42), '/etc/haproxy/haproxy.cfg': '' });
    expect([more.kept.length, more.partly]).toEqual([40, ['more certificates than are looked at']]);
  });

  it('is an answer of 64 KiB', () => {
    const whole = `own\u001fcertbot\u001f/a.pem\u001f0A|Nov  1 08:00:00 2026 GMT|Jan 30 08:00:00 2027 GMT|CN=a\u001fDNS:a\n`;
    const read = readRenewals({ status: 0, output: whole.repeat(2_000).slice(0, 65_536) });
    expect(read?.partly).toEqual(['more than an answer holds']);
    expect(read?.kept).toHaveLength(Math.floor(65_536 / whole.length));
  });
});

it("takes no other lines of HAProxy's for its own ACME", () => {
  const lines = [
    'frontend a',
    '    acl acme path_beg /.well-known/acme-challenge/',
    '    http-request return status 200 if acme !{ ssl_fc }',
    '    use_backend b if acme ',
    '    log-format "[%t acme %ci]"',
  ];
  const all = found('haproxy', { '/etc/haproxy/haproxy.cfg': `${lines.join('\n')}\n` });
  expect(all.asked).toEqual([]);
  rmSync(join(root, 'bin'), { recursive: true });
  const list = 'a.pem [alpn h2 acme LE domains bbb.example.com] bbb.example.com\n';
  expect(found('haproxy', { '/etc/haproxy/haproxy.cfg': '', '/etc/haproxy/crt.list': list }).asked).toEqual([
    { client: 'haproxy', names: ['bbb.example.com'] },
  ]);
});

it.each([
  ['/etc/systemd/system/haproxy.service', 'ExecReload=/usr/local/sbin/haproxy -c -q reload'],
  ['/etc/systemd/system/own.service', 'ExecReload=/usr/local/sbin/haproxy -reload'],
  ['/etc/systemd/system/nginx.service', 'ExecReload=/bin/sh -c "kill -HUP $(cat /run/nginx.pid)"'],
])("doesn't take a daemon's own unit for what reloads it: %s", (file, line) => {
  expect(found('lego', { [file]: `[Service]\n${line}\n` }).reloads).toBe(false);
});
