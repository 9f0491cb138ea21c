import { expect, it } from 'vitest';
import { renderHtml } from '../../src/report/html/render.ts';
import { renderMarkdown } from '../../src/report/markdown/render.ts';
import { renderPlan } from '../../src/report/terminal/plan.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';
import { documentOfPlan } from './documents.ts';
import { clusterPlan, fileChange, hostPlan } from './plans.ts';

it('shows what is worth knowing of a host in every view, and not as a warning', () => {
  const words = 'the number is 48, of 6 by 8';
  const plan = hostPlan('proxy-1', { changes: [fileChange('/etc/a', 'a\n', 'b\n')], notes: [words] });
  const document = documentOfPlan(clusterPlan([plan]));
  const style = makeStyle({ columns: 80, color: false, verbose: false, summary: false });
  expect(renderPlan(document, style).join('\n')).toContain(`  note: ${words}`);
  for (const text of [renderHtml(document), renderMarkdown(document)]) expect(text).toContain(words);
  expect(document.hosts[0]).toMatchObject({ notes: [words], warnings: [] });
  expect(JSON.stringify(document).split(words)).toHaveLength(2);
});
