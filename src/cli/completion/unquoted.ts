/**
 * A word of a command line without the quotes and backslashes that bash leaves in it. Nothing is expanded: a
 * word with a variable or a command in it stays as it is.
 */
export function unquoted(word: string): string {
  let text = '';
  let quote = '';
  for (let at = 0; at < word.length; at += 1) {
    const character = word.charAt(at);
    if (quote === '' && (character === "'" || character === '"')) quote = character;
    else if (character === quote) quote = '';
    else if (character === '\\' && quote !== "'" && at + 1 < word.length) {
      at += 1;
      text += word.charAt(at);
    } else text += character;
  }
  return text;
}
