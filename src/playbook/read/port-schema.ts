import { z } from 'zod';
import { checkedText } from '../../inventory/checked-text.ts';
import { conditionSchema } from './condition-schema.ts';
import { oneOrMore, text } from './texts.ts';

/** Who a port may be for, besides the hosts of a role. */
export const portUsers = ['everyone', 'operators', 'itself'] as const;

/** What a firewall must let through to the hosts of a role. */
export const portSchema = z.strictObject({
  port: z.union([
    z.int().min(1).max(65535),
    checkedText({
      code: 'wrong-value',
      mistake: portMistake,
      description: 'a range such as 30000-35000, or a template',
    }),
  ]),
  protocol: z
    .enum(['tcp', 'udp', 'vrrp'])
    .optional()
    .meta({ description: 'tcp; for vrrp, an IP protocol without ports, the port is its number, 112' }),
  when: conditionSchema
    .optional()
    .meta({ description: 'where it is open at all: vars.NAME to a value or a list; all must hold' }),
  from: oneOrMore.meta({ description: `${portUsers.join(', ')}, or roles` }),
  for: text.meta({ description: 'what for, in words' }),
});

function portMistake(given: string): { message: string; next: string } | undefined {
  const mistake = {
    message: `'${given}' is not a port`,
    next: 'write a number, or a range such as 30000-35000',
  };
  if (given.includes('{{')) return undefined;
  const [, first, last] = /^(\d{1,5})-(\d{1,5})$/.exec(given) ?? [];
  if (first === undefined || last === undefined) return mistake;
  return Number(first) >= 1 && Number(first) < Number(last) && Number(last) <= 65535 ? undefined : mistake;
}
