/**
 * A YAML file with all of it that is commented out: such lines have no blank after their `#`, or several,
 * where comments for people have one.
 */
export function uncommented(text: string): string {
  return text
    .split('\n')
    .map((line) => (isCommentedOut(line) ? line.replace('#', '') : line))
    .join('\n');
}

/** The file with one block of it at a time, of lines that follow one another. */
export function blocksUncommented(text: string): readonly { readonly line: number; readonly text: string }[] {
  const lines = text.split('\n');
  const begins = [...lines.keys()].filter(
    (index) => isCommentedOut(lines[index] ?? '') && !isCommentedOut(lines[index - 1] ?? ''),
  );
  return begins.map((begin) => {
    const length = lines.slice(begin).findIndex((line) => !isCommentedOut(line));
    const end = length === -1 ? lines.length : begin + length;
    const block = lines.slice(begin, end).map((line) => line.replace('#', ''));
    return { line: begin + 1, text: [...lines.slice(0, begin), ...block, ...lines.slice(end)].join('\n') };
  });
}

function isCommentedOut(line: string): boolean {
  return /^ *#(?:[^\s#]| {2,}\S)/.test(line);
}
