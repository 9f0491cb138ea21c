import { describe, expect, it } from 'vitest';
import { mergeReads } from '../../../src/model/merge-reads.ts';
import { noReads } from '../../../src/model/reads.ts';
import type { PathState } from '../../../src/model/snapshot.ts';
import { lostLocations, lostWords } from '../../../src/plan/rollback/lost-locations.ts';
import { planHostRollback } from '../../../src/plan/rollback/plan-rollback.ts';
import { caddyBlock } from '../../../src/steps/caddy/block-format.ts';
import { haproxyFrontendBlock, haproxyNode } from '../../../src/steps/haproxy/block-formats.ts';
import { builtInItemFormats } from '../../../src/steps/item-formats.ts';
import { nginxBlock } from '../../../src/steps/nginx/block-format.ts';
import { carriedOutHost, planWith, recorded, wantedStep } from '../../support/recorded-run.ts';
import { snapshotOf } from '../../support/snapshot-from-folder.ts';

const path = '/etc/nginx/clusterproxy/prod/nodes.conf';
const locations = (...names: readonly string[]) => {
  const nodes = names.map((name) => {
    const hostname = `${name}.example.com`;
    const own = [{ path: `/${name}/html5client/`, target: `https://${hostname}/${name}/html5client/` }];
    return { name, hostname, address: '192.0.2.11', recipe: { locations: own, verify: false } };
  });
  return wantedStep('node-locations', 'nginx-locations', { path, server_name: 'bbb.example.com', nodes });
};
const { module, parameters } = locations('bbb-01', 'bbb-02', 'bbb-03');
const proxy = snapshotOf(
  { name: 'proxy-1', packages: { 'ca-certificates': '20230311' } },
  mergeReads([{ ...noReads, ...module.reads(parameters as never) }]),
);

describe('undoing what brought locations', () => {
  const careful = { force: false };
  const first = planWith(proxy, [locations('bbb-01')]);
  const second = planWith(carriedOutHost(first), [locations('bbb-01', 'bbb-02', 'bbb-03')]);

  it('says whose go with it, and not whose were there before', () => {
    const undone = planHostRollback(carriedOutHost(second), [recorded(second)], careful);
    expect(undone.problem).toBeUndefined();
    expect(undone.drops).toEqual(['the locations of bbb-02 and bbb-03']);
    expect(undone.warnings).toEqual([
      'the locations of bbb-02 and bbb-03 are removed: people whose page was loaded through them are cut off',
    ]);
  });

  it('says so where the whole file goes, and nothing where it has gone already', () => {
    const undone = planHostRollback(carriedOutHost(first), [recorded(first)], careful);
    expect(undone.drops).toEqual(['the locations of bbb-01']);
    expect(planHostRollback(proxy, [recorded(first)], careful).drops).toBeUndefined();
  });
});

describe('locations that are lost', () => {
  const file = (text: string): PathState => ({
    ...{ kind: 'file', content: Buffer.from(text), mode: 0o644, user: 'root', group: 'root' },
  });

  it.each([
    ['nginx', nginxBlock, ['bbb-01']],
    ['HAProxy', haproxyNode, ['prod', 'bbb-01']],
    ['Caddy', caddyBlock, ['bbb-01']],
  ])('are known in the files of %s', (_, format, key) => {
    const item = { path: '/etc/some', format: format.name, key };
    const states = () => ({
      ...{ before: file(format.set('', key, '# of the node\n')), after: { kind: 'absent' } as const },
    });
    expect(lostLocations([item, item], states, builtInItemFormats)).toEqual(['bbb-01']);
    const stays = () => ({ ...states(), after: states().before });
    expect(lostLocations([item], stays, builtInItemFormats)).toEqual([]);
  });

  it('are no other things', () => {
    const key = ['prod'];
    const item = { path: '/etc/some', format: haproxyFrontendBlock.name, key };
    const before = file(haproxyFrontendBlock.set('', key, 'frontend prod\n'));
    const states = () => ({ before, after: { kind: 'absent' } as const });
    expect(lostLocations([item], states, builtInItemFormats)).toEqual([]);
  });

  it('are told in a line', () => {
    expect(lostWords([])).toBe('');
    expect(lostWords(['a'])).toBe('the locations of a');
    expect(lostWords([...'abcdefghij'])).toBe('the locations of a, b, c, d, e, f, g, h and 2 more');
  });
});
