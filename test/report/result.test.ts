import { expect, it } from 'vitest';
import { renderResult } from '../../src/report/terminal/result.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';
import { documentOf } from './documents.ts';
import { hostPlan, hostResult, nodePlan, runResult } from './plans.ts';

const style = makeStyle({ columns: 80, color: false, verbose: false });

it('tells how each host ended, what went wrong in whose words, and what it comes to', () => {
  const refused = {
    code: 'validate-failed',
    step: 'locations',
    message: 'nginx refuses the new configuration; all files are as they were',
    detail: 'nginx: [emerg] unknown directive "foo"\n',
    next: 'mend the playbook',
  };
  const result = runResult([
    hostResult(nodePlan('proxy-1'), 'changed', { ran: ['reload-nginx'], durationMs: 3210 }),
    hostResult(nodePlan('bbb-01'), 'rolled-back', {
      ran: ['reload-nginx', 'restart-bbb-web'],
      durationMs: 93_000,
      problem: refused,
      warnings: ['/etc/x was rewritten by restart-bbb-web'],
    }),
    hostResult(hostPlan('bbb-02'), 'in-sync'),
    hostResult(hostPlan('bbb-03'), 'in-sync'),
    hostResult(hostPlan('bbb-04'), 'skipped'),
  ]);
  expect(
    `${renderResult(documentOf(result), style).join('\n')}\n`,
  ).toBe(`proxy-1  changed       1 change, ran reload-nginx, 3.2 s
bbb-01   rolled back   ran reload-nginx, restart-bbb-web, 1 min 33 s
    error validate-failed: step locations: nginx refuses the new configuration;
      all files are as they were
        nginx: [emerg] unknown directive "foo"
      mend the playbook
    warning: /etc/x was rewritten by restart-bbb-web
bbb-02, bbb-03: in sync
bbb-04: left out by --limit

5 hosts: 1 changed, 2 in sync, 1 left out by --limit, 1 rolled back (run
  20261121T074501Z-4f2a9c)
`);
});

it('tells what balancers do with a host, and what is left to people there, once', () => {
  const byHand = 'docker exec scalelite-api bin/rake "servers:remove[1]"';
  const unknown = { code: 'not-in-balancer', message: 'nobody is sent there', next: `on lb: ${byHand}` };
  const result = runResult([
    hostResult(hostPlan('bbb-01'), 'in-sync', { balancers: [{ on: 'lb', state: 'enabled' }] }),
    hostResult(hostPlan('bbb-02'), 'in-sync', { balancers: [{ on: 'lb', state: 'cordoned', byHand }] }),
    hostResult(hostPlan('bbb-03'), 'failed', {
      problem: unknown,
      balancers: [{ on: 'lb', state: 'unknown', byHand }],
    }),
    hostResult(hostPlan('bbb-04'), 'in-sync'),
    hostResult({ ...hostPlan('bbb-05'), off: true }, 'off'),
  ]);
  expect(`${renderResult(documentOf(result), style).join('\n')}\n`).toBe(`bbb-01  in sync
    on lb: people are sent there
bbb-02  in sync
    on lb: no more people are sent there
      by hand: docker exec scalelite-api bin/rake "servers:remove[1]"
bbb-03  failed
    error not-in-balancer: nobody is sent there
      on lb: docker exec scalelite-api bin/rake "servers:remove[1]"
    on lb: the balancer doesn't know it
bbb-04: in sync
bbb-05: off

5 hosts: 3 in sync, 1 off, 1 failed (run 20261121T074501Z-4f2a9c)
`);
});

it('takes no host that was deferred for one that failed', () => {
  const busy = {
    code: 'busy',
    message: 'meetings are running: 1',
    detail: 'Maths (participants: 3)',
    next: 'wait until they have ended and run the command again',
  };
  const result = runResult([hostResult(nodePlan('bbb-01'), 'deferred', { durationMs: 900, problem: busy })]);
  expect(renderResult(documentOf(result), style).slice(0, -2).join('\n')).toBe(`bbb-01  deferred      900 ms
    busy: meetings are running: 1
        Maths (participants: 3)
      wait until they have ended and run the command again`);
});

it('says that it was interrupted', () => {
  const text = renderResult(
    documentOf(runResult([hostResult(nodePlan('bbb-01'), 'not-started')], { interrupted: true })),
    style,
  );
  expect(text.at(-1)).toBe('interrupted: no further host was started; each host above is in the state shown');
});

it('does not say of hosts that nobody can ask any more that their state is shown', () => {
  const said = (...unknown: readonly string[]) => {
    const hosts = unknown.map((host) => hostResult(nodePlan(host), 'unknown'));
    const result = runResult([...hosts, hostResult(nodePlan('bbb-09'), 'changed')], { interrupted: true });
    return renderResult(documentOf(result), style).join(' ').replace(/\s+/g, ' ');
  };
  expect(said('bbb-02')).toContain(
    'interrupted: no further host was started; what became of bbb-02 is not known yet: it finishes or rolls back by itself, and clusterproxy status shows it; every other host above is in the state shown',
  );
  expect(said('bbb-02', 'bbb-03')).toContain(
    'what became of bbb-02 and bbb-03 is not known yet: they finish or roll back by themselves',
  );
});

it('colours statuses', () => {
  const painted = makeStyle({ columns: 80, color: true, verbose: false });
  const text = (status: 'changed' | 'stuck') =>
    renderResult(documentOf(runResult([hostResult(nodePlan('a'), status)])), painted)[0];
  expect(text('changed')).toContain('\u001b[32mchanged\u001b[39m');
  expect(text('stuck')).toContain('\u001b[31mstuck\u001b[39m');
});

it.each([
  ['withdraw', 'withdrawn'],
  ['release', 'given back'],
])('says of %s, which changes nothing, what it has done', (command, words) => {
  const result = { ...runResult([hostResult(hostPlan('bbb-01'), 'changed')]), command };
  const lines = renderResult(documentOf(result), style);
  expect(lines[0]).toBe(`bbb-01  ${words}`);
  expect(lines.at(-1)).toMatch(new RegExp(`^1 host: 1 ${words}`));
});

it('says of hosts that the command itself leaves alone nothing of --limit', () => {
  const result = { ...runResult([hostResult(hostPlan('bbb-01'), 'skipped')]), command: 'reboot' };
  expect(renderResult(documentOf(result), style)).toEqual([
    'bbb-01: not concerned',
    '',
    expect.stringMatching(/^1 host: 1 not concerned/),
  ]);
});
