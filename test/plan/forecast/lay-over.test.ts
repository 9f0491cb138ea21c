import { expect, it } from 'vitest';
import type { BroughtPackage, UnpackedPackage } from '../../../src/model/forecast.ts';
import { noReads, queryKey, type Reads } from '../../../src/model/reads.ts';
import type { PathState, RegularFile, Snapshot } from '../../../src/model/snapshot.ts';
import { md5 } from '../../../src/plan/forecast/conffiles.ts';
import { layOver } from '../../../src/plan/forecast/lay-over.ts';
import { unitFiles } from '../../../src/plan/forecast/unit-files.ts';
import { type FakeHost, snapshotOf } from '../../support/snapshot-from-folder.ts';

const file = (text: string, own: Partial<RegularFile> = {}): RegularFile => ({
  ...{ kind: 'file', mode: 0o644, user: 'root', group: 'root', content: Buffer.from(text) },
  ...own,
});

const directory: PathState = { kind: 'directory', mode: 0o755, user: 'root', group: 'root' };

function packageWith(
  paths: Readonly<Record<string, PathState>>,
  more: Partial<UnpackedPackage> = {},
  globs: Readonly<Record<string, readonly string[]>> = {},
): BroughtPackage {
  return {
    chosen: { name: 'demo', version: '2', installed: '1' },
    files: {
      ...snapshotOf({}, noReads),
      paths: new Map(Object.entries(paths)),
      globs: new Map(Object.entries(globs)),
    },
    old: new Set(),
    shared: new Set(),
    brought: new Set(),
    own: new Set(),
    conffiles: new Set(),
    oldConffiles: [],
    diverted: new Map(),
    overrides: new Map(),
    scripts: [],
    ...more,
  };
}

function host(fake: FakeHost, reads: Partial<Reads>): Snapshot {
  return snapshotOf(fake, { ...noReads, ...reads });
}

const options = { answer: 'keep', searches: [] } as const;
const textOf = (snapshot: Snapshot, path: string) => {
  const state = snapshot.paths.get(path);
  const holder = state?.kind === 'symlink' ? state.resolved : state;
  return holder?.kind === 'file' ? holder.content.toString() : state?.kind;
};

it('a file of a package is as the package has it; what no package has stays', () => {
  const before = host(
    { files: { '/usr/share/demo/a': 'edited', '/etc/mine': 'mine', '/usr/share/demo/b': 'b' } },
    { paths: ['/usr/share/demo/a', '/usr/share/demo/b', '/usr/share/demo/c', '/etc/mine'] },
  );
  const { snapshot, forecast } = layOver(
    before,
    [
      packageWith(
        { '/usr/share/demo/a': file('new', { mode: 0o600 }), '/usr/share/demo/c': file('c') },
        { old: new Set(['/usr/share/demo/a', '/usr/share/demo/b']) },
      ),
    ],
    options,
  );
  expect(snapshot.paths.get('/usr/share/demo/a')).toEqual(file('new', { mode: 0o600 }));
  expect(textOf(snapshot, '/usr/share/demo/c')).toBe('c');
  expect(textOf(snapshot, '/etc/mine')).toBe('mine');
  expect(textOf(snapshot, '/usr/share/demo/b')).toBe('absent');
  expect(forecast.removed).toEqual(['/usr/share/demo/b']);
  expect(snapshot.packages.get('demo')).toBe('2');
  expect(snapshot.pending).toBeUndefined();
});

it('what moves to another package, is shared, or was a conffile stays', () => {
  const paths = ['/usr/moved', '/usr/shared', '/etc/demo.conf', '/etc/older.conf'];
  const before = host({ files: Object.fromEntries(paths.map((path) => [path, 'one'])) }, { paths });
  const { snapshot, forecast } = layOver(
    before,
    [
      packageWith(
        {},
        {
          old: new Set(paths),
          shared: new Set(['/usr/shared']),
          oldConffiles: [
            { path: '/etc/demo.conf', md5: undefined, obsolete: false },
            { path: '/etc/older.conf', md5: undefined, obsolete: true },
          ],
        },
      ),
      packageWith({ '/usr/moved': file('two') }),
    ],
    options,
  );
  expect(paths.map((path) => textOf(snapshot, path))).toEqual(['two', 'one', 'one', 'one']);
  expect(forecast.removed).toEqual([]);
  expect(forecast.conffiles.map(({ path, decision }) => [path, decision])).toEqual([
    ['/etc/demo.conf', 'obsolete'],
  ]);
});

