import { describe, expect, it } from 'vitest';
import { readRenewals } from '../../src/doctor/renewals-found.ts';
import type { ClusterSeen, HostSeen, SeenFromHere } from '../../src/doctor/seen.ts';
import { readSurroundings } from '../../src/doctor/surroundings.ts';
import { hostTroubles, judgeHosts } from '../../src/doctor/troubles.ts';
import { unlooked } from '../../src/doctor/unlooked.ts';
import { noReads } from '../../src/model/reads.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { snapshotOf } from '../support/snapshot-from-folder.ts';

const now = Date.parse('2026-11-26T08:00:00Z');
const name = 'bbb-01.example.com';
const letsEncrypt = "CN=R12,O=Let's Encrypt,C=US";
const certificate = (serial: string, from: string, to: string, issuer = letsEncrypt) =>
  `${serial}|${from} GMT|${to} GMT|${issuer}`;
const newer = certificate('0B', 'Nov 20 08:00:00 2026', 'Feb 18 08:00:00 2027');
const fresh = certificate('0A', 'Nov  1 08:00:00 2026', 'Jan 30 08:00:00 2027');

/** What the program prints on a sound host. */
const sound: readonly (readonly [key: string, value: string])[] = [
  ['disk', '100000000 50000000 6000000 5000000 /'],
  ['disk', '100000000 50000000 6000000 5000000 /'],
  ['disk', '2000000 1900000 - - /var'],
  ['packages', 'dpkg'],
  ['apt', 'APT::Periodic::Unattended-Upgrade 1'],
  ['apt', 'Unattended-Upgrade::Allowed-Origins Ubuntu:jammy-security'],
  ['address', '192.0.2.11'],
  ['address', '2001:db8::11'],
  ['lineage', `${name} ${fresh}`],
  ['shown', `${name} 443 ${fresh}`],
];

interface Given {
  readonly more?: readonly (readonly [key: string, value: string])[];
  readonly without?: string;
  /** what renewals.sh prints */
  readonly renewals?: readonly (readonly [key: string, value: string])[];
  readonly snapshot?: Partial<Snapshot>;
  readonly host?: Partial<HostSeen>;
  readonly here?: Partial<SeenFromHere>;
  readonly others?: readonly HostSeen[];
}

function printed(lines: readonly (readonly [string, string])[]) {
  return {
    status: 0,
    output: [...lines, ['end', '']].map(([key, value]) => `${key}\u001f${value}`).join('\n'),
  };
}

function hostOf({ more = [], without, renewals = [], snapshot, host }: Given): HostSeen {
  const lines = [...more, ...sound.filter(([key]) => key !== without)];
  return {
    ...{ name: 'bbb-01', role: 'node', hostname: name, isDoor: false, setBack: [] },
    ...{ units: ['bbb-web.service'], needed: ['bbb-web.service'] },
    snapshot: {
      ...snapshotOf({ name: 'bbb-01' }, { ...noReads, names: [name] }),
      units: new Map([
        ['bbb-web.service', { load: 'loaded', active: 'active', sub: 'running', enabled: 'enabled' }],
      ]),
      ...snapshot,
    },
    surroundings: readSurroundings(printed(lines)),
    renewals: readRenewals(printed(renewals)),
    ...host,
  };
}

function clusterOf(given: Given): ClusterSeen {
  const here: SeenFromHere = { addresses: ['192.0.2.11'], ipv4: undefined, ipv6: new Map(), ...given.here };
  return {
    hosts: [hostOf(given), ...(given.others ?? [])],
    names: new Map([[name, here]]),
    hostname: 'bbb-proxy.example.com',
    now,
  };
}

function outcomes(given: Given, outcome: string): readonly string[] {
  return judgeHosts(clusterOf(given))
    .filter((trouble) => trouble.host === 'bbb-01' && trouble.outcome === outcome)
    .map(({ id }) => id);
}

const running = (...daemons: readonly string[]): Partial<Snapshot> => ({
  units: new Map(
    ['bbb-web', ...daemons].map((unit) => [
      `${unit}.service`,
      { load: 'loaded', active: 'active', sub: 'running', enabled: 'enabled' },
    ]),
  ),
});

