import { z } from 'zod';

/** What a door can be hardened by, each by its own name; docs/hardening.md says what each is. */
export const hardeningItems = [
  ...(['connections', 'slow_clients', 'body_size', 'server_tokens', 'tls', 'hsts'] as const),
  ...(['masked_logs', 'backlog', 'address_limits', 'untracked'] as const),
] as const;

export type HardeningItem = (typeof hardeningItems)[number];

export const itemList = z.array(z.enum(hardeningItems)).default([]);

/** The hardening of a server block, frontend or site of our own. */
export const serverHardening = z
  .strictObject({
    items: itemList.describe('which of them: see docs/hardening.md'),
    cluster: z
      .string()
      .regex(/^[A-Za-z0-9_.-]*$/, 'expected the name of a cluster')
      .default(''),
    hsts_max_age: z.int().min(0).default(63_072_000).describe('seconds; 0 has browsers forget it'),
    hsts_subdomains: z.boolean().default(false).describe('also for all names below that of the proxy'),
    address_users: z.int().min(1).default(5000).describe('how many users may come from one address'),
  })
  .prefault({});

export type ServerHardening = z.infer<typeof serverHardening>;

/** How long clients may take, in seconds. nginx's own times, which HAProxy and Caddy follow, are 60. */
export const slowClients = { header: 15, body: 30, send: 30, idle: 30 } as const;

/** The value of Strict-Transport-Security. Source: RFC 6797, 6.1. */
export function hstsValue({ hsts_max_age: age, hsts_subdomains: subdomains }: ServerHardening): string {
  return `max-age=${age}${subdomains ? '; includeSubDomains' : ''}`;
}

/** Whether it stands in the server block, frontend or site: it can't be had in one that is an operator's. */
export function isOfServer(item: HardeningItem): boolean {
  return !ofHost.has(item);
}

const ofHost: ReadonlySet<HardeningItem> = new Set<HardeningItem>(['connections', 'backlog', 'untracked']);
