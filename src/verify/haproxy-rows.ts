/** A server in HAProxy's statistics, by the names of the columns, which differ from version to version. */
export type Row = Readonly<Record<string, string>>;

/** The servers of `show stat` (management guide, 9.1): CSV, in which a field with a comma is quoted. */
export function rowsOf(output: string): readonly Row[] {
  const [head = '', ...lines] = output.trim().split(/\r?\n/);
  if (!head.startsWith('# ')) return [];
  const columns = cellsOf(head.slice(2));
  return lines.map((line) => {
    const cells = cellsOf(line);
    return Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']));
  });
}

function cellsOf(line: string): readonly string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, bare = '']) => quoted?.replaceAll('""', '"') ?? bare,
  );
}
