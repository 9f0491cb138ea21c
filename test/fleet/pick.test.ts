import { describe, expect, it } from 'vitest';
import { addressOf, pairsSharing, wayTo } from '../../src/fleet/alike.ts';
import { pickClusters, unmatched } from '../../src/fleet/pick.ts';

const clusters = [
  { name: 'school-1', inventory: 'clusters/one.yaml' },
  { name: 'school-2', inventory: 'clusters/two.yaml' },
  { name: 'town', inventory: 'other/town.yaml' },
  { name: undefined, inventory: 'clusters/broken.yaml' },
];
const picked = (...patterns: readonly string[]) =>
  pickClusters(clusters, patterns).map(({ inventory }) => inventory.replace(/^.*\/|\.yaml$/g, ''));

describe('--cluster', () => {
  it.each([
    [[], ['one', 'two', 'town', 'broken']],
    [['town'], ['town']],
    [['school-*'], ['one', 'two']],
    [
      ['school-?', 'town'],
      ['one', 'two', 'town'],
    ],
    [['clusters/*'], ['one', 'two', 'broken']],
    [['broken.yaml'], ['broken']],
    [['!town'], ['one', 'two', 'broken']],
    [['school-*', '!school-2'], ['one']],
    [['school-'], []],
    [['.*'], []],
    [['(town|school)'], []],
  ] as const)('%j chooses %j', (patterns, names) => {
    expect(picked(...patterns)).toEqual(names);
  });

  it('says which patterns match nothing', () => {
    expect(unmatched(clusters, ['town', 'twon', '!school-*', '!scool-*'])).toEqual(['twon', '!scool-*']);
  });
});

describe('inventories with hosts in common', () => {
  const cluster = (name: string, ...addresses: readonly string[]) => ({
    ...{ name, inventory: `${name}.yaml`, addresses: new Map(addresses.map((one) => [one, wayTo({})])) },
  });

  it('are found by how the hosts are reached', () => {
    expect(addressOf({ host: 'BBB-01.example.com' })).toBe(
      addressOf({ host: 'bbb-01.example.com', port: 22 }),
    );
    const [a, b, c] = [cluster('a', 'x:22', 'y:22'), cluster('b', 'y:22'), cluster('c', 'z:22')];
    expect(pairsSharing([a, b, c])).toEqual([{ one: a, other: b, shared: ['y:22'], isSame: false }]);
  });

  it('are the same cluster where they have its name as well', () => {
    const [one, copy] = [cluster('a', 'x:22'), { ...cluster('a', 'x:22'), inventory: 'copy.yaml' }];
    expect(pairsSharing([one, copy]).map(({ isSame }) => isSame)).toEqual([true]);
  });

  it('are not the same where a private address lies behind other hosts', () => {
    const behind = (proxyJump: string) => ({
      ...{ name: 'prod', inventory: `${proxyJump}.yaml` },
      addresses: new Map([['10.0.0.5:22', wayTo({ proxyJump })]]),
    });
    const [pair] = pairsSharing([behind('jump.north.example.com'), behind('jump.south.example.com')]);
    expect(pair).toMatchObject({ shared: ['10.0.0.5:22'], isSame: false });
  });
});
