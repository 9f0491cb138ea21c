import { expect, it } from 'vitest';
import { mergeReads } from '../../src/model/merge-reads.ts';
import { type Answer, noReads, type Query } from '../../src/model/reads.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import type { TroubleResult } from '../../src/model/trouble.ts';
import { viewCluster } from '../../src/playbook/resolve/contexts.ts';
import { readsOf } from '../../src/playbook/resolve/reads.ts';
import { judgeTroubles, symptomReads } from '../../src/playbook/resolve/troubles.ts';
import { inventoryOf, sample } from '../support/sample-cluster.ts';
import { type FakeHost, snapshotOf } from '../support/snapshot-from-folder.ts';

/** What doctor says of a BigBlueButton node: each trouble by its facts, and none where they are sound. */

const web = '/etc/bigbluebutton/bbb-web.properties';
const client = '/etc/bigbluebutton/bbb-html5.yml';
const sound = {
  [web]: [
    'securitySalt=639259d4-9dd8-4b25-bf01-95f9567eaf4b',
    // Only the last line counts.
    'defaultHTML5ClientUrl=https://old.example.com/old/html5client/',
    'defaultHTML5ClientUrl=https://bbb-proxy.example.com/bbb-01/html5client/',
    'accessControlAllowOrigin=https://bbb-proxy.example.com',
    '',
  ].join('\n'),
  [client]: [
    'public:',
    '  app:',
    "    basename: '/bbb-01/html5client'",
    "    learningDashboardBase: 'https://bbb-01.example.com/learning-analytics-dashboard'",
    '  media:',
    "    sip_ws_host: 'bbb-01.example.com'",
    '  kurento:',
    "    wsUrl: 'wss://bbb-01.example.com/bbb-webrtc-sfu'",
    '  pads:',
    "    url: 'https://bbb-01.example.com/pad'",
    '',
  ].join('\n'),
  '/etc/bigbluebutton/nginx/aa-clusterproxy.nginx': 'location /bbb-01/html5client { }\n',
  '/etc/bigbluebutton/bbb-graphql-middleware.yml':
    'server:\n  authorized_cross_origin: bbb-proxy.example.com\n',
};

interface Given {
  readonly files?: FakeHost['files'];
  /** what the program of symptoms prints; undefined: it came to no end */
  readonly says?: string | undefined;
  /** files in which a search finds something */
  readonly finds?: readonly string[];
  readonly units?: Snapshot['units'];
  readonly version?: string;
  readonly hostname?: string;
}

async function troublesOf(given: Given): Promise<readonly TroubleResult[]> {
  const { hostname = 'bbb-01.example.com', version = '3.0.28', finds = [], units = new Map() } = given;
  const inventory = await inventoryOf(`playbook: bigbluebutton
cluster: {name: prod, hostname: bbb-proxy.example.com}
hosts: {proxy: external, node: [{name: bbb-01, hostname: ${hostname}}]}
`);
  const [host] = inventory.hosts;
  if (host === undefined) throw new Error('the inventory has no host');
  const reads = mergeReads(
    [readsOf(inventory, host, { guards: false }), ...symptomReads(inventory, host)].map((some) => ({
      ...noReads,
      ...some,
    })),
  );
  const answers = reads.queries.flatMap((query): readonly (readonly [Query, Answer])[] => {
    if (query.kind === 'search')
      return [[query, { status: finds.includes(query.args[1] ?? '') ? 0 : 1, output: '' }]];
    const output = 'says' in given ? given.says : '';
    return query.kind === 'program'
      ? [[query, output === undefined ? { status: 124, output: '' } : { status: 0, output }]]
      : [];
  });
  const fake = { name: 'bbb-01', folders: [sample(version)], files: { ...sound, ...given.files }, answers };
  const snapshot = snapshotOf(fake, reads);
  const seen = { ...snapshot, units: new Map([...snapshot.units, ...units]) };
  return judgeTroubles(viewCluster(inventory, new Map([['bbb-01', seen]])), 'bbb-01');
}

const withOutcome = (troubles: readonly TroubleResult[], outcome: string) =>
  troubles.filter((trouble) => trouble.outcome === outcome).map(({ id }) => id);

