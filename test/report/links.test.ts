import { hostname } from 'node:os';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Output } from '../../src/report/output.ts';
import { forPager, isTaller } from '../../src/report/pager.ts';
import { lessTakesLinks, linked, takesLinks, unlinked } from '../../src/report/terminal/links.ts';
import { anyText, runs } from '../support/random.ts';

const shown = { isTTY: true };

it.each([
  ['nothing known', {}, false],
  ['xterm', { TERM: 'xterm-256color' }, false],
  ['Windows Terminal', { WT_SESSION: '4ac2' }, true],
  ['kitty', { TERM: 'xterm-kitty' }, true],
  ['Alacritty', { TERM: 'alacritty' }, true],
  ['Ghostty', { TERM_PROGRAM: 'ghostty', TERM_PROGRAM_VERSION: '1.0.0' }, true],
  ['iTerm2', { TERM_PROGRAM: 'iTerm.app', TERM_PROGRAM_VERSION: '3.4.19' }, true],
  ['iTerm2 before it did', { TERM_PROGRAM: 'iTerm.app', TERM_PROGRAM_VERSION: '3.0.9' }, false],
  ['WezTerm', { TERM_PROGRAM: 'WezTerm', TERM_PROGRAM_VERSION: '20240203-110809-5046fc22' }, true],
  ['an editor', { TERM_PROGRAM: 'vscode', TERM_PROGRAM_VERSION: '1.90.2' }, true],
  ['an editor before it did', { TERM_PROGRAM: 'vscode', TERM_PROGRAM_VERSION: '1.71.0' }, false],
  ['an editor that was started from VTE', { TERM_PROGRAM: 'vscode', VTE_VERSION: '7600' }, false],
  ["macOS's own terminal", { TERM_PROGRAM: 'Apple_Terminal', TERM_PROGRAM_VERSION: '453' }, false],
  ['VTE', { VTE_VERSION: '7600' }, true],
  ['VTE that crashes', { VTE_VERSION: '5000' }, false],
  ['screen in VTE', { VTE_VERSION: '7600', STY: '1.pts-0' }, false],
  ['tmux in VTE', { VTE_VERSION: '7600', TMUX: '/tmp/tmux-0/default,1,0' }, false],
  [
    'tmux that drops them',
    { TMUX: '/tmp/x', TERM_PROGRAM: 'tmux', TERM_PROGRAM_VERSION: '3.3a', WT_SESSION: '4ac2' },
    false,
  ],
  ['tmux', { TMUX: '/tmp/x', TERM_PROGRAM: 'tmux', TERM_PROGRAM_VERSION: '3.4' }, true],
  ['a reader who wants no colours', { VTE_VERSION: '7600', NO_COLOR: '1' }, false],
  ['a reader whose programs never colour', { VTE_VERSION: '7600', FORCE_COLOR: '0' }, false],
  ['a pipeline', { VTE_VERSION: '7600', CI: 'true' }, false],
  ['an unknown one of which a person knows it', { FORCE_HYPERLINK: '1', NO_COLOR: '1' }, true],
  ['a person who wants none', { VTE_VERSION: '7600', FORCE_HYPERLINK: '0' }, false],
] as const)('links on a terminal: %s', (_name, variables, takes) => {
  expect(takesLinks(shown, variables)).toBe(takes);
});

it('are for terminals, unless somebody asks for them', () => {
  expect(takesLinks({}, { VTE_VERSION: '7600' })).toBe(false);
  expect(takesLinks({}, { FORCE_HYPERLINK: '1' })).toBe(true);
});

it.each([
  ['less 551 (GNU regular expressions)\n', false],
  ['less 566 (GNU regular expressions)\n', true],
  ['less 633.1 (PCRE2 regular expressions)\n', true],
  ['BusyBox v1.36.1\n', false],
])('%j takes links: %s', (version, takes) => {
  expect(lessTakesLinks(version)).toBe(takes);
});

