import { z } from 'zod';
import { conditionSchema } from './condition-schema.ts';
import { id, roleName } from './name-schema.ts';
import { absolutePath, oneOrMore, text } from './texts.ts';

const texts = z.array(text);

const request = z.strictObject({
  url: text,
  headers: z.union([texts, text]).optional(),
  contains: z.union([texts, text]).optional(),
});

const check = z.union([
  z.literal('nginx-workers'),
  z.literal('haproxy-workers'),
  z
    .strictObject({
      active: text.optional().meta({ description: 'the unit is active and stays active' }),
      port: z.union([z.int().min(1).max(65535), text]).optional(),
      http: request.optional(),
      browse: request.optional().meta({
        description: 'as a browser asks, on an address of the host itself; counts only where it held before',
      }),
      through: roleName.optional().meta({
        description: 'a role: its hosts, as they are `asked`, still answer through this host',
      }),
    })
    .superRefine((given, context) => {
      if (Object.values(given).filter((kind) => kind !== undefined).length === 1) return;
      const kinds = 'active, port, http, browse, through, nginx-workers, haproxy-workers';
      context.addIssue({ code: 'custom', message: `expected one of: ${kinds}` });
    }),
]);

/** What makes a service take up what steps have changed. */
export const handlerSchema = z
  .strictObject({
    id,
    when: conditionSchema.optional(),
    validate: z.array(text).min(1).optional(),
    'daemon-reload': z.literal(true).optional(),
    reload: oneOrMore.optional(),
    restart: oneOrMore.optional(),
    command: z.array(text).min(1).optional(),
    guards: texts.optional(),
    ready: z.array(check).optional(),
    timeout: z.number().min(1).max(3600).optional().meta({ description: 'seconds; 60' }),
    settle: z.number().min(0).max(600).optional().meta({ description: 'seconds; 3' }),
    rewrites: z.array(absolutePath).optional(),
  })
  .superRefine((given, context) => {
    const actions = [given['daemon-reload'], given.reload, given.restart, given.command];
    if (actions.some((action) => action !== undefined)) return;
    context.addIssue({ code: 'custom', message: 'expected one of: reload, restart, command, daemon-reload' });
  });
