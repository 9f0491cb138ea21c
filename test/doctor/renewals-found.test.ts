import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RenewalsFound, readRenewals } from '../../src/doctor/renewals-found.ts';
import { renewerOf, renewerWords } from '../../src/doctor/renewed-by.ts';
import { packageRoot } from '../../src/package-root.ts';

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
  }
  const states = Object.entries(units).map(
    ([id, state]) => `Id=${id}\nLoadState=loaded\nActiveState=${state}\n`,
  );
  const stub = join(root, 'bin/systemctl');
  mkdirSync(dirname(stub));
  writeFileSync(stub, `#!/bin/sh\ncat <<'END'\n${states.join('\n')}\nEND\n`);
  chmodSync(stub, 0o755);
  const text = (file: string) => readFileSync(join(packageRoot(), 'src/host/remote', file), 'utf8');
  const output = execFileSync('sh', ['-c', `${text('library.sh')}\n${text('renewals.sh')}`, 'renewals'], {
    env: { PATH: `${join(root, 'bin')}:${process.env.PATH}`, CLUSTERPROXY_ROOT: root },
    encoding: 'utf8',
    timeout: 10_000,
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
  return renewer && renewerWords(renewer);
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
    expect(renewer && renewerWords(renewer)).toBe(
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
