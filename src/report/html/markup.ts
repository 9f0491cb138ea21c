import { visible } from '../visible.ts';

/**
 * HTML that may be put into a page as it is. Only `html` and `constant` make it: a text that comes from
 * anywhere else can't get into a page but escaped, since the types take nothing else.
 */
export class Markup {
  readonly #text: string;

  private constructor(text: string) {
    this.#text = text;
  }

  /** Only for this file: see `html` and `constant`. */
  static of(text: string, key: symbol): Markup {
    if (key !== own) throw new Error('only html and constant make markup');
    return new Markup(text);
  }

  toString(): string {
    return this.#text;
  }
}

const own = Symbol('markup');

/** What may stand between the fixed parts of markup; undefined and false leave nothing. */
export type Content = Markup | string | number | undefined | false | readonly Content[];

/** Markup with texts in it, which are escaped. Attributes have to stand in double quotes. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  let text = parts[0] ?? '';
  for (const [index, content] of contents.entries()) text += written(content) + (parts[index + 1] ?? '');
  return Markup.of(text, own);
}

/** Markup or a style sheet that stands in this program as it is; nothing can be put into it. */
export function constant(parts: TemplateStringsArray): Markup {
  return Markup.of(parts.join(''), own);
}

/**
 * The same with names of its own for its parts, so that several of its kind can stand in one page: ids, what
 * refers to them, and groups of buttons. No text can look like an attribute, since its quotes are escaped.
 */
export function inOnePage(markup: Markup, prefix: string): Markup {
  const withPrefix = (names: string) =>
    names
      .split(' ')
      .map((name) => `${prefix}-${name}`)
      .join(' ');
  const renamed = markup
    .toString()
    .replace(
      / (id|name|for|aria-labelledby)="([^"]*)"/g,
      (_, key: string, names: string) => ` ${key}="${withPrefix(names)}"`,
    )
    // The signs are those of the page.
    .replace(/ href="#(?!i-)([^"]*)"/g, (_, name: string) => ` href="#${withPrefix(name)}"`);
  return Markup.of(renamed, own);
}

function written(content: Content): string {
  if (content instanceof Markup) return content.toString();
  if (typeof content === 'string') return escaped(content);
  if (typeof content === 'number') return String(content);
  if (content === undefined || content === false) return '';
  let text = '';
  for (const one of content) text += written(one);
  return text;
}

/** Text as text and in attributes in quotes (HTML Living Standard, 13.3, "Escaping a string"). */
function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
