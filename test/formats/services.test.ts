import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormatError } from '../../src/formats/format-error.ts';
import { services, servicesOnPort } from '../../src/formats/services.ts';
import { runs } from '../support/random.ts';
import { checkLaws, expectOtherLinesKept, orRefused, textOf } from './laws.ts';

const key = ['agent', 'tcp'];
const pieces = [
  'agent',
  'agent\t9707/tcp',
  ' agent 9707/udp x y',
  'other 22/tcp x agent',
  'ssh 22/tcp # login',
  '#',
  '\n',
  '\n',
  '\r\n',
  '\r',
  ' ',
  '\t',
  '/tcp',
  '9707',
  '99999/tcp',
  '\uFEFF',
];

describe('reading', () => {
  it.each([
    ['', undefined],
    ['agent 9707/tcp', '9707'],
    ['\tagent\t 9707/tcp alias # why\n', '9707'],
    ['agent 9707/udp\n', undefined],
    ['#agent 9707/tcp\n', undefined],
    ['agent 1/tcp\nagent 2/tcp\n', '1'],
    ['agent 9707/tcp\r\n', '9707'],
    ['agent 9707/tcp#why\n', '9707'],
    ['agentx 9707/tcp\nother 1/tcp agentx # agent\n', undefined],
    ['other 1/tcp x agent\nagent 2/tcp\n', '1'],
    ['other 1/udp agent\nagent 2/tcp\n', '2'],
  ])('%j gives %j', (text, port) => {
    expect(services.get(text, key)).toBe(port);
  });

  it('tells who has a port', () => {
    expect(servicesOnPort('a 5/tcp\nb 5/udp\nc 5/tcp x\n#d 5/tcp\n', 5, 'tcp')).toEqual([['a'], ['c', 'x']]);
  });
});

describe('writing', () => {
  it.each([
    ['', 'agent\t9707/tcp\n'],
    ['ssh 22/tcp', 'ssh 22/tcp\nagent\t9707/tcp\n'],
    ['ssh 22/tcp\r\n', 'ssh 22/tcp\r\nagent\t9707/tcp\r\n'],
    ['ssh 22/tcp\n\n', 'ssh 22/tcp\n\nagent\t9707/tcp\n'],
    ['agent  1/tcp  alias # why\nagent 2/tcp\n', 'agent  9707/tcp  alias # why\nagent 2/tcp\n'],
    ['agent 9707/tcp', 'agent 9707/tcp'],
    ['other 9707/tcp agent\n', 'other 9707/tcp agent\n'],
    [
      'x 2/tcp\nother 1/tcp agent\nagent 9707/tcp\n',
      'x 2/tcp\nagent\t9707/tcp\nother 1/tcp agent\nagent 9707/tcp\n',
    ],
    ['\uFEFFother 1/tcp agent', '\uFEFFagent\t9707/tcp\nother 1/tcp agent'],
  ])('%j becomes %j', (text, after) => {
    expect(services.set(text, key, '9707')).toBe(after);
  });

  it.each([['65536'], ['-1'], ['x'], ['07'], [''], [null], [['1']]])('refuses the port %j', (value) => {
    expect(() => services.set('', key, value)).toThrow(FormatError);
  });

  it.each([[['a b', 'tcp']], [['#a', 'tcp']], [['a']], [['a', 'tcp/x']], [['a', 'tcp', 'x']]])(
    'refuses the key %j',
    (bad) => {
      expect(() => services.set('', bad, '1')).toThrow(FormatError);
    },
  );

  it('removes every entry of the name and protocol, and nothing else', () => {
    const text = 'agent 1/tcp\nagent 1/udp\nagent 2/tcp\n# agent 3/tcp\n';
    expect(services.remove(text, key)).toBe('agent 1/udp\n# agent 3/tcp\n');
  });
});

it('takes a name out of the aliases of others', () => {
  const text = 'other 1/tcp x agent  y # agent\nagent 2/tcp\nthird 3/tcp agent\nthird 3/udp agent\n';
  expect(services.remove(text, key)).toBe('other 1/tcp x  y # agent\nthird 3/tcp\nthird 3/udp agent\n');
});

const resolver =
  spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0 &&
  spawnSync('getent', ['services', 'http']).status === 0;

describe.skipIf(!resolver)(
  'getservbyname (skipped where another table cannot be put in place of /etc/services)',
  () => {
    it('finds the first entry that has the name', () => {
      const ask = (text: string) =>
        spawnSync(
          'unshare',
          [
            '-m',
            'sh',
            '-c',
            'mount -t tmpfs none /mnt && cat >/mnt/s && mount --bind /mnt/s /etc/services && getent services agent/tcp',
          ],
          { input: text, encoding: 'utf8' },
        );
      for (const text of [
        'other 1/tcp x agent\nagent 2/tcp\n',
        'agent 2/tcp\nother 1/tcp agent\n',
        'a 1/tcp\n',
      ]) {
        const { stdout } = ask(text);
        expect([text, /(\d+)\/tcp/.exec(stdout)?.[1]]).toEqual([text, services.get(text, key)]);
      }
    });
  },
);

describe('laws', () => {
  it('hold for any text and value', () => {
    fc.assert(
      fc.property(textOf(pieces), fc.oneof(fc.nat(70_000).map(String), fc.string()), (text, value) => {
        checkLaws(services, text, key, value);
      }),
      runs(1000),
    );
  });

  it("keep everybody else's lines", () => {
    fc.assert(
      fc.property(textOf(pieces), (text) => {
        const after = orRefused(() => services.set(text, key, '9707'));
        fc.pre(after !== undefined && (text === '' || text.endsWith('\n')));
        const ours = text.split(/(?<=\n)/).filter((line) => /^[\s\uFEFF]*agent\s/.test(line));
        // A byte-order mark belongs to the text; what comes first behind it may be ours by now.
        const unmarked = (whole: string) => whole.replace(/^\uFEFF/, '');
        expectOtherLinesKept(unmarked(text), unmarked(after ?? ''), ours.map(unmarked));
      }),
      runs(1000),
    );
  });

  it.skipIf(!existsSync('/etc/services'))('leave the table of this machine as it was, there and back', () => {
    const text = readFileSync('/etc/services', 'utf8');
    const name = ['clusterproxy-test', 'tcp'];
    expect(services.remove(services.set(text, name, '9707'), name)).toBe(text);
    expect(services.get(text, ['ssh', 'tcp'])).toBe('22');
  });
});
