import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { inventoryFrom, planPlaybook } from '../support/plan-playbook.ts';
import { textAt } from '../support/run-step.ts';
import type { FakeHost } from '../support/snapshot-from-folder.ts';

/** What guides and roles of others leave on hosts, and what becomes of it. */

const samples = `${import.meta.dirname}/../../playbooks/samples/bigbluebutton`;
const proxyHost: FakeHost = {
  folders: [`${samples}/proxy`],
  packages: { 'ca-certificates': '1' },
  units: ['nginx.service'],
};

const inventory = (vars: string) => `playbook: bigbluebutton
cluster: {name: prod, hostname: bbb-proxy.example.com}
vars: {restart: minimal${vars}}
hosts:
  proxy: [{name: proxy-1, address: 192.0.2.5}]
  node: [{name: bbb-01, hostname: bbb-01.example.com}]
`;

async function planNode(sample: string, files: NonNullable<FakeHost['files']>, vars = ', adopt: true') {
  const planned = planPlaybook(await inventoryFrom(inventory(vars)), {
    'proxy-1': proxyHost,
    'bbb-01': { folders: [`${samples}/${sample}`], files },
  });
  const node = planned.get('bbb-01');
  if (node === undefined) throw new Error('the node was not planned');
  return { ...node, text: (path: string) => textAt(node.virtual, path) };
}

const site = '/etc/nginx/sites-available/bigbluebutton';
const siteText = readFileSync(`${samples}/3.0.28${site}`, 'utf8');
const handmade = `    set $bbb_cors_origin 'https://old-proxy.example.com';
    rewrite ^/bbb-01/(.*)$ /$1 last;
    location = /html5client/locale { return 301 /bbb-01$request_uri; }
`;
const siteByHand = siteText.replace('    include /etc/big', `${handmade}    include /etc/big`);
const drops = '/etc/systemd/system';
const meteor = `[Service]
Environment=ROOT_URL=https://127.0.0.1/bbb-01/html5client
Environment=DDP_DEFAULT_CONNECTION_URL=https://bbb-01.example.com/bbb-01/html5client
`;
const packagedUnit = '/usr/lib/systemd/system/bbb-html5-frontend@.service';
const unitText = readFileSync(`${samples}/2.6${packagedUnit}`, 'utf8');
const yml = '/etc/bigbluebutton/bbb-html5.yml';
const graphqlDefaults = '/etc/default/bbb-graphql-server';

/** What is found, in which sample, how it is told, and what remains of the file. */
const cases: readonly (readonly [string, string, string, string, RegExp, string | undefined])[] = [
  [
    'a site with a rewrite, as an Ansible role leaves it',
    '3.0.28',
    site,
    siteByHand,
    /bigbluebutton:\d+: rewrite \^\/bbb-01\//,
    siteText,
  ],
  [
    'a unit that was edited below /usr/lib',
    '2.6',
    packagedUnit,
    unitText.replace('[Service]\n', meteor),
    /bbb-html5-frontend@\.service: sets ROOT_URL; .*sets DDP_DEFAULT_CONNECTION_URL/,
    unitText,
  ],
  [
    'a drop-in of a unit that starts others only',
    '2.6',
    `${drops}/bbb-html5.service.d/cluster.conf`,
    meteor,
    /cluster\.conf: sets ROOT_URL/,
    undefined,
  ],
  [
    'a drop-in of a unit that is gone',
    '3.0.28',
    `${drops}/bbb-html5-frontend@.service.d/cluster.conf`,
    `${meteor}Environment=MINE=1\n`,
    /cluster\.conf: sets ROOT_URL/,
    '[Service]\nEnvironment=MINE=1\n',
  ],
  [
    'GraphQL’s origin in the file that does not count',
    '3.0.28',
    graphqlDefaults,
    'MINE=1\nHASURA_GRAPHQL_CORS_DOMAIN="https://old-proxy.example.com"\n',
    /bbb-graphql-server: sets HASURA_GRAPHQL_CORS_DOMAIN/,
    'MINE=1\n',
  ],
];

