import { z } from 'zod';

const span = {
  at: z.int().describe('milliseconds since the command began'),
  ms: z.int().describe('how long it took'),
};

export const picture = z
  .object({
    version: z.string().describe('of clusterproxy'),
    name: z.string().describe('of the cluster'),
    hostname: z.string().optional().describe('its public address'),
    playbook: z.string().optional(),
    inventory: z.string(),
    operator: z.string(),
    from: z.string().describe('the machine on which clusterproxy ran'),
    at: z.string().describe('when the command began; ISO 8601, UTC'),
    endedAt: z.string(),
    roles: z.array(
      z.object({
        role: z.string(),
        external: z.literal(true).optional().describe('its hosts are run by somebody else'),
        hosts: z.array(
          z.object({
            name: z.string(),
            hostname: z.string().optional(),
            state: z.enum(['off', 'retired']).optional().describe('left out where it is active'),
          }),
        ),
      }),
    ),
    ways: z
      .array(
        z.object({
          from: z.string().describe('everyone, operators or a role'),
          to: z.string().describe('a role'),
          ports: z
            .array(
              z.object({
                port: z.string().describe('a number or a range'),
                protocol: z.enum(['tcp', 'udp']),
                purpose: z.string(),
              }),
            )
            .describe('none where it sends people there, but does not itself connect'),
        }),
      )
      .describe('who talks to whom, as the playbook says'),
    timeline: z
      .array(
        z.object({
          host: z.string(),
          phases: z.array(z.object({ phase: z.string(), detail: z.string().optional(), ...span })),
        }),
      )
      .describe('what happened on each host, and when'),
    screenshots: z
      .array(
        z.object({
          host: z.string(),
          file: z.string(),
          image: z.string().optional().describe('the picture itself, as a data: URL'),
          why: z.string().optional().describe('why it is left out'),
        }),
      )
      .optional()
      .describe('of verify --browser --screenshots'),
  })
  .describe('in reports as HTML or Markdown only: the cluster, and when what was done');
