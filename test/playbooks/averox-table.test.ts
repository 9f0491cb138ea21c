import { diffLines } from 'diff';
import { getProperties } from 'properties-file';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { guardProgram } from '../support/guard-program.ts';
import { stageOf } from '../support/host-plan.ts';
import { nginxTest, withoutNginx } from '../support/nginx-oracle.ts';
import { inventoryFrom, type PlannedHost, planPlaybook } from '../support/plan-playbook.ts';
import { textAt } from '../support/run-step.ts';
import { carriedOut, planFor, planOf, snapshotsOf } from '../support/sample-cluster.ts';
import { type FakeHost, stock } from '../support/snapshot-from-folder.ts';

/**
 * What the playbook writes on Averox hosts, from the public guide with its errors put right, and from Averox'
 * source.
 */

const samples = `${import.meta.dirname}/../../playbooks/samples/averox`;
const units = '/etc/systemd/system';
const hostname = 'avx-01.example.com';
const proxy = 'https://avx-proxy.example.com';
const byReferer = '/etc/nginx/clusterproxy/prod/api-by-referer.conf';
const nodesFile = '/etc/nginx/clusterproxy/prod/nodes.conf';
const web = '/etc/averox/avx-web.properties';
const settings = '/etc/averox/avx-html5.yml';
const etherpad = '/etc/averox/etherpad.json';
const locations = '/etc/averox/nginx/zz-clusterproxy.nginx';
const webDropIn = `${units}/avx-web.service.d/zz-clusterproxy.conf`;
const meteorDropIn = `${units}/avx-html5.service.d/zz-clusterproxy.conf`;
const middleware = '/etc/default/avx-graphql-middleware';
const graphqlServer = '/etc/default/avx-graphql-server';
const meteor = '/usr/share/meteor/bundle/programs';
const client = `${meteor}/web.browser/client.js`;
const plugin = '/usr/share/etherpad-lite/node_modules/ep_averox_patches/index.js';

