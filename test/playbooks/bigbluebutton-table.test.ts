import { readFileSync } from 'node:fs';
import { diffLines } from 'diff';
import { getProperties } from 'properties-file';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { nginxTest, withoutNginx } from '../support/nginx-oracle.ts';
import { inventoryFrom, type PlannedHost, planPlaybook } from '../support/plan-playbook.ts';
import { textAt } from '../support/run-step.ts';
import { type FakeHost, stock } from '../support/snapshot-from-folder.ts';

/** What each recipe has to write, from the guides of each version and from the programs that read it. */

const samples = `${import.meta.dirname}/../../playbooks/samples/bigbluebutton`;

const etc = '/etc/bigbluebutton';
const web = `${etc}/bbb-web.properties`;
const settings = `${etc}/bbb-html5.yml`;
const middlewareYml = `${etc}/bbb-graphql-middleware.yml`;
const graphqlServerEnv = `${etc}/bbb-graphql-server.env`;
const etherpad = `${etc}/etherpad.json`;
const units = '/etc/systemd/system';
const webDropIn = `${units}/bbb-web.service.d/zz-clusterproxy.conf`;
const afterStock = `${etc}/nginx/zz-clusterproxy.nginx`;
const beforeStock = `${etc}/nginx/aa-clusterproxy.nginx`;
const meteorDropIns = ['bbb-html5-backend@', 'bbb-html5-frontend@'].map(
  (name) => `${units}/${name}.service.d/zz-clusterproxy.conf`,
);

const proxy = 'https://bbb-proxy.example.com';
const hostname = 'bbb-01.example.com';

const everyWebKey = {
  presentationBaseURL: `https://${hostname}/bigbluebutton/presentation`,
  accessControlAllowOrigin: proxy,
};
const joinUrl = { defaultHTML5ClientUrl: `${proxy}/bbb-01/html5client/join` };
const slashUrl = { defaultHTML5ClientUrl: `${proxy}/bbb-01/html5client/` };
const guestUrl = { defaultGuestWaitURL: `https://${hostname}/bbb-01/html5client/guestWait` };
const graphqlUrls = {
  graphqlWebsocketUrl: `wss://${hostname}/graphql`,
  graphqlApiUrl: `https://${hostname}/api/rest`,
};

const everySetting = {
  'app.basename': '/bbb-01/html5client',
  'app.bbbWebBase': `https://${hostname}/bigbluebutton`,
  'app.learningDashboardBase': `https://${hostname}/learning-analytics-dashboard`,
  'media.stunTurnServersFetchAddress': `https://${hostname}/bigbluebutton/api/stuns`,
  'kurento.wsUrl': `wss://${hostname}/bbb-webrtc-sfu`,
  'presentation.uploadEndpoint': `https://${hostname}/bigbluebutton/presentation/upload`,
};
const sip = { 'media.sip_ws_host': hostname };
const note = { 'note.url': `https://${hostname}/pad` };
const pads = { 'pads.url': `https://${hostname}/pad` };
const livekit = { 'media.livekit.url': `wss://${hostname}/livekit` };
const blockNotes = { 'sharedNotes.serverHostname': hostname };

const corsOptions = [
  '-Dgrails.cors.enabled=true',
  '-Dgrails.cors.allowCredentials=true',
  `-Dgrails.cors.allowedOrigins=${proxy},https://${hostname}`,
];
const meteorEnvironment = [
  'ROOT_URL=https://127.0.0.1/bbb-01/html5client',
  `DDP_DEFAULT_CONNECTION_URL=https://${hostname}/bbb-01/html5client`,
];

const restarts30 = [
  'reload-nginx',
  'restart-etherpad',
  'restart-graphql-server',
  'restart-graphql-middleware',
  'restart-bbb-apps-akka',
  'restart-bbb-web',
];

interface Row {
  readonly sample: string;
  readonly stock?: string;
  readonly recipe: string;
  readonly web: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string>>;
  /** file by what must stand in it */
  readonly texts: Readonly<Record<string, readonly (string | RegExp)[]>>;
  readonly etherpad: boolean;
  readonly nginx: string;
  readonly variable: string | undefined;
  readonly redirect: boolean;
  readonly proxyLocations: readonly string[];
  readonly handlers: readonly string[];
  /** what the host's own bbb-web must answer before the restart counts as done */
  readonly answer: readonly string[];
}

const client = '/bbb-01/html5client/';
const api = '/bbb-01/bigbluebutton/api';