const edited = (path: keyof typeof sound, from: string | RegExp, to: string) => ({
  files: { [path]: (sound[path] ?? '').replace(from, to) },
});
const service = (active: string, enabled = 'enabled', startedAt?: number) => ({
  ...{ load: 'loaded', sub: 'dead', active, enabled, startedAt },
});

it.each(['2.4', '2.6', '3.0-meteor', '3.0', '3.0.28', '4.0', '4.1'])(
  'finds none on a sound node of %s',
  async (version) => {
    expect(withOutcome(await troublesOf({ version }), 'found')).toEqual([]);
  },
);

it('finds none on a node that no run has changed yet', async () => {
  const untouched = { [web]: 'securitySalt=x\n', [client]: 'public: {}\n' };
  expect(withOutcome(await troublesOf({ files: untouched }), 'found')).toEqual([]);
});

const releases = '/etc/bigbluebutton/bigbluebutton-release';
const faults: readonly (readonly [id: string, given: Given, fact: string])[] = [
  ['blank-client', edited(client, '/bbb-01/html5client', '/bbb01/html5client'), '"/bbb01/html5client"'],
  ['blank-client', edited(client, /.*basename.*\n/, ''), '`basename` of the client is ""'],
  [
    'client-not-served',
    { files: { '/etc/bigbluebutton/nginx/aa-clusterproxy.nginx': 'set $x y;\n' } },
    '/bbb-01/html5client',
  ],
  [
    'permission-asked-again',
    edited(web, /(Url=.*\n.*Url=)https:..bbb-proxy.*/, '$1https://bbb-01.example.com/bbb-01/html5client/'),
    'https://bbb-01.example.com instead of https://bbb-proxy.example.com',
  ],
  ['cors-origin', edited(web, /(Origin=).*/, '$1https://other.example.com'), '"https://other.example.com"'],
  ['cors-origin', edited(web, /(Origin=).*/, ''), '`accessControlAllowOrigin` is ""'],
  ['doubled-scheme', { says: 'doubled /etc/default/bbb-web' }, 'in /etc/default/bbb-web'],
  [
    'graphql-origin',
    edited('/etc/bigbluebutton/bbb-graphql-middleware.yml', 'bbb-proxy', 'https://bbb-proxy'),
    'https://bbb-proxy.example.com',
  ],
  [
    'relayed-media',
    edited(client, 'wss://bbb-01', 'wss://bbb-proxy'),
    "wsUrl: 'wss://bbb-proxy.example.com/bbb-webrtc-sfu",
  ],
  [
    'dashboard-address',
    edited(client, 'learning-analytics-dashboard', 'learning-dashboard'),
    '/learning-dashboard',
  ],
  [
    'etherpad-dead',
    { units: new Map([['etherpad.service', service('failed')]]) },
    'etherpad.service is failed',
  ],
  [
    'pads-dead',
    { units: new Map([['bbb-pads.service', service('inactive')]]) },
    'bbb-pads.service is inactive',
  ],
  [
    'recordings-not-processed',
    { units: new Map([['bbb-rap-resque-worker.service', service('inactive')]]) },
    'is inactive',
  ],
  [
    'recordings-not-started',
    { units: new Map([['bbb-rap-starter.service', service('failed')]]) },
    'is failed',
  ],
  [
    'recordings-disk-full',
    { says: 'recordings_full 10 MiB of 999 MiB are free on /var/bigbluebutton' },
    '10 MiB of',
  ],
  [
    'redis-restarted',
    {
      units: new Map([
        ['bbb-web.service', service('active', 'enabled', 1_000)],
        ['redis-server.service', service('active', 'enabled', 9_000)],
      ]),
    },
    'after bbb-web.service',
  ],
  ['worker-connections', { finds: ['/var/log/nginx/error.log'] }, 'worker_connections are not enough'],
  [
    'edits-undone',
    {
      files: {
        '/etc/bigbluebutton/bbb-conf/apply-config.sh':
          '# accessControlAllowOrigin\nsed -i "s,^presentationBaseURL=.*,presentationBaseURL=https://bbb-01," x\n',
      },
    },
    'sets presentationBaseURL',
  ],
  [
    'plugin-reads-token',
    {
      files: { [releases]: 'BIGBLUEBUTTON_RELEASE=3.0.31\n' },
      finds: ['/var/www/bigbluebutton-default/assets/plugins/*/*.js'],
    },
    'takes the session token',
  ],
  [
    'turn-dead',
    {
      files: { '/etc/haproxy/haproxy.cfg': '  use_backend turn if { ssl_fc_alpn stun.turn }\n' },
      units: new Map([['coturn.service', service('failed')]]),
    },
    'coturn.service, which is failed',
  ],
  [
    'audio-behind-nat',
    {
      says: 'nat 203.0.113.7',
      files: {
        '/opt/freeswitch/etc/freeswitch/vars.xml':
          '<include>\n  <X-PRE-PROCESS cmd="set" data="external_rtp_ip=10.0.0.4"/>\n</include>\n',
      },
    },
    'external_rtp_ip is 10.0.0.4, and bbb-01.example.com has 203.0.113.7',
  ],
  [
    'media-blocked',
    {
      files: {
        '/etc/ufw/ufw.conf': 'ENABLED=yes\n',
        '/etc/default/ufw': 'DEFAULT_INPUT_POLICY="DROP"\n',
        '/etc/ufw/user.rules': '### tuple ### allow tcp 443 0.0.0.0/0 any 0.0.0.0/0 in\n',
      },
    },
    'no rule for 16384 to 32768',
  ],
];

