import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withoutCaddy } from '../../support/caddy-oracle.ts';
import { selfSigned } from '../../support/certificates.ts';
import { runStep } from '../../support/run-step.ts';
import { globalOptions, type RunningCaddy, startCaddy } from '../../support/running-caddy.ts';
import { askTls, nodeParameters, nodesFile, type ServedNode, serveNode } from './served-nodes.ts';

const skipped = withoutCaddy === undefined ? '' : `: ${withoutCaddy}`;

/** What an operator's site may have besides; Caddy must go on doing it for all other paths. */
const operators: readonly (readonly [string, string, string])[] = [
  ['nothing for others', 'respond own', 'own'],
  ['a handle for all', 'handle {\n\t\trespond own\n\t}', 'own'],
  ['a handle for all paths', 'handle /* {\n\t\trespond own\n\t}', 'own'],
  ['a shorter path, before', 'handle /b* {\n\t\trespond short\n\t}\n\thandle {\n\t\trespond own\n\t}', 'own'],
  ['handle_path', 'handle_path /* {\n\t\trespond own\n\t}', 'own'],
  ['a named matcher without a path', '@all header Host *\n\thandle @all {\n\t\trespond own\n\t}', 'own'],
  ['a route', 'route {\n\t\trespond own\n\t}', 'own'],
  ['files', 'root * {folder}/www\n\tfile_server', 'file'],
  ['redirects of a path', 'redir /old /new 302\n\trespond own', 'own'],
  ['compression and headers', 'encode gzip\n\theader X-Own yes\n\trespond own', 'own'],
];

describe.skipIf(withoutCaddy)(`a real Caddy with an operator's site${skipped}`, () => {
  let node: ServedNode;
  beforeAll(async () => {
    node = await serveNode('bbb-01');
  });
  afterAll(() => node.stop());

  async function started(directives: string): Promise<RunningCaddy> {
    const pair = selfSigned('proxy.example.com');
    return startCaddy((place) => {
      const main = `${place.folder}/Caddyfile`;
      const site = `proxy.example.com {\n\ttls ${place.folder}/proxy.pem ${place.folder}/proxy.key\n\t${directives.replaceAll('{folder}', place.folder)}\n}\n`;
      const wanted = {
        ...{ path: main, default_server_name: 'proxy.example.com' },
        import: `${place.folder}/nodes/*.caddy`,
      };
      const { text } = runStep('caddy-import', wanted, { files: { [main]: globalOptions(place) + site } });
      return {
        Caddyfile: text(main) ?? '',
        'proxy.pem': pair.certificate,
        'proxy.key': pair.key,
        'www/other': 'file',
        'www/index.html': 'index',
        'nodes/nodes.caddy': nodesFile({ nodes: [nodeParameters(node, false)] }),
      };
    });
  }

  it.each(operators)('with %s', async (_, directives, own) => {
    const caddy = await started(directives);
    try {
      const ask = async (path: string) => (await askTls(caddy.https, path)).body;
      expect(await ask('/bbb-01/html5client/x')).toBe('bbb-01');
      expect(await ask('/bbb-01/bigbluebutton/api/x')).toBe('bbb-01');
      expect((await askTls(caddy.https, '/bbb-01/html5client')).status).toBe(301);
      expect(await ask('/other')).toBe(own);
    } finally {
      await caddy.stop();
    }
  });

  it('with a header for the nodes’ paths alone, which their pages have as before', async () => {
    const caddy = await started('@nodes path /bbb-01/*\n\theader @nodes X-Own yes\n\trespond own');
    try {
      const node = await askTls(caddy.https, '/bbb-01/html5client/x');
      expect([node.body, node.headers['x-own']]).toEqual(['bbb-01', 'yes']);
      expect((await askTls(caddy.https, '/other')).headers['x-own']).toBeUndefined();
    } finally {
      await caddy.stop();
    }
  });

  // What Caddy sorts before all `handle` blocks: the plan says so of each.
  it.each([
    ['redir https://elsewhere.example.com{uri}'],
    ['try_files {path} /index.html\n\troot * {folder}/www\n\tfile_server'],
    ['rewrite * /index.html'],
    ['uri strip_prefix /bbb-01'],
    [
      'basicauth {\n\t\tsomebody JDJhJDE0JG1SU2xwTWRlYmZ3bHV1Y1JzZC4uOC5YNG1yWXBlSk5ZVXJ5ZjN6ZHZzZ3p1R0N1Nm1HcXdT\n\t}',
    ],
  ])('warns of %s, which keeps the nodes’ rules from being used', async (directives) => {
    const main = '/etc/caddy/Caddyfile';
    const wanted = { default_server_name: 'proxy.example.com', import: '/etc/caddy/nodes/*.caddy' };
    const text = `proxy.example.com {\n\t${directives}\n}\n`;
    const { warnings } = runStep('caddy-import', wanted, { files: { [main]: text } });
    const name = directives.split(' ')[0];
    expect(warnings).toEqual([
      expect.stringContaining(`/etc/caddy/Caddyfile:2: ${name} applies to all paths`),
    ]);
    const caddy = await started(directives);
    try {
      const before = node.asked.length;
      await askTls(caddy.https, '/bbb-01/html5client/x');
      expect(node.asked).toHaveLength(before);
    } finally {
      await caddy.stop();
    }
  });
});
