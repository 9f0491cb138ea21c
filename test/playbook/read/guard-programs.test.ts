import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OperatorErrors, type Problem } from '../../../src/model/operator-error.ts';
import type { PlaybookGuard } from '../../../src/model/playbook.ts';
import { builtInPlaybooks } from '../../../src/playbook/read/chain.ts';
import { loadPlaybook } from '../../../src/playbook/read/load.ts';
import { checkPlaybook } from '../../../src/run/check-playbook.ts';
import { guardProgram } from '../../support/guard-program.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'guards-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, content: string | Buffer) => {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), content);
};
const playbook = (guard: string) => `name: mine
description: for tests
roles:
  node:
    description: a host
    steps:
      - {id: message, file: {path: /etc/motd, content: hello}, notify: restart}
    guards:
      calls: ${guard}
    handlers:
      - {id: restart, restart: calls.service, guards: [calls]}
`;
const asking = (more = 'args: [a]') =>
  playbook(`{program: ask/calls.sh, ${more}, description: running calls}`);
const guards = async (file = './mine.yaml'): Promise<readonly (readonly PlaybookGuard[])[]> =>
  (await loadPlaybook(file, folder)).roles.map((role) => role.guards);

async function mistakes(work: () => Promise<unknown> = guards): Promise<readonly Problem[]> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof OperatorErrors)) throw error;
    return error.problems;
  }
  return [];
}
const words = (problems: readonly Problem[]) =>
  problems.map(({ code, message, location }) => `${code} ${location?.line}:${location?.column} ${message}`);

describe('a program of a guard', () => {
  it('is that beside the playbook', async () => {
    write('ask/calls.sh', 'exit 0\n');
    write('mine.yaml', asking());
    expect(await guards()).toEqual([
      [
        {
          ...{ id: 'calls', kind: 'program', args: ['a'], description: 'running calls', when: {} },
          program: { file: join(folder, 'ask/calls.sh'), text: 'exit 0\n' },
        },
      ],
    ]);
  });

  it('needs no arguments', async () => {
    write('ask/calls.sh', 'exit 0\n');
    write('mine.yaml', playbook('{program: ask/calls.sh, description: running calls}'));
    expect((await guards())[0]?.[0]?.args).toEqual([]);
  });

  it('is looked for beside the file that has the guard, also where that is extended', async () => {
    write('base/ask/calls.sh', 'exit 0\n');
    write('base/mine.yaml', asking());
    write('ours.yaml', 'name: ours\ndescription: ours\nextends: ./base/mine.yaml\n');
    expect((await guards('./ours.yaml'))[0]?.[0]?.program?.file).toBe(join(folder, 'base/ask/calls.sh'));
    write('ask/ours.sh', 'exit 1\n');
    write(
      'ours.yaml',
      `name: ours
description: ours
extends: ./base/mine.yaml
roles:
  node:
    guards:
      calls: {program: ask/ours.sh, description: calls of ours}
`,
    );
    expect((await guards('./ours.yaml'))[0]?.[0]?.program).toEqual({
      file: join(folder, 'ask/ours.sh'),
      text: 'exit 1\n',
    });
  });

  it('is part of what a saved plan depends on', async () => {
    write('mine.yaml', asking());
    write('ask/calls.sh', 'exit 0\n');
    const before = (await loadPlaybook('./mine.yaml', folder)).text;
    write('ask/calls.sh', 'exit 1\n');
    expect((await loadPlaybook('./mine.yaml', folder)).text).not.toBe(before);
  });

  it.each<[string, () => void, RegExp]>([
    ['that is not there', () => {}, /calls\.sh can't be read: it, or a folder on its path, does not exist/],
    ['that is a folder', () => write('ask/calls.sh/x', ''), /is no regular file/],
    ['that is empty', () => write('ask/calls.sh', ' \n'), /is empty/],
    ['with a NUL', () => write('ask/calls.sh', 'exit\0 0\n'), /is no text/],
    ['that is no UTF-8', () => write('ask/calls.sh', Buffer.from([0x23, 0xff, 0x0a])), /is no text/],
    ['from Windows', () => write('ask/calls.sh', '[ "$1" -gt 0 ] && exit 1\r\nexit 0\r\n'), /line ends/],
    ['with a byte-order mark', () => write('ask/calls.sh', '\ufeffset -e\n'), /byte-order mark/],
    ['that is large', () => write('ask/calls.sh', '#'.repeat(65_537)), /65537 bytes; expected at most 65536/],
  ])('%s is refused, with its place', async (_, prepare, message) => {
    prepare();
    write('mine.yaml', asking());
    const [first, ...more] = words(await mistakes());
    expect(first).toMatch(/^invalid-program 9:24 the program ask\/calls\.sh /);
    expect(first).toMatch(message);
    expect(more).toEqual([]);
  });

  it.each(['/etc/calls.sh', '../calls.sh', 'ask/../../calls.sh'])('%s lies outside', async (name) => {
    write('mine.yaml', playbook(`{program: ${name}, description: running calls}`));
    expect(words(await mistakes())).toEqual([
      `invalid-program 9:24 the program ${name} lies outside the playbook's directory`,
    ]);
  });

  it('that a link leads to lies outside as well', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'clusterproxy-outside-'));
    writeFileSync(join(outside, 'calls.sh'), 'exit 0\n');
    mkdirSync(join(folder, 'ask'), { recursive: true });
    symlinkSync(join(outside, 'calls.sh'), join(folder, 'ask/calls.sh'));
    write('mine.yaml', asking());
    expect(words(await mistakes())).toEqual([
      "invalid-program 9:24 the program ask/calls.sh lies outside the playbook's directory",
    ]);
    rmSync(outside, { recursive: true });
  });

  it('that sh does not understand is found by `playbook check`', async () => {
    write('mine.yaml', asking());
    write('ask/calls.sh', 'exit 0\n');
    expect(await mistakes(() => checkPlaybook('./mine.yaml', folder))).toEqual([]);
    write('ask/calls.sh', 'if true; then\n  exit 0\n');
    const [problem] = await mistakes(() => checkPlaybook('./mine.yaml', folder));
    expect(problem).toMatchObject({
      code: 'invalid-program',
      message: 'the program of the guard calls (role node) is not a program that sh understands',
      detail: expect.stringMatching(/syntax error/i),
    });
  });
});

