import { z } from 'zod';
import { OperatorError } from '../../model/operator-error.ts';
import { type Query, queryKey } from '../../model/reads.ts';
import { text } from '../read/texts.ts';
import type { FactKind } from './fact-kind.ts';

interface Said {
  /** the text of a program in sh that comes with the playbook, once that is read */
  readonly program: string;
  readonly args: readonly string[];
  readonly says: string;
}

/**
 * What a program of the playbook's finds out on the host: it prints lines `KEY VALUE`, of which each symptom
 * takes one. A key that isn't printed is ''; one whose line is `KEY ?` and a reason is not known.
 */
export const saidFact: FactKind<Said> = {
  keys: {
    program: text.optional().meta({
      description: 'file beside the playbook, in sh, that prints lines KEY VALUE about the host',
    }),
    args: z.array(text).optional().meta({ description: 'its arguments' }),
    says: text.optional().meta({ description: 'the key whose value is wanted' }),
  },
  answers: 'string',
  reads: (question) => ({ queries: [queryOf(question)] }),
  answer: (question, { fact, snapshot }) => {
    const { status, output } = snapshot.answers.get(queryKey(queryOf(question))) ?? notAsked;
    const line = output
      .split('\n')
      .find((one) => one === question.says || one.startsWith(`${question.says} `));
    const value = line?.slice(question.says.length + 1).trim();
    if (value !== undefined && !/^\?(?: |$)/.test(value)) return value;
    if (value === undefined && status === 0) return '';
    const why = value === undefined ? 'the program that asks for it did not come to its end' : value.slice(2);
    throw new OperatorError({
      code: 'fact-unreadable',
      message: `${fact} can't be determined: ${why || 'the host does not tell'}`,
      next: 'look at the host',
      host: snapshot.host,
    });
  },
};

const notAsked = { status: 125, output: '' };

function queryOf({ program, args }: Said): Query {
  return { kind: 'program', program, args };
}
