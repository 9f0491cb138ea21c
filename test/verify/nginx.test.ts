import { describe, expect, it } from 'vitest';
import type { NginxQuestion } from '../../src/model/balancer-question.ts';
import type { PathState, Snapshot } from '../../src/model/snapshot.ts';
import { contentPolicyFindings } from '../../src/verify/content-policy.ts';
import { judgeNginx } from '../../src/verify/nginx.ts';
import { permissionsFindings } from '../../src/verify/permissions-policy.ts';

const locations = '/etc/nginx/clusterproxy/prod/nodes.conf';
const question: NginxQuestion = {
  kind: 'nginx-passes',
  hostname: 'bbb.example.com',
  locations,
  others: 'fault',
  needs: {
    content: { 'connect-src': ['https', 'wss'], 'img-src': ['https'] },
    permissions: ['camera', 'microphone', 'display-capture'],
    nodes: ['bbb-01.example.com'],
  },
};

const ours = `location ^~ /bbb-01/html5client/ {
    proxy_pass https://bbb-01.example.com/bbb-01/html5client/;
    proxy_set_header Upgrade $http_upgrade;
    location ~ "/[0-9a-f]{16,64}\\.[a-z0-9]+$" {
        proxy_pass https://bbb-01.example.com;
    }
}
`;

interface Site {
  /** more lines of the server block, the first of them on line 5 */
  readonly server?: string;
  /** in the context http, before the server block */
  readonly http?: string;
  /** in the main file */
  readonly main?: string;
  /** instead of `bbb.example.com` */
  readonly name?: string;
}

/** A host whose nginx has one site, with the cluster's locations in it. */
function hostWith({ server = '', http = '', main = '', name = 'bbb.example.com' }: Site = {}): Snapshot {
  const site = `server {
    listen 443 ssl;
    server_name ${name};
    include /etc/nginx/clusterproxy/prod/*.conf;
${server}
    location / { return 404; }
}
`;
  return hostOf({
    '/etc/nginx/nginx.conf': `${main}\nhttp {\n${http}\ninclude conf.d/*.conf;\n}\n`,
    '/etc/nginx/conf.d/site.conf': site,
    [locations]: ours,
  });
}

function hostOf(files: Readonly<Record<string, string>>): Snapshot {
  const paths = Object.entries(files).map(([path, text]): [string, PathState] => [
    path,
    { kind: 'file', content: Buffer.from(text), mode: 0o644, user: 'root', group: 'root' },
  ]);
  const below = (folder: string) => Object.keys(files).filter((path) => path.startsWith(folder));
  const globs = ['/etc/nginx/conf.d/', '/etc/nginx/clusterproxy/prod/'].map(
    (folder) => [`${folder}*.conf`, below(folder)] as const,
  );
  return { paths: new Map(paths), globs: new Map(globs) } as Partial<Snapshot> as Snapshot;
}

const judged = (site: Site, given: Partial<NginxQuestion> = {}) =>
  judgeNginx({ ...question, ...given }, hostWith(site));

