import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RunLog } from '../../../src/host/run-log.ts';
import {
  ageWords,
  type PeopleSession,
  sessionWords,
  sumOfPeople,
  sumWords,
} from '../../../src/model/people.ts';
import { packageRoot } from '../../../src/package-root.ts';

const separator = '\u001f';
const remote = (name: string) => readFileSync(join(packageRoot(), 'src/host/remote', name), 'utf8');

function sh(code: string, input: string): string {
  const text = `${remote('library.sh')}\n${remote('people.sh')}\n${code}`;
  const { stdout, stderr, status } = spawnSync('sh', ['-c', text], { input, encoding: 'utf8' });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout;
}

/** As ask_people prints them. */
function told({ participants, name = '', age, words = '' }: PeopleSession): string {
  return [participants ?? '?', name, age ?? '', words].join(separator);
}

describe('who is there, in words', () => {
  const cases: readonly (readonly [string, readonly PeopleSession[]])[] = [
    ['1, with 27 people; it started 20 min ago', [{ participants: 27, age: 1_259 }]],
    [
      '3, with 25 people; the oldest started 2 h ago',
      [{ participants: 12, age: 4_800 }, { participants: 13, age: 7_200 }, { participants: 0 }],
    ],
    ['1, with nobody at present; it started 45 s ago', [{ participants: 0, age: 45 }]],
    ['1, with 1 person', [{ participants: 1, words: 'not listed by the API, but clients are connected' }]],
    ['2, with at least 12 people', [{ participants: 12 }, {}]],
    ['2', [{ participants: 0 }, {}]],
    ['2; the oldest started 2 d 3 h ago', [{ age: 183_700 }, {}]],
    ['2; the oldest started 1 h ago', [{ age: 3_600, words: 'being processed' }, { words: 'waiting' }]],
  ];

  it.each(cases)('%s', (words, sessions) => {
    expect(sumWords(sessions.length, sumOfPeople(sessions))).toBe(words);
  });

  it.each(cases)('the same on the host: %s', (words, sessions) => {
    const lines = sessions.map(told).join('\n');
    expect(sh('people_in_words sum', `${lines}\n`)).toBe(`${words}\n`);
    const isTold = sessions.length === 1 && sessions[0]?.words === undefined;
    const known = sessions.filter((one) => (one.participants ?? one.age ?? one.words) !== undefined);
    const worthALine = isTold ? [] : known;
    expect(sh('people_in_words sessions', `${lines}\n`)).toBe(
      worthALine.map((session) => `- ${sessionWords(session)}\n`).join(''),
    );
    expect(sh('people_in_words ignored', `ignored${separator}${lines}\n`)).toBe(
      `${sessionWords(sessions[0] ?? {})}\n`,
    );
  });

  it.each([0, 59, 60, 3_599, 3_600, 4_859, 86_399, 86_400, 90_000, 400_000])('%i seconds', (age) => {
    const line = told({ participants: 2, age });
    expect(sh('people_in_words ignored', `ignored${separator}${line}\n`)).toBe(
      `2 people, started ${ageWords(age)} ago\n`,
    );
  });
});

describe('what a guard says, on its way from the host', () => {
  /** The guard's own words, with the status that it ends with. */
  const asked = (names: 'yes' | 'no', status: number, ...lines: readonly (readonly (string | number)[])[]) =>
    sh(
      `ask() { cat; return ${status}; }; _ended=0; ask_people ${names} program 1 || _ended=$?; [ $_ended -eq ${status} ]`,
      lines.map((fields) => `${fields.join(separator)}\n`).join(''),
    )
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.split(separator));
  const now = () => Math.floor(Date.now() / 1000);

  it('has names only where they are asked for', () => {
    const line = [12, 'Maths, class 7b', '', 'a word'];
    expect(asked('no', 1, line)).toEqual([['12', '', '', 'a word']]);
    expect(asked('yes', 1, line)).toEqual([['12', 'Maths, class 7b', '', 'a word']]);
    expect(asked('no', 0, ['ignored', ...line])).toEqual([['ignored', '12', '', '', 'a word']]);
    expect(asked('yes', 0, ['ignored', ...line])).toEqual([
      ['ignored', '12', 'Maths, class 7b', '', 'a word'],
    ]);
  });

  it('has the age of a session by the clock of the host, never less than none', () => {
    const [[, , age] = [], [, , none] = [], [, , unknown] = []] = asked(
      'no',
      1,
      [1, 'a', now() - 4_000],
      [1, 'b', now() + 4_000],
      [1, 'c', 'yesterday'],
    );
    expect(Number(age)).toBeGreaterThanOrEqual(4_000);
    expect(Number(age)).toBeLessThan(4_100);
    expect([none, unknown]).toEqual(['0', '']);
  });

  it('counts sessions by lines with fields; other words beside them are no sessions', () => {
    expect(asked('yes', 1, [3, 'Art'], ['a complaint'])).toEqual([['3', 'Art', '', '']]);
    expect(asked('no', 1, ['x', 'Art'])).toEqual([['?', '', '', '']]);
  });

  it('takes the lines of a guard without fields for sessions of which nothing is known', () => {
    expect(asked('no', 1, ['Maths by Ada'], [' '], ['Art'])).toEqual([
      ['?', '', '', ''],
      ['?', '', '', ''],
    ]);
    expect(asked('yes', 1, ['Maths by Ada'])).toEqual([['?', 'Maths by Ada', '', '']]);
  });

  it('of nobody has what is ignored and noted, nothing else', () => {
    const output = asked('no', 0, ['<html>'], [4, 'Art'], ['note', 'a recording has failed', 'more']);
    expect(output).toEqual([['note', 'a recording has failed']]);
  });

  it('says why it is not known, but names nobody', () => {
    expect(asked('no', 2, [4, 'Art'], ['the API gave no answer'])).toEqual([['the API gave no answer']]);
  });
});

describe('the log of a run by an older version', () => {
  it('names nobody either', () => {
    const log = new RunLog();
    const detail = 'Maths, class 7b (participants: 12)\u001eArt (participants: ?)\u001enoise';
    log.add(['owed', 'restart', 'running meetings: 2', detail].join(separator));
    log.add(['problem', 'busy', 'running meetings: 2', 'wait', detail].join(separator));
    const words = '- 12 people\n- an unknown number of people\nnoise';
    expect(log.owedBecause?.detail).toBe(words);
    expect(log.cause?.detail).toBe(words);
  });
});
