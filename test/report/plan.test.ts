import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClusterPlan, withLast } from '../../src/model/plan.ts';
import type { ReportHost } from '../../src/report/document/schema.ts';
import { renderDeciding } from '../../src/report/terminal/deciding.ts';
import { renderPlan } from '../../src/report/terminal/plan.ts';
import { widthOf } from '../../src/report/terminal/prose.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';
import { renderTable } from '../../src/report/terminal/table.ts';
import { documentOfPlan } from './documents.ts';
import { clusterPlan, fileChange, hostPlan, nodePlan, reloadNginx, restartWeb } from './plans.ts';

function render(
  plan: ClusterPlan,
  options: { color?: boolean; force?: boolean; verbose?: boolean; summary?: boolean; columns?: number } = {},
): string {
  const { color = false, force = false, verbose = false, summary = false, columns = 80 } = options;
  const hostnames = new Map(plan.hosts.map(({ host }) => [host, `${host}.example.com`]));
  const style = makeStyle({ columns, color, verbose, summary });
  const lines = renderPlan(documentOfPlan(plan, { hostnames, force }), style);
  return `${lines.join('\n')}\n`;
}

const busy = {
  guard: 'meetings',
  state: 'busy',
  description: 'running meetings',
  sessions: [
    { participants: 23, age: 4_800 },
    { participants: 4, age: 7_260 },
  ],
} as const;