describe('what nginx passes on', () => {
  it("is sound with the cluster's own locations, and names the server block", () => {
    expect(judged({})).toEqual({
      outcome: 'passed',
      expected:
        'nginx passes requests for bbb.example.com on to the nodes, and to no machine that a client chooses',
      found: 'so it is in /etc/nginx/conf.d/site.conf:1',
    });
  });

  it.each([
    [
      'a group that takes any name',
      'location ~ ^/([^/]+)/html5client/ { proxy_pass https://$1.example.com; }',
    ],
    ['a dot in the group', 'location ~ ^/(.*)/x { proxy_pass http://$1; }'],
    ['letters in any number', 'location ~* ^/([a-z0-9-]+)/x { proxy_pass https://$1.example.com; }'],
    ['a named group', 'location ~ ^/(?<node>[^/]+)/ { proxy_pass https://$node/; }'],
    [
      'a group that is set to a variable',
      'location ~ ^/([^/]+)/ { set $node $1; proxy_pass https://$node; }',
    ],
    ['a rewrite', 'location /x/ { rewrite ^/x/([^/]+)/(.*)$ /$2 break; proxy_pass http://$1; }'],
    ['an if', 'location /x/ { if ($uri ~ ^/x/([^/]+)) { proxy_pass http://$1; } }'],
    ['a parameter', 'location /fetch { proxy_pass $arg_url; }'],
    ['a header', 'location /h { proxy_pass http://$http_x_node; }'],
    ['a cookie, in braces', 'location /c { proxy_pass http://\u0024{cookie_node}:8080/; }'],
    ['the port of a machine as a client gives it', 'location /p { proxy_pass http://10.0.0.5:$arg_port; }'],
    [
      'the end of a name, which a group continues',
      'location ~ ^/x(.*)$ { proxy_pass https://bbb-01.example.com$1; }',
    ],
    ['gRPC', 'location ~ ^/g/(\\S+) { grpc_pass grpc://$1; }'],
  ])('is a fault with %s', (_, server) => {
    const verdict = judged({ server });
    expect(verdict.outcome).toBe('failed');
    expect(verdict.found).toContain('/etc/nginx/conf.d/site.conf:5: ');
    expect(verdict.found).toContain(
      'whoever sends a request chooses the machine that gets it, by its address',
    );
  });

  it.each([
    ['a fixed address of another machine', 'location /wiki/ { proxy_pass http://10.0.0.5:8080/; }'],
    [
      'a variable that is set to a fixed address',
      'set $up https://wiki.example.com; location /w { proxy_pass $up; }',
    ],
    ['the path alone', 'location /w { proxy_pass https://wiki.example.com$request_uri; }'],
    ['a group behind a slash', 'location ~ ^/w(/.*)$ { proxy_pass https://wiki.example.com$1; }'],
    ['a group in the path', 'location ~ ^/w/(.*)$ { proxy_pass https://wiki.example.com/$1; }'],
    ['the scheme', 'location /w { proxy_pass $scheme://wiki.example.com; }'],
    [
      "the name itself, of a block that isn't the default",
      'location /w { proxy_pass http://$host:8080; }',
      'other',
    ],
  ])("is a note on a site of the operator's, and a fault in our own: %s", (_, server, other?: string) => {
    const http = other === undefined ? '' : 'server { listen 443 ssl default_server; return 404; }';
    expect(judged({ server, http }, { others: 'note' })).toMatchObject({
      outcome: 'passed',
      note: expect.stringMatching(
        /^\/etc\/nginx\/conf\.d\/site\.conf:5: .*it isn't one of the cluster's own/,
      ),
    });
    expect(judged({ server, http })).toMatchObject({ outcome: 'failed' });
  });

  it('is a note where a regular expression allows the names of a series only', () => {
    const server = 'location ~ ^/(bbb-\\d+)/html5client/ { proxy_pass https://$1.example.com; }';
    expect(judged({ server })).toMatchObject({
      outcome: 'passed',
      note: expect.stringContaining('among those that the regular expression allows'),
    });
  });

  it('is a note where a program decides', () => {
    const server =
      'location /l { content_by_lua_block { ngx.say("x") } }\nlocation /j { proxy_pass http://$from_njs; }';
    const { outcome, note } = judged({ server });
    expect(outcome).toBe('passed');
    expect(note).toContain('where that leads is not known');
    expect(note).toContain('a program sets the variable');
  });

  it('goes by what a map holds', () => {
    const server = 'location /m/ { proxy_pass https://$node; }';
    const fixed = 'map $uri $node { default bbb-01.example.com; ~^/m/2/ bbb-02.example.com; }';
    const free = 'map $uri $node { default bbb-01.example.com; "~^/m/(?<name>[^/]+)/" $name.example.com; }';
    expect(judged({ server, http: fixed }, { others: 'note' }).outcome).toBe('passed');
    expect(judged({ server, http: free }, { others: 'note' }).outcome).toBe('failed');
  });

  it('takes $host of the default server for whatever a client sends', () => {
    const server = 'location /w { proxy_pass http://$host:8080; }';
    expect(judged({ server }, { others: 'note' }).outcome).toBe('failed');
    expect(judged({ server, name: '*.example.com' }, { others: 'note' }).outcome).toBe('failed');
  });

  it('names the resolver by which names are found', () => {
    const server = 'resolver 10.0.0.1;\nlocation ~ ^/([^/]+)/ { proxy_pass https://$1; }';
    expect(judged({ server }).found).toContain(
      'by every name that the resolver of /etc/nginx/conf.d/site.conf:5 knows',
    );
  });

  it('finds what is in files that are included, also within a location', () => {
    const files = {
      '/etc/nginx/nginx.conf': 'http { include conf.d/*.conf; }',
      '/etc/nginx/conf.d/site.conf':
        'server { listen 443 ssl; server_name bbb.example.com; location ~ ^/([^/]+)/ { include to.inc; } }',
      '/etc/nginx/to.inc': '\nproxy_pass https://$1;\n',
    };
    const { outcome, found } = judgeNginx(question, hostOf(files));
    expect(outcome).toBe('failed');
    expect(found).toContain('/etc/nginx/to.inc:2: proxy_pass https://$1 in location ~ ^/([^/]+)/');
  });

  it('finds streams that pass on whatever name a client wants', () => {
    const open = 'stream { server { listen 443; ssl_preread on; proxy_pass $ssl_preread_server_name:443; } }';
    const among =
      'stream { map $ssl_preread_server_name $to { default 127.0.0.1:8443; } server { listen 443; ssl_preread on; proxy_pass $to; } }';
    expect(judged({ main: open })).toMatchObject({
      outcome: 'failed',
      found: expect.stringContaining('/etc/nginx/nginx.conf:1: proxy_pass $ssl_preread_server_name:443'),
    });
    expect(judged({ main: among }).outcome).toBe('passed');
  });

  it("tells of another block that answers for the cluster's name", () => {
    const http = 'server { listen 443 ssl; server_name bbb.example.com; return 404; }';
    expect(judged({ http })).toMatchObject({
      outcome: 'failed',
      found: "/etc/nginx/nginx.conf:3 answers for bbb.example.com, without the cluster's locations",
    });
  });

  it("leaves other sites' blocks alone", () => {
    const http =
      'server { listen 443 ssl; server_name wiki.example.com; location ~ ^/([^/]+) { proxy_pass http://$1; } }';
    expect(judged({ http })).toMatchObject({ outcome: 'passed' });
  });

  it("isn't asked where nginx's files can't be read or understood", () => {
    expect(judgeNginx(question, hostOf({})).outcome).toBe('not-asked');
    expect(judgeNginx(question, hostOf({ '/etc/nginx/nginx.conf': 'http {' })).outcome).toBe('not-asked');
  });
});