it.each(faults)('finds %s, and nothing else (%#)', async (id, given, fact) => {
  const troubles = await troublesOf(given);
  expect(withOutcome(troubles, 'found')).toEqual([id]);
  const one = troubles.find((trouble) => trouble.id === id);
  expect(one?.found).toContain(fact);
  for (const text of [one?.means, one?.fix]) expect(text).toMatch(/\S/);
});

it('finds slides that 3.0.27 does not show', async () => {
  const given = { version: '3.0', files: { [releases]: 'BIGBLUEBUTTON_RELEASE=3.0.27\n' } };
  expect(withOutcome(await troublesOf(given), 'found')).toEqual(['slides-need-3.0.28']);
});

it('finds a node of another site', async () => {
  const given = { hostname: 'bbb-01.example.net' };
  expect(withOutcome(await troublesOf(given), 'found')).toContain('third-party-cookies');
});

it.each<readonly [words: string, given: Given]>([
  [
    'a script that sets what a run sets',
    {
      files: {
        '/etc/bigbluebutton/bbb-conf/apply-config.sh':
          'sed -i s,^accessControlAllowOrigin=.*,accessControlAllowOrigin=https://bbb-proxy.example.com, x\n',
      },
    },
  ],
  [
    'a service that was switched off',
    { units: new Map([['etherpad.service', service('inactive', 'disabled')]]) },
  ],
  [
    'a firewall with a rule for media',
    {
      files: {
        '/etc/ufw/ufw.conf': 'ENABLED=yes\n',
        '/etc/default/ufw': 'DEFAULT_INPUT_POLICY="DROP"\n',
        '/etc/ufw/user.rules': '### tuple ### allow udp 16384:32768 0.0.0.0/0 any 0.0.0.0/0 in\n',
      },
    },
  ],
  ['a plug-in of an older release', { finds: ['/var/www/bigbluebutton-default/assets/plugins/*/*.js'] }],
  [
    'services that were started together',
    {
      units: new Map([
        ['bbb-web.service', service('active', 'enabled', 1_000)],
        ['redis-server.service', service('active', 'enabled', 1_020)],
      ]),
    },
  ],
])('takes %s for no trouble', async (_, given) => {
  expect(withOutcome(await troublesOf(given), 'found')).toEqual([]);
});

it('says what could not be found out, neither red nor green', async () => {
  const troubles = await troublesOf({ says: undefined });
  expect(withOutcome(troubles, 'unknown')).toEqual([
    'doubled-scheme',
    'recordings-disk-full',
    'audio-behind-nat',
  ]);
  expect(troubles.find(({ id }) => id === 'doubled-scheme')?.found).toBe(
    'the program that asks for it did not come to its end',
  );
});
