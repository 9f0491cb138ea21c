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
