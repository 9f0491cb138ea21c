import { describe, expect, it } from 'vitest';
import { type Problem, problemsOf } from '../../src/model/operator-error.ts';
import { errorDocument } from '../../src/report/document/problem.ts';
import { renderProblems } from '../../src/report/terminal/problem.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';

function render(problem: Problem, { columns = 80, verbose = false } = {}): string {
  const style = makeStyle({ columns, color: false, verbose });
  return `${renderProblems([errorDocument(problem)], style).join('\n')}\n`;
}

describe('renderProblems', () => {
  it('points at the place in a file', () => {
    const location = { file: 'prod.yaml', line: 14, column: 5, text: '    adress: 192.0.2.5' };
    const next = 'did you mean address?';
    expect(render({ code: 'unknown-key', message: 'unknown key "adress" of a host', next, location })).toBe(
      `error unknown-key: prod.yaml:14:5: unknown key "adress" of a host
   14 |     adress: 192.0.2.5
      |     ^^^^^^
  did you mean address?
`,
    );
  });

  it('keeps the mark below its word in lines with tabs, control characters and no end', () => {
    const text = `\t${'a: b, '.repeat(40)}\u001b"odd one": ${'c, '.repeat(40)}`;
    const column = text.indexOf('"odd') + 1;
    const [, line = '', mark = ''] = render({
      code: 'x',
      message: 'y',
      location: { file: 'f', line: 3, column, text },
    }).split('\n');
    expect(line.length).toBeLessThanOrEqual(80);
    expect(line.slice(mark.indexOf('^'), mark.lastIndexOf('^') + 1)).toBe('"odd one"');
  });

  it('shows as many problems as a person mends at once, and says what the others are', () => {
    const problems = Array.from({ length: 1000 }, (_, index) =>
      errorDocument({ code: index === 999 ? 'unknown-role' : 'missing-key', message: `mistake ${index}` }),
    );
    const lines = renderProblems(problems, makeStyle({ columns: 100, color: false, verbose: false }));
    expect(lines.filter((line) => line.startsWith('error '))).toHaveLength(20);
    expect(lines.at(-1)).toBe(
      '... and 980 more errors: 979 missing-key and 1 unknown-role (--verbose shows them)',
    );
    const all = renderProblems(problems, makeStyle({ columns: 100, color: false, verbose: true }));
    expect(all.filter((line) => line.startsWith('error '))).toHaveLength(1000);
    expect(all.at(-1)).toBe('error unknown-role: mistake 999');
  });

  it('keeps the lines of an example as they are', () => {
    const next = 'write the host like this:\n    - {name: n1,  hostname: n1.example.com}';
    expect(render({ code: 'x', message: 'y', next }, { columns: 30 })).toBe(
      'error x: y\n  write the host like this:\n      - {name: n1,  hostname: n1.example.com}\n',
    );
  });

  it('hides a secret in the line that it shows', () => {
    const location = { file: 'f', line: 3, column: 1, text: 'become_password: hunter2' };
    expect(render({ code: 'x', message: 'y', location })).not.toContain('hunter2');
  });

  it("indents another program's own words and says what to do", () => {
    const text = render({
      code: 'validate-failed',
      message: 'nginx refuses the new configuration',
      host: 'bbb-01',
      step: 'locations',
      detail: 'nginx: [emerg] a\n  b\n',
      next: 'mend it',
    });
    expect(text).toBe(`error validate-failed: bbb-01, step locations: nginx refuses the new
  configuration
    nginx: [emerg] a
      b
  mend it
`);
  });

  it('cuts long words of other programs short unless --verbose', () => {
    const problem = {
      code: 'x',
      message: 'y',
      detail: Array.from({ length: 50 }, (_, n) => `line ${n}`).join('\n'),
    };
    expect(render(problem)).toContain('... and 20 more lines (--verbose shows them)');
    expect(render(problem, { verbose: true })).toContain('line 49');
  });

  it('shows the stack of a fault of the program only with --verbose', () => {
    const [problem = { code: '', message: '' }] = problemsOf(new TypeError('x is undefined'));
    expect(render(problem)).not.toContain('    at ');
    expect(render(problem, { verbose: true })).toContain('    at ');
  });
});
