import { describe, expect, it } from 'vitest';
import { type Asker, exposureOf, type OnTheWay } from '../../../src/inventory/default/exposure.ts';

const asker: Asker = { uid: 1000, ownGroups: new Set([1000]) };
const folder = (path: string, mode = 0o755, uid = 0, gid = uid): OnTheWay => ({
  ...{ path, kind: 'folder', mode, uid, gid },
});
const file = (path: string, mode = 0o644, uid = 1000, gid = uid): OnTheWay => ({
  ...{ path, kind: 'file', mode, uid, gid },
});
const link = (path: string, uid = 1000): OnTheWay => ({
  ...{ path, kind: 'link', mode: 0o777, uid, gid: uid },
});
const home = [folder('/'), folder('/home'), folder('/home/ops', 0o755, 1000)];

describe('what others can do to an inventory', () => {
  it.each<readonly [string, readonly OnTheWay[]]>([
    ['a file of mine below my home', [...home, file('/home/ops/c.yaml')]],
    ["root's file", [...home, file('/home/ops/c.yaml', 0o644, 0)]],
    ['a group in which I am alone', [...home, file('/home/ops/c.yaml', 0o664)]],
    ["root's group", [folder('/'), folder('/srv', 0o775, 0), file('/srv/c.yaml', 0o664, 0)]],
    [
      'a folder of mine in a sticky one',
      [folder('/'), folder('/tmp', 0o1777), folder('/tmp/x', 0o700, 1000), file('/tmp/x/c.yaml')],
    ],
    ['a link of mine in my folder', [...home, link('/home/ops/c.yaml'), file('/home/ops/prod.yaml')]],
  ])('%s: nothing', (_what, way) => expect(exposureOf(way, asker)).toBeUndefined());

  it.each<readonly [string, readonly OnTheWay[], string]>([
    ["another user's file", [...home, file('/home/ops/c.yaml', 0o644, 1001)], '/home/ops/c.yaml'],
    ['a file for anybody', [...home, file('/home/ops/c.yaml', 0o646)], '/home/ops/c.yaml'],
    ['a file for a group', [...home, file('/home/ops/c.yaml', 0o664, 1000, 50)], '/home/ops/c.yaml'],
    [
      "another user's folder with a hard link to root's file",
      [folder('/'), folder('/tmp', 0o1777), folder('/tmp/x', 0o755, 1001), file('/tmp/x/c.yaml', 0o644, 0)],
      '/tmp/x',
    ],
    [
      'a file straight in a sticky folder',
      [folder('/'), folder('/tmp', 0o1777), file('/tmp/c.yaml')],
      '/tmp',
    ],
    [
      'a link straight in a sticky folder',
      [folder('/'), folder('/tmp', 0o1777), link('/tmp/c.yaml'), file('/home/ops/c.yaml')],
      '/tmp',
    ],
    ["another user's link", [...home, link('/home/ops/c.yaml', 1001), file('/x')], '/home/ops/c.yaml'],
    [
      'a folder above, for anybody',
      [folder('/'), folder('/srv', 0o777), folder('/srv/x', 0o700, 1000), file('/srv/x/c.yaml')],
      '/srv',
    ],
    [
      'a folder above, for a group',
      [folder('/'), folder('/srv', 0o2775, 0, 50), folder('/srv/x', 0o700, 1000), file('/srv/x/c.yaml')],
      '/srv',
    ],
  ])('%s: refused, and where', (_what, way, path) => {
    expect(exposureOf(way, asker)).toMatchObject({ path, why: expect.stringContaining(path) });
  });
});
