import { parse } from 'yaml';
import { z } from 'zod';
import { OperatorError } from '../model/operator-error.ts';
import {
  type ProtocolResult,
  type ProtocolStep,
  protocolOutcomes,
  type TestProtocol,
} from '../model/test-protocol.ts';

const protocol = z.strictObject({
  title: z.string(),
  steps: z
    .array(
      z.strictObject({
        id: z.string().regex(/^[a-z][a-z-]*$/),
        title: z.string(),
        minutes: z.int().min(1),
        do: z.string().optional(),
        run: z.string().optional(),
        expect: z.string(),
      }),
    )
    .min(1),
});

/** The steps in a file of playbooks/protocols. */
export function parseProtocol(text: string): TestProtocol {
  const { title, steps } = protocol.parse(parse(text));
  return { title, steps: steps.map((step) => ({ ...step, do: step.do, run: step.run })) };
}

/** The program of which a protocol tells, and when it was begun. */
export interface ProtocolHead {
  readonly protocol: string;
  readonly version: string;
  readonly node: string;
}

/**
 * The results as a file that people and programs can read: a table in Markdown with a row for each step, also
 * for those that are still to be done.
 */
export function protocolText(
  { protocol: name, version, node }: ProtocolHead,
  { title, steps }: TestProtocol,
  results: readonly ProtocolResult[],
): string {
  const rows = steps.map((step) => {
    const result = results.find((one) => one.step === step.id);
    return `| ${step.id} | ${step.title} | ${result?.outcome ?? 'open'} | ${result?.at ?? ''} |`;
  });
  return [
    `# Test protocol: ${title}`,
    '',
    `- protocol ${name}, clusterproxy ${version}, Node.js ${node}`,
    '',
    '| step | title | result | when (UTC) |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

/** The results in such a file, so that it can be gone on with. Throws `protocol-file-not-understood`. */
export function resultsIn(text: string, file: string, { steps }: TestProtocol): readonly ProtocolResult[] {
  const results = text.split('\n').flatMap((line): readonly ProtocolResult[] => {
    const [, step, , result, at = ''] = line.split('|').map((cell) => cell.trim());
    const outcome = protocolOutcomes.find((one) => one === result);
    const known = steps.find(({ id }) => id === step);
    return outcome === undefined || known === undefined ? [] : [{ step: known.id, outcome, at }];
  });
  if (text.startsWith('# Test protocol: ')) return results;
  throw new OperatorError({
    code: 'protocol-file-not-understood',
    message: `${file} is not a test protocol that clusterproxy has written`,
    next: 'choose another file with --out',
  });
}

/** The page of docs/ that has all steps. */
export function protocolPage(protocols: readonly TestProtocol[]): readonly string[] {
  return protocols.flatMap(({ title, steps }) => [
    `## ${title}`,
    '',
    `About ${steps.reduce((sum, { minutes }) => sum + minutes, 0)} minutes.`,
    '',
    ...steps.flatMap((step, index) => stepLines(step, index + 1)),
  ]);
}

function stepLines(step: ProtocolStep, number: number): readonly string[] {
  const { id, title, minutes, run, expect } = step;
  return [
    `### ${number}. ${title} (\`${id}\`, ${minutes} min)`,
    '',
    ...(step.do === undefined ? [] : [...wrapped(step.do), '']),
    ...(run === undefined ? [] : ['```sh', run, '```', '']),
    ...wrapped(`**Passed if:** ${expect}`),
    '',
  ];
}

/** A paragraph of a page of docs/, whose lines are that long at most. */
function wrapped(text: string, columns = 110): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || `${last} ${word}`.length > columns) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
