import { describe, expect, it } from 'vitest';
import type { Query } from '../../../src/model/reads.ts';
import { noReads } from '../../../src/model/reads.ts';
import { node, unresolvedNodes, unresolvedProblem } from '../../../src/steps/relay/nodes.ts';
import { nginxTest, withoutNginx } from '../../support/nginx-oracle.ts';
import { mistakes, runStep } from '../../support/run-step.ts';
import { startNginx } from '../../support/running-nginx.ts';
import { snapshotOf } from '../../support/snapshot-from-folder.ts';

const path = '/etc/nginx/clusterproxy/prod/nodes.conf';

function nodeNamed(name: string, more: object = {}) {
  const hostname = `${name}.example.com`;
  return {
    name,
    hostname,
    address: '192.0.2.11',
    state: 'active',
    known: true,
    vars: {},
    facts: { release: '3.0' },
    recipe: {
      name: '3.0',
      verify: true,
      locations: [
        { path: `/${name}/html5client/`, target: `https://${hostname}/${name}/html5client/` },
        { path: `/${name}/bigbluebutton/api`, target: `https://${hostname}/bigbluebutton/api` },
      ],
    },
    ...more,
  };
}

const parameters = {
  path,
  server_name: 'bbb-proxy.example.com',
  nodes: [nodeNamed('bbb-01'), nodeNamed('bbb-02')],
};
const packages = { 'ca-certificates': '20230311' };

