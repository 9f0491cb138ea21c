import { type Answer, type Query, queryKey } from '../model/snapshot.ts';
import type { AnswerReader } from './answer-reader.ts';
import { fieldSeparator, printable, splitOnce } from './records.ts';

/** The last line of an answer, its status, looks like a section but belongs to the answer. */
export function readAnswerBody(reader: AnswerReader): Buffer {
  const output = reader.body();
  const status = reader.section();
  reader.body();
  return Buffer.concat([output, Buffer.from(`\0${status}`)]);
}

/** The answers to queries, by `queryKey`, from those bodies. */
export function readAnswers(
  queries: readonly Query[],
  bodies: ReadonlyMap<string, Buffer>,
  nonce: string,
): ReadonlyMap<string, Answer> {
  const answers = new Map<string, Answer>();
  for (const [index, query] of queries.entries()) {
    const body = bodies.get(String(index));
    if (body === undefined) continue;
    const end = body.lastIndexOf(0);
    const status = /^status ([0-9]{1,3})$/.exec(body.toString('utf8', end + 1))?.[1];
    if (status === undefined) throw new Error(`the answer to a query has no status (${nonce})`);
    answers.set(queryKey(query), {
      status: Number(status),
      output: cleaned(query, body.toString('utf8', 0, end)),
    });
  }
  return answers;
}

/** In a list of sessions, the separator between the number of participants and the name is kept. */
function cleaned(query: Query, output: string): string {
  // Parsed by src/verify/browsed.ts, and shown in its words.
  if (query.kind === 'browse') return output;
  if (query.kind !== 'program') return printable(output);
  return output
    .split('\n')
    .map((line) =>
      splitOnce(line, fieldSeparator)
        .map(printable)
        .join(line.includes(fieldSeparator) ? fieldSeparator : ''),
    )
    .join('\n');
}
