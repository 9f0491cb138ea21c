import { z } from 'zod';
import { parseClock } from '../calendar/written.ts';
import type { IssueDetails } from '../document/schema-problems.ts';
import { severities } from '../model/notify.ts';
import { secretReference } from '../secrets/reference.ts';
import { checkedText } from './checked-text.ts';

/** Only a reference: such a thing must not stand in the inventory itself. */
const reference = secretReference;

const url = z.union([
  checkedText({
    code: 'wrong-value',
    mistake: (text) =>
      /^https?:\/\//.test(text) &&
      URL.canParse(text) &&
      new URL(text).username === '' &&
      new URL(text).password === ''
        ? undefined
        : {
            message: 'expected a URL without a user or a password',
            next: 'start it with https:// or http://',
          },
    pattern: /^https?:\/\//,
    description: 'a URL; one that must not be known to others belongs into a secret reference',
  }),
  reference,
]);

const clock = checkedText({
  code: 'wrong-value',
  mistake: (text) =>
    (parseClock(text) ?? 1_440) < 1_440
      ? undefined
      : { message: `'${text}' is not a time of day`, next: "write hours and minutes: '22:00'" },
  pattern: /^\d{1,2}:\d{2}$/,
  description: "a time of day by the clocks of cluster.time_zone, such as '22:00'",
});

const words = z.array(z.string().min(1)).min(1);
const common = {
  name: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'a word of letters, digits, dots, hyphens and underscores')
    .optional()
    .meta({
      description: 'by which messages that wait find it when its address is corrected',
    }),
  severities: z.array(z.enum(severities)).min(1).optional().meta({
    description: 'what it is told: page, ticket, info; default: all of them',
  }),
};

const target = z.union([
  z.strictObject({
    webhook: url,
    form: z
      .union([
        z.enum(['json', 'slack', 'mattermost', 'matrix', 'teams']),
        z.strictObject({ template: z.string().min(1) }),
      ])
      .optional()
      .meta({ description: 'what is sent; template: a Liquid file beside the inventory; default: json' }),
    secret: reference.optional().meta({ description: 'signs each message, as Standard Webhooks says' }),
    ...common,
  }),
  z.strictObject({
    mail: z.strictObject({
      to: z.array(z.string().min(3)).min(1),
      from: z.string().min(3),
      smtp: z.strictObject({
        host: z.string().min(1),
        port: z.int().min(1).max(65535).optional(),
        security: z.enum(['tls', 'starttls', 'none']).optional().meta({
          description: 'default: starttls, which is required; none: in plain text',
        }),
        user: z.string().min(1).optional(),
        password: reference.optional(),
      }),
    }),
    ...common,
  }),
  z.strictObject({ command: words, ...common }),
]);

function namedOnce(targets: readonly { readonly name?: string | undefined }[], context: z.RefinementCtx) {
  for (const [index, { name }] of targets.entries()) {
    if (name === undefined || targets.findIndex((one) => one.name === name) === index) continue;
    const params: IssueDetails = { code: 'wrong-value', next: 'give each target a name of its own' };
    const message = `another target is named ${name} already`;
    context.addIssue({ code: 'custom', path: [index, 'name'], message, params: { ...params } });
  }
}

/** Who is told what scheduled runs find. */
export const notifySchema = z.strictObject({
  targets: z.array(target).min(1).superRefine(namedOnce),
  quiet_hours: z.strictObject({ from: clock, to: clock }).optional().meta({
    description: 'tickets and infos wait until they end; a page never waits',
  }),
  dead_man: url.optional().meta({
    description: 'asked after each scheduled run that could look at a host, so that silence is noticed',
  }),
});

export type NotifySettings = z.infer<typeof notifySchema>;
export type NotifyTarget = NotifySettings['targets'][number];
