import { z } from 'zod';
import { error } from './error-schema.ts';

const foundHost = z.object({
  name: z.string().describe('in the inventory'),
  role: z.string(),
  place: z.string().describe('where ssh was told to look'),
  reached: z.boolean().describe('it was logged in to'),
  problem: error.optional().describe('why it could not be looked at, or not as root'),
  user: z.string().optional().describe('who logs in'),
  root: z.enum(['sudo', 'login']).optional().describe('how commands run as root; left out: they do not'),
  system: z.string().optional(),
  ownName: z.string().optional().describe('its own name, of /etc/hostname'),
  product: z
    .object({
      playbook: z.string(),
      title: z.string(),
      version: z.string().optional(),
      hostname: z.string().optional().describe('the public name that it has itself'),
    })
    .optional()
    .describe('what is installed, of all that a playbook is for'),
  programs: z.array(z.string()).optional().describe('web servers and balancers that are configured there'),
  recipe: z.string().optional().describe('the recipe of the playbook that fits it'),
  unfit: error.optional().describe('why none does'),
  publicNames: z.array(z.string()).describe('for which it answers, the most likely first'),
  certificates: z.array(
    z.object({ file: z.string(), names: z.array(z.string()), until: z.string().describe('ISO 8601, UTC') }),
  ),
});

export const begun = z
  .object({
    hosts: z.array(foundHost).describe('those that were looked at'),
    read: z
      .array(z.object({ file: z.string(), kind: z.string(), hosts: z.int() }))
      .describe('the files from which hosts were taken'),
    inventory: z
      .object({
        file: z.string(),
        text: z.string(),
        written: z.boolean(),
        agreed: z.boolean().optional().describe('somebody has seen the text, and has agreed to it'),
        next: z.string().describe('the command that comes next'),
      })
      .optional(),
  })
  .describe('of init: what was found, and the inventory that was written');
