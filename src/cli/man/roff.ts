/** Characters that roff or a font reads as something else (groff_char(7), man-pages(7)). */
const special: Readonly<Record<string, string>> = {
  '\\': '\\e',
  "'": '\\(aq',
  '`': '\\(ga',
  '^': '\\(ha',
  '~': '\\(ti',
  '-': '\\-',
  '"': '\\(dq',
};

/** A text as roff prints it, word for word: what is to be typed can be copied. */
export function literal(text: string): string {
  const escaped = [...text].map((character) => special[character] ?? named(character)).join('');
  // At the beginning of a line it would be a request.
  return escaped.startsWith('.') ? `\\&${escaped}` : escaped;
}

/** Longer lines are no error, but mandoc(1) and people who compare pages don't like them. */
const longest = 76;

/** Prose in lines of roff: a sentence begins a line of its own, and a long one goes on in the next. */
export function prose(text: string): readonly string[] {
  return text.split(/(?<=[.!?]) +(?=[A-Z])/).flatMap((sentence) => {
    const lines: string[] = [];
    for (const word of sentence.split(/\s+/).filter((one) => one !== '')) {
      const longer = `${lines.at(-1)} ${word}`;
      if (lines.length > 0 && literal(longer).length <= longest) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    return lines.map(literal);
  });
}

function named(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 128 ? character : `\\[u${code.toString(16).toUpperCase().padStart(4, '0')}]`;
}

/** A macro with its arguments, such as `.SH NAME`. */
export function macro(name: string, ...words: readonly string[]): string {
  return [`.${name}`, ...words.map((word) => (/[ ,]/.test(word) ? `"${word}"` : word))].join(' ');
}