describe('renderPlan', () => {
  it.each([false, true])('says first that what comes first was left out, in a summary: %s', (summary) => {
    const problem = {
      ...{ code: 'forerunner-left-out', message: 'proxy-1 must be changed first', next: 'add it' },
      host: 'bbb-01',
    };
    const left = (host: string) => hostPlan(host, { ...nodePlan(host), problem: { ...problem, host } });
    const text = render(clusterPlan([left('bbb-01'), left('bbb-02')]), { summary });
    expect(text.split('\n').slice(0, 4)).toEqual([
      'error forerunner-left-out: bbb-01, bbb-02: proxy-1 must be changed first',
      '  add it',
      '',
      expect.stringMatching(/^host /),
    ]);
    expect(text.match(/forerunner-left-out/g)).toHaveLength(1);
    expect(text.replace(/\s+/g, ' ')).toMatch(
      /2 hosts: 2 failed; it can't be applied like this: see the top $/,
    );
  });

  it.each([
    ['an owed restart', { handlers: [{ ...restartWeb, owed: 'a in /etc/a was changed' }] }],
    ['an earlier run to bring to its end', { unsettled: [{ run: 'R1', state: 'open' }] }],
    ['its files to give back', { retires: true, leftovers: true } as const],
  ])('names the hosts that can not be changed where another has %s', (_what, rest) => {
    const problem = { code: 'forerunner-left-out', message: 'proxy-1 must be changed first', next: 'add it' };
    const left = (host: string) => hostPlan(host, { ...nodePlan(host), problem: { ...problem, host } });
    const one = render(clusterPlan([left('bbb-01'), hostPlan('bbb-02', rest)]));
    expect(one.replace(/\s+/g, ' ')).toMatch(/; bbb-01 can't be changed like this: see the top $/);
    expect(one).not.toContain("it can't be applied");
    const names = ['bbb-01', 'bbb-02', 'bbb-03', 'bbb-04', 'bbb-05'];
    const many = render(clusterPlan([...names.map(left), hostPlan('bbb-06', rest)]));
    expect(many.replace(/\s+/g, ' ')).toMatch(/; 5 hosts can't be changed like this: see the top $/);
  });

  it('shows the beginning of a program that has to accept the files, and with --verbose all of it', () => {
    const program = `files=$(${'printf long; '.repeat(20)}); haproxy -c $files`;
    const handler = { ...reloadNginx.handler, validate: ['sh', '-c', program] };
    const plan = clusterPlan([hostPlan('proxy-1', { handlers: [{ ...reloadNginx, handler }] })]);
    const [short, whole] = [false, true].map((verbose) => render(plan, { verbose }).replace(/\s+/g, ' '));
    expect(short).toMatch(/only if "sh -c 'files=\$\(printf long;[^"]{1,60} …" accepts the files/);
    expect(short).not.toContain('haproxy -c');
    expect(whole).toContain('haproxy -c $files');
    expect(whole).not.toContain('…');
  });

  it('shows what changes on a host, why, and what runs then', () => {
    const changes = [
      fileChange('/etc/nginx/bbb-01.conf', undefined, 'location /bbb-01/ {\n}\n', ['locations']),
    ];
    const plan = clusterPlan([
      hostPlan('proxy-1', { role: 'proxy', recipe: undefined, changes, handlers: [reloadNginx] }),
      hostPlan('bbb-02'),
      hostPlan('bbb-03'),
    ]);
    expect(render(plan)).toBe(`host     state         changes
proxy-1  would change  1 file, 1 reload
bbb-02   in sync
bbb-03   in sync

proxy-1: proxy

  create /etc/nginx/bbb-01.conf (locations)
    new file, mode 0644, owner root:root
    --- /dev/null
    +++ b/etc/nginx/bbb-01.conf
    @@ -0,0 +1,2 @@
    +location /bbb-01/ {
    +}

  then, in this order:
    reload-nginx: reload nginx.service (asked for by locations)
      only if "nginx -t" accepts the files

3 hosts: 1 would change, 2 in sync; 1 file, 1 reload
`);
  });

  it('counts no host as in sync that answers wrongly', () => {
    const problem = { code: 'answers-wrongly', message: 'this check fails', host: 'proxy-1' };
    const plan = clusterPlan([
      hostPlan('proxy-1', { role: 'proxy', recipe: undefined, problem }),
      hostPlan('bbb-02'),
      hostPlan('bbb-03'),
    ]);
    const document = documentOfPlan(plan);
    const hosts = document.hosts.map((host) =>
      host.name === 'proxy-1' ? { ...host, status: 'in-sync' as const } : host,
    );
    const lines = renderPlan(
      { ...document, hosts },
      makeStyle({ columns: 80, color: false, verbose: false }),
    );
    expect(lines.at(-1)).toBe('3 hosts: 2 in sync, 1 answers wrongly');
  });

  it('shows hosts that differ by their own names only once, and what is true of each', () => {
    const plan = clusterPlan([
      nodePlan('bbb-01', { guards: [busy] }),
      nodePlan('bbb-02', {
        guards: [{ guard: 'meetings', state: 'idle', sessions: [] }],
        warnings: ['low disk'],
      }),
      nodePlan('bbb-03', { guards: [{ guard: 'meetings', state: 'unknown', sessions: [] }] }),
    ]);
    expect(render(plan)).toBe(`host    state         changes            there now
bbb-01  would change  1 file, 1 restart  deferred, running meetings: 2, with 27
                                         people
bbb-02  would change  1 file, 1 restart
bbb-03  would change  1 file, 1 restart  deferred, meetings unknown

bbb-01: node, recipe 2.6 (BigBlueButton 2.6)
  the same except for its own name: bbb-02, bbb-03

  modify /etc/bigbluebutton/bbb-web.properties (client-url)
    --- a/etc/bigbluebutton/bbb-web.properties
    +++ b/etc/bigbluebutton/bbb-web.properties
    @@ -1,3 +1,3 @@
     securitySalt=********
    -defaultHTML5ClientUrl=/html5client/join
    +defaultHTML5ClientUrl=https://bbb-01.example.com/bbb-01/html5client/join
     x=1

  then, in this order:
    restart-bbb-web: restart bbb-web.service (asked for by client-url and cors)
      only while there are no meetings

  bbb-01: now: running meetings: 2, with 27 people; the oldest started 2 h 1 min
    ago
    - 23 people, started 1 h 20 min ago
    - 4 people, started 2 h 1 min ago
  bbb-01: note: it would be deferred, with nothing changed, as long as there are
    meetings; --when-busy wait waits for that, --force changes it anyway
  bbb-02: now: no meetings
  bbb-02: warning: low disk
  bbb-03: now: it is not known whether there are meetings; that counts as busy
  bbb-03: note: it would be deferred, with nothing changed, as long as that is
    not known; --when-busy wait waits for that, --force changes it anyway

3 hosts: 3 would change; 3 files, 3 restarts
`);
  });

  it('does not group hosts of which one has the name of another', () => {
    const right = nodePlan('bbb-02');
    const wrong = { ...nodePlan('bbb-01'), host: 'bbb-03' };
    const text = render(clusterPlan([nodePlan('bbb-01'), right, wrong]));
    expect(text).toContain('the same except for its own name: bbb-02\n');
    expect(text).toContain('\nbbb-03: node, recipe');
  });

  it('does not mistake bbb-1 for a part of bbb-10', () => {
    const change = (value: string) => [fileChange('/etc/a', 'a\n', `${value}\n`)];
    const text = render(
      clusterPlan([
        hostPlan('bbb-1', { changes: change('bbb-10') }),
        hostPlan('bbb-2', { changes: change('bbb-20') }),
      ]),
    );
    expect(text).not.toContain('the same');
  });

  it('calls plans that are the same to the letter the same', () => {
    const changes = [fileChange('/etc/a', 'a\n', 'b\n')];
    const text = render(clusterPlan([hostPlan('bbb-01', { changes }), hostPlan('bbb-02', { changes })]));
    expect(text).toContain('  the same: bbb-02\n');
  });

  it('tells of hosts that can not be reached, of those left out and of unfinished runs', () => {
    const problem = { code: 'unreachable', message: 'no answer', next: 'is it up?', host: 'bbb-02' };
    const plan = clusterPlan(
      [
        hostPlan('bbb-01', { unsettled: [{ run: 'R1', state: 'open' }] }),
        hostPlan('bbb-02', { recipe: undefined, unreachable: true, problem }),
        hostPlan('bbb-03', { skipped: true }),
        hostPlan('bbb-04', { unsettled: [{ run: 'R2', state: 'stuck' }] }),
      ],
      {
        warnings: ['old-1 is not in the inventory'],
        byHand: [{ title: 'for the proxy', text: 'a {\n  b;\n}\n' }],
      },
    );
    expect(render(plan)).toBe(`host    state
bbb-01  still open
bbb-02  unreachable
bbb-04  stuck

warning: old-1 is not in the inventory

bbb-01: node, recipe 2.6 (BigBlueButton 2.6)
  the same: bbb-04
  nothing to do
  bbb-01: warning: run R1 is not finished (open); apply settles it first
  bbb-04: warning: run R2 could not restore the host and needs a person; apply
    tries again

bbb-02: node
  error unreachable: no answer
    is it up?

by hand: for the proxy

    a {
      b;
    }

bbb-03: left out by --limit

4 hosts: 1 left out by --limit, 1 still open, 1 unreachable, 1 stuck
`);
  });

  it('shows with --summary a line for each host and what is special, a single host included', () => {
    const problem = { code: 'unreachable', message: 'no answer', next: 'is it up?', host: 'bbb-03' };
    const plan = clusterPlan(
      [
        nodePlan('bbb-01', {
          ...{ guards: [busy], warnings: ['low disk'], unsettled: [{ run: 'R1', state: 'open' }] },
        }),
        hostPlan('bbb-02'),
        hostPlan('bbb-03', { recipe: undefined, unreachable: true, problem }),
        ...['04', '05', '06', '07', '08'].map((number) => hostPlan(`bbb-${number}`, { skipped: true })),
      ],
      { warnings: ['old-1 is not in the inventory'], byHand: [{ title: 'for the proxy', text: 'a\n' }] },
    );
    expect(
      render(plan, { summary: true, force: true, columns: 100 }),
    ).toBe(`host    state        changes            there now
bbb-01  still open   1 file, 1 restart  interrupted, running meetings: 2, with 27 people
bbb-02  in sync
bbb-03  unreachable

warning: old-1 is not in the inventory

bbb-01: warning: run R1 is not finished (open); apply settles it first
bbb-01: warning: low disk

error unreachable: bbb-03: no answer
  is it up?

by hand: for the proxy

5 other hosts: left out by --limit

8 hosts: 1 in sync, 5 left out by --limit, 1 still open, 1 unreachable; 1 file, 1 restart
`);
    expect(render(clusterPlan([nodePlan('bbb-01')]), { summary: true })).toBe(`host    state         changes
bbb-01  would change  1 file, 1 restart

1 host: 1 would change; 1 file, 1 restart
`);
  });

  it('folds neighbours of which the same is said where there are many hosts', () => {
    const names = Array.from({ length: 40 }, (_, index) => `bbb-${String(index + 1).padStart(2, '0')}`);
    const plan = clusterPlan(
      names.map((name) => (name === 'bbb-20' ? nodePlan(name, { guards: [busy] }) : nodePlan(name))),
    );
    expect(
      render(plan, { summary: true, columns: 110 }),
    ).toContain(`host                         state         \
changes            there now
bbb-01 to bbb-19 (19 hosts)  would change  1 file, 1 restart
bbb-20                       would change  1 file, 1 restart  deferred, running meetings: 2, with 27 people
bbb-21 to bbb-40 (20 hosts)  would change  1 file, 1 restart
`);
  });

  it('never gets wider than the terminal, whatever stands in a table', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.string({ unit: 'grapheme', minLength: 1 }),
            fc.string({ unit: 'grapheme' }),
            fc.string(),
          ),
          {
            minLength: 1,
          },
        ),
        fc.integer({ min: 22, max: 100 }),
        (rows, columns) => {
          const lines = renderTable(
            ['host', 'state', 'changes'],
            rows,
            makeStyle({ columns, color: false, verbose: false }),
          );
          expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(columns);
          expect(lines.length).toBeGreaterThan(rows.length);
        },
      ),
    );
  });

  it('loses no word of a table: a cell that is too long for its column goes on below', () => {
    const style = (columns: number) => makeStyle({ columns, color: false, verbose: false });
    const row = [
      'bbb-02',
      'would change',
      '7 files, 3 links and directories, 6 restarts',
      'deferred, 1 meeting',
    ];
    const titles = ['host', 'state', 'changes', 'there now'];
    expect(renderTable(titles, [row, ['bbb-03', 'in sync', '', '']], style(60))).toEqual([
      'host    state         changes             there now',
      'bbb-02  would change  7 files, 3 links    deferred, 1',
      '                      and directories, 6  meeting',
      '                      restarts',
      'bbb-03  in sync',
    ]);
    expect(renderTable(titles, [row], style(200))).toEqual([
      'host    state         changes                                       there now',
      `bbb-02  would change  ${row[2]}  ${row[3]}`,
    ]);
  });

  it('says what --force will do', () => {
    const text = render(clusterPlan([nodePlan('bbb-01', { guards: [busy] })]), { force: true });
    expect(text).toContain('  note: --force: the meetings will be interrupted\n');
  });

  it('tells the checks of handlers with --verbose', () => {
    const text = render(clusterPlan([nodePlan('bbb-01')]), { verbose: true });
    expect(text).toContain(
      'succeeds if bbb-web.service is active and something listens on port 8090,\n      within 90 s\n',
    );
  });

  it('wraps prose to the terminal and never a line of a diff', () => {
    const long = 'x'.repeat(300);
    const warning = 'a warning that goes on and on '.repeat(10);
    const text = render(
      clusterPlan([hostPlan('bbb-01', { changes: [fileChange('/etc/a', '', long)], warnings: [warning] })]),
    );
    expect(text).toContain(`    +${long}\n`);
    const prose = text.split('\n').filter((line) => !line.includes(long));
    expect(Math.max(...prose.map(widthOf))).toBeLessThanOrEqual(80);
  });

  it('colours what is removed and added, and only then', () => {
    const plan = clusterPlan([nodePlan('bbb-01')]);
    expect(render(plan, { color: true })).toContain(
      '\u001b[31m-defaultHTML5ClientUrl=/html5client/join\u001b[39m',
    );
    expect(render(plan)).not.toContain('\u001b');
  });

  it('lets no host write to the terminal or show a secret', () => {
    const evil = 'a\u001b[2J\u202e password=hunter2';
    const text = render(
      clusterPlan(
        [
          hostPlan('bbb-01', {
            recipe: { name: evil, reason: evil },
            changes: [fileChange('/etc/a', '\u001b]0;x\u0007\n', `${evil}\n`, [evil])],
            warnings: [evil],
            unsettled: [{ run: evil, state: evil }],
            problem: { code: 'x', message: evil, next: evil, detail: evil },
          }),
        ],
        { warnings: [evil], byHand: [{ title: evil, text: evil }] },
      ),
    );
    expect(text).not.toMatch(/[\0-\x08\x0b-\x1f\x7f-\x9f\u202e]/);
    expect(text).toContain('password=********');
  });
});

