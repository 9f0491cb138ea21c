import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withoutNginx } from '../support/nginx-oracle.ts';
import { inventoryFrom, planPlaybook } from '../support/plan-playbook.ts';
import { textAt } from '../support/run-step.ts';
import { type RunningNginx, startNginx } from '../support/running-nginx.ts';

/** The stopgap for Averox clients that leave out their node's path, as it is planned, in a real nginx. */

const samples = `${import.meta.dirname}/../../playbooks/samples/averox`;
const nodes = ['avx-01', 'avx-02', 'avx-0', 'a.b-c'];
const page = 'https://avx-proxy.example.com/avx-01/html5client/join?sessionToken=abc';

const inventory = `
playbook: averox
cluster: {name: prod, hostname: avx-proxy.example.com}
vars: {api_by_referer: true, verify_certificate: false}
hosts:
  proxy: [{name: proxy-1, address: 192.0.2.5}]
  node:
${nodes.map((name) => `    - {name: ${name}, hostname: ${name}.example.com}`).join('\n')}
`;

/** What the proxy includes into its server block: all that is planned in that folder. */
async function included(): Promise<string> {
  const hosts = Object.fromEntries(nodes.map((name) => [name, { folders: [`${samples}/3.0`] }]));
  const planned = planPlaybook(await inventoryFrom(inventory), {
    'proxy-1': {
      folders: [`${samples}/proxy`],
      units: ['nginx.service'],
      packages: { 'ca-certificates': '1' },
    },
    ...hosts,
  }).get('proxy-1');
  const files = planned?.changed.filter((path) =>
    /^\/etc\/nginx\/clusterproxy\/prod\/[^/]*\.conf$/.test(path),
  );
  expect(files).toEqual(
    ['api-by-referer', 'nodes'].map((name) => `/etc/nginx/clusterproxy/prod/${name}.conf`),
  );
  return (files ?? []).map((path) => (planned === undefined ? '' : textAt(planned.virtual, path))).join('\n');
}

describe.skipIf(withoutNginx)('the API by the Referer, in a real nginx', () => {
  let nginx: RunningNginx;

  beforeAll(async () => {
    const locations = await included();
    nginx = await startNginx((folder) => {
      const front = locations.replaceAll(
        /https:\/\/([^/]+)\.example\.com\//g,
        (_, name) => `http://unix:${folder}/${name}:/`,
      );
      const servers = nodes.map(
        (name) => `server { listen unix:${folder}/${name}; default_type text/plain;
  location / { return 200 "${name} $request_method $request_uri $http_content_type"; } }`,
      );
      return `server { listen unix:${folder}/front; server_name avx-proxy.example.com;
${front}
location / { return 404; } }
${servers.join('\n')}`;
    });
  });
  afterAll(() => nginx?.stop());

  const api = (referer: string | undefined, path = '/averox/api') =>
    nginx.get(path, {
      host: 'avx-proxy.example.com',
      'content-type': 'application/json',
      ...(referer === undefined ? {} : { referer }),
    });

  it.each(nodes)('asks the node that the page is of: %s', async (name) => {
    for (const rest of ['', '/', '/join', '/join?sessionToken=a%2Fb', '?x=1', '/a/b/c']) {
      const { status, body } = await api(`https://avx-proxy.example.com/${name}/html5client${rest}`);
      expect([status, body]).toEqual([200, `${name} GET /averox/api application/json`]);
    }
  });

  it('keeps the query', async () => {
    expect((await api(page, '/averox/api?a=b%20c&d')).body).toContain('avx-01 GET /averox/api?a=b%20c&d ');
  });

  it('is the same as with the path of the node, which goes on being served', async () => {
    expect((await api(undefined, '/avx-01/averox/api')).body).toBe((await api(page)).body);
    expect((await api(undefined, '/avx-01/averox/api/feedback?x=1')).body).toContain(
      '/averox/api/feedback?x=1',
    );
  });

  it.each([
    ['no Referer', undefined],
    ['an empty one', ''],
    ['the origin alone, as a strict policy sends it', 'https://avx-proxy.example.com/'],
    ['another page of the proxy', 'https://avx-proxy.example.com/avx-01/'],
    ['a path that only begins alike', 'https://avx-proxy.example.com/avx-01/html5clients/join'],
    ['a node that there is not', 'https://avx-proxy.example.com/avx-03/html5client/join'],
    ['a node further down', 'https://avx-proxy.example.com/x/avx-01/html5client/join'],
    ['no node', 'https://avx-proxy.example.com//html5client/join'],
    ['plain http', 'http://avx-proxy.example.com/avx-01/html5client/join'],
    ['another host', 'https://evil.example/avx-01/html5client/join'],
    ['a host that begins alike', 'https://avx-proxy.example.com.evil.example/avx-01/html5client/join'],
    ['a host that only looks alike', 'https://avx-proxyxexample.com/avx-01/html5client/join'],
    ['a user in front', 'https://avx-proxy.example.com@evil.example/avx-01/html5client/'],
    ['the right one behind another', `https://evil.example/?${page}`],
    ['the way up', 'https://avx-proxy.example.com/../html5client/join'],
    ['the way up, encoded', 'https://avx-proxy.example.com/%2e%2e/html5client/join'],
    ['a slash, encoded', 'https://avx-proxy.example.com/avx-01%2fx/html5client/join'],
    ['an address', 'https://avx-proxy.example.com/http:127.0.0.1/html5client/join'],
    ['a variable', 'https://avx-proxy.example.com/$host/html5client/join'],
    ['braces and quotes', 'https://avx-proxy.example.com/a"};/html5client/join'],
    ['a long one', `https://avx-proxy.example.com/${'a'.repeat(6000)}/html5client/join`],
  ])('asks nobody for %s', async (_, referer) => {
    const { status, body } = await api(referer);
    expect(status).toBe(404);
    expect(body).not.toMatch(/^(?:avx-0|a\.b)/);
  });

  it('is for the index of the API and nothing else', async () => {
    for (const path of [
      '/averox/api/',
      '/averox/api/create',
      '/averox/apis',
      '/averox',
      '/averox/connection/x',
      '/',
    ])
      expect([path, (await api(page, path)).status]).toEqual([path, 404]);
  });

  it('doesn’t let the Referer choose for requests that name their node', async () => {
    expect((await api(page, '/avx-02/averox/api')).body).toMatch(/^avx-02 /);
    expect((await api(page, '/avx-02/html5client/join')).body).toMatch(/^avx-02 /);
  });
});