/** Every file that is written on a node: all of it that counts. */
const files: Readonly<Record<string, readonly RegExp[]>> = {
  [web]: [],
  [settings]: [],
  [etherpad]: [],
  [locations]: [/^set \$avx_loadbalancer_node 'https:\/\/avx-proxy\.example\.com';$/m],
  [webDropIn]: [
    /-Dgrails\.cors\.enabled=true/,
    /-Dgrails\.cors\.allowCredentials=true/,
    /-Dgrails\.cors\.allowedOrigins=https:\/\/avx-proxy\.example\.com,https:\/\/avx-01\.example\.com["'\s]/,
  ],
  [meteorDropIn]: [
    /ROOT_URL=https:\/\/127\.0\.0\.1\/avx-01\/html5client\b/,
    /DDP_DEFAULT_CONNECTION_URL=https:\/\/avx-01\.example\.com\/avx-01\/html5client\b/,
  ],
  // The variable keeps BigBlueButton's name; the origin's host alone.
  [middleware]: [/^BBB_GRAPHQL_MIDDLEWARE_ORIGIN="?avx-proxy\.example\.com"?$/m],
  [graphqlServer]: [/^HASURA_GRAPHQL_CORS_DOMAIN="?https:\/\/avx-proxy\.example\.com"?$/m],
};

const webKeys = {
  'averox.web.logoutURL': 'default',
  defaultHTML5ClientUrl: `${proxy}/avx-01/html5client/join`,
  presentationBaseURL: `https://${hostname}/averox/presentation`,
  accessControlAllowOrigin: proxy,
  graphqlWebsocketUrl: `wss://${hostname}/graphql`,
  graphqlApiUrl: `https://${hostname}/api/rest`,
};

const clientKeys = {
  app: {
    basename: '/avx-01/html5client',
    avxWebBase: `https://${hostname}/averox`,
    learningDashboardBase: `https://${hostname}/learning-analytics-dashboard`,
  },
  media: {
    stunTurnServersFetchAddress: `https://${hostname}/averox/api/stuns`,
    sip_ws_host: hostname,
  },
  kurento: { wsUrl: `wss://${hostname}/avx-webrtc-sfu` },
  presentation: { uploadEndpoint: `https://${hostname}/averox/presentation/upload` },
  pads: { url: `https://${hostname}/pad` },
};

const inventory = (vars = '', node = '') => `
playbook: averox
cluster: {name: prod, hostname: avx-proxy.example.com}
vars: {restart: minimal${vars}}
hosts:
  proxy:
    - {name: proxy-1, address: 192.0.2.5}
  node:
    - {name: avx-01, hostname: ${hostname}${node}}
`;

const proxyHost: FakeHost = {
  folders: [`${samples}/proxy`],
  units: ['nginx.service'],
  packages: { 'ca-certificates': '20230311' },
};
const node: FakeHost = { folders: [`${samples}/3.0`] };

async function plan(host: FakeHost = node, text = inventory()) {
  const planned = planPlaybook(await inventoryFrom(text), { 'proxy-1': proxyHost, 'avx-01': host });
  const [one, other] = [planned.get('avx-01'), planned.get('proxy-1')];
  if (one === undefined || other === undefined) throw new Error('a host was not planned');
  return { node: one, proxy: other };
}

const text = ({ virtual }: PlannedHost, path: string) => textAt(virtual, path) ?? '';

/** What a host had at a path before, empty where nothing. */
function before({ virtual }: PlannedHost, path: string): string {
  const state = virtual.snapshot.paths.get(path);
  const file = state?.kind === 'symlink' ? state.resolved : state;
  return file?.kind === 'file' ? file.content.toString() : '';
}

/** The rows that hold for the samples and for the packages' own files alike. */
function expectNode(planned: PlannedHost): void {
  const made = planned.changed.filter((path) => planned.virtual.state(path).kind === 'file');
  expect(planned.resolved.recipe).toMatchObject({
    name: '3.0-meteor',
    reason: 'Averox 3.0 with avx-html5.service, from before its client became static files',
  });
  expect(made).toEqual(Object.keys(files).sort());
  for (const [path, wanted] of Object.entries(files)) {
    for (const one of wanted) expect(text(planned, path), path).toMatch(one);
    expect(text(planned, path)).not.toMatch(/https:\/\/https:|wss:.*v1\/graphql|\/learning-dashboard/);
  }
  expect(getProperties(text(planned, web))).toEqual({ ...getProperties(before(planned, web)), ...webKeys });
  expect(parse(text(planned, settings)).public).toMatchObject(clientKeys);
  expect(parse(text(planned, settings)).public.note).toBeUndefined();
  expect(JSON.parse(text(planned, etherpad))).toEqual({ cluster_proxies: [proxy] });
  const stockLocations = before(planned, '/usr/share/averox/nginx/avx-html5.nginx');
  const paths = [...stockLocations.matchAll(/^location (\/\S+) \{$/gm)].map(([, path]) => path);
  expect(paths.length).toBeGreaterThan(5);
  expect([...text(planned, locations).matchAll(/^location \^~ (\S+) \{$/gm)].map(([, path]) => path)).toEqual(
    paths.map((path) => `/avx-01${path}`),
  );
  expect(planned.handlers).toEqual([
    'reload-nginx',
    'restart-etherpad',
    'restart-graphql-server',
    'restart-graphql-middleware',
    'restart-avx-html5',
    'restart-avx-apps-akka',
    'restart-avx-web',
  ]);
}

/** Lines of files that others have keys in too: those that came or went, but not for a key of ours. */
const ours: Readonly<Record<string, RegExp>> = {
  [web]:
    /^(?:defaultHTML5ClientUrl|presentationBaseURL|accessControlAllowOrigin|graphql\w+|averox\.web\.logoutURL)=/,
  [middleware]: /^BBB_GRAPHQL_MIDDLEWARE_ORIGIN=/,
  [graphqlServer]: /^HASURA_GRAPHQL_CORS_DOMAIN=/,
};

function expectNothingElse(planned: PlannedHost): void {
  for (const [path, pattern] of Object.entries(ours)) {
    const old = before(planned, path).replace(/([^\n])$/, '$1\n');
    const strange = diffLines(old, text(planned, path))
      .filter(({ added, removed }) => added || removed)
      .flatMap(({ value }) => value.split('\n'))
      .filter((line) => line.trim() !== '' && !pattern.test(line));
    expect(strange, path).toEqual([]);
  }
}

function expectLoads(planned: PlannedHost): void {
  const http = [
    'limit_conn_zone $uri zone=ws_zone:5m;',
    'proxy_cache_path /var/log/nginx/cache keys_zone=client_settings_cache:1m;',
    'server { listen 127.0.0.1:18080; set $real_scheme http; include /etc/averox/nginx/*.nginx; }',
  ].join('\n');
  expect(nginxTest({ http, host: planned.virtual })).toBe('');
}

describe('an Averox node', () => {
  it('gets these files and keys, and no others', async () => {
    const planned = (await plan()).node;
    expectNode(planned);
    expectNothingElse(planned);
  });

  it('gets nothing of BigBlueButton’s, but for what Averox did not rename', async () => {
    for (const planned of Object.values(await plan())) {
      const { resolved, changed } = planned;
      const texts = [
        ...changed,
        ...changed.map((path) => text(planned, path)),
        // What asks for meetings is BigBlueButton's own program.
        JSON.stringify(resolved.handlers, (key, value) => (key === 'program' ? undefined : value)),
      ];
      for (const one of texts)
        expect(one.replaceAll('BBB_GRAPHQL_MIDDLEWARE', '')).not.toMatch(/bbb|bigbluebutton/i);
    }
  });

  it('is asked by its own API and restarted by its own program', async () => {
    const { node: planned } = await plan(node, inventory().replace('restart: minimal', 'restart: full'));
    const all = planned.resolved.handlers.find(({ id }) => id === 'restart-all');
    expect(all?.actions).toEqual([
      { kind: 'daemon-reload' },
      { kind: 'command', argv: ['avx-conf', '--restart'] },
    ]);
    expect(all?.rewrites).toEqual([web, '/etc/averox/avx-webrtc-sfu/production.yml']);
    expect(planned.resolved.guards.map(({ query }) => query)).toEqual([
      {
        kind: 'program',
        program: guardProgram('bbb-meetings.sh'),
        args: [
          'http://127.0.0.1:8090/averox/api',
          'restart-avx-web restart-all',
          '8378 4100-4139',
          '3008',
          '0',
          '/usr/share/avx-web/WEB-INF/classes/averox.properties',
          web,
          '--',
        ],
      },
      {
        kind: 'program',
        program: guardProgram('bbb-recordings.sh'),
        args: ['/var/averox/recording', 'restart-all'],
      },
    ]);
    const [answer] = planned.resolved.handlers
      .flatMap(({ checks }) => checks)
      .flatMap((check) => (check.kind === 'http' ? [check] : []));
    expect(answer).toMatchObject({
      url: 'http://127.0.0.1:8090/averox/api',
      contains: [`wss://${hostname}/graphql`, `https://${hostname}/api/rest`],
    });
  });

  it('gets the key of LiveKit only where the client knows it', async () => {
    const known = `${meteor}/server/assets/app/config/settings.yml`;
    const { node: planned } = await plan({
      ...node,
      files: { [known]: 'public:\n  media:\n    livekit:\n      url: x\n' },
    });
    expect(parse(text(planned, settings)).public.media.livekit).toEqual({ url: `wss://${hostname}/livekit` });
    expect(parse(text((await plan()).node, settings)).public.media.livekit).toBeUndefined();
  });

  it.skipIf(withoutNginx)('gets files that nginx loads', async () => {
    expectLoads((await plan()).node);
  });

  it.each(['2.7.3', '3.1.0', '', 'next'])('of release "%s" is refused', async (release) => {
    const other = { ...node, files: { '/etc/averox/averox-release': `BIGBLUEBUTTON_RELEASE=${release}\n` } };
    await expect(plan(other)).rejects.toThrow(
      expect.objectContaining({
        code: 'unknown-version',
        message: expect.stringMatching(/^no recipe for Averox .*; known recipes: 3\.0-meteor$/s),
      }),
    );
  });

  it('with a static client is refused: nobody has seen one', async () => {
    const without = {
      ...node,
      files: { '/usr/lib/systemd/system/avx-html5.service': { absent: true as const } },
    };
    await expect(plan(without)).rejects.toThrow(expect.objectContaining({ code: 'unknown-version' }));
  });
});

describe('where Etherpad’s plugin reads its file', () => {
  const reading = (path: string): FakeHost => ({
    ...node,
    files: { [plugin]: `const fs = require('fs');\nconst OVERRIDE_CONFIG_PATH = '${path}';\n` },
  });
  const written = (planned: PlannedHost) => planned.changed.filter((path) => path.endsWith('etherpad.json'));
  const unknown = /^the file in which Etherpad's plugin looks up .* isn't known/;

  it.each(['/etc/averox/etherpad.json', '/etc/bigbluebutton/etherpad.json'])(
    'is read from the plugin itself: %s',
    async (path) => {
      const { node: planned } = await plan(reading(path), inventory(', etherpad_file: /etc/else/pad.json'));
      expect(written(planned)).toEqual([path]);
      expect(JSON.parse(text(planned, path))).toEqual({ cluster_proxies: [proxy] });
      expect(planned.resolved.warnings).not.toContainEqual(expect.stringMatching(unknown));
    },
  );

  it('is as the guide says where the plugin does not tell, and the plan says so', async () => {
    const { node: planned } = await plan();
    expect(written(planned)).toEqual([etherpad]);
    expect(planned.resolved.warnings).toContainEqual(expect.stringMatching(unknown));
  });

  it('can be said in the inventory', async () => {
    const { node: planned } = await plan(node, inventory(', etherpad_file: /etc/averox/pads/etherpad.json'));
    expect(written(planned)).toEqual(['/etc/averox/pads/etherpad.json']);
  });
});

describe('how the client asks for the API', () => {
  const asking = (path: string): FakeHost => ({ ...node, files: { [client]: `a={index:{path:${path}}}` } });
  const about = (planned: PlannedHost) =>
    planned.resolved.warnings.filter((warning) => !warning.includes('Etherpad'));

  it.each([`"/averox/api"`, `'/averox/api'`, '`/averox/api`'])(
    'is a reason for a warning where it leaves out the node’s path: %s',
    async (path) => {
      const { node: planned, proxy: relay } = await plan(asking(path));
      expect(about(planned)).toEqual([
        expect.stringMatching(
          /asks for https:\/\/avx-proxy\.example\.com\/averox\/api, .*api_by_referer: true/,
        ),
      ]);
      expect(relay.changed).not.toContain(byReferer);
    },
  );

  it('gets the stopgap on the proxy, and then there is nothing to warn of', async () => {
    const { node: planned, proxy: relay } = await plan(node, inventory(', api_by_referer: true'));
    expect(about(planned)).toEqual([]);
    expect(relay.changed).toContain(byReferer);
    expect(relay.handlers).toEqual(['reload-nginx']);
    const file = text(relay, byReferer);
    expect(file).toContain('location = /averox/api {');
    expect(file).toContain('"^https://avx-proxy[.]example[.]com/(?<clusterproxy_node>');
  });

  it('needs nothing where it asks below its own path', async () => {
    expect(about((await plan(asking('"averox/api"'))).node)).toEqual([]);
    const { node: planned } = await plan(asking('"averox/api"'), inventory(', api_by_referer: true'));
    expect(about(planned)).toEqual([expect.stringMatching(/finds its node by itself/)]);
  });

  it('is said not to be known where nothing tells', async () => {
    const { node: planned } = await plan({ ...node, files: { [client]: { absent: true } } });
    expect(about(planned)).toEqual([expect.stringMatching(/isn't known/)]);
  });

  it('is one answer for the whole cluster', async () => {
    await expect(inventoryFrom(inventory('', ', vars: {api_by_referer: true}'))).rejects.toThrow();
  });
});

describe('the proxy of Averox nodes', () => {
  it('relays the client, and the API below the node’s path', async () => {
    const { proxy: planned } = await plan();
    const file = text(planned, nodesFile);
    expect(
      [...file.matchAll(/^location \^~ (\S+) \{\n {4}proxy_pass (\S+);$/gm)].map(([, ...pair]) => pair),
    ).toEqual([
      ['/avx-01/html5client/', `https://${hostname}/avx-01/html5client/`],
      ['/avx-01/averox/api', `https://${hostname}/averox/api`],
    ]);
  });
});

describe('on the unmodified files of Averox 3.0.0-beta.1', () => {
  const folder = stock('averox-3.0.0-beta.1');
  if (folder === undefined) {
    it.skip('needs the unmodified files in ../shared/stock: CONTRIBUTING.md says how to get them', () => {});
    return;
  }
  const host: FakeHost = {
    folders: [folder],
    files: {
      [web]: 'securitySalt=0123456789abcdef\naverox.web.serverURL=https://avx-01.example.com\n',
      '/etc/averox/nginx/include_default.nginx': { link: '/usr/share/averox/include_default.nginx' },
    },
  };

  it('it is the same, and no package’s file below /usr changes', async () => {
    const { node: planned } = await plan(host);
    expectNode(planned);
    expectNothingElse(planned);
    expect(planned.changed.filter((path) => path.startsWith('/usr/'))).toEqual([]);
  });

  it.skipIf(withoutNginx)('nginx loads them', async () => {
    expectLoads((await plan(host)).node);
  });
});

describe('an Averox cluster over time', () => {
  const hosts = { 'proxy-1': proxyHost, 'avx-01': node };

  it('has nothing to do a second time', async () => {
    const given = await inventoryFrom(inventory(', api_by_referer: true'));
    const first = planOf(given, snapshotsOf(given, hosts));
    expect(first.map(({ problem }) => problem)).toEqual([undefined, undefined]);
    const second = planOf(given, carriedOut(first));
    expect(second.map((plan) => [plan.problem, stageOf(plan).changes, stageOf(plan).handlers])).toEqual([
      [undefined, [], []],
      [undefined, [], []],
    ]);
  });

  it('loses the stopgap when the inventory no longer asks for it', async () => {
    const given = await inventoryFrom(inventory(', api_by_referer: true'));
    const done = carriedOut(planOf(given, snapshotsOf(given, hosts)));
    const relay = planFor(planOf(await inventoryFrom(inventory()), done), 'proxy-1');
    expect(stageOf(relay).changes.map(({ path, action }) => [path, action])).toEqual([[byReferer, 'delete']]);
    expect(stageOf(relay).handlers.map(({ handler }) => handler.id)).toEqual(['reload-nginx']);
  });

  it('gives a node that retires its files back, byte for byte', async () => {
    const given = await inventoryFrom(inventory());
    const fresh = snapshotsOf(given, hosts);
    const done = carriedOut(planOf(given, fresh));
    const retired = await inventoryFrom(inventory('', ', state: retired'));
    const after = carriedOut(planOf(retired, done)).get('avx-01');
    const was = fresh.get('avx-01');
    const changed = [...(was?.paths ?? [])].filter(
      ([path, state]) => JSON.stringify(after?.paths.get(path)) !== JSON.stringify(state),
    );
    // A default of the playbook's is nobody's, and stays.
    expect(changed.map(([path]) => path)).toEqual([web]);
    expect(fileText(after, web).replace('averox.web.logoutURL=default\n', '')).toBe(fileText(was, web));
    expect([...(after?.paths ?? [])].filter(([path]) => path.includes('clusterproxy'))).toEqual(
      [...(was?.paths ?? [])].filter(([path]) => path.includes('clusterproxy')),
    );
  });
});

function fileText(snapshot: Snapshot | undefined, path: string): string {
  const state = snapshot?.paths.get(path);
  return state?.kind === 'file' ? state.content.toString() : '';
}