describe('nginx-locations', () => {
  it('writes one block for each node', () => {
    const { text, managed, warnings } = runStep(
      'nginx-locations',
      { ...parameters, nodes: [nodeNamed('bbb-01')] },
      { packages },
    );
    expect(warnings).toEqual([]);
    expect(managed).toEqual([{ path, format: 'nginx-block', key: ['bbb-01'] }]);
    expect(text(path)).toBe(`# The nodes of a cluster; written by clusterproxy, step the-step.
# clusterproxy: begin bbb-01
location ^~ /bbb-01/html5client/ {
    proxy_pass https://bbb-01.example.com/bbb-01/html5client/;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "Upgrade";
    proxy_ssl_server_name on;
    proxy_ssl_name bbb-01.example.com;
    proxy_ssl_verify on;
    proxy_ssl_verify_depth 3;
    proxy_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;
    absolute_redirect off;
    if ($uri ~ "/[.][.]?;") { return 400; }
}

location ^~ /bbb-01/bigbluebutton/api {
    proxy_pass https://bbb-01.example.com/bigbluebutton/api;
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "Upgrade";
    proxy_ssl_server_name on;
    proxy_ssl_name bbb-01.example.com;
    proxy_ssl_verify on;
    proxy_ssl_verify_depth 3;
    proxy_ssl_trusted_certificate /etc/ssl/certs/ca-certificates.crt;
    absolute_redirect off;
    if ($uri ~ "/[.][.]?;") { return 400; }
}
# clusterproxy: end bbb-01
`);
  });

  it('trusts the authorities of Red Hat and its kin, or the operator’s', () => {
    const os = { id: 'rocky', name: 'Rocky Linux 9' };
    expect(runStep('nginx-locations', parameters, { packages, os }).text(path)).toContain(
      '/etc/pki/tls/certs/ca-bundle.crt;',
    );
    const mine = { ...parameters, trusted_certificate: '/etc/ssl/school.pem' };
    expect(runStep('nginx-locations', mine, {}).text(path)).toContain(
      'proxy_ssl_trusted_certificate /etc/ssl/school.pem;',
    );
    const missing: Query = { kind: 'command', args: ['test', '-r', '/etc/ssl/school.pem'] };
    expect(() =>
      runStep('nginx-locations', mine, { answers: [[missing, { status: 1, output: '' }]] }),
    ).toThrow(expect.objectContaining({ code: 'certificate-missing' }));
    expect(() => runStep('nginx-locations', parameters, {})).toThrow(/ca-certificates/);
  });

  it('checks no certificate where a node has verify: false', () => {
    const recipe = { ...nodeNamed('bbb-01').recipe, verify: false };
    const { text } = runStep(
      'nginx-locations',
      { ...parameters, nodes: [nodeNamed('bbb-01', { recipe })] },
      {},
    );
    expect(text(path)).toContain('proxy_ssl_name bbb-01.example.com;');
    expect(text(path)).not.toContain('proxy_ssl_verify');
  });

  describe('keeps the block', () => {
    const before = runStep('nginx-locations', parameters, { packages }).text(path) ?? '';
    const there = { packages, files: { [path]: before } };

    it('of a node that could not be looked at', () => {
      const nodes = [nodeNamed('bbb-01'), { ...nodeNamed('bbb-02', { known: false }), recipe: undefined }];
      const { changed, warnings, managed } = runStep('nginx-locations', { ...parameters, nodes }, there);
      expect(changed).toEqual([]);
      expect(managed.map(({ key }) => key[0])).toEqual(['bbb-01', 'bbb-02']);
      expect(warnings).toEqual(['bbb-02 could not be inspected: its locations stay as they are']);
    });

    it('of a node whose name does not resolve, and still does the others', () => {
      const { recipe } = nodeNamed('bbb-01');
      const changed = nodeNamed('bbb-01', { recipe: { ...recipe, locations: recipe.locations.slice(0, 1) } });
      const host = { ...there, names: ['bbb-01.example.com'] };
      const { text, warnings } = runStep(
        'nginx-locations',
        { ...parameters, nodes: [changed, nodeNamed('bbb-02')] },
        host,
      );
      expect(text(path)).toContain('location ^~ /bbb-02/html5client/');
      expect(text(path)).not.toContain('/bbb-01/bigbluebutton/api');
      expect(warnings).toEqual([
        'bbb-02.example.com does not resolve on this host: its locations stay as they are for bbb-02, and nginx refuses to load them until it does',
      ]);
    });

    it('of a node that is not in the inventory, unless it is to be pruned', () => {
      const nodes = [nodeNamed('bbb-01')];
      const { changed, warnings, managed } = runStep('nginx-locations', { ...parameters, nodes }, there);
      expect(changed).toEqual([]);
      expect(managed).toHaveLength(2);
      expect(warnings[0]).toContain("bbb-02 isn't in the inventory");
      for (const prune of [['bbb-02'], ['bbb-02', 'bbb-77']]) {
        expect(runStep('nginx-locations', { ...parameters, nodes, prune }, there).text(path)).not.toContain(
          'bbb-02',
        );
      }
      expect(
        runStep('nginx-locations', { ...parameters, nodes, prune: ['bbb-0'] }, there).text(path),
      ).toContain('bbb-02');
      const pruned = runStep('nginx-locations', { ...parameters, nodes, prune: true }, there);
      expect(pruned.text(path)).not.toContain('bbb-02');
      expect(pruned.drops).toEqual(['the locations of bbb-02']);
      expect(pruned.warnings).toEqual([
        "the locations of bbb-02 are removed, as it isn't in the inventory: people whose page was loaded through them are cut off",
      ]);
    });

    it('of a node that is not in the inventory, and says whose former name it may be', () => {
      const renamed = nodeNamed('bbb-09', { hostname: 'bbb-02.example.com' });
      const locations = nodeNamed('bbb-02').recipe.locations.map((one) => ({
        ...one,
        path: one.path.replace('bbb-02', 'bbb-09'),
      }));
      const nodes = [nodeNamed('bbb-01'), { ...renamed, recipe: { ...renamed.recipe, locations } }];
      for (const prune of [true, false]) {
        expect(runStep('nginx-locations', { ...parameters, nodes, prune }, there).warnings).toEqual([
          expect.stringContaining("they lead where those of bbb-09 do, so it may be bbb-09's former name"),
        ]);
      }
    });

    it('but not of a node that is retired', () => {
      const nodes = [nodeNamed('bbb-01'), nodeNamed('bbb-02', { state: 'retired' })];
      const { text, warnings } = runStep('nginx-locations', { ...parameters, nodes }, there);
      expect(text(path)).toContain('bbb-01');
      expect(text(path)).not.toContain('bbb-02');
      expect(warnings).toEqual([]);
    });
  });

  it('gives no block to a new node that does not resolve', () => {
    const { text, warnings } = runStep('nginx-locations', parameters, {
      packages,
      names: ['bbb-01.example.com'],
    });
    expect(text(path)).not.toContain('bbb-02');
    expect(warnings).toEqual([
      'bbb-02.example.com does not resolve on this host: it gets no locations for now for bbb-02',
    ]);
  });

  describe('finds locations that were set up by hand', () => {
    const site = '/etc/nginx/sites-available/proxy';
    const server = (name: string, inside: string) =>
      `server {\n    listen 443 ssl;\n    server_name ${name};\n${inside}    location /own { return 204; }\n}\n`;
    const byHand =
      '    location /bbb-01/html5client {\n        proxy_pass https://bbb-01.example.com;\n    }\n';
    const host = (text: string) => ({
      packages,
      files: { [site]: text, '/etc/nginx/sites-enabled/proxy': { link: '../sites-available/proxy' } },
    });

    it('through the link in sites-enabled, and lists them', () => {
      expect(() =>
        runStep('nginx-locations', parameters, host(server('bbb-proxy.example.com', byHand))),
      ).toThrow(
        expect.objectContaining({
          code: 'set-up-by-hand',
          message: `this was set up by hand before: ${site}:4: location /bbb-01/html5client`,
        }),
      );
    });

    it('takes them out when told to', () => {
      const { text } = runStep(
        'nginx-locations',
        { ...parameters, adopt: true },
        host(server('bbb-proxy.example.com', byHand)),
      );
      expect(text(site)).toBe(server('bbb-proxy.example.com', ''));
    });

    it('and leaves those of another server block alone', () => {
      expect(
        runStep('nginx-locations', parameters, host(server('test.example.org', byHand))).changed,
      ).not.toContain(site);
    });
  });

  it('wants nodes that nginx can be told of', () => {
    const strange = nodeNamed('bbb-01', { locations: [{ path: '/a b', target: 'ftp://x' }] });
    expect(mistakes('nginx-locations', { ...parameters, nodes: [strange] })[0]).toMatch(
      /nodes\.0\.locations\.0\.path: expected a path/,
    );
    expect(mistakes('nginx-locations', { ...parameters, nodes: [nodeNamed('a b')] })[0]).toMatch(
      /nodes\.0\.name/,
    );
  });
});