it('folders go once they are empty, and links to files are followed by what is there then', () => {
  const before = host(
    {
      files: {
        '/usr/share/old/a': 'a',
        '/usr/share/kept/mine': 'mine',
        '/usr/share/real.static': 'static',
        '/usr/share/link': { link: 'real.static' },
        '/etc/ours': { link: '/usr/share/real.static' },
      },
    },
    { paths: ['/usr/share/old/a', '/usr/share/kept/mine', '/usr/share/link', '/etc/ours'] },
  );
  const paths = new Map([
    ...before.paths,
    ['/usr/share/old', directory] as const,
    ['/usr/share/kept', directory] as const,
  ]);
  const old = new Set(['/usr/share/old', '/usr/share/old/a', '/usr/share/kept']);
  const { snapshot } = layOver(
    { ...before, paths },
    [packageWith({ '/usr/share/real.static': file('renewed') }, { old })],
    options,
  );
  expect(textOf(snapshot, '/usr/share/old')).toBe('absent');
  expect(textOf(snapshot, '/usr/share/kept')).toBe('directory');
  expect(textOf(snapshot, '/usr/share/link')).toBe('renewed');
  expect(textOf(snapshot, '/etc/ours')).toBe('renewed');
});

it('dpkg replaces no folder by a link, and no link by a folder', () => {
  const before = host({ files: { '/usr/b': { link: '/srv/b' } } }, { paths: ['/usr/a', '/usr/b', '/usr/c'] });
  const paths = new Map([...before.paths, ['/usr/a', directory] as const]);
  const brought = packageWith({
    '/usr/a': { kind: 'symlink', target: 'c' },
    '/usr/b': directory,
    '/usr/c': directory,
  });
  const { snapshot } = layOver({ ...before, paths }, [brought], options);
  expect(['/usr/a', '/usr/b', '/usr/c'].map((path) => snapshot.paths.get(path)?.kind)).toEqual([
    'directory',
    'symlink',
    'directory',
  ]);
});

it('diversions and overrides of an operator hold', () => {
  const before = host(
    { files: { '/usr/share/demo.conf': 'mine', '/usr/share/demo.conf.distrib': 'one' } },
    { paths: ['/usr/share/demo.conf', '/usr/share/demo.conf.distrib', '/usr/share/secret'] },
  );
  const { snapshot } = layOver(
    before,
    [
      packageWith(
        { '/usr/share/demo.conf': file('two'), '/usr/share/secret': file('s') },
        {
          old: new Set(['/usr/share/demo.conf']),
          diverted: new Map([['/usr/share/demo.conf', '/usr/share/demo.conf.distrib']]),
          overrides: new Map([['/usr/share/secret', { user: 'demo', group: 'ops', mode: 0o640 }]]),
        },
      ),
    ],
    options,
  );
  expect(textOf(snapshot, '/usr/share/demo.conf')).toBe('mine');
  expect(textOf(snapshot, '/usr/share/demo.conf.distrib')).toBe('two');
  expect(snapshot.paths.get('/usr/share/secret')).toEqual(
    file('s', { user: 'demo', group: 'ops', mode: 0o640 }),
  );
});

it('globs have what comes and lack what goes', () => {
  const pattern = '/usr/share/demo/*.nginx';
  const before = host(
    { files: { '/usr/share/demo/a.nginx': 'a', '/usr/share/demo/b.nginx': 'b' } },
    { paths: [pattern] },
  );
  const brought = packageWith(
    { '/usr/share/demo/c.nginx': file('c') },
    { old: new Set(['/usr/share/demo/a.nginx']) },
    { [pattern]: ['/usr/share/demo/c.nginx'] },
  );
  const { snapshot } = layOver(before, [brought], options);
  expect(snapshot.globs.get(pattern)).toEqual(['/usr/share/demo/b.nginx', '/usr/share/demo/c.nginx']);
});

it('a conffile that both have changed is as dpkg is told', () => {
  const before = host({ files: { '/etc/demo.conf': 'mine' } }, { paths: ['/etc/demo.conf'] });
  const brought = packageWith(
    { '/etc/demo.conf': file('two') },
    {
      conffiles: new Set(['/etc/demo.conf']),
      oldConffiles: [{ path: '/etc/demo.conf', md5: md5(Buffer.from('one')), obsolete: false }],
    },
  );
  const kept = layOver(before, [brought], options);
  expect(textOf(kept.snapshot, '/etc/demo.conf')).toBe('mine');
  expect(kept.forecast.conffiles).toEqual([
    { path: '/etc/demo.conf', package: 'demo', decision: 'asked', answer: 'keep' },
  ]);
  const replaced = layOver(before, [brought], { ...options, answer: 'replace' });
  expect(textOf(replaced.snapshot, '/etc/demo.conf')).toBe('two');
});