describe('a guard', () => {
  it('may ask by http and by a command as well', async () => {
    write('mine.yaml', playbook("{kind: http, args: ['http://127.0.0.1/'], description: calls}"));
    expect((await guards())[0]?.[0]).toMatchObject({ kind: 'http', program: undefined });
    write('mine.yaml', playbook('{kind: command, args: [idle], description: calls}'));
    expect((await guards())[0]?.[0]).toMatchObject({ kind: 'command', program: undefined });
  });

  it.each([
    ['{description: calls}', 'wrong-value 9:14 expected one of: program, kind'],
    [
      '{program: ask/calls.sh, kind: http, args: [a], description: calls}',
      'wrong-value 9:14 expected one of: program, kind',
    ],
    ['{kind: command, description: calls}', 'missing-key 9:14 the guard has nothing to ask'],
    ['{program: ask/calls.sh}', 'missing-key 9:7 the key description is missing'],
  ])('%s is refused', async (guard, mistake) => {
    write('ask/calls.sh', 'exit 0\n');
    write('mine.yaml', playbook(guard));
    expect(words(await mistakes()).join()).toContain(mistake);
  });

  it('of a kind that is a program now is refused, with what to write', async () => {
    write(
      'mine.yaml',
      playbook("{kind: bbb-meetings, args: ['http://127.0.0.1/api'], description: meetings}"),
    );
    const [problem] = await mistakes();
    expect(problem).toMatchObject({
      code: 'wrong-value',
      message: "'bbb-meetings' is no kind of guard; expected http or command",
    });
    expect(problem?.next).toContain("write 'program: files/bbb-meetings.sh' instead of the kind");
  });
});

describe('the built-in playbooks', () => {
  it('ask by programs of their own', async () => {
    const programs = new Map<string, string | undefined>();
    for (const name of await builtInPlaybooks()) {
      for (const role of (await loadPlaybook(name, folder)).roles)
        for (const { id, program } of role.guards) programs.set(`${name} ${id}`, program?.text);
    }
    expect(programs).toEqual(
      new Map([
        ['antmedia srt-streams', guardProgram('antmedia-srt-streams.sh')],
        ['antmedia streams', guardProgram('antmedia-streams.sh')],
        ['averox meetings', guardProgram('bbb-meetings.sh')],
        ['averox recordings', guardProgram('bbb-recordings.sh')],
        ['averox streams', guardProgram('caddy-streams.sh')],
        ['bigbluebutton meetings', guardProgram('bbb-meetings.sh')],
        ['bigbluebutton recordings', guardProgram('bbb-recordings.sh')],
        ['bigbluebutton streams', guardProgram('caddy-streams.sh')],
        ['wcs sessions', guardProgram('wcs-sessions.sh')],
      ]),
    );
  });
});
