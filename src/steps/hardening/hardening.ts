import { z } from 'zod';
import { scanCaddyfile } from '../../formats/caddyfile.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { absolutePath } from '../shared/parameters.ts';
import { understand } from '../shared/understand.ts';
import type { StepModule } from '../step-module.ts';
import { caddyGlobalLines, caddyLogLines } from './caddy-lines.ts';
import { type HardeningItem, isOfServer, itemList } from './items.ts';

const parameters = z.strictObject({
  items: itemList.describe('what the operator wants; see docs/hardening.md'),
  software: z.enum(['nginx', 'haproxy', 'caddy']).describe('what relays on this host'),
  server: z
    .enum(['own', 'include'])
    .describe("whose the server block, frontend or site is: `own`, or an operator's"),
  expected_users: z.int().min(0).default(0).describe('how many users are expected at once; 0: not said'),
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
    paths:
      caddyfile === undefined || !items?.some((item) => item === 'slow_clients' || item === 'masked_logs')
        ? []
        : [caddyfile],
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
  if (item === 'connections' && wanted.expected_users === 0) {
    return {
      message: 'nobody has said for how many users',
      next: 'say in `expected_users` how many are expected at once, in all meetings of the cluster',
    };
  }
  if (item === 'address_limits' && wanted.software === 'caddy') {
    return {
      message: 'Caddy counts no requests of an address by itself, only with a module that has to be built in',
      next: 'take address_limits out of `hardening`, or let nginx or HAProxy relay',
    };
  }
  if (item === 'masked_logs' && wanted.software === 'caddy' && !hasMask(host, wanted)) {
    return {
      message:
        "Caddy logs an address with its session token where a node doesn't answer, and what becomes of that log is for its global options to say, which are yours",
      next: `write this at the top of ${wanted.caddyfile ?? 'the Caddyfile'}, within the braces of the global options (docs/hardening.md has it by lines), and plan again: ${caddyLogLines.map((line) => line.trim()).join(' ⏎ ')}`,
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

type Statements = ReturnType<typeof scanCaddyfile>;

/** What the operator's global options hold, if there are any: they come first, without words. */
function globalOptions(host: StepHost, { caddyfile }: HardeningParameters): Statements {
  const text = caddyfile === undefined ? undefined : host.text(caddyfile);
  if (caddyfile === undefined || text === undefined) return [];
  const [first] = understand(host, caddyfile, text, () => scanCaddyfile(text));
  return first?.words.length === 0 ? (first.block?.statements ?? []) : [];
}

function within(statements: Statements, ...names: readonly string[]): Statements {
  const [name, ...rest] = names;
  if (name === undefined) return statements;
  const inner = statements
    .filter(({ words }) => words[0]?.text === name)
    .flatMap(({ block }) => block?.statements ?? []);
  return within(inner, ...rest);
}

/** Whether they limit how long headers may take, for all servers or for that on port 443. */
function hasTimeouts(host: StepHost, wanted: HardeningParameters): boolean {
  const servers = globalOptions(host, wanted).filter(({ words: [name, address] }) => {
    const isOurs = address === undefined || address.text === ':443';
    return name?.text === 'servers' && isOurs;
  });
  const times = within(
    servers.flatMap(({ block }) => block?.statements ?? []),
    'timeouts',
  );
  return times.some(({ words }) => words[0]?.text === 'read_header');
}

/** Where a log may have an address. */
const fieldsOfAddresses = ['request>uri', 'request>headers>Referer'];

/**
 * Whether they take tokens out of addresses before anything is logged by the log that all goes to. Since
 * Caddy 2.8, fields needn't stand in a block of their own.
 */
function hasMask(host: StepHost, wanted: HardeningParameters): boolean {
  const logs = globalOptions(host, wanted).filter(
    ({ words: [name, log] }) => name?.text === 'log' && (log === undefined || log.text === 'default'),
  );
  const formats = within(
    logs.flatMap(({ block }) => block?.statements ?? []),
    'format',
  );
  const fields = [...formats, ...within(formats, 'fields')];
  return fieldsOfAddresses.every((field) =>
    fields.some(
      ({ words }) => words[0]?.text === field && words.some(({ text }) => text.includes('sessionToken')),
    ),
  );
}