describe('what the planner needs of it', () => {
  const nodes = [node.parse(nodeNamed('bbb-01')), node.parse(nodeNamed('bbb-02'))];

  it('names the nodes that the proxy can not resolve', () => {
    const reads = { ...noReads, names: ['bbb-01.example.com', 'bbb-02.example.com'] };
    const proxy = snapshotOf({ names: ['bbb-01.example.com'] }, reads);
    expect(unresolvedNodes(proxy, nodes)).toEqual(['bbb-02']);
    expect(unresolvedProblem('proxy-1', { name: 'bbb-02', hostname: 'bbb-02.example.com' })).toMatchObject({
      code: 'name-does-not-resolve',
      host: 'bbb-02',
      message: expect.stringContaining('proxy-1'),
    });
  });
});

describe('nginx-server', () => {
  const server = {
    path: '/etc/nginx/conf.d/clusterproxy.conf',
    server_name: 'bbb-proxy.example.com',
    include: '/etc/nginx/clusterproxy/prod/*.conf',
  };

  it('writes a server block with certbot’s certificate', () => {
    const { text } = runStep('nginx-server', server, {});
    expect(text(server.path)).toBe(`# Written by clusterproxy, step the-step: edits get lost.

server {
    listen 80;
    listen [::]:80;
    server_name bbb-proxy.example.com;
    location ^~ /.well-known/acme-challenge/ { root /var/www/html; }
    location / { return 301 https://bbb-proxy.example.com$request_uri; }
}

server {
    listen 443 ssl http2;
    listen [::]:443 ssl http2;
    server_name bbb-proxy.example.com;
    ssl_certificate /etc/letsencrypt/live/bbb-proxy.example.com/fullchain.pem;
    ssl_certificate_key /etc/letsencrypt/live/bbb-proxy.example.com/privkey.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
    if ($host != bbb-proxy.example.com) { return 421; }
    include /etc/nginx/clusterproxy/prod/*.conf;
    location / { return 404; }
}
`);
  });

  it.each([
    ['nginx version: nginx/1.18.0 (Ubuntu)', false],
    ['nginx version: nginx/1.25.0', false],
    ['nginx version: nginx/1.25.1', true],
    ['nginx version: nginx/1.26.3 (Debian)', true],
    ['nginx version: nginx/2.0.0', true],
    ['nginx version: openresty/1.27.1.2', true],
    ['sh: nginx: not found', false],
  ])('asks for HTTP/2 as that version does: %s', (output, isNew) => {
    const version: Query = { kind: 'command', args: ['nginx', '-v'] };
    const run = (http2: boolean) =>
      runStep('nginx-server', { ...server, http2 }, { answers: [[version, { status: 0, output }]] });
    const listens = (text = '') => text.match(/^ {4}(?:listen \S*443.*|http2.*);$/gm);
    const old = ['    listen 443 ssl http2;', '    listen [::]:443 ssl http2;'];
    const now = ['    listen 443 ssl;', '    listen [::]:443 ssl;'];
    expect(listens(run(true).text(server.path))).toEqual(isNew ? [...now, '    http2 on;'] : old);
    expect(listens(run(false).text(server.path))).toEqual(now);
  });

  it('leaves out what is not wanted', () => {
    const { text } = runStep(
      'nginx-server',
      { ...server, ipv6: false, http2: false, redirect_http: false },
      {},
    );
    expect(text(server.path)).not.toMatch(/\[::\]|http2|listen 80/);
  });

  it.each([['include conf.d/*.conf;'], ['include /etc/nginx/conf.d/*.conf;']])(
    'is read by nginx with %s',
    (line) => {
      const files = { '/etc/nginx/nginx.conf': `events {}\nhttp {\n    ${line}\n}\n` };
      expect(runStep('nginx-server', server, { files }).warnings).toEqual([]);
    },
  );

  it('does not fetch the key, and refuses where it is not there', () => {
    const asked: Query = { kind: 'command', args: ['test', '-r', '/etc/ssl/private/proxy.key'] };
    const wanted = {
      ...server,
      certificate: '/etc/ssl/proxy.pem',
      certificate_key: '/etc/ssl/private/proxy.key',
    };
    expect(() => runStep('nginx-server', wanted, { answers: [[asked, { status: 1, output: '' }]] })).toThrow(
      expect.objectContaining({ code: 'certificate-missing', message: expect.stringContaining('proxy.key') }),
    );
    const { host } = runStep('nginx-server', wanted, { answers: [[asked, { status: 0, output: '' }]] });
    expect([...host.snapshot.paths.keys()]).not.toContain('/etc/ssl/private/proxy.key');
  });

  it.each([
    ['443 ssl', /proxy_server: include/],
    ['80', /redirect_http: false/],
  ])('refuses a name that another server block has on port %s', (listen, next) => {
    const text = `server { listen ${listen}; server_name bbb-proxy.example.com; }\n`;
    const host = { files: { '/etc/nginx/conf.d/mine.conf': text } };
    expect(() => runStep('nginx-server', server, host)).toThrow(
      expect.objectContaining({
        problem: expect.objectContaining({ code: 'server-name-taken', next: expect.stringMatching(next) }),
      }),
    );
  });

  it.skipIf(withoutNginx)('is loaded by nginx together with the locations', () => {
    const recipe = { ...nodeNamed('bbb-01').recipe, verify: false };
    const nodes = [nodeNamed('bbb-01', { hostname: 'localhost', recipe })];
    const local = nodes.map((one) => ({
      ...one,
      recipe: {
        ...recipe,
        locations: recipe.locations.map(({ path: at, target }) => ({
          path: at,
          target: target.replace('bbb-01.example.com', 'localhost'),
        })),
      },
    }));
    const { host } = runStep('nginx-locations', { ...parameters, nodes: local }, {});
    const made = runStep('nginx-server', server, {});
    const secure = (made.text(server.path) ?? '')
      .replaceAll('ssl http2', '')
      .replace(/^ +ssl_.*\n/gm, '')
      .replaceAll('listen ', 'listen 1');
    expect(secure).toContain('include /etc/nginx/clusterproxy/prod/*.conf;');
    expect(nginxTest({ http: secure.replaceAll('1[::]:', '[::]:1'), host })).toBe('');
  });
});

