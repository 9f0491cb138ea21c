import { widthOf, wrap } from './prose.ts';

/** Room for an answer behind its question: a blank, and a letter. */
const roomForAnswer = 2;

/**
 * A question in lines that aren't longer than the terminal is wide, the answer's first letter included;
 * `columns` is undefined or 0 where that isn't known. A line that is a command in backticks stays whole, and
 * what stands behind the question's last word stays behind it, since the cursor is to be there.
 */
export function renderQuestion(question: string, columns: number | undefined): string {
  if (columns === undefined || columns <= roomForAnswer) return question;
  const words = question.trimEnd();
  const lines = words.split('\n');
  const rendered = lines.flatMap((line, index) => {
    const room = index === lines.length - 1 ? columns - roomForAnswer : columns;
    if (widthOf(line) <= room || /^`[^`]*`\.?$/.test(line)) return [line];
    return wrap(line, { columns: room, first: '' });
  });
  return rendered.join('\n') + question.slice(words.length);
}
