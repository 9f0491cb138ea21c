import { expect, it } from 'vitest';
import type { PlannedHost } from '../../../src/steps/cross-check.ts';
import { nginxPaths } from '../../../src/steps/nginx/nginx-paths.ts';
import { runStep } from '../../support/run-step.ts';

const source = '/usr/share/bigbluebutton/nginx/bbb-html5.nginx';
const own = '/etc/bigbluebutton/nginx/zz-clusterproxy.nginx';

function planned(module: string, parameters: unknown, files: Readonly<Record<string, string>>): PlannedHost {
  const packages = { 'ca-certificates': '20230311' };
  const { host, managed } = runStep(module, parameters, { files, packages });
  return { host, steps: [{ module, parameters, managed }] };
}

/** A node whose package has locations at these paths. */
function node(paths: readonly string[]): PlannedHost {
  const text = paths.map((path) => `location ${path} {\n  root /var/www;\n}\n`).join('');
  const parameters = {
    ...{ sources: [source], look_in: [], client: '/html5client', prefix: '/bbb-01', path: own },
    ...{ variables: {}, redirects: [] },
  };
  return planned('nginx-prefix', parameters, { [source]: text });
}

const target = (path: string) => ({
  path: `/bbb-01${path}`,
  target: `https://bbb-01.example.com/bbb-01${path}`,
});
const proxy = planned(
  'nginx-locations',
  {
    path: '/etc/nginx/clusterproxy/prod/nodes.conf',
    server_name: 'bbb-proxy.example.com',
    nodes: [
      {
        ...{ name: 'bbb-01', hostname: 'bbb-01.example.com', address: '192.0.2.11', state: 'active' },
        ...{ known: true, vars: {}, facts: {} },
        recipe: {
          name: '3.0',
          verify: true,
          locations: [target('/html5client/'), target('/html5client-assets/')],
        },
      },
    ],
  },
  {},
);

it('names the package’s file of a node that lacks a location, not the playbook alone', () => {
  const problems = nginxPaths.check(
    new Map([
      ['proxy', proxy],
      ['bbb-01', node(['/html5client/'])],
    ]),
  );
  expect(problems.get('bbb-01')).toMatchObject({
    code: 'locations-differ',
    next: expect.stringMatching(
      new RegExp(`${source} on bbb-01 has a location for /html5client-assets/: if not, reinstall`),
    ),
  });
});