describe('a plan in which a host leaves the cluster', () => {
  it('shows what is done last, and what is forgotten', () => {
    const proxy = withLast(
      hostPlan('proxy-1', { role: 'proxy', recipe: undefined }),
      hostPlan('proxy-1', {
        changes: [fileChange('/etc/nginx/nodes.conf', 'a\nb\n', 'a\n', ['node-locations'])],
        handlers: [{ ...reloadNginx, because: ['node-locations'] }],
      }),
    );
    const text = render(clusterPlan([proxy, nodePlan('bbb-02', { retires: true, leftovers: true })]));
    expect(text).toContain(`proxy-1: proxy

  finally, once the hosts that leave the cluster have been restored:

  modify /etc/nginx/nodes.conf (node-locations)
`);
    expect(text).toContain('bbb-02: node, recipe 2.6 (BigBlueButton 2.6), leaves the cluster\n');
    expect(text).toContain('  at the end /var/lib/clusterproxy is removed from this host');
    expect(text).toContain('2 hosts: 2 would change; 2 files, 1 restart, 1 reload\n');
  });

  it('says why a restart is owed', () => {
    const owed = 'a in /etc/a was changed after bbb-web.service was started';
    const text = render(clusterPlan([hostPlan('bbb-01', { handlers: [{ ...restartWeb, owed }] })]));
    expect(text).toContain('restart bbb-web.service (restart owed: a in');
    expect(text).toContain('1 would change; 1 restart\n');
  });
});

