import { type Answer, type Query, queriesIn, queryKey, type Reads } from '../model/reads.ts';
import type { AnswerReader } from './answer-reader.ts';
import { fieldSeparator, printable } from './records.ts';
import { sharedText } from './shared-parts.ts';

/** The last line of an answer, its status, looks like a section but belongs to the answer. */
export function readAnswerBody(reader: AnswerReader): Buffer {
  const output = reader.body();
  const status = reader.section();
  reader.body();
  return Buffer.concat([output, Buffer.from(`\0${status}`)]);
}

/** The answers to queries and guards, by `queryKey`, from those bodies. */
export function readAnswers(
  reads: Pick<Reads, 'queries' | 'guards'>,
  bodies: ReadonlyMap<string, Buffer>,
  nonce: string,
): ReadonlyMap<string, Answer> {
  const answers = new Map<string, Answer>();
  for (const [index, query] of queriesIn(reads).entries()) {
    const body = bodies.get(String(index));
    if (body === undefined) continue;
    const end = body.lastIndexOf(0);
    const status = /^status ([0-9]{1,3})$/.exec(body.toString('utf8', end + 1))?.[1];
    if (status === undefined) throw new Error(`the answer to a query has no status (${nonce})`);
    const output = body.toString('utf8', 0, end);
    const isGuards = index >= reads.queries.length;
    // It holds the whole text of a program.
    answers.set(sharedText(queryKey(query)), {
      status: Number(status),
      output: isGuards ? cleanFields(output) : cleaned(query, output),
    });
  }
  return answers;
}

function cleaned(query: Query, output: string): string {
  // Parsed by src/verify/browsed.ts, and shown in its words.
  if (query.kind === 'browse') return output;
  return query.kind === 'program' ? cleanFields(output) : printable(output);
}

/** The separators between the fields of a line are kept. */
function cleanFields(output: string): string {
  const clean = (line: string) => line.split(fieldSeparator).map(printable).join(fieldSeparator);
  return output.split('\n').map(clean).join('\n');
}