describe('what was set up by hand on a node', () => {
  it.each(cases)('%s: is refused with a list, and brought over with adopt', async (...one) => {
    const [, sample, path, before, words, after] = one;
    await expect(planNode(sample, { [path]: before }, '')).rejects.toThrow(
      expect.objectContaining({
        code: 'set-up-by-hand',
        message: expect.stringMatching(words),
      }),
    );
    expect((await planNode(sample, { [path]: before })).text(path)).toBe(after);
  });

  it('is not what a package brings', async () => {
    for (const sample of ['2.4', '2.6', '3.0-meteor', '3.0', '3.0.28', '4.0', '4.1']) {
      expect((await planNode(sample, {}, '')).changed.length).toBeGreaterThan(0);
    }
  });

  it('includes the notes of another release, and leaves what stands beside them', async () => {
    const before = "public:\n  note:\n    url: 'https://bbb-01.example.com/pad'\n    mine: 1\n";
    await expect(planNode('2.6', { [yml]: before }, '')).rejects.toThrow(/sets public\.note\.url/);
    const after = (await planNode('2.6', { [yml]: before })).text(yml);
    expect(after).toContain('  note:\n    mine: 1\n');
    expect(after).not.toContain('note:\n    url:');
  });

  it('loses only the cluster’s lines: an operator’s own stay in the guide’s file', async () => {
    const path = '/etc/bigbluebutton/nginx/bbb-cluster.nginx';
    const own = '# monitoring\nlocation = /exporter { return 200 "ok"; }\nclient_max_body_size 500m;\n';
    const cluster = `set $bbb_cors_origin 'https://bbb-proxy.example.com/';
location /bbb-01/html5client {
    alias /usr/share/bigbluebutton/html5-client/;
}
location =/html5client/locale {
  return 301 /bbb-01$request_uri;
}
`;
    const node = await planNode('3.0.28', { [path]: cluster + own });
    expect(node.text(path)).toBe(own);
    expect(node.text('/etc/bigbluebutton/nginx/aa-clusterproxy.nginx')).toContain('set $bbb_cors_origin');
    expect(node.resolved.steps.map(({ id }) => id)).toContain('client-locations');
  });
});

describe('a location by a regular expression on a proxy', () => {
  const warningsOf = async (location: string, name = 'bbb-proxy.example.com') => {
    const file = '/etc/nginx/sites-enabled/own';
    const text = `server {\n  listen 443 ssl;\n  server_name ${name};\n  ${location}\n}\n`;
    const planned = planPlaybook(
      await inventoryFrom(inventory(`, proxy_server: include, server_file: ${file}, server_name: ${name}`)),
      {
        'proxy-1': { ...proxyHost, files: { [file]: text } },
        'bbb-01': { folders: [`${samples}/3.0.28`] },
      },
    );
    return planned.get('proxy-1')?.warnings ?? [];
  };

  it.each([
    [String.raw`location ~* ^/bbb-01/html5client/.+\.(ico|css|js|png)$ { proxy_pass https://bbb-01; }`],
    [String.raw`location ~ ^/bbb-\d+/html5client/ { proxy_pass https://bbb-01; }`],
    [String.raw`location ~* "^/(?P<node>bbb-[0-9]{2})/html5client/.+\.js$" { proxy_pass https://$node; }`],
  ])('that is meant for the client is named: %s', async (location) => {
    expect(await warningsOf(location)).toEqual([
      expect.stringMatching(/own:4: location ~.* is no longer used .*"client_cache: true"/),
    ]);
  });

  it('that is meant for any file is left alone', async () => {
    expect(await warningsOf(String.raw`location ~* \.(js|css)$ { expires 1h; }`)).toEqual([]);
    expect(await warningsOf('location ~ ^/learn/ { return 404; }')).toEqual([]);
  });
});