describe('renderDeciding', () => {
  const style = makeStyle({ columns: 200, color: false, verbose: false });
  const host = (deciding: ReportHost['deciding']) => {
    const changes = [fileChange('/etc/nginx/bbb-01.conf', undefined, 'x\n')];
    const [one] = documentOfPlan(clusterPlan([hostPlan('proxy-1', { changes })]), {}).hosts;
    if (one === undefined) throw new Error('no host');
    return renderDeciding({ ...one, deciding }, style)
      .join(' ')
      .replace(/\s+/g, ' ')
      .trim();
  };
  const check = (of: string, id: string, always = false) => ({ host: of, id, title: id, always });

  it('says nothing where the host decides by itself', () => {
    expect(host(undefined)).toBe('');
  });

  it('names what has to pass in any case, and what has to pass as before', () => {
    const others = ['bbb-01', 'bbb-02'].flatMap((name) => [check(name, 'page'), check(name, 'api')]);
    expect(host([check('proxy-1', 'certificate', true), ...others])).toBe(
      'it stays changed only if these checks pass from outside: certificate; and, as far as they passed before: page and api of bbb-01 and bbb-02',
    );
    expect(host(others)).toBe(
      'it stays changed only if these checks still pass from outside, as far as they passed before: page and api of bbb-01 and bbb-02',
    );
  });

  it('counts hosts where they are many, and says so where there is nothing to ask', () => {
    const many = [1, 2, 3, 4, 5].map((number) => check(`bbb-0${number}`, 'page'));
    expect(host(many)).toContain('page of 5 hosts');
    expect(host([])).toBe(
      'it stays changed once it answers over a new connection; no check from outside applies to it',
    );
  });
});
