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
interface Machine {
  readonly processors?: number;
  /** what systemd itself may have, and whether it may raise that */
  readonly held?: number;
  readonly isFree?: boolean;
  readonly nrOpen?: number;
  /** of the service */
  readonly soft?: number;
  readonly hard?: number | string;
  readonly rights?: string;
}

function answers(unit: string, machine: Machine) {
  const { processors = 2, held = 1_048_576, isFree = true, nrOpen = 1_048_576 } = machine;
  const { soft, hard = 524_288, rights = 'cap_chown cap_sys_resource' } = machine;
  const said = (args: readonly string[], output: string) =>
    [
      { kind: 'command', args },
      { status: 0, output },
    ] as const;
  const properties = `LimitNOFILE=${hard}\n${soft === undefined ? '' : `LimitNOFILESoft=${soft}\n`}CapabilityBoundingSet=${rights}\n`;
  return [
    said(['nproc'], `${processors}\n`),
    said(['cat', '/proc/1/limits'], `Limit  Soft  Hard  Units\nMax open files  1024  ${held}  files\n`),
    said(
      ['cat', '/proc/1/status'],
      `Name:\tsystemd\nCapEff:\t${isFree ? '000001ffffffffff' : '00000000a80425fb'}\n`,
    ),
    said(['cat', '/proc/sys/fs/nr_open'], `${nrOpen}\n`),
    said(
      ['systemctl', 'show', '--property=LimitNOFILE,LimitNOFILESoft,CapabilityBoundingSet', unit],
      properties,
    ),
  ];
}

function nginx(text: string, users: number, processors = 2, machine: Machine = {}, files = {}) {
  const outcome = runStep(
    'nginx-connections',
    { users },
    {
      files: { [main]: text, ...files },
      answers: answers('nginx.service', { processors, ...machine }),
    },
  );
  return { ...outcome, after: outcome.text(main) ?? '' };
}

describe('nginx-connections', () => {
  it('raises what the expected users need, and nothing else', () => {
    const { after, notes } = nginx(stock, 5000);
    expect(after).toBe(
      stock.replace('768', '40000').replace('events {', 'worker_rlimit_nofile 80000;\nevents {'),
    );
    expect(notes).toEqual([
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

  it('leaves the files alone where the unit lets nginx have as many already', () => {
    expect(nginx(stock, 50, 2, { soft: 1024 }).changed).toEqual([]);
    expect(nginx(stock, 5000, 2, { soft: 500_000 }).after).toBe(stock.replace('768', '40000'));
    expect(nginx(stock, 100, 2, { soft: 1024 }).after).toContain('worker_rlimit_nofile 1600;');
  });

  it('takes what other files say that nginx includes, and refuses what is too low there', () => {
    const including = `include /etc/nginx/modules-enabled/*.conf;\n${stock}`;
    const other = '/etc/nginx/modules-enabled/99-limits.conf';
    const run = (text: string) => nginx(including, 5000, 2, {}, { [other]: text });
    expect(run('worker_rlimit_nofile 90000;\n').after).toBe(including.replace('768', '40000'));
    expect(() => run('worker_rlimit_nofile 900;\n')).toThrow(
      `${other} sets worker_rlimit_nofile to 900, and 80000 are needed`,
    );
    expect(
      nginx(`worker_processes 1;\n${including.replace(/worker_processes.*\n/, '')}`, 5000, 8).after,
    ).toContain('worker_connections 40000;');
  });

  it('refuses with the figures what the host lets no process have', () => {
    expect(() => nginx(stock, 5000, 2, { held: 4096, isFree: false })).toThrow(
      'each with a file, need 80000 files, and no more than 4096 can be had: systemd itself is held to 4096',
    );
    expect(() => nginx(stock, 5000, 2, { nrOpen: 65_536 })).toThrow(
      'no more than 65536 can be had: fs.nr_open is 65536',
    );
    const poor = { hard: 8192, rights: 'cap_net_bind_service cap_setuid' };
    expect(() => nginx(stock, 5000, 2, poor)).toThrow(
      'no more than 8192 can be had: fs.nr_open is 1048576, and nginx.service has a limit of 8192',
    );
    expect(nginx(stock, 400, 2, poor).after).toContain('worker_rlimit_nofile 6400;');
    expect(nginx(stock, 5000, 2, { held: 100_000, isFree: false }).after).toContain(
      'worker_rlimit_nofile 80000;',
    );
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
    expect(() => nginx(stock, 200_000)).toThrow(
      /need 3200000 files, and no more than 1048576 can be had: fs.nr_open is 1048576/,
    );
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
  const run = (hard: string, files = {}, machine: Machine = {}) =>
    runStep(
      'open-files',
      { unit: 'caddy.service', name: 'clusterproxy-prod-files.conf', users: 5000 },
      { files, answers: answers('caddy.service', { hard, ...machine }) },
    );
  it('raises a limit that is too low, and keeps it raised', () => {
    const { text, notes } = run('1024');
    expect(text(path)).toContain('[Service]\nLimitNOFILE=41000\n');
    expect(notes.join()).toContain('caddy.service may open 1024 files, and needs 41000');
    expect(run('41000', { [path]: text(path) ?? '' }).changed).toEqual([]);
    expect(run('60000', { [path]: '[Service]\nLimitNOFILE=60000\n' }).text(path)).toContain('=60000');
    for (const enough of ['1048576', 'infinity', '']) expect(run(enough).changed).toEqual([]);
  });
});

describe('open-files in a container', () => {
  const path = '/etc/systemd/system/haproxy.service.d/zz-clusterproxy-prod-files.conf';
  const run = (machine: Machine) =>
    runStep(
      'open-files',
      { unit: 'haproxy.service', name: 'zz-clusterproxy-prod-files.conf', users: 5000 },
      { answers: answers('haproxy.service', machine) },
    );
  it('refuses what systemd can not give, whatever the unit says', () => {
    for (const hard of [524_288, 1024, 'infinity'])
      expect(() => run({ hard, held: 4096, isFree: false })).toThrow(
        '5000 users × 4 connections × 2 sides, and 1000 for others, need 41000 files, and no more than 4096 can be had: systemd itself is held to 4096 and may not raise that',
      );
    expect(run({ hard: 524_288, held: 65_536, isFree: false }).changed).toEqual([]);
    expect(run({ hard: 1024, held: 65_536, isFree: false }).text(path)).toContain('LimitNOFILE=41000');
    expect(run({ hard: 1024, held: 4096, isFree: true }).text(path)).toContain('LimitNOFILE=41000');
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
