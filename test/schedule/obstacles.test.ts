import { describe, expect, it } from 'vitest';
import type { ReportDocument, ReportHost } from '../../src/report/document/schema.ts';
import { firstReportProblem } from '../../src/schedule/first-report.ts';
import { recordsFolder, scheduleName } from '../../src/schedule/names.ts';
import { type OnTheWay, placeProblem, secretProblems, wordProblem } from '../../src/schedule/obstacles.ts';

const root = { uid: 0, gid: 0 };
const ops = { uid: 1000, gid: 1000 };
const way = (...parts: readonly (readonly [string, number, { uid: number; gid: number }])[]): OnTheWay[] =>
  parts.map(([path, mode, owner]) => ({ path, mode, ...owner }));
const home = [
  ['/', 0o40755, root],
  ['/home', 0o40755, root],
  ['/home/ops', 0o40755, ops],
] as const;

describe('where a schedule may run from', () => {
  const judge = (parts: readonly OnTheWay[], uid = 1000) =>
    placeProblem('the program', parts, { uid, temporaryFolder: '/scratch' })?.message;
  it.each([
    ['its own home', way(...home, ['/home/ops/main.js', 0o100644, ops]), undefined],
    ['a group that is the user', way(...home, ['/home/ops/main.js', 0o100664, ops]), undefined],
    [
      "root's",
      way(['/', 0o40755, root], ['/opt', 0o40755, root], ['/opt/main.js', 0o100755, root]),
      undefined,
    ],
    [
      'a folder of everybody',
      way(...home, ['/home/ops/shared', 0o40777, ops], ['/home/ops/shared/main.js', 0o100644, ops]),
      '/home/ops/shared can be changed by others (mode 0777)',
    ],
    [
      'a folder of a group',
      way(['/', 0o40755, root], ['/srv', 0o42775, { uid: 0, gid: 50 }], ['/srv/main.js', 0o100644, root]),
      '/srv can be changed by its group (mode 2775)',
    ],
    [
      "somebody else's",
      way(
        ['/', 0o40755, root],
        ['/home/ada', 0o40755, { uid: 1001, gid: 1001 }],
        ['/home/ada/main.js', 0o100644, root],
      ),
      '/home/ada belongs to another account (uid 1001)',
    ],
    ['/tmp', way(['/', 0o40755, root], ['/tmp/main.js', 0o100644, root]), 'in a folder for temporary files'],
    ['TMPDIR', way(['/scratch/main.js', 0o100644, root]), 'in a folder for temporary files'],
    ['npx', way(['/home/ops/.npm/_npx/1/main.js', 0o100644, ops]), 'in a folder for temporary files'],
    ['a name like it', way(['/tmpx/main.js', 0o100644, root]), undefined],
  ])('%s', (_name, parts, expected) => {
    const found = judge(parts);
    if (expected === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(expected);
  });
  it("a schedule of root's calls nothing that belongs to a user", () => {
    expect(judge(way(...home, ['/home/ops/main.js', 0o100644, ops]), 0)).toContain('/home/ops belongs to');
  });
});

it('secrets from the environment need a credential, all others are as they are', () => {
  const location = { file: 'prod.yaml', line: 3, column: 1, text: 'password: {env: A}' };
  const use = (value: object | string) =>
    ({ host: 'a', for: { kind: 'ssh', key: 'password' }, value, location }) as never;
  const uses = [use({ env: 'A' }), use({ env: 'A' }), use({ env: 'B' }), use({ file: 'x' }), use('plain')];
  expect(secretProblems(uses, new Map([['B', '/etc/b']]))).toMatchObject([
    { code: 'schedule-secret', message: expect.stringContaining('variable A,'), location },
  ]);
});

describe('a first report', () => {
  const host = (name: string, code?: string, changes: readonly object[] = []) =>
    ({
      name,
      changes,
      ...(code === undefined ? {} : { error: { code, message: 'why' } }),
    }) as unknown as ReportHost;
  const judge = (document: Partial<ReportDocument> | undefined, status = 0, agent = false) =>
    firstReportProblem(
      { document: document as ReportDocument | undefined, output: '', status, result: 'exit-code' },
      { journal: 'journalctl --user --unit=u', agent },
    );
  it('that looked at every host is enough, whatever it found', () => {
    const hosts = [host('a'), host('b', 'too-many', [{}]), host('c', 'answers-wrongly')];
    expect(judge({ hosts }, 2)).toBeUndefined();
  });
  it('that could not is told with its hosts', () => {
    const hosts = Array.from({ length: 7 }, (_, index) => host(`bbb-0${index}`, 'login-refused'));
    const problem = judge({ hosts, errors: [{ code: 'x', message: 'y' }] }, 3, true);
    expect(problem?.notes?.slice(0, 2)).toEqual(['x: y', 'bbb-00: login-refused: why']);
    expect(problem?.notes).toContain('and 3 more');
    expect(problem?.notes?.join()).toContain('SSH_AUTH_SOCK');
    expect(judge({ hosts })?.notes?.join()).not.toContain('SSH_AUTH_SOCK');
  });
  it('that did not even begin is told with why', () => {
    expect(judge(undefined, 226)?.message).toContain('user namespaces');
    expect(judge(undefined, 226)?.next).not.toContain('--untried');
    expect(judge(undefined, 1)).toMatchObject({
      message: expect.stringContaining('the service ended with exit-code (status 1)'),
      next: expect.stringContaining('journalctl --user --unit=u'),
    });
  });
});

it('schedules of two inventories are two, each with its own folder', () => {
  const [one, other] = [scheduleName('prod', '/a/prod.yaml'), scheduleName('prod', '/b/prod.yaml')];
  expect(one).toMatch(/^prod-[0-9a-f]{8}$/);
  expect(one).not.toBe(other);
  expect(recordsFolder(one, 'system')).toBe(`/var/lib/clusterproxy-schedule/${one}`);
  const home = '/home/ada';
  expect(recordsFolder(one, { home, stateHome: undefined })).toBe(
    `/home/ada/.local/state/clusterproxy/schedule/${one}`,
  );
  expect(recordsFolder(one, { home, stateHome: 'relative' })).toContain('/home/ada/.local/state/');
  expect(recordsFolder(one, { home, stateHome: '/var/state' })).toBe(
    `/var/state/clusterproxy/schedule/${one}`,
  );
});

it('no word may begin a line of its own in what a scheduler reads', () => {
  expect(wordProblem(['/usr/bin/node', '/home/ops/ä b/$HOME/100 %.yaml'])).toBeUndefined();
  expect(wordProblem(['a', '/home/ops/x\nExecStartPre=/bin/evil'])).toMatchObject({
    code: 'schedule-place',
    message: expect.stringContaining('"/home/ops/x\\nExecStartPre=/bin/evil" has a line break'),
  });
});
