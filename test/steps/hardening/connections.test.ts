import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { haproxyGlobal } from '../../../src/formats/haproxy.ts';
import { nginxSetting } from '../../../src/formats/nginx.ts';
import { checkLaws, expectOtherLinesKept, orRefused, textOf, wholeLines } from '../../formats/laws.ts';
import { runs } from '../../support/random.ts';
import { runStep } from '../../support/run-step.ts';

const main = '/etc/nginx/nginx.conf';
const stock = `user www-data;
worker_processes auto;
pid /run/nginx.pid;

events {
	worker_connections 768; # ours
	# multi_accept on;
}

http {
}
`;
const processors = (count: number) =>
  ({
    answers: [
      [
        { kind: 'command', args: ['nproc'] },
        { status: 0, output: `${count}\n` },
      ],
    ],
  }) as const;

function nginx(text: string, users: number, count = 2) {
  const outcome = runStep('nginx-connections', { users }, { files: { [main]: text }, ...processors(count) });
  return { ...outcome, after: outcome.text(main) ?? '' };
}

describe('nginx-connections', () => {
  it('raises what the expected users need, and nothing else', () => {
    const { after, warnings } = nginx(stock, 5000);
    expect(after).toBe(
      stock.replace('768', '40000').replace('events {', 'worker_rlimit_nofile 80000;\nevents {'),
    );
    expect(warnings).toEqual([
      'worker_connections of nginx is raised from 768 to 40000: 5000 users × 4 connections × 2 sides',
      expect.stringMatching(/^worker_rlimit_nofile of nginx is raised from what the system has to 80000/),
    ]);
    expect(nginx(stock, 5000, 8).after).toContain('worker_connections 10000;');
    expect(nginx(stock.replace('auto', '1'), 5000, 8).after).toContain('worker_connections 40000;');
  });

  it('lowers nothing, and leaves all of it where nobody is expected', () => {
    const high = stock.replace('768', '100000').replace('events', 'worker_rlimit_nofile 900000;\nevents');
    expect(nginx(high, 5000).changed).toEqual([]);
    expect(nginx(stock, 0).changed).toEqual([]);
  });

  it('gives the values back', () => {
    const { after, managed } = nginx(stock, 5000);
    expect(managed.map(({ key }) => key)).toEqual([
      ['events', 'worker_connections'],
      ['worker_rlimit_nofile'],
    ]);
    const back = nginxSetting.remove(nginxSetting.set(after, ['events', 'worker_connections'], '768'), [
      'worker_rlimit_nofile',
    ]);
    expect(back).toBe(stock);
  });

  it('refuses more than a process can have', () => {
    expect(() => nginx(stock, 200_000)).toThrow(/more files than a process may have/);
  });
});

describe('haproxy-connections', () => {
  const cfg = '/etc/haproxy/haproxy.cfg';
  const run = (text: string) => runStep('haproxy-connections', { users: 5000 }, { files: { [cfg]: text } });
  it('raises only what is named and too low', () => {
    const text = 'global\n    daemon\n    maxconn 2000 # ours\n    ulimit-n 5000\ndefaults\n    maxconn 10\n';
    expect(run(text).text(cfg)).toBe(text.replace('2000', '20000').replace('5000', '41000'));
    for (const same of ['global\n    daemon\n', 'global\n    maxconn 30000\n', '']) {
      expect(run(same).changed).toEqual([]);
    }
  });
});

describe('open-files', () => {
  const path = '/etc/systemd/system/caddy.service.d/clusterproxy-prod-files.conf';
  const run = (limit: string, files = {}) =>
    runStep(
      'open-files',
      { unit: 'caddy.service', name: 'clusterproxy-prod-files.conf', users: 5000 },
      {
        files,
        answers: [
          [
            {
              kind: 'command',
              args: ['systemctl', 'show', '--property=LimitNOFILE', '--value', 'caddy.service'],
            },
            { status: 0, output: `${limit}\n` },
          ],
        ],
      },
    );
  it('raises a limit that is too low, and keeps it raised', () => {
    const { text, warnings } = run('1024');
    expect(text(path)).toContain('[Service]\nLimitNOFILE=41000\n');
    expect(warnings.join()).toContain('caddy.service may open 1024 files, and needs 41000');
    expect(run('41000', { [path]: text(path) ?? '' }).changed).toEqual([]);
    expect(run('60000', { [path]: '[Service]\nLimitNOFILE=60000\n' }).text(path)).toContain('=60000');
    for (const enough of ['1048576', 'infinity', '']) expect(run(enough).changed).toEqual([]);
  });
});

describe('the formats', () => {
  const pieces = [
    'events {',
    'http {',
    '}',
    'worker_connections 768;',
    'worker_connections;',
    ' ',
    '\n',
    '\r\n',
    '# c\n',
    'a "b";',
    '\t',
  ];
  it.each([['events', 'worker_connections'], ['worker_connections']])('keep the laws for %s', (...key) => {
    fc.assert(
      fc.property(textOf(pieces), (text) => {
        checkLaws(nginxSetting, text, key, 1000);
        const set = orRefused(() => nginxSetting.set(text, key, 1000));
        if (set !== undefined && nginxSetting.get(text, key) === undefined)
          expect(set.length).toBeGreaterThan(text.length);
      }),
      runs(300),
    );
  });

  it('keep the laws for lines of global', () => {
    const lines = [
      'global\n',
      'defaults\n',
      'maxconn 5\n',
      ' maxconn 5 # c\r\n',
      'maxconn\n',
      '"',
      '\n',
      '# c\n',
      'maxconn 7',
    ];
    fc.assert(
      fc.property(textOf(lines), (text) => {
        checkLaws(haproxyGlobal, text, ['maxconn'], 1000);
        const set = orRefused(() => haproxyGlobal.set(text, ['maxconn'], 1000));
        if (set !== undefined)
          expectOtherLinesKept(
            text,
            set,
            wholeLines(text).filter((line) => line.includes('maxconn')),
          );
      }),
      runs(300),
    );
  });
});