const rows: readonly Row[] = [
  {
    sample: '2.4',
    stock: '2.4.8',
    recipe: '2.4',
    web: { ...everyWebKey, ...joinUrl, ...guestUrl },
    settings: { ...everySetting, ...sip, ...note },
    texts: Object.fromEntries(meteorDropIns.map((path) => [path, meteorEnvironment])),
    etherpad: false,
    nginx: afterStock,
    variable: `set $bbb_loadbalancer_node '${proxy}';`,
    redirect: true,
    proxyLocations: [client],
    handlers: ['reload-nginx', 'restart-bbb-html5', 'restart-bbb-web'],
    answer: ['<returncode>SUCCESS</returncode>'],
  },
  {
    sample: '2.6',
    stock: '2.6.14',
    recipe: '2.5-2.7',
    web: { ...everyWebKey, ...joinUrl, ...guestUrl },
    settings: { ...everySetting, ...sip, ...pads },
    texts: {
      ...Object.fromEntries(meteorDropIns.map((path) => [path, meteorEnvironment])),
      [webDropIn]: corsOptions,
    },
    etherpad: true,
    nginx: afterStock,
    variable: `set $bbb_loadbalancer_node '${proxy}';`,
    redirect: true,
    proxyLocations: [client],
    handlers: ['reload-nginx', 'restart-etherpad', 'restart-bbb-html5', 'restart-bbb-web'],
    answer: ['<returncode>SUCCESS</returncode>'],
  },
  {
    sample: '3.0-meteor',
    recipe: '3.0-meteor',
    web: { ...everyWebKey, ...joinUrl, ...graphqlUrls },
    settings: { ...everySetting, ...sip, ...pads },
    texts: {
      [`${units}/bbb-html5.service.d/zz-clusterproxy.conf`]: meteorEnvironment,
      [webDropIn]: corsOptions,
      '/etc/default/bbb-graphql-middleware': [/^BBB_GRAPHQL_MIDDLEWARE_ORIGIN="?bbb-proxy\.example\.com"?$/m],
      '/etc/default/bbb-graphql-server': [
        /^HASURA_GRAPHQL_CORS_DOMAIN="?https:\/\/bbb-proxy\.example\.com"?$/m,
      ],
    },
    etherpad: true,
    nginx: afterStock,
    variable: `set $bbb_loadbalancer_node '${proxy}';`,
    redirect: true,
    proxyLocations: [client, api],
    handlers: [...restarts30.slice(0, 4), 'restart-bbb-html5', ...restarts30.slice(4)],
    answer: [`wss://${hostname}/graphql`, `https://${hostname}/api/rest`],
  },
  {
    sample: '3.0',
    recipe: '3.0',
    web: { ...everyWebKey, ...slashUrl, ...graphqlUrls },
    settings: { ...everySetting, ...sip, ...pads, ...livekit },
    texts: {
      [webDropIn]: corsOptions,
      [middlewareYml]: [/^ {2}authorized_cross_origin: '?bbb-proxy\.example\.com'?$/m],
      [graphqlServerEnv]: [/^HASURA_GRAPHQL_CORS_DOMAIN="?https:\/\/bbb-proxy\.example\.com"?$/m],
    },
    etherpad: true,
    nginx: beforeStock,
    variable: undefined,
    redirect: false,
    proxyLocations: [client, api],
    handlers: restarts30,
    answer: [`wss://${hostname}/graphql`, `https://${hostname}/api/rest`],
  },
  ...(
    [
      ['3.0.28', { ...sip, ...pads }],
      ['4.0', pads],
      ['4.1', {}],
    ] as const
  ).map(
    ([sample, older]): Row => ({
      sample,
      recipe: '3.0.28',
      web: { ...everyWebKey, ...slashUrl, ...graphqlUrls },
      settings: { ...everySetting, ...older, ...livekit, ...blockNotes },
      texts: {
        [webDropIn]: corsOptions,
        [middlewareYml]: [/^ +authorized_cross_origin: '?bbb-proxy\.example\.com'?$/m],
        [graphqlServerEnv]: [/^HASURA_GRAPHQL_CORS_DOMAIN="?https:\/\/bbb-proxy\.example\.com"?$/m],
      },
      etherpad: sample === '3.0.28',
      nginx: beforeStock,
      variable: `set $bbb_cors_origin '${proxy}';`,
      redirect: false,
      proxyLocations: [client, api],
      handlers: restarts30.filter((id) => sample === '3.0.28' || id !== 'restart-etherpad'),
      answer: [`wss://${hostname}/graphql`, `https://${hostname}/api/rest`],
    }),
  ),
];

const inventory = (vars = '', cluster = 'bbb-proxy.example.com') => `
playbook: bigbluebutton
cluster: {name: prod, hostname: ${cluster}}
vars: {restart: minimal${vars}}
hosts:
  proxy:
    - {name: proxy-1, address: 192.0.2.5}
  node:
    - {name: bbb-01, hostname: ${hostname}}
`;

const proxyHost: FakeHost = {
  folders: [`${samples}/proxy`],
  units: ['nginx.service'],
  packages: { 'ca-certificates': '20230311' },
};