describe('the headers that nginx adds', () => {
  const headers = (site: Site) => judged(site, { kind: 'nginx-headers' });

  it.each([
    ["add_header Permissions-Policy 'camera=(), geolocation=()';", 'browsers refuse the pages camera'],
    [
      `add_header Permissions-Policy 'microphone=("https://other.example.com")' always;`,
      'browsers refuse the pages microphone',
    ],
    [`add_header Feature-Policy "camera 'none'; microphone 'none'";`, 'camera, microphone'],
    [
      `add_header Content-Security-Policy "default-src 'self'";`,
      'its connect-src lacks https://bbb-01.example.com wss://bbb-01.example.com; /',
    ],
    [
      'more_set_headers "Content-Security-Policy: connect-src https:; img-src *";',
      'wss://bbb-01.example.com',
    ],
    ['add_header Cross-Origin-Embedder-Policy require-corp;', 'browsers refuse what the page loads'],
  ])('break the pages: %s', (server, words) => {
    const { outcome, found } = headers({ server });
    expect(outcome).toBe('failed');
    expect(`${found}; /`).toContain(words);
    expect(found).toContain('/etc/nginx/conf.d/site.conf:5: ');
    // In the context http they hold as well, as long as the server block adds none.
    expect(headers({ http: server }).outcome).toBe('failed');
    expect(headers({ http: server, server: 'add_header X-A b; more_set_headers "X-A: b";' }).outcome).toBe(
      'passed',
    );
  });

  it.each([
    'add_header Strict-Transport-Security max-age=31536000;',
    'add_header Permissions-Policy "camera=(self), microphone=*, fullscreen=()";',
    `add_header Permissions-Policy 'camera=("https://bbb.example.com")';`,
    `add_header Content-Security-Policy "frame-src 'self'; object-src 'none'";`,
    `add_header Content-Security-Policy "default-src 'self'; connect-src 'self' *.example.com; img-src https:";`,
    'add_header Content-Security-Policy $policy;',
    `add_header Content-Security-Policy-Report-Only "default-src 'none'";`,
    'location /wiki/ { return 200; add_header Permissions-Policy "camera=()"; }',
  ])('leave them alone: %s', (server) => {
    expect(headers({ server })).toMatchObject({ outcome: 'passed' });
    expect(headers({ server }).note).toBeUndefined();
  });

  it('may keep other sites from showing the client, which is worth a word', () => {
    expect(headers({ server: 'add_header X-Frame-Options DENY;' })).toMatchObject({
      outcome: 'passed',
      note: expect.stringContaining('X-Frame-Options DENY: sites that show the client in a frame'),
    });
  });
});

describe('policies', () => {
  it('of several in one header, each must allow it', () => {
    const needs = question.needs;
    expect(contentPolicyFindings("img-src *, img-src 'self'", needs).faults).toEqual([
      'its img-src lacks https://bbb-01.example.com',
    ]);
    expect(contentPolicyFindings('sandbox allow-scripts', needs).faults).toHaveLength(1);
  });

  it('of permissions, a feature that is not named keeps its default', () => {
    const asked = { features: ['camera'], hostname: 'bbb.example.com' };
    expect(permissionsFindings('geolocation=(), microphone=()', asked).faults).toEqual([]);
    expect(permissionsFindings('camera=()', asked).faults).toHaveLength(1);
  });
});
