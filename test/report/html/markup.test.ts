import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clean } from '../../../src/document/clean-text.ts';
import { type Content, html } from '../../../src/report/html/markup.ts';
import { anyText, runs } from '../../support/random.ts';

const pieces = [
  ...[
    '<',
    '>',
    '"',
    "'",
    '&',
    '</',
    '<!--',
    '-->',
    ']]>',
    '<script>',
    '</style>',
    '&lt;',
    '&#39;',
    '${',
    '`',
    '\\',
  ],
  ...[
    '\x1b[2J',
    '\u202e',
    '\u200b',
    '\0',
    '\r',
    '\n',
    '\t',
    ' ',
    'a',
    'ä',
    '漢',
    '😀',
    'javascript:',
    'onload=',
    '=',
  ],
];

const anything = fc
  .array(fc.oneof(fc.constantFrom(...pieces), anyText({ maxLength: 3 })), { maxLength: 12 })
  .map((parts) => parts.join(''));

/** What a reader gets of it (HTML Living Standard, 13.5): nothing but these five is ever written. */
function read(markup: string): string {
  const characters: Record<string, string> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'" };
  return markup.replace(/&(lt|gt|amp|quot|#39);/g, (_, name: string) => characters[name] ?? '?');
}

describe('markup', () => {
  it('has any text as text, whatever is in it', () => {
    fc.assert(
      fc.property(anything, anything, (inside, between) => {
        const markup = String(html`<p title="${inside}">${between}</p>`);
        const [, title = 'broken', content = 'broken'] =
          /^<p title="([^"<>]*)">([^<>]*)<\/p>$/.exec(markup) ?? [];
        expect(read(title)).toBe(clean(inside));
        expect(read(content)).toBe(clean(between));
      }),
      runs(5000, 300),
    );
  });

  it('takes markup as it is, lists in their order, and nothing for what is not there', () => {
    const parts: readonly Content[] = ['<', html`<b>${'&'}</b>`, undefined, false, 0, ['x', ['>']]];
    expect(String(html`<p>${parts}</p>`)).toBe('<p>&lt;<b>&amp;</b>0x&gt;</p>');
  });

  it('takes nothing that only looks like markup', () => {
    const forged = { toString: () => '<script>' };
    // @ts-expect-error: only what `html` made is markup.
    expect(() => String(html`${forged}`)).toThrow();
  });
});
