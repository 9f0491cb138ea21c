import { expect, it } from 'vitest';
import type { OfferedPackage } from '../../../src/model/forecast.ts';
import { choosePackages } from '../../../src/plan/forecast/choose-packages.ts';

function offered(name: string, version: string, more: Partial<OfferedPackage> = {}): OfferedPackage {
  const file = `${name}_${version}.deb`;
  return {
    file: { path: `/packages/${file}`, file, size: 1, sha256: '', head: Buffer.alloc(0) },
    ...{ name, version, architecture: 'all', needs: [], provides: [], installed: undefined },
    ...more,
  };
}

function choose(packages: readonly OfferedPackage[], there: readonly string[] = []) {
  const { chosen, leftOut } = choosePackages({
    architecture: 'amd64',
    offered: packages,
    there: new Set(there),
  });
  return {
    chosen: chosen.map(({ file }) => file.file),
    leftOut: leftOut.map(({ file, why }) => `${file}: ${why}`),
  };
}

it('takes what is installed in an older version, and leaves out what apt would', () => {
  expect(
    choose([
      offered('bbb-web', '3.0', { installed: '2.7' }),
      offered('bbb-html5', '3.0', { installed: '3.0' }),
      offered('bbb-demo', '2.6', { installed: '2.7' }),
      offered('bbb-pads', '3.0'),
      offered('bbb-arm', '3.0', { architecture: 'arm64', installed: '2.7' }),
    ]),
  ).toEqual({
    chosen: ['bbb-web_3.0.deb'],
    leftOut: [
      'bbb-html5_3.0.deb: version 3.0 is installed already',
      'bbb-demo_2.6.deb: version 2.7 is installed, which is later than 2.6',
      'bbb-pads_3.0.deb: not installed here, and nothing that is installed needs it',
      'bbb-arm_3.0.deb: it is for arm64, and this host is amd64',
    ],
  });
});

it('takes the latest of several versions', () => {
  expect(
    choose([
      offered('bbb-web', '3.0.9', { installed: '2.7' }),
      offered('bbb-web', '3.0.10', { installed: '2.7' }),
      offered('bbb-web', '3.0.2', { installed: '2.7' }),
    ]),
  ).toEqual({
    chosen: ['bbb-web_3.0.10.deb'],
    leftOut: [
      'bbb-web_3.0.9.deb: version 3.0.10 is there as well',
      'bbb-web_3.0.2.deb: version 3.0.10 is there as well',
    ],
  });
});

it('takes what that needs, through others and by other names, unless one of the alternatives is there', () => {
  const packages = [
    offered('bbb-web', '3.0', { installed: '2.7', needs: [['middleware'], ['cache-a', 'cache-b'], ['db']] }),
    offered('bbb-graphql', '3.0', { provides: ['middleware'], needs: [['bbb-tools']] }),
    offered('bbb-tools', '3.0', { needs: [['bbb-web']] }),
    offered('cache-a', '1'),
    offered('cache-b', '1'),
    offered('db', '1'),
  ];
  expect(choose(packages, ['bbb-web', 'cache-b']).chosen).toEqual([
    'bbb-web_3.0.deb',
    'bbb-graphql_3.0.deb',
    'bbb-tools_3.0.deb',
    'db_1.deb',
  ]);
});