it('units come and go with their files; what they do then is known after the upgrade', () => {
  const units = ['old.service', 'own', 'new.service', 'app@1.service', 'both.service'];
  const before = host({ units: ['old.service', 'own', 'both.service'] }, { units });
  const { snapshot, forecast } = layOver(
    before,
    [
      packageWith(
        {},
        {
          old: new Set([
            '/usr/lib/systemd/system/old.service',
            '/usr/lib/systemd/system/own.service',
            '/lib/systemd/system/both.service',
          ]),
          own: new Set(['/etc/systemd/system/own.service']),
          brought: new Set([
            '/lib/systemd/system/new.service',
            '/usr/lib/systemd/system/app@.service',
            '/usr/lib/systemd/system/both.service',
          ]),
        },
      ),
    ],
    options,
  );
  expect(forecast.units).toEqual({ come: ['new.service', 'app@1.service'], go: ['old.service'] });
  expect(units.map((unit) => snapshot.units.get(unit)?.load)).toEqual([
    'not-found',
    'loaded',
    'loaded',
    'loaded',
    'loaded',
  ]);
  expect([...(snapshot.pending?.units ?? [])]).toEqual(['new.service', 'app@1.service']);
  expect(unitFiles('app@1.service')).toContain('/etc/systemd/system/app@.service');
});

it('a search is answered by the package that has the file', () => {
  const query = { kind: 'search', args: ['livekit:', '/usr/share/large'] } as const;
  const gone = { kind: 'search', args: ['x', '/usr/share/gone'] } as const;
  const log = { kind: 'search', args: ['x', '/var/log/demo.log'] } as const;
  const searches = [query, gone, log];
  const answers = searches.map((one) => [one, { status: 0, output: '' }] as const);
  const before = host({ answers }, { queries: searches });
  const one = packageWith({}, { old: new Set(['/usr/share/gone', '/usr/share/large']) });
  const files = {
    ...one.files,
    answers: new Map([
      [queryKey(query), { status: 1, output: '' }],
      [queryKey(gone), { status: 2, output: '' }],
      [queryKey(log), { status: 2, output: '' }],
    ]),
  };
  const { snapshot } = layOver(before, [{ ...one, files }], { answer: 'keep', searches });
  expect(searches.map((asked) => snapshot.answers.get(queryKey(asked))?.status)).toEqual([1, 2, 0]);
});

it('with maintainer scripts, whatever is missing may come with them', () => {
  const before = host({}, { paths: ['/etc/demo.conf'] });
  const { snapshot, forecast } = layOver(before, [packageWith({}, { scripts: ['postinst'] })], options);
  expect(snapshot.pending?.after).toBe('the upgrade');
  expect(forecast.packages).toEqual([{ name: 'demo', from: '1', to: '2', scripts: ['postinst'] }]);
});

it('a managed file that a package replaces is named; one that has not changed is not', () => {
  const item = (path: string) => ({
    ...{ step: 's', path, format: 'properties', key: ['k'], first: { kind: 'absent' }, activated: '' },
  });
  const ledger = {
    ...{ schemaVersion: 1, cluster: 'c', playbook: 'p', recipe: undefined, run: 'r', created: [] },
    items: [item('/usr/a'), item('/usr/b'), item('/etc/mine')],
  } as unknown as NonNullable<Snapshot['ledger']>;
  const paths = ['/usr/a', '/usr/b', '/etc/mine'];
  const files = { '/usr/a': 'k=ours', '/usr/b': 'same', '/etc/mine': 'm' };
  const before = {
    ...host({ files, ledger }, { paths }),
    changedAt: new Map(paths.map((path) => [path, 1])),
  };
  const brought = packageWith({ '/usr/a': file('k=stock'), '/usr/b': file('same') });
  const { snapshot, forecast } = layOver(before, [brought], options);
  expect(forecast.replaced).toEqual(['/usr/a']);
  expect([...(snapshot.changedAt?.keys() ?? [])]).toEqual(['/usr/b', '/etc/mine']);
});
