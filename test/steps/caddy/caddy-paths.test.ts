import { expect, it } from 'vitest';
import { caddyPaths } from '../../../src/steps/caddy/caddy-paths.ts';
import type { PlannedHost } from '../../../src/steps/cross-check.ts';
import { runStep } from '../../support/run-step.ts';

const source = '/usr/share/bigbluebutton/nginx/bbb-html5.nginx';

function planned(module: string, parameters: unknown, files: Readonly<Record<string, string>>): PlannedHost {
  const { host, managed } = runStep(module, parameters, { files, packages: { 'ca-certificates': '1' } });
  return { host, steps: [{ module, parameters, managed }] };
}

/** A node whose package has locations at these paths. */
function node(...paths: readonly string[]): PlannedHost {
  const text = paths.map((path) => `location ${path} {\n  root /var/www;\n}\n`).join('');
  const parameters = {
    ...{ sources: [source], look_in: [], client: '/html5client', prefix: '/bbb-01' },
    ...{ path: '/etc/bigbluebutton/nginx/own.nginx', variables: {}, redirects: [] },
  };
  return planned('nginx-prefix', parameters, { [source]: text });
}

/** A proxy that relays these paths of the node; the second one of a pair is what it asks the node for. */
function proxy(...locations: readonly (readonly [string, string?])[]): PlannedHost {
  const parameters = {
    ...{
      path: '/etc/caddy/clusterproxy/prod/nodes.caddy',
      cluster: 'prod',
      server_name: 'proxy.example.com',
    },
    nodes: [
      {
        ...{ name: 'bbb-01', hostname: 'bbb-01.example.com', state: 'active', known: true },
        locations: locations.map(([path, target = path]) => ({
          path,
          target: `https://bbb-01.example.com${target}`,
        })),
      },
    ],
  };
  return planned('caddy-locations', parameters, {});
}

function problem(one: PlannedHost, other: PlannedHost): string | undefined {
  const hosts = new Map([
    ['proxy-1', one],
    ['bbb-01', other],
  ]);
  return caddyPaths.check(hosts).get('bbb-01')?.message;
}

it.each([
  ['the same', proxy(['/bbb-01/html5client/']), node('/html5client/'), undefined],
  [
    'another path besides',
    proxy(['/bbb-01/html5client/'], ['/bbb-01/bigbluebutton/api', '/bigbluebutton/api']),
    node('/html5client/'),
    undefined,
  ],
  [
    'a location that the node lacks',
    proxy(['/bbb-01/html5client/'], ['/bbb-01/html5client-assets/']),
    node('/html5client/'),
    'proxy-1 will relay /bbb-01/html5client-assets/ to /bbb-01/html5client-assets/, but bbb-01 will have no such location',
  ],
  [
    'another path on the proxy',
    proxy(['/x/html5client/', '/bbb-01/html5client/']),
    node('/html5client/'),
    'proxy-1 will serve under /x/html5client/ what bbb-01 serves under /bbb-01/html5client/',
  ],
  [
    'nothing of the node',
    proxy(['/bbb-01/bigbluebutton/api', '/bigbluebutton/api']),
    node('/html5client/'),
    'proxy-1 will have no location that relays to bbb-01, which will serve /bbb-01/html5client/',
  ],
])('compares what a Caddy relays and what the node serves: %s', (_, one, other, message) => {
  expect(problem(one, other)).toBe(message);
});