describe('a text with links', () => {
  const link = { text: 'out/report.html', target: 'file://here/out/report.html' };
  const as = (text: string) => `\x1b]8;;${link.target}\x1b\\${text}\x1b]8;;\x1b\\`;

  it('shows the same as before', () => {
    const words = fc.constantFrom('a.html', 'out/a.html', 'https://b.example/', ' ', '\n', ', ', '\x1b[1m');
    const texts = fc.array(fc.oneof(words, anyText({ maxLength: 5 })), { maxLength: 12 });
    fc.assert(
      fc.property(texts, fc.array(words, { maxLength: 4 }), (parts, names) => {
        // What reaches it obeys nothing but colours.
        const text = parts.join('').replaceAll('\x1b]', '');
        const links = names
          .filter((name) => name.trim() !== '')
          .map((name) => ({ text: name, target: 'x:y' }));
        expect(unlinked(linked(text, links))).toBe(text);
      }),
      runs(2000),
    );
  });

  it.each([
    ['the report is in out/report.html', `the report is in ${as(link.text)}`],
    ['(out/report.html), "out/report.html".', `(${as(link.text)}), "${as(link.text)}".`],
    ['\x1b[1mout/report.html\x1b[22m', `\x1b[1m${as(link.text)}\x1b[22m`],
    ['without/report.html out/report.html.bak', 'without/report.html out/report.html.bak'],
    ['out/reportxhtml', 'out/reportxhtml'],
  ])('has them where the words stand by themselves: %j', (text, expected) => {
    expect(linked(text, [link])).toBe(expected);
  });

  it('has the longer one of two that begin alike', () => {
    const longer = { text: 'out/report.html more.html', target: 'x:longer' };
    expect(linked(longer.text, [link, longer])).toContain('x:longer');
  });

  it('is as high on a screen as without, and reaches no pager that would show them', () => {
    const text = linked(`1\n${link.text}\n`, [link]);
    expect(isTaller(text, { rows: 4, columns: 15 })).toBe(false);
    expect(forPager('more', text)).toBe(`1\n${link.text}\n`);
    expect(forPager('no-such-folder/less -R', text)).toBe(`1\n${link.text}\n`);
  });
});

describe('what is written to a terminal', () => {
  function terminal(variables: Readonly<Record<string, string>>) {
    let written = '';
    const stream = Object.assign(new PassThrough(), { columns: 80, isTTY: true });
    stream.write = ((text: string) => {
      written += text;
      return true;
    }) as typeof stream.write;
    const [stdout, stderr] = [stream, stream].map((one) => one as unknown as NodeJS.WriteStream);
    const mask = (text: string) => text.replaceAll('s3cret', '********');
    const output = new Output({ stdout: stdout as never, stderr: stderr as never, variables, mask });
    return { output, written: () => written };
  }
  const takes = { TERM: 'xterm-kitty' };

  it('leads to files of this machine, and to addresses', () => {
    const { output, written } = terminal(takes);
    output.links.file('/tmp/a b%.html');
    output.links.address('https://bbb.example.com/ü');
    output.messages.writeLinked('see /tmp/a b%.html and https://bbb.example.com/ü\n');
    expect(written()).toContain(`\x1b]8;;file://${hostname()}/tmp/a%20b%25.html\x1b\\/tmp/a b%.html\x1b]8;;`);
    expect(written()).toContain('\x1b]8;;https://bbb.example.com/%C3%BC\x1b\\');
  });

  it('has no link of a host, nor one that holds a secret, nor of a name that may be any word', () => {
    const { output, written } = terminal(takes);
    output.links.file('plan');
    output.links.file('/tmp/s3cret.html');
    output.results.writeLinked('a plan: \x1b]8;;http://evil.example\x1b\\/tmp/s3cret.html\x1b]8;;\x1b\\\n');
    expect(written()).toBe('a plan: ^[]8;;http://evil.example^[\\/tmp/********.html^[]8;;^[\\\n');
  });

  it("has none in words that may be a host's, nor where nothing shows them", () => {
    const { output, written } = terminal(takes);
    output.links.file('/tmp/a.html');
    output.results.write('/tmp/a.html\n');
    const other = terminal({ TERM: 'xterm' });
    other.output.links.file('/tmp/a.html');
    other.output.messages.writeLinked('/tmp/a.html\n');
    expect([written(), other.written()]).toEqual(['/tmp/a.html\n', '/tmp/a.html\n']);
  });
});
