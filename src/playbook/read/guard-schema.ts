import { z } from 'zod';
import { checkedText } from '../../inventory/checked-text.ts';
import { conditionSchema } from './condition-schema.ts';
import { text } from './texts.ts';

/** What asks whether somebody is there, where it is no program beside the playbook. */
const guardKinds = ['http', 'command'] as const;

/** How a balancer finds out whether a host is alive, and what it does to one that isn't. */
const pollsSchema = z
  .strictObject({
    when: conditionSchema.optional(),
    at: text.optional().meta({
      description: 'the address of that balancer: one that is set means that it is there',
    }),
    every: text.meta({ description: 'the time between two questions, such as 60s, or a template' }),
    misses: z.union([z.int().min(1), text]).meta({
      description: 'how many questions in a row without an answer make a host dead for it',
    }),
    silent: z.array(text).min(1).meta({
      description: 'ids of the handlers while which the host gives it no answer; each has this guard',
    }),
    ends: text.meta({ description: 'what it does then, in words, such as: Scalelite ends all its meetings' }),
    pause: text.optional().meta({ description: 'how a person keeps it from that for a while, in words' }),
  })
  .meta({
    description: 'a balancer that asks hosts whether they are alive, and ends what is on one that is not',
  });

/** How new people are kept away from a host until it is changed. */
const drainSchema = z
  .strictObject({
    on: text.meta({ description: 'the role on whose hosts the program runs' }),
    program: text.meta({
      description: 'file beside the playbook, in sh: its first argument is cordon, enable or state',
    }),
    args: z.array(text).optional(),
    answers: z
      .array(z.strictObject({ url: text, contains: text }))
      .optional()
      .meta({ description: 'what the host answers when it is well; asked before it gets people again' }),
    polls: z.array(pollsSchema).optional(),
  })
  .meta({ description: 'how a balancer is told to send no more people to the host, and to send some again' });

/** What is asked before a handler may interrupt people. */
export const guardSchema = z
  .strictObject({
    program: text.optional().meta({
      description:
        'file beside the playbook, in sh: exit status 0 nobody is there, 1 somebody is, anything else is not known',
    }),
    kind: checkedText({
      code: 'wrong-value',
      mistake: kindMistake,
      pattern: /^(?:http|command)$/,
      description: `instead of a program: ${guardKinds.join(' or ')}`,
    }).optional(),
    args: z.array(text).optional(),
    when: conditionSchema.optional(),
    description: text.meta({ description: 'who would be interrupted, e.g. running meetings' }),
    drain: drainSchema.optional(),
  })
  .superRefine((given, context) => {
    if ((given.program === undefined) === (given.kind === undefined)) {
      const params = { next: 'write program: and a file beside the playbook, or kind: and what to ask' };
      context.addIssue({ code: 'custom', message: 'expected one of: program, kind', params });
    } else if (given.kind !== undefined && given.args === undefined) {
      const message = 'the guard has nothing to ask';
      const next = 'add args: the address for http, the program and its arguments for command';
      context.addIssue({ code: 'custom', message, params: { code: 'missing-key', next } });
    }
  });

/** Before version 0.2 what asks a product was a kind of its own, by the name that its program has now. */
function kindMistake(kind: string): { message: string; next: string } | undefined {
  if (guardKinds.some((known) => known === kind)) return undefined;
  const file = `files/${/^[a-z0-9-]+$/.test(kind) ? kind : 'NAME'}.sh`;
  return {
    message: `'${kind}' is no kind of guard; expected ${guardKinds.join(' or ')}`,
    next: [
      `a guard that asks a product names a program: write 'program: ${file}' instead of the kind, keep the args,`,
      "and put that file beside the playbook (those of the built-in playbooks are in clusterproxy's playbooks/files);",
      'a playbook that extends a built-in one can leave such a guard out',
    ].join(' '),
  };
}