describe('where the proxy reaches a node', () => {
  const at = (given: string | undefined, names: readonly string[]) => {
    const nodes = [nodeNamed('bbb-01', { given_address: given })];
    const made = runStep('nginx-locations', { ...parameters, nodes }, { packages, names });
    return { ...made, block: made.text(path) ?? '' };
  };
  const name = 'bbb-01.example.com';

  it('is the address that the inventory gives, under the name and the certificate of the hostname', () => {
    const { block, warnings, host } = at('192.0.2.11', []);
    expect(warnings).toEqual([]);
    expect(block).toContain(`location ^~ /bbb-01/html5client/ {
    proxy_pass https://192.0.2.11/bbb-01/html5client/;
    proxy_set_header Host ${name};
    proxy_http_version 1.1;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection "Upgrade";
    proxy_ssl_server_name on;
    proxy_ssl_name ${name};
    proxy_ssl_verify on;
`);
    expect(block).toContain('proxy_pass https://192.0.2.11/bigbluebutton/api;');
    expect(
      unresolvedNodes(host.snapshot, [{ name: 'bbb-01', hostname: name, address: '192.0.2.11' }]),
    ).toEqual([]);
  });

  it.each<[string, string | undefined, readonly string[], string]>([
    ['an IPv6 address', '2001:db8::11', [], '[2001:db8::11]'],
    ['another name', 'bbb-01.internal', ['bbb-01.internal'], 'bbb-01.internal'],
    ['a name that only the operator’s ssh knows', 'school-bbb1', [name], name],
    ['an address with a zone', 'fe80::1%eth0', [name], name],
    ['the hostname itself', name, [name], name],
    ['nothing', undefined, [name], name],
  ])('given %s', (_, given, names, host) => {
    const { block, warnings } = at(given, names);
    expect(warnings).toEqual([]);
    expect(block).toContain(`proxy_pass https://${host}/bbb-01/html5client/;`);
    expect(block.includes(`proxy_set_header Host ${name};`)).toBe(host !== name);
    expect(block).toContain(`proxy_ssl_name ${name};`);
  });

  it('is nowhere if it resolves neither', () => {
    expect(at('school-bbb1', []).warnings).toEqual([
      `${name} does not resolve on this host: it gets no locations for now for bbb-01`,
    ]);
    expect(unresolvedProblem('proxy-1', { name: 'bbb-01', hostname: name }).next).toContain('"address"');
  });

  it.skipIf(withoutNginx)('is something that nginx loads', () => {
    for (const given of ['192.0.2.11', '2001:db8::11']) {
      const nodes = [nodeNamed('bbb-01', { given_address: given })].map((one) => ({
        ...one,
        recipe: { ...one.recipe, verify: false },
      }));
      const { host } = runStep('nginx-locations', { ...parameters, nodes }, { names: [] });
      const http = `server { listen 127.0.0.1:18080; include ${path}; }`;
      expect(nginxTest({ http, host })).toBe('');
    }
  });
});