const ending = certificate('0A', 'Sep  1 08:00:00 2026', 'Nov 30 08:00:00 2026');
const other: HostSeen = {
  ...hostOf({ without: 'address', more: [['address', '192.0.2.12']] }),
  ...{ name: 'bbb-02', hostname: undefined },
};
const ahead = (clockOffset: number): HostSeen => ({
  ...other,
  snapshot: { ...other.snapshot, clockOffset },
});

/** A certificate that a client keeps, and lines that it has written down. */
const kept = (client: string, x509: string, ...settings: readonly string[]) =>
  ['own', [client, '/etc/x/cert.pem', x509, `DNS:${name}`, ...settings].join('\u001f')] as const;
const timer = (client: string, active: string) => [
  ['runs', `${client}\u001ftimer\u001f${client}.timer`] as const,
  ['unit', `${client}.timer\u001floaded\u001f${active}`] as const,
];

/** Due on 2 November, and a quarter of what was left then has passed. */
const overdue = `Le_NextRenewTime='${Date.parse('2026-11-02T00:00:00Z') / 1000}'`;

describe('troubles that any host can have', () => {
  it('finds none on a sound host', () => {
    expect(outcomes({}, 'found')).toEqual([]);
    expect(outcomes({}, 'unknown')).toEqual([]);
  });

  const faults: readonly (readonly [id: string, given: Given, fact: string])[] = [
    ['become-forgotten', { snapshot: { lookOnly: true, user: 'ops' } }, 'ops logs in'],
    ['name-unresolved', { here: { addresses: [] } }, 'does not resolve on this machine'],
    ['name-unresolved', { snapshot: { names: new Map([[name, []]]) } }, 'does not resolve on bbb-01'],
    ['name-of-another-host', { here: { addresses: ['192.0.2.12'] }, others: [other] }, 'which is on bbb-02'],
    [
      'dead-ipv6',
      { here: { ipv4: 'answers', ipv6: new Map([['2001:db8::11', 'refuses']]) } },
      'IPv6 address 2001:db8::11',
    ],
    [
      'dead-ipv6',
      { here: { ipv4: 'answers', ipv6: new Map([['2001:db8::99', 'silent']]) } },
      'IPv6 address 2001:db8::99',
    ],
    [
      'node-stays-out',
      {
        snapshot: {
          cordons: [
            {
              cluster: 'prod',
              node: 'bbb-02',
              run: 'r',
              holder: 'ada',
              since: 0,
              deadline: 1,
              stays: 'it is ill',
            },
          ],
        },
      },
      'bbb-02, since 1970-01-01 00:00 UTC: it is ill',
    ],
    ['clock-differs', { snapshot: { clockOffset: -90 } }, "90 s behind this machine's"],
    ['clock-differs', { snapshot: { clockOffset: 90 }, others: [ahead(0)] }, "90 s ahead of this machine's"],
    [
      'disk-nearly-full',
      { more: [['disk', '100000000 2000000 6000000 5000000 /var/log']] },
      '/var/log: 1.9 GiB of 95 GiB',
    ],
    ['inodes-nearly-used-up', { more: [['disk', '100000000 50000000 6000000 900 /var/log']] }, '900 inodes'],
    [
      'certificate-ending',
      {
        without: 'shown',
        more: [
          ['shown', `${name} 443 ${ending}`],
          ['lineage', ''],
        ],
      },
      'ends on 2026-11-30',
    ],
    [
      'certificate-not-taken-up',
      {
        more: [
          ['shown', `${name} 5349 ${certificate('09', 'Oct  1 08:00:00 2026', 'Dec 30 08:00:00 2026')}`],
        ],
      },
      'port 5349',
    ],
    [
      'renewal-stopped',
      {
        renewals: [
          kept('acme.sh', fresh, overdue, "Le_ReloadCmd='...'"),
          ['runs', 'acme.sh\u001fcron\u001f/var/spool/cron/crontabs/root'],
          ['unit', 'cron.service\u001floaded\u001finactive'],
        ],
      },
      `acme.sh keeps the certificate of ${name}, and cron.service is not active`,
    ],
    [
      'renewal-stopped',
      {
        renewals: [
          kept('acme.sh', fresh, overdue),
          ['runs', 'acme.sh\u001fcron\u001f/var/spool/cron/crontabs/root'],
          ['unit', 'cron.service\u001floaded\u001factive'],
          ['reloads', ''],
        ],
      },
      'was to renew it on 2026-11-02, and has not; cron runs it (/var/spool/cron/crontabs/root)',
    ],
    [
      'renewal-not-told',
      {
        renewals: [
          kept('acme.sh', fresh, "Le_ReloadCmd=''", `Le_NextRenewTime='${now / 1000}'`),
          ['runs', 'acme.sh\u001fcron\u001f/etc/crontab'],
          ['unit', 'cron.service\u001floaded\u001factive'],
        ],
      },
      `acme.sh renews the certificate of ${name}, and reloads nothing afterwards`,
    ],
    [
      'renewal-not-told',
      {
        renewals: [
          kept('lego', fresh),
          ['runs', 'lego\u001ftimer\u001flego.timer\u001fExecStart=/usr/bin/lego --path /var/lib/lego renew'],
          ['unit', 'lego.timer\u001floaded\u001factive'],
        ],
      },
      'lego renews',
    ],
    [
      'certificate-not-taken-up',
      {
        without: 'lineage',
        renewals: [
          kept('lego', certificate('0B', 'Nov 20 08:00:00 2026', 'Feb 18 08:00:00 2027')),
          ...timer('lego', 'active'),
        ],
      },
      'and /etc/x/cert.pem has a newer one',
    ],
    [
      'certificate-not-taken-up',
      {
        without: 'shown',
        more: [
          ['shown', `${name} 443 ${certificate('09', 'Oct  1 08:00:00 2026', 'Dec 30 08:00:00 2026')}`],
          ['shown-names', `${name} 443 DNS:${name}`],
          ['lineage-names', `${name} DNS:www.example.com, DNS:${name}`],
        ],
      },
      `and /etc/letsencrypt/live/${name} has a newer one`,
    ],
    [
      'renewal-not-told',
      {
        snapshot: running('haproxy', 'nginx'),
        more: [
          ['uses', `haproxy ${name} 443`],
          ['reloads', 'nginx'],
        ],
      },
      'haproxy shows; what runs after a renewal reloads nginx only',
    ],
    [
      'renewal-not-told',
      { snapshot: running('nginx'), more: [['uses', `nginx ${name}`]] },
      'what runs after a renewal reloads nothing',
    ],
    [
      'renewal-not-told',
      {
        snapshot: running('nginx', 'coturn'),
        more: [
          ['uses', `nginx ${name}`],
          ['uses', `coturn ${name}`],
          ['reloads', 'nginx'],
        ],
      },
      'which coturn shows',
    ],
    [
      'service-down',
      { snapshot: { failedUnits: ['nginx.service', 'cups.service'] } },
      'failed: nginx.service',
    ],
    [
      'service-down',
      {
        snapshot: {
          units: new Map([
            ['bbb-web.service', { load: 'loaded', active: 'inactive', sub: 'dead', enabled: 'disabled' }],
          ]),
        },
      },
      'not active: bbb-web.service',
    ],
    ['settings-put-back', { host: { setBack: ['a.b in /etc/x'] } }, 'a.b in /etc/x'],
    [
      'selinux-forbids',
      {
        host: { isDoor: true },
        more: [
          ['selinux', 'enforcing'],
          ['boolean', 'httpd_can_network_connect 0'],
        ],
      },
      'httpd_can_network_connect is off',
    ],
    [
      'package-half-configured',
      { more: [['half-configured', 'bbb-web   The BigBlueButton API']] },
      'names bbb-web',
    ],
    [
      'package-file-beside',
      { more: [['beside', '/etc/bigbluebutton/bbb-html5.yml.dpkg-dist']] },
      'bbb-html5.yml.dpkg-dist',
    ],
    ['reboot-required', { more: [['reboot', ' linux-image libc6 linux-image']] }, 'linux-image, libc6'],
    ['reboot-required', { more: [['reboot', '']] }, '/run/reboot-required exists'],
    ['needrestart-automatic', { more: [['needrestart', "$nrconf{restart} = 'a';"]] }, 'needrestart'],
    [
      'needrestart-automatic',
      {
        more: [
          ['needrestart', "$nrconf{restart} = 'a';"],
          ['needrestart', '$nrconf{override_rc}{qr(^gdm)} = 0;'],
        ],
      },
      'needrestart',
    ],
    [
      'unattended-upgrades',
      { more: [['apt', 'Unattended-Upgrade::Origins-Pattern origin=*']] },
      '"origin=*"',
    ],
    [
      'unattended-upgrades',
      {
        more: [['dnf-automatic', 'yes']],
        snapshot: {
          units: new Map([
            ['bbb-web.service', { load: 'loaded', active: 'active', sub: 'running', enabled: 'enabled' }],
            ['dnf-automatic.timer', { load: 'loaded', active: 'active', sub: 'waiting', enabled: 'enabled' }],
          ]),
        },
      },
      'apply_updates',
    ],
  ];

  it.each(faults)('finds %s, and nothing else (%#)', (id, given, fact) => {
    expect(outcomes(given, 'found')).toEqual([id]);
    const one = judgeHosts(clusterOf(given)).find(
      (trouble) => trouble.host === 'bbb-01' && trouble.id === id,
    );
    expect(one?.found).toContain(fact);
    for (const text of [one?.means, one?.fix]) expect(text).toMatch(/\S/);
  });

  it.each<readonly [setting: string, active: string, words: string]>([
    ['version = 2.1.0', 'inactive', 'certbot.timer is not active'],
    ['autorenew = False', 'active', 'autorenew is off for it'],
    ['authenticator = manual', 'active', 'it was proved by hand'],
  ])(
    'says of a renewer that does not run that it is not known, until it is late: %s',
    (setting, active, words) => {
      const judged = (x509: string) =>
        judgeHosts(
          clusterOf({
            without: 'shown',
            more: [['shown', `${name} 443 ${x509}`]],
            renewals: [kept('certbot', x509, setting), ...timer('certbot', active)],
          }),
        ).find((one) => one.host === 'bbb-01' && one.id === 'renewal-stopped');
      expect(judged(fresh)).toMatchObject({ outcome: 'unknown' });
      expect(judged(fresh)?.found).toContain(words);
      expect(judged(ending)).toMatchObject({ outcome: 'found' });
      expect(judged(ending)?.found).toContain(words);
    },
  );

  it('gives no command with a name of a unit that is more than one word', () => {
    const renewals = [
      kept('certbot', ending, 'version = 2.1.0'),
      ['runs', 'certbot\u001ftimer\u001fa;id.timer'] as const,
      ['unit', 'a;id.timer\u001floaded\u001finactive'] as const,
    ];
    const more = [['shown', `${name} 443 ${ending}`] as const];
    const all = judgeHosts(clusterOf({ without: 'shown', more, renewals }));
    const one = all.find(({ host, id }) => host === 'bbb-01' && id === 'renewal-stopped');
    expect(one).toMatchObject({ outcome: 'found', fix: 'see why, and run it by hand' });
  });

  it('is not kept from finding a late certificate by a date that a client has written down', () => {
    const left = certificate('0A', 'Sep  1 08:00:00 2026', 'Nov 29 08:00:00 2026');
    const due = Date.parse('2026-11-29T07:00:00Z') / 1000;
    const renewals = [kept('acme.sh', left, `Le_NextRenewTime='${due}'`), ...timer('acme.sh', 'active')];
    const more = [['shown', `${name} 443 ${left}`] as const];
    expect(outcomes({ without: 'shown', more, renewals }, 'found')).toContain('certificate-ending');
  });

  it('has a case for each of them', () => {
    expect([...new Set(faults.map(([id]) => id))].sort()).toEqual(hostTroubles.map(({ id }) => id).sort());
  });

  it.each<readonly [words: string, given: Given]>([
    [
      'certbot with a timer',
      { renewals: [kept('certbot', fresh, 'version = 2.1.0'), ...timer('certbot', 'active')] },
    ],
    [
      'two certificates for one name, of which the older one is shown',
      {
        renewals: [
          kept('lego', fresh),
          kept('lego', certificate('0B', 'Nov 20 08:00:00 2026', 'Feb 18 08:00:00 2027')),
          ...timer('lego', 'active'),
        ],
      },
    ],
    [
      'a newer certificate for other names as well, or in a home',
      {
        without: 'shown',
        more: [
          ['shown', `${name} 443 ${fresh}`],
          ['shown-names', `${name} 443 DNS:${name}, DNS:www.example.com`],
        ],
        renewals: [
          ['own', ['lego', '/etc/x/wild.pem', newer, 'DNS:*.example.com'].join('\u001f')],
          ['own', ['lego', '/etc/x/a.pem', newer, `DNS:${name}`].join('\u001f')],
          ['own', ['lego', '/home/a/.lego/a.pem', newer, `DNS:www.example.com, DNS:${name}`].join('\u001f')],
        ],
      },
    ],
    [
      'a newer one for more names beside it, both of which are kept',
      {
        without: 'shown',
        more: [
          ['shown', `${name} 443 ${fresh}`],
          ['shown-names', `${name} 443 DNS:${name}`],
        ],
        renewals: [
          kept('lego', fresh),
          ['own', ['lego', '/etc/x/more.pem', newer, `DNS:${name}, DNS:www.example.com`].join('\u001f')],
          ...timer('lego', 'active'),
        ],
      },
    ],
    [
      'a wildcard beside it, where nothing is known of names',
      { renewals: [['own', ['lego', '/etc/x/wild.pem', newer, 'DNS:*.example.com'].join('\u001f')]] },
    ],
    [
      'acme.sh with a command',
      {
        renewals: [
          kept('acme.sh', fresh, "Le_ReloadCmd='...'", `Le_NextRenewTime='${now / 1000 - 86_400}'`),
          ...timer('acme.sh', 'active'),
        ],
      },
    ],
    [
      'HAProxy, which renews with a twelfth of the lifetime left',
      {
        without: 'shown',
        renewals: [
          ['asks', `haproxy\u001f  ssl-f-use crt "a.pem" acme LE domains "www.example.com,${name}"`],
          ['unit', 'haproxy.service\u001floaded\u001factive'],
        ],
        more: [['shown', `${name} 443 ${certificate('0A', 'Sep  8 08:00:00 2026', 'Dec  7 08:00:00 2026')}`]],
      },
    ],
    [
      'a large disk with little left in per cent',
      { more: [['disk', '9000000000 100000000 6000000 5000000 /srv']] },
    ],
    ['names that resolve otherwise inside', { here: { addresses: ['203.0.113.1'] } }],
    [
      'a certificate of another authority than that of certbot',
      {
        without: 'shown',
        more: [
          [
            'shown',
            `${name} 443 ${certificate('77', 'Oct  1 08:00:00 2026', 'Oct  1 08:00:00 2027', 'CN=CA,O=Other')}`,
          ],
        ],
      },
    ],
    [
      'hooks that tell all who use a certificate',
      {
        snapshot: running('nginx', 'coturn'),
        more: [
          ...[['uses', `nginx ${name}`] as const, ['uses', `coturn ${name}`] as const],
          ...[['reloads', 'coturn'] as const, ['reloads', 'nginx'] as const],
        ],
      },
    ],
    [
      "a hook that runs a program of the operator's",
      {
        snapshot: running('nginx'),
        more: [
          ['uses', `nginx ${name}`],
          ['reloads', '?'],
        ],
      },
    ],
    [
      'a daemon that is configured and switched off',
      {
        more: [
          ['uses', `coturn ${name}`],
          ['reloads', 'nginx'],
        ],
      },
    ],
    [
      'HAProxy with a certificate of another authority',
      {
        snapshot: running('haproxy'),
        without: 'shown',
        more: [
          ['uses', `haproxy ${name} 443`],
          [
            'shown',
            `${name} 443 ${certificate('77', 'Oct  1 08:00:00 2026', 'Oct  1 08:00:00 2027', 'CN=CA,O=Other')}`,
          ],
        ],
      },
    ],
    [
      'a certificate that lives for six days',
      {
        without: 'shown',
        more: [['shown', `${name} 443 ${certificate('0A', 'Nov 24 08:00:00 2026', 'Nov 30 08:00:00 2026')}`]],
      },
    ],
    [
      'needrestart that leaves the product out',
      {
        more: [
          ['needrestart', "$nrconf{restart} = 'a';"],
          ['needrestart', '$nrconf{override_rc}{qr(^bbb-)} = 0;'],
        ],
      },
    ],
    [
      'needrestart that leaves the product out among others',
      {
        more: [
          ['needrestart', "$nrconf{restart} = 'a';"],
          ['needrestart', '    qr(^gdm) => 0,'],
          ['needrestart', '    qr(^(bbb|kdm)-) => 0,'],
        ],
      },
    ],
    [
      'a later setting of needrestart',
      {
        more: [
          ['needrestart', "$nrconf{restart} = 'a';"],
          ['needrestart', "$nrconf{restart} = 'l';"],
        ],
      },
    ],
    [
      'every origin where nothing is upgraded by itself',
      {
        without: 'apt',
        more: [
          ['apt', 'APT::Periodic::Unattended-Upgrade 0'],
          ['apt', 'Unattended-Upgrade::Allowed-Origins *:*'],
        ],
      },
    ],
    ['a unit of something else that has failed', { snapshot: { failedUnits: ['cups.service'] } }],
    [
      'an IPv6 address of a server that is down altogether',
      {
        here: { ipv4: 'silent', ipv6: new Map([['2001:db8::11', 'refuses']]) },
      },
    ],
  ])('takes %s for no trouble', (_, given) => {
    expect(outcomes(given, 'found')).toEqual([]);
  });

  it('blames this machine for a clock that all hosts contradict', () => {
    const [one] = judgeHosts(clusterOf({ snapshot: { clockOffset: 90 }, others: [ahead(91)] })).filter(
      ({ id }) => id === 'clock-differs',
    );
    expect(one).toMatchObject({ outcome: 'found', fix: expect.stringContaining('on this machine') });
  });

  it('knows nothing of IPv6 where this machine has none, or where its own network is between', () => {
    for (const reached of ['not-asked', 'silent'] as const)
      expect(
        outcomes({ here: { ipv4: 'answers', ipv6: new Map([['2001:db8::11', reached]]) } }, 'unknown'),
      ).toEqual(['dead-ipv6']);
  });

  it('says what is not known where the program came to no end', () => {
    const given: Given = {
      host: { surroundings: readSurroundings({ status: 124, output: 'disk\u001f1 1 1 1 /' }) },
    };
    expect(outcomes(given, 'found')).toEqual([]);
    expect(outcomes(given, 'unknown')).toContain('disk-nearly-full');
    expect(outcomes(given, 'absent')).not.toContain('disk-nearly-full');
  });
});

it.each([
  ['unreachable', "the host can't be reached"],
  ['host-key-unknown', 'the key of the host is not accepted'],
  ['authentication-failed', 'the login is refused'],
  ['sudo-password', 'sudo does not let the account act as root'],
  ['not-permitted', 'the account may not read what is needed'],
  ['ssh-protocol', 'ssh does not get through'],
  ['probe-failed', 'the host could not be looked at'],
])('tells at which layer %s is', (code, title) => {
  const problem = { code, message: 'it failed', notes: ['a key: refused'], next: 'mend it' };
  expect(unlooked({ name: 'a', role: 'node' }, problem)).toMatchObject({
    ...{ id: code, title, outcome: 'found', found: 'it failed; a key: refused', fix: 'mend it' },
  });
});

it('finds no trouble on a host only because the operator pressed Ctrl-C', () => {
  const problem = { code: 'interrupted', message: 'interrupted before the host was looked at' };
  expect(unlooked({ name: 'a', role: 'node' }, problem)).toEqual({
    ...{ host: 'a', role: 'node', id: 'interrupted', title: 'there is any trouble on this host' },
    ...{ outcome: 'unknown', found: 'interrupted before the host was looked at' },
  });
});
