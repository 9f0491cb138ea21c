import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limit, renderMarkdown } from '../../src/report/markdown/render.ts';
import { block, code, folded, text } from '../../src/report/markdown/text.ts';
import { anyText, runs } from '../support/random.ts';
import { documentOf, documentOfPlan } from './documents.ts';
import { nodeNames, pictureOf, runOver } from './pictures.ts';
import { clusterPlan, fileChange, hostResult, nodePlan, runResult } from './plans.ts';

const pieces = [
  '`',
  '``',
  '```',
  '~~~',
  '|',
  '\\',
  '@all',
  '#1',
  '<b>',
  '</details>',
  '[a](b)',
  '\n',
  '&lt;',
  '$',
];
const anything = fc
  .array(fc.oneof(fc.constantFrom(...pieces), anyText({ maxLength: 2 })), { maxLength: 10 })
  .map((parts) => parts.join(''));

describe('words in Markdown', () => {
  it('are no markup', () => {
    expect(text('a*b_c`d`|e<f>')).toBe('a\\*b\\_c\\`d\\`\\|e&lt;f&gt;');
    expect(text('[x](http://a.example/y)')).toBe('\\[x\\](`http://a.example/y)`');
    expect(text('- 1. # a')).toMatch(/^\\- 1\. \\#/);
    expect(text('1. a')).toBe('1\\. a');
    expect(text(':smile: 10:30')).toBe('\\:smile: 10:30');
  });

  it('mention nobody, and no issue', () => {
    expect(text('@all #12 GH-3')).toBe('@\u200ball \\#\u200b12 GH-\u200b3');
    expect(folded('@all </summary>', 'x')).toContain('<summary>@\u200ball &lt;/summary&gt;</summary>');
  });

  it('never leave a fence or a span, whatever they are', () => {
    fc.assert(
      fc.property(anything, (words) => {
        const [fence = '', ...rest] = block(words, 'diff').split('\n');
        const ticks = fence.replace('diff', '');
        expect(ticks).toMatch(/^`{3,}$/);
        expect(rest.at(-1)).toBe(ticks);
        expect(rest.slice(0, -1).join('\n')).not.toContain(ticks);
        const span = code(words);
        const [run = ''] = /^`*/.exec(span) ?? [];
        if (span !== '') expect(span.slice(run.length, -run.length)).not.toContain(run);
        expect(span).not.toMatch(/\n|(?<!\\)\|/);
        expect(text(words)).not.toMatch(/[<>\n]/);
      }),
      runs(5000, 300),
    );
  });
});

describe('the summary', () => {
  it('has the outcome, the hosts and what changes', () => {
    const summary = renderMarkdown(runOver(4));
    expect(summary).toContain('## ❌ Apply on prod\n\n**4 of 5 hosts were changed; 1 failed.**');
    expect(summary).toContain('| `bbb-003` | node | ❌ failed | 1 file, 1 restart |');
    expect(summary).toContain('```diff\n--- a/etc/bigbluebutton/bbb-web.properties');
    expect(summary).toContain('What to do: look at its journal');
    expect(summary.match(/<details>/g)?.length).toBe(summary.match(/<\/details>/g)?.length);
  });

  it('says of each host what a run would do with it, rather than that it would change', () => {
    const hosts = [nodePlan('bbb-01'), { ...nodePlan('bbb-02'), retires: true }, nodePlan('bbb-03')];
    const rollout = [
      {
        ...{ role: 'node', hosts: ['bbb-02', 'bbb-03'], atOnce: 1, maxUnavailable: 1, down: [] },
        ...{ held: ['bbb-01'], heldUpBy: 'proxy-1' },
      },
    ];
    const summary = renderMarkdown(documentOfPlan(clusterPlan(hosts), { rollout }));
    expect(summary).toMatch(/\| `bbb-01` \| node \| 🕒 held up by proxy-1 \|/);
    expect(summary).toMatch(/\| `bbb-02` \| node \| 🔷 leaves \|/);
    expect(summary).toMatch(/\| `bbb-03` \| node \| 🔷 would change \|/);
    expect(summary).toContain('**2 of 3 hosts would change');
    expect(summary).toContain('1 held up by proxy-1.**');
  });

  it('has holds, schedules and what is to be done by hand', () => {
    const hold = { by: 'ada', from: 'laptop', reason: 'exams', since: '2026-11-26T18:00:00Z', hosts: ['a'] };
    const run = {
      ...{
        at: '2026-11-26T02:00:00Z',
        endedAt: '2026-11-26T02:01:00Z',
        run: null,
        exitStatus: 5,
        missed: [],
      },
      ...{ policy: 'fix' as const, did: 'fix' as const, statuses: { 'in-sync': 2, 'rolled-back': 1 } },
      ...{ putOff: [{ host: 'bbb-01', code: 'busy', message: 'running meetings: 1' }], errors: [] },
    };
    const what = { host: 'bbb-02', what: '/etc/a.conf', since: '2026-11-25T02:00:00Z' };
    const summary = renderMarkdown({
      ...documentOfPlan(
        clusterPlan([nodePlan('bbb-01')], { byHand: [{ title: 'the proxy', text: 'location /a;\n' }] }),
      ),
      ...{ holds: [{ ...hold, until: '2026-11-27T06:00:00.000Z' }] },
      schedule: {
        runs: [run],
        differences: [{ ...what, author: { kind: 'person', name: 'ada', evidence: 'logged in' } }],
      },
    });
    expect(summary).toContain('> held by ada from laptop until 2026-11-27 06:00 UTC: exams');
    expect(summary).toContain('**By hand:** the proxy\n\n```\nlocation /a;\n```');
    expect(summary).toContain('| `bbb-02` | `/etc/a.conf` | 2026-11-25 02:00 UTC | person ada |');
    expect(summary).toContain(
      '- 2026-11-26 02:00 UTC, fix: 2 in sync, 1 rolled back\n  - bbb-01: running meetings: 1',
    );
  });

  it('ends below its limit with a sentence about what is missing', () => {
    const lines = (seed: number) =>
      Array.from({ length: 200 }, (_, index) => `${seed}-${index}=${'x'.repeat(40)}\n`);
    const hosts = nodeNames(30).map((name, index) =>
      nodePlan(name, { changes: [fileChange('/etc/a.conf', undefined, lines(index).join(''))] }),
    );
    const summary = renderMarkdown({
      ...documentOfPlan(clusterPlan(hosts)),
      picture: pictureOf(nodeNames(30)),
    });
    expect(summary.length).toBeLessThan(limit);
    expect(summary).toContain('**All 30 hosts would change: 30 files, 30 restarts.**');
    expect(summary).toMatch(
      /_Left out, since this summary may have 60,000 characters: the changes of bbb-\d+/,
    );
    expect(summary.match(/<details>/g)?.length).toBe(summary.match(/<\/details>/g)?.length);
  });

  it('keeps the limit, however much there is of anything', () => {
    const long = 'x'.repeat(70_000);
    const problem = { code: 'x', message: long, next: long, detail: long };
    const results = nodeNames(300).map((name) =>
      hostResult(nodePlan(name), 'failed', { problem, warnings: [long] }),
    );
    const summary = renderMarkdown(documentOf({ ...runResult(results), warnings: [long] }));
    expect(summary.length).toBeLessThan(limit);
    expect(summary).toContain('300 hosts');
  });
});