describe('copies of the client on the proxy', () => {
  const cached = { ...parameters, cache: true, cache_zone: 'clusterproxy_prod' };
  const plain = nodeNamed('bbb-01');
  const node = {
    ...plain,
    recipe: {
      ...plain.recipe,
      verify: false,
      locations: plain.recipe.locations.map(({ path: at, target }) => ({
        ...{ path: at, target: target.replace('https:', 'http:') },
        hashed_files: at.endsWith('/html5client/'),
      })),
    },
  };

  it('are kept only if asked for, in a location of the client', () => {
    const text = (more: object) =>
      runStep('nginx-locations', { ...parameters, nodes: [node], ...more }, {}).text(path);
    expect(text({})).not.toContain('proxy_cache');
    expect(text({ cache: false, cache_zone: 'clusterproxy_prod' })).toBe(text({}));
    expect(text({ ...cached, nodes: [node] })?.match(/proxy_cache clusterproxy_prod;/g)).toHaveLength(1);
    const elsewhere = { ...node, given_address: '2001:db8::11' };
    expect(text({ ...cached, nodes: [elsewhere] })).toContain('    proxy_pass http://[2001:db8::11];\n');
  });

  it.skipIf(withoutNginx)('are of the files whose names have a hash, and of no other', async () => {
    const locationsText = runStep('nginx-locations', { ...cached, nodes: [node] }, {}).text(path) ?? '';
    const nginx = await startNginx(
      (folder) => `
proxy_cache_path ${folder}/cache levels=1:2 keys_zone=clusterproxy_prod:1m max_size=1m inactive=7d use_temp_path=off;
upstream bbb-01.example.com { server unix:${folder}/back; }
server { listen unix:${folder}/back; location / { return 200 "$request_uri $request_id"; } }
server { listen unix:${folder}/front; location ~* \\.(js|css)$ { return 404; } ${locationsText} }`,
    );
    try {
      const isCopied = async (file: string) => {
        const [first, second] = [await nginx.get(`/bbb-01/${file}`), await nginx.get(`/bbb-01/${file}`)];
        expect([file, first?.status, second?.status]).toEqual([file, 200, 200]);
        const upstream = file.startsWith('bigbluebutton') ? `/${file}` : `/bbb-01/${file}`;
        expect(first?.body).toMatch(new RegExp(`^${upstream.replace(/[.?]/g, '\\$&')} `));
        return first?.body === second?.body;
      };
      for (const file of [
        'html5client/bundle.0123456789abcdef0123.js',
        'html5client/0123456789abcdef0123456789abcdef01234567.js?meteor_js_resource=true',
        'html5client/fonts/source-sans-0123456789abcdef.woff2',
      ]) {
        expect(await isCopied(file), file).toBe(true);
      }
      for (const file of [
        'html5client/',
        'html5client/index.html',
        'html5client/bundle.js',
        'html5client/locales/de.json',
        'html5client/0123456789abcdef/name.js',
        'html5client/?sessionToken=0123456789abcdef.js',
        'bigbluebutton/api',
      ]) {
        expect(await isCopied(file), file).toBe(false);
      }
    } finally {
      await nginx.stop();
    }
  });
});

