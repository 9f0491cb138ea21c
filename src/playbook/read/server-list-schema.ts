import { z } from 'zod';
import { tokenAlgorithms } from '../../model/server-list.ts';
import { conditionSchema } from './condition-schema.ts';
import { id, word } from './name-schema.ts';
import { oneOrMore, text } from './texts.ts';

const field = z
  .string()
  .regex(
    /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/,
    'expected the name of a key, or several with dots between them',
  );
const words = z.array(text).min(1);

/** Somebody else's list of the role's hosts: who keeps it, how it is read, and what its entries say. */
export const serverListSchema = z
  .strictObject({
    id,
    title: text.meta({ description: 'what it is called in sentences' }),
    when: conditionSchema.optional(),
    at: text.meta({ description: 'template: the address of whoever keeps it; empty where there is none' }),
    path: z.string().regex(/^\/[\w./-]*$/, 'expected a path'),
    secret: word.meta({ description: 'name of the secret variable by which the list may be read' }),
    checksum: text.optional().meta({
      description: 'proof by a parameter: the SHA-256 of this text and the secret',
    }),
    token: z
      .strictObject({ algorithm: z.enum(tokenAlgorithms), claims: z.record(word, text) })
      .optional()
      .meta({ description: 'proof by a JSON Web Token that is signed with the secret' }),
    refused: oneOrMore.meta({ description: 'texts in an answer that refuses the secret' }),
    empty: text.optional().meta({ description: 'a text in the answer of a server whose list is empty' }),
    entries: z.strictObject({
      in: field
        .optional()
        .meta({ description: 'the key of the list; left out where the answer is the list' }),
      address: field,
      secret: field,
      state: field,
      in_use: words.meta({ description: 'states of a server that gets sessions' }),
      out: words.meta({ description: 'states of a server that was taken out on purpose' }),
      health: field,
      up: words,
      down: words,
      error: field.optional().meta({ description: 'why it counts as down' }),
      heard: field.optional().meta({ description: 'when it was last heard' }),
      heard_within: z.int().min(1).optional().meta({ description: 'seconds; 60' }),
    }),
    ask: z.strictObject({
      address: text.meta({ description: 'template: the address that the list should have of a host' }),
      call: text.meta({ description: 'a call below it that changes nothing' }),
      accepts: text.meta({ description: 'a text of the answer if the host takes the secret' }),
      refuses: text.meta({ description: 'a text of the answer if it does not' }),
    }),
  })
  .superRefine((given, context) => {
    if ((given.checksum === undefined) !== (given.token === undefined)) return;
    context.addIssue({ code: 'custom', message: 'expected one of: checksum, token' });
  });

export type ServerListData = z.infer<typeof serverListSchema>;
