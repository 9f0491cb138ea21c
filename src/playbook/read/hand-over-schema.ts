import { z } from 'zod';
import { conditionSchema } from './condition-schema.ts';
import { text } from './texts.ts';

/** How a host gives to another of its role what only one of them has, before work that interrupts it. */
export const handOverSchema = z
  .strictObject({
    when: conditionSchema.optional(),
    program: text.meta({
      description:
        'file beside the playbook, in sh, which runs on the host itself: its first argument is cordon, enable or state',
    }),
    args: z.array(text).optional(),
    address: text.optional().meta({
      description:
        'an address that one of the hosts has at a time: the one that has it when they are looked at is changed last',
    }),
    handlers: z.array(text).optional().meta({
      description:
        'ids of the handlers before which it is handed over; without it, all that restart something or have guards. It is so before upgrades and reboots in any case',
    }),
    what: text.meta({
      description: "what another host takes over, in words, such as: the cluster's address",
    }),
  })
  .meta({
    description:
      'how a host gives to another of its role what only one of them has, before it is interrupted, and may have it again afterwards',
  });
