import { z } from 'zod';
import { scanCaddyfile } from '../../formats/caddyfile.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { absolutePath } from '../shared/parameters.ts';
import { understand } from '../shared/understand.ts';
import type { StepModule } from '../step-module.ts';
import { caddyGlobalLines } from './caddy-lines.ts';
import { type HardeningItem, isOfServer, itemList } from './items.ts';

const parameters = z.strictObject({
  items: itemList.describe('what the operator wants; see docs/hardening.md'),
  software: z.enum(['nginx', 'haproxy', 'caddy']).describe('what relays on this host'),
  server: z
    .enum(['own', 'include'])
    .describe("whose the server block, frontend or site is: `own`, or an operator's"),
  caddyfile: absolutePath.optional().describe('with Caddy, the file with its global options'),
});

type HardeningParameters = z.infer<typeof parameters>;

/**
 * Refuses a host on which one of the items can't be had, and says why and what to do instead: an operator
 * who reads a name in the inventory has to be able to rely on it. The items themselves are other steps' work.
 */
export const hardening: StepModule<HardeningParameters> = {
  name: 'hardening',
  description: 'on a proxy: refuses what it cannot be hardened by there',
  parameters,
  reads: ({ caddyfile, items }) => ({
    paths: caddyfile === undefined || !items?.includes('slow_clients') ? [] : [caddyfile],
  }),
  writes: () => [],
  apply: (host, wanted) => {
    for (const item of wanted.items) {
      const why = whyNot(host, item, wanted);
      if (why !== undefined)
        throw host.problem('hardening-impossible', `hardening: ${item}: ${why.message}`, why.next);
    }
  },
};

interface Refusal {
  readonly message: string;
  readonly next: string;
}

function whyNot(host: StepHost, item: HardeningItem, wanted: HardeningParameters): Refusal | undefined {
  if (wanted.server === 'include' && isOfServer(item)) {
    return {
      message: `it belongs into the server block, frontend or site, which is yours here (\`proxy_server: include\`)`,
      next: `take ${item} out of \`hardening\` and set it there yourself (docs/hardening.md has the lines), or use \`proxy_server: own\``,
    };
  }
  if (item === 'slow_clients' && wanted.software === 'caddy' && !hasTimeouts(host, wanted)) {
    return {
      message: `Caddy has such times only in its global options, which are all sites' and yours`,
      next: `write this at the top of ${wanted.caddyfile ?? 'the Caddyfile'}, within the braces of the global options, and plan again: ${caddyGlobalLines.map((line) => line.trim()).join(' ⏎ ')}`,
    };
  }
  return undefined;
}

/** Whether the operator's global options limit how long headers may take. */
function hasTimeouts(host: StepHost, { caddyfile }: HardeningParameters): boolean {
  const text = caddyfile === undefined ? undefined : host.text(caddyfile);
  if (caddyfile === undefined || text === undefined) return false;
  const [first] = understand(host, caddyfile, text, () => scanCaddyfile(text));
  const options = first?.words.length === 0 ? (first.block?.statements ?? []) : [];
  const within = (statements: typeof options, name: string) =>
    statements.filter(({ words }) => words[0]?.text === name).flatMap(({ block }) => block?.statements ?? []);
  return within(within(options, 'servers'), 'timeouts').some(({ words }) => words[0]?.text === 'read_header');
}