interface Planned {
  readonly node: PlannedHost;
  readonly proxy: PlannedHost;
}

async function plan(node: FakeHost, text = inventory()): Promise<Planned> {
  const planned = planPlaybook(await inventoryFrom(text), { 'proxy-1': proxyHost, 'bbb-01': node });
  const [one, other] = [planned.get('bbb-01'), planned.get('proxy-1')];
  if (one === undefined || other === undefined) throw new Error('a host was not planned');
  return { node: one, proxy: other };
}

function text({ virtual }: PlannedHost, path: string): string {
  return textAt(virtual, path) ?? '';
}

/** Lines that our keys stand on, in any of the files that others have keys in too. */
const oursIn: Readonly<Record<string, RegExp>> = {
  [web]:
    /^\s*(?:defaultHTML5ClientUrl|defaultGuestWaitURL|presentationBaseURL|accessControlAllowOrigin|graphql\w+|bigbluebutton\.web\.logoutURL)\s*[=:]/,
  [settings]:
    /^\s*(?:public|app|media|livekit|kurento|presentation|pads|note|sharedNotes|basename|bbbWebBase|learningDashboardBase|stunTurnServersFetchAddress|sip_ws_host|url|wsUrl|uploadEndpoint|serverHostname):|^public: \{|^\s*(?:app|media|kurento): \{/,
  [etherpad]: /cluster_proxies|https:\/\/|[[\]{}]/,
  [middlewareYml]: /^\s*(?:server|authorized_cross_origin):/,
  [graphqlServerEnv]: /^HASURA_GRAPHQL_CORS_DOMAIN=/,
  '/etc/default/bbb-graphql-middleware': /^BBB_GRAPHQL_MIDDLEWARE_ORIGIN=/,
  '/etc/default/bbb-graphql-server': /^HASURA_GRAPHQL_CORS_DOMAIN=/,
};

/** Lines of a file of others' that came or went although nothing of ours stands on them. */
function strangeLines(planned: PlannedHost, path: string, ours: RegExp): readonly string[] {
  const before = planned.virtual.snapshot.paths.get(path);
  if (before?.kind !== 'file') return [];
  // A line end at the very end may have to be added before something can be appended.
  const old = before.content.toString().replace(/([^\n])$/, '$1\n');
  return diffLines(old, text(planned, path))
    .filter(({ added, removed }) => added || removed)
    .flatMap(({ value }) => value.split('\n'))
    .filter((line) => line.trim() !== '' && !ours.test(line));
}

function setting(yaml: string, key: string): unknown {
  const names = ['public', ...key.split('.')];
  return names.reduce<unknown>(
    (map, name) => (map as Readonly<Record<string, unknown>> | undefined)?.[name],
    parse(yaml, { version: '1.1' }),
  );
}

describe.each(rows)('recipe $recipe on the sample $sample', (row) => {
  const node: FakeHost = { folders: [`${samples}/${row.sample}`] };
  let minimal: Promise<Planned> | undefined;
  const once = () => {
    minimal ??= plan(node);
    return minimal;
  };

  it('is chosen, and writes these files and no others', async () => {
    const { node: planned } = await once();
    const made = (path: string) => planned.virtual.state(path).kind === 'file';
    expect(planned.resolved.recipe?.name).toBe(row.recipe);
    const expected = [
      web,
      settings,
      ...(row.etherpad ? [etherpad] : []),
      ...Object.keys(row.texts),
      row.nginx,
    ];
    expect(planned.changed.filter(made)).toEqual(expected.sort());
  });

  it('sets exactly these keys of bbb-web', async () => {
    const { node: planned } = await once();
    const before = planned.virtual.snapshot.paths.get(web);
    const old = getProperties(before?.kind === 'file' ? before.content.toString() : '');
    expect(getProperties(text(planned, web))).toEqual({
      'bigbluebutton.web.logoutURL': 'default',
      ...old,
      ...row.web,
    });
  });

  it('sets these keys of the client', async () => {
    const { node: planned } = await once();
    const yaml = text(planned, settings);
    const found = Object.keys({
      ...row.settings,
      ...sip,
      ...note,
      ...pads,
      ...livekit,
      ...blockNotes,
    }).flatMap((key) => {
      const value = setting(yaml, key);
      return value === undefined ? [] : [[key, value]];
    });
    expect(Object.fromEntries(found)).toEqual(row.settings);
  });

  it('sets the environment of services, and the origins that they accept', async () => {
    const { node: planned } = await once();
    for (const [path, wanted] of Object.entries(row.texts)) {
      for (const one of wanted)
        expect(text(planned, path)).toMatch(one instanceof RegExp ? one : new RegExp(literal(one)));
      expect(text(planned, path)).not.toMatch(/https:\/\/https:|bbb-proxy\.example\.org/);
    }
    const proxies = row.etherpad ? JSON.parse(text(planned, etherpad)).cluster_proxies : [proxy];
    expect(proxies).toContain(proxy);
  });

  it('copies every location of the client under the prefix', async () => {
    const { node: planned } = await once();
    const file = text(planned, row.nginx);
    const source = `${row.recipe === '2.4' ? etc : '/usr/share/bigbluebutton'}/nginx/bbb-html5.nginx`;
    const state = planned.virtual.state(source);
    const stockText = (
      state.kind === 'symlink' ? state.resolved : state.kind === 'file' ? state : undefined
    )?.content.toString();
    const paths = [...(stockText ?? '').matchAll(/^location (\/\S+) \{$/gm)].map(([, path]) => path);
    expect(paths.length).toBeGreaterThan(2);
    expect([...file.matchAll(/^location \^~ (\S+) \{$/gm)].map(([, path]) => path)).toEqual(
      paths.map((path) => `/bbb-01${path}`),
    );
    expect(/^set .*;$/m.exec(file)?.[0]).toBe(row.variable);
    expect(file.includes('location = /html5client/locale {')).toBe(row.redirect);
  });

  it('leaves every line alone that nothing of ours stands on', async () => {
    const { node: planned } = await once();
    for (const [path, ours] of Object.entries(oursIn)) {
      if (planned.changed.includes(path)) expect(strangeLines(planned, path, ours), path).toEqual([]);
    }
  });

  it('relays its pages on the proxy', async () => {
    const { proxy: planned } = await once();
    const file = text(planned, '/etc/nginx/clusterproxy/prod/nodes.conf');
    expect([...file.matchAll(/^location \^~ (\S+) \{$/gm)].map(([, path]) => path)).toEqual(
      row.proxyLocations,
    );
    expect(text(planned, '/etc/nginx/conf.d/clusterproxy-prod.conf')).toContain(
      'server_name bbb-proxy.example.com;',
    );
    expect(planned.handlers).toEqual(['reload-nginx']);
  });

  it('restarts what has to be restarted, and asks who is there first', async () => {
    const { node: planned } = await once();
    expect(planned.handlers).toEqual(row.handlers);
    const handlers = planned.resolved.handlers.filter(({ id }) => row.handlers.includes(id));
    for (const { id, guards } of handlers)
      expect([id, guards.length]).toEqual([id, id === 'reload-nginx' ? 0 : 1]);
    const [answer] = handlers.flatMap(({ checks }) =>
      checks.flatMap((one) => (one.kind === 'http' ? [one.contains] : [])),
    );
    expect(answer).toEqual(row.answer);
  });

  it('restarts everything with restart: full', async () => {
    const { node: planned } = await plan(node, inventory().replace('restart: minimal', 'restart: full'));
    expect(planned.handlers).toEqual(['reload-nginx', 'restart-all']);
    const all = planned.resolved.handlers.find(({ id }) => id === 'restart-all');
    expect(all?.actions).toEqual([
      { kind: 'daemon-reload' },
      { kind: 'command', argv: ['bbb-conf', '--restart'] },
    ]);
    expect(all?.guards.map(({ id }) => id)).toEqual(['meetings', 'recordings']);
    expect(all?.rewrites).toContain(web);
  });

  it('sets the session cookie only where the proxy has another registrable domain', async () => {
    const { node: planned } = await plan(node, inventory('', 'proxy.example.org'));
    const cookie = /SERVER_SERVLET_SESSION_COOKIE_SAMESITE=none/;
    const wanted = row.recipe.startsWith('3.0');
    expect(cookie.test(text(planned, webDropIn))).toBe(wanted);
    const { node: same } = await once();
    expect(cookie.test(same.changed.includes(webDropIn) ? text(same, webDropIn) : '')).toBe(false);
  });

  it.skipIf(withoutNginx)('makes files that nginx loads on the node', async () => {
    const { node: planned } = await once();
    const http = [
      'limit_conn_zone $uri zone=ws_zone:5m;',
      'upstream poolhtml5servers { server 127.0.0.1:4100; }',
      'server { listen 127.0.0.1:18080; set $real_scheme http; include /etc/bigbluebutton/nginx/*.nginx; }',
    ].join('\n');
    expect(nginxTest({ http, host: planned.virtual })).toBe('');
  });
});

function literal(one: string): string {
  return one.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Unmodified files of releases; the installer's own file is made up, as packages don't hold it. */
const stockRows = [
  { version: '2.4.8', recipe: '2.4', release: undefined },
  { version: '2.6.14', recipe: '2.5-2.7', release: undefined },
  { version: '3.0.x', recipe: '3.0', release: 'BIGBLUEBUTTON_RELEASE=3.0.4\n' },
];

for (const { version, recipe, release } of stockRows) {
  const folder = stock(version);
  describe(`recipe ${recipe} on the unmodified files of ${version}`, () => {
    if (folder === undefined) {
      it.skip('needs the unmodified files in ../shared/stock: CONTRIBUTING.md says how to get them', () => {});
      return;
    }
    const node: FakeHost = {
      folders: [folder],
      files: {
        [web]: 'securitySalt=0123456789abcdef\nbigbluebutton.web.serverURL=https://bbb-01.example.com\n',
        ...(version === '2.4.8'
          ? {}
          : {
              [`${etc}/nginx/include_default.nginx`]: {
                link: '/usr/share/bigbluebutton/include_default.nginx',
              },
            }),
        ...(release === undefined
          ? {}
          : {
              [`${etc}/bigbluebutton-release`]: release,
              '/usr/share/bigbluebutton/nginx/bbb-html5.nginx': { link: 'bbb-html5.nginx.static' },
            }),
      },
    };
    const row = rows.find((one) => one.recipe === recipe);

    it('makes new files beside the packages’ and changes none of them', async () => {
      const { node: planned } = await plan(node);
      expect(planned.resolved.recipe?.name).toBe(recipe);
      const existed = planned.changed.filter(
        (path) => planned.virtual.snapshot.paths.get(path)?.kind === 'file',
      );
      expect(existed).toEqual([web]);
      expect(planned.changed.filter((path) => path.startsWith('/usr/'))).toEqual([]);
      expect(text(planned, web)).toMatch(
        /^securitySalt=0123456789abcdef\nbigbluebutton\.web\.serverURL=https:\/\/bbb-01\.example\.com\n/,
      );
    });

    it('puts every location of the stock file under the prefix', async () => {
      const { node: planned } = await plan(node);
      const file = text(planned, row?.nginx ?? '');
      expect(file).toContain('location ^~ /bbb-01/html5client/wasm {');
      expect(file).not.toContain('location @html5client');
      if (version === '2.6.14')
        expect(file).toMatch(/sockjs \{\n {2}try_files \$uri @html5client;\n {2}limit_conn ws_zone 3;\n\}/);
    });

    it.skipIf(withoutNginx)('makes files that nginx loads', async () => {
      const { node: planned } = await plan(node);
      const http = [
        'limit_conn_zone $uri zone=ws_zone:5m;',
        'proxy_cache_path /var/log/nginx/cache keys_zone=client_settings_cache:1m;',
        'upstream poolhtml5servers { server 127.0.0.1:4100; }',
        `server { listen 127.0.0.1:18080; set $real_scheme http; include /etc/bigbluebutton/nginx/*.nginx; }`,
      ].join('\n');
      expect(nginxTest({ http, host: planned.virtual })).toBe('');
    });
  });
}

/** The settings that the package brings, which strict validation takes for all that there are. */
const catalogue = '/usr/share/bigbluebutton/html5-client/private/config/settings.yml';

describe.each(['3.0', '3.0.28', '4.0', '4.1'])('keys that the client of %s does not know', (sample) => {
  const packaged = readFileSync(`${samples}/${sample}${catalogue}`, 'utf8');
  const installed = readFileSync(`${samples}/${sample}${web}`, 'utf8').replace(/([^\n])$/, '$1\n');
  const strict = { [web]: `${installed}clientSettingsOverrideStrictValidation = true\n` };
  const withUrl = packaged.replace(/^ +# url: .*$/m, "      url: ''");

  it('are not written where strict validation would keep akka from starting', async () => {
    const { node: planned } = await plan({ folders: [`${samples}/${sample}`], files: strict });
    const before = planned.virtual.snapshot.paths.get(settings);
    const own = leaves(before?.kind === 'file' ? parse(before.content.toString()) : {});
    const known = leaves(parse(packaged), { maps: true });
    const written = leaves(parse(text(planned, settings))).filter((key) => !own.includes(key));
    expect(written).toContain('public.app.basename');
    expect(written.filter((key) => !known.includes(key))).toEqual([]);
    expect(planned.resolved.warnings).toEqual([
      expect.stringContaining("the client's settings don't have `public.media.livekit.url`"),
    ]);
  });

  it('are written under strict validation where they are known', async () => {
    const files = { ...strict, [catalogue]: withUrl };
    const { node: planned } = await plan({ folders: [`${samples}/${sample}`], files });
    expect(setting(text(planned, settings), 'media.livekit.url')).toBe(`wss://${hostname}/livekit`);
    expect(planned.resolved.warnings).toEqual([]);
  });

  it('are written without it where they are only commented out, as the client reads them', async () => {
    const { node: planned } = await plan({ folders: [`${samples}/${sample}`] });
    expect(packaged).toMatch(/^ +# url: /m);
    expect(setting(text(planned, settings), 'media.livekit.url')).toBe(`wss://${hostname}/livekit`);
    expect(planned.resolved.warnings).toEqual([]);
  });

  it('are those that the host has, not those of its recipe', async () => {
    const gone = packaged.replace(/^ +sip_ws_host:.*\n/m, '').replace(/^ {2}pads:\n.*\n/m, '');
    const { node: planned } = await plan({
      folders: [`${samples}/${sample}`],
      files: { [catalogue]: gone, [settings]: { absent: true } },
    });
    expect(setting(text(planned, settings), 'media.sip_ws_host')).toBeUndefined();
    expect(setting(text(planned, settings), 'pads')).toBeUndefined();
  });
});

/** The names of all values, and of maps where that is asked for. */
function leaves(value: unknown, options: { readonly maps: boolean } = { maps: false }): readonly string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const below = leaves(inner, options).map((one) => `${key}.${one}`);
    return below.length === 0 || options.maps ? [key, ...below] : below;
  });
}

describe('LiveKit’s address, looked for in the settings line by line', () => {
  it.each([
    ['not among what follows', '    livekit:\n      roomOptions: {}\n    other:\n      url: x\n', false],
    ['in a comment', '    livekit:\n      # url: x\n    other: 1\n', false],
    ['below something else', '    livekit:\n      room:\n        url: x\n    other: 1\n', false],
    [
      'after comments and blank lines',
      '    livekit: # new\n\n  # a\n      # b\n      a: 1\n      url: x\n',
      true,
    ],
    ['at once', '    livekit:\n      url:\n', true],
  ])('%s', async (_, lines, known) => {
    const { node: planned } = await plan({
      folders: [`${samples}/4.0`],
      files: { [catalogue]: `public:\n  media:\n${lines}`, [web]: strictly },
    });
    expect(setting(text(planned, settings), 'media.livekit') !== undefined).toBe(known);
  });

  it('in a file with many comments, in no time', async () => {
    const many = '      # a comment\n'.repeat(5000);
    const started = performance.now();
    await plan({
      folders: [`${samples}/4.0`],
      files: { [catalogue]: `public:\n  media:\n    livekit:\n${many}    other: 1\n`, [web]: strictly },
    });
    expect(performance.now() - started).toBeLessThan(60_000);
  });

  const strictly = 'clientSettingsOverrideStrictValidation=true\n';
});

describe('what an operator is told of a release', () => {
  const release = (text: string) => ({ [`${etc}/bigbluebutton-release`]: `BIGBLUEBUTTON_RELEASE=${text}\n` });
  it.each([
    ['3.0', '3.0.27', [expect.stringContaining('upgrade this host to 3.0.28')]],
    ['3.0', '3.0.26', []],
    ['3.0.28', '3.0.28', []],
    ['3.0.28', '3.0.270', []],
    ['3.0-meteor', '3.0.0-alpha.7', [expect.stringContaining('for all nodes behind the proxy')]],
    ['2.6', '2.6.14', []],
  ])('%s as %s', async (sample, version, warnings) => {
    const { node: planned } = await plan({ folders: [`${samples}/${sample}`], files: release(version) });
    expect(planned.resolved.warnings).toEqual(warnings);
  });
});

describe('user_settings_storage', () => {
  it.each(['2.6', '3.0-meteor', '3.0', '3.0.28', '4.0', '4.1'])('is set on %s', async (sample) => {
    const node: FakeHost = { folders: [`${samples}/${sample}`] };
    const { node: planned } = await plan(node, inventory(', user_settings_storage: local'));
    expect(setting(text(planned, settings), 'app.userSettingsStorage')).toBe('local');
    expect(setting(text((await plan(node)).node, settings), 'app.userSettingsStorage')).toBeUndefined();
  });

  it('is not written where the client does not know it, which is said', async () => {
    const node: FakeHost = { folders: [`${samples}/2.4`] };
    const { node: planned } = await plan(node, inventory(', user_settings_storage: local'));
    expect(setting(text(planned, settings), 'app.userSettingsStorage')).toBeUndefined();
    expect(planned.resolved.warnings).toEqual([expect.stringContaining("doesn't know userSettingsStorage")]);
  });
});

describe('client_cache', () => {
  const zone = '/etc/nginx/conf.d/clusterproxy-prod-cache.conf';
  const nodes = '/etc/nginx/clusterproxy/prod/nodes.conf';

  it.each(['2.4', '2.6', '3.0-meteor', '3.0', '4.1'])(
    'keeps copies of the client of %s on the proxy',
    async (sample) => {
      const node: FakeHost = { folders: [`${samples}/${sample}`] };
      const { proxy: planned } = await plan(node, inventory(', client_cache: true'));
      expect(text(planned, zone)).toContain('keys_zone=clusterproxy_prod:10m');
      expect(text(planned, nodes).match(/proxy_cache clusterproxy_prod;/g)).toHaveLength(1);
      expect(planned.handlers).toEqual(['reload-nginx']);
      expect(text(planned, nodes)).toContain('proxy_cache_revalidate on;');
      const { proxy: without } = await plan(node);
      expect(without.changed).not.toContain(zone);
      expect(text(without, nodes)).not.toContain('proxy_cache');
    },
  );
});

describe('client_cache with other proxies', () => {
  const withSoftware = async (software: string, more = '') => {
    const vars = `, client_cache: true, proxy_software: ${software}, proxy_server: include${more}`;
    const main = {
      caddy: ['/etc/caddy/Caddyfile', 'bbb-proxy.example.com {\n}\n'],
      haproxy: ['/etc/haproxy/haproxy.cfg', 'frontend own\n    mode http\n    bind :443 ssl crt /x.pem\n'],
    }[software] ?? ['', ''];
    return planPlaybook(await inventoryFrom(inventory(vars)), {
      'proxy-1': {
        ...proxyHost,
        units: [`${software}.service`],
        files: { [main[0] ?? '']: main[1] ?? '' },
      },
      'bbb-01': { folders: [`${samples}/3.0`] },
    });
  };

  it('is refused for Caddy, which has none', async () => {
    await expect(withSoftware('caddy')).rejects.toThrow(
      expect.objectContaining({
        code: 'unsuitable-host',
        message: expect.stringContaining('Caddy, as it comes, keeps no copies'),
      }),
    );
  });

  it("is HAProxy's own", async () => {
    const planned = (await withSoftware('haproxy')).get('proxy-1');
    const config = planned === undefined ? '' : text(planned, '/etc/haproxy/haproxy.cfg');
    expect(config).toContain('cache clusterproxy:prod\n');
    expect(config).toContain('cache-store clusterproxy:prod ');
  });
});

describe('a node with an address of its own for the proxy', () => {
  it('is reached there, and an address for ssh alone is not', async () => {
    const line = (more: string) =>
      inventory().replace('hostname: bbb-01.example.com', `hostname: bbb-01.example.com, ${more}`);
    const nodes = async (more: string) => {
      const planned = planPlaybook(await inventoryFrom(line(more)), {
        'proxy-1': proxyHost,
        'bbb-01': { folders: [`${samples}/3.0`] },
      }).get('proxy-1');
      return planned === undefined ? '' : text(planned, '/etc/nginx/clusterproxy/prod/nodes.conf');
    };
    expect(await nodes('address: 192.0.2.11')).toContain(
      'proxy_pass https://192.0.2.11/bbb-01/html5client/;',
    );
    expect(await nodes('ssh: {address: 192.0.2.11}')).toContain(
      'proxy_pass https://bbb-01.example.com/bbb-01/',
    );
    expect(await nodes('address: 192.0.2.11, ssh: {address: 198.51.100.1}')).toContain(
      'proxy_pass https://192.0.2.11/',
    );
  });
});

describe('a 4.0 that was upgraded with its Etherpad', () => {
  it('keeps Etherpad in the cluster', async () => {
    const unit = '/usr/lib/systemd/system/etherpad.service';
    const files = { [unit]: readFileSync(`${samples}/3.0.28${unit}`, 'utf8') };
    const { node: planned } = await plan({ folders: [`${samples}/4.0`], files });
    expect(JSON.parse(text(planned, etherpad)).cluster_proxies).toEqual([proxy]);
    expect(planned.handlers).toContain('restart-etherpad');
  });
});

describe('what no recipe is for', () => {
  it.each([
    ['an unknown release', 'BIGBLUEBUTTON_RELEASE=5.0.0\n'],
    ['the one after 4.1', 'BIGBLUEBUTTON_RELEASE=4.2.0\n'],
    ['no BigBlueButton at all', ''],
  ])('is refused: %s', async (_, release) => {
    const node: FakeHost = {
      folders: [`${samples}/3.0`],
      files: { [`${etc}/bigbluebutton-release`]: release },
    };
    await expect(plan(node)).rejects.toThrow(expect.objectContaining({ code: 'unknown-version' }));
  });

  it('is a host where BigBlueButton is not installed, which is told as that', async () => {
    const node: FakeHost = {
      folders: [`${samples}/3.0`],
      files: { [`${etc}/bigbluebutton-release`]: { absent: true } },
    };
    await expect(plan(node)).rejects.toThrow(
      expect.objectContaining({
        code: 'unsuitable-host',
        message:
          'BigBlueButton is not installed on this host: /etc/bigbluebutton/bigbluebutton-release does not exist',
        problem: expect.objectContaining({ next: expect.not.stringContaining('recipe') }),
      }),
    );
  });

  it('is a host without the file that the installer makes', async () => {
    const node: FakeHost = { folders: [`${samples}/3.0`], files: { [web]: { absent: true } } };
    await expect(plan(node)).rejects.toThrow(expect.objectContaining({ code: 'file-missing' }));
  });
});

describe('a cluster of several versions', () => {
  it('gets the locations of each node’s own recipe', async () => {
    const text30 = inventory().replace(
      /( +- \{name: bbb-01.*)/,
      '$1\n    - {name: bbb-02, hostname: bbb-02.example.com}',
    );
    const planned = planPlaybook(await inventoryFrom(text30), {
      'proxy-1': proxyHost,
      'bbb-01': { folders: [`${samples}/2.6`] },
      'bbb-02': { folders: [`${samples}/4.0`] },
    });
    const [host] = [planned.get('proxy-1')];
    const file = host === undefined ? '' : text(host, '/etc/nginx/clusterproxy/prod/nodes.conf');
    expect([...file.matchAll(/^location \^~ (\S+) \{$/gm)].map(([, path]) => path)).toEqual([
      '/bbb-01/html5client/',
      '/bbb-02/html5client/',
      '/bbb-02/bigbluebutton/api',
    ]);
  });
});

describe('an operator’s proxy', () => {
  it('gets an include line in the server block that the inventory names', async () => {
    const site = '/etc/nginx/sites-available/proxy';
    const server = 'server {\n    listen 443 ssl;\n    server_name bbb-proxy.example.com;\n}\n';
    const planned = planPlaybook(
      await inventoryFrom(inventory(`, proxy_server: include, server_file: ${site}`)),
      {
        'proxy-1': {
          ...proxyHost,
          files: { [site]: server, '/etc/nginx/sites-enabled/proxy': { link: site } },
        },
        'bbb-01': { folders: [`${samples}/4.0`] },
      },
    );
    const host = planned.get('proxy-1');
    expect(host?.changed.filter((path) => path.endsWith('clusterproxy-prod.conf'))).toEqual([]);
    expect(host === undefined ? '' : text(host, site)).toBe(
      server.replace('}\n', '    include /etc/nginx/clusterproxy/prod/*.conf;\n}\n'),
    );
  });
});

describe('a host that was set up by a guide', () => {
  const client = '/usr/share/bigbluebutton/nginx/bbb-html5.nginx';
  const balancer = '/usr/share/bigbluebutton/nginx/loadbalancer.nginx';
  const clusterConf = `${units}/bbb-html5-frontend@.service.d/cluster.conf`;
  const defaults = '/etc/default/bbb-web';
  const folder = `${samples}/2.6`;
  const packaged = (path: string) => readFileSync(`${folder}${path}`, 'utf8');
  const node: FakeHost = {
    folders: [folder],
    files: {
      [client]: packaged(client).replaceAll('location /html5client', 'location /bbb-01/html5client'),
      [balancer]: packaged(balancer).replace("''", `'${proxy}'`),
      [clusterConf]: `[Service]\nEnvironment=${meteorEnvironment.join('\nEnvironment=')}\n`,
      [defaults]: `${packaged(defaults).trimEnd()}\nJDK_JAVA_OPTIONS="-Dgrails.cors.enabled=true -Dgrails.cors.allowedOrigins=${proxy},https://https://${hostname}"\n`,
    },
  };

  it('is refused with a list of what was found', async () => {
    await expect(plan(node)).rejects.toThrow(
      expect.objectContaining({ code: 'set-up-by-hand', message: expect.stringContaining(`${client}:`) }),
    );
  });

  it('is brought over with adopt: the packages’ files are as they were', async () => {
    const { node: planned } = await plan(node, inventory(', adopt: true'));
    expect(text(planned, client)).toBe(packaged(client));
    expect(text(planned, balancer)).toBe(packaged(balancer));
    expect(planned.virtual.state(clusterConf)).toEqual({ kind: 'absent' });
    expect(text(planned, defaults).trimEnd()).toBe(packaged(defaults).trimEnd());
    expect(text(planned, webDropIn)).toContain(corsOptions.join(' '));
  });
});

describe("client_locations: stock-file, in the package's file", () => {
  it.each(['2.4', '2.6', '3.0-meteor', '4.0', '4.1'])('edits the sample %s in place', async (sample) => {
    const { node: planned } = await plan(
      { folders: [`${samples}/${sample}`] },
      inventory(', client_locations: stock-file'),
    );
    const source = `${sample === '2.4' ? etc : '/usr/share/bigbluebutton'}/nginx/bbb-html5.nginx`;
    expect(text(planned, source)).toContain('location /bbb-01/html5client');
    expect(text(planned, source)).not.toMatch(/^location \/html5client/m);
    expect(planned.changed).not.toContain(afterStock);
  });
});