describe('nginx-include', () => {
  const file = '/etc/nginx/sites-available/proxy';
  const include = {
    path: file,
    default_server_name: 'bbb-proxy.example.com',
    include: '/etc/nginx/clusterproxy/prod/*.conf',
  };
  const text = `server {
    listen 80;
    server_name bbb-proxy.example.com;
    return 301 https://$host$request_uri;
}
server {
    listen 443 ssl; # ours
    server_name bbb-proxy.example.com www.example.com;
}
`;

  it('puts one line into the server block with TLS', () => {
    const { text: after } = runStep('nginx-include', include, { files: { [file]: text } });
    expect(after(file)).toBe(
      text.replace(
        'www.example.com;\n',
        'www.example.com;\n    include /etc/nginx/clusterproxy/prod/*.conf;\n',
      ),
    );
  });

  it('warns of a server block without TLS', () => {
    const plain = 'server {\n    listen 80;\n    server_name bbb-proxy.example.com;\n}\n';
    expect(runStep('nginx-include', include, { files: { [file]: plain } }).warnings[0]).toContain(
      'has no TLS',
    );
  });

  it('warns of a server block on another port than 443', () => {
    const other = text.replaceAll('443', '8443');
    expect(runStep('nginx-include', include, { files: { [file]: other } }).warnings[0]).toContain(
      'listens on 8443, not on 443',
    );
    expect(runStep('nginx-include', include, { files: { [file]: text } }).warnings).toEqual([]);
  });

  it('lists the server blocks that are there', () => {
    expect(() =>
      runStep('nginx-include', { ...include, server_name: 'other.example.com' }, { files: { [file]: text } }),
    ).toThrow(
      /has no server block for other\.example\.com; it has bbb-proxy\.example\.com, bbb-proxy\.example\.com www/,
    );
    expect(() => runStep('nginx-include', { ...include, path: '' }, {})).toThrow(/no file is named/);
  });
});
