import { z } from 'zod';

const port = z.int().min(1).max(65535);
const word = z.string().min(1);

/** One of `{{ hosts.ROLE }}`. */
const host = z.looseObject({
  name: word,
  address: z.string(),
  hostname: z.string().optional(),
  state: z.string().optional(),
  vars: z.record(z.string(), z.unknown()).optional(),
  facts: z.record(z.string(), z.unknown()).optional(),
});
const hosts = z.array(host);
const value = z.union([z.string(), z.number(), z.boolean()]);
const only = z
  .record(z.string(), z.union([value, z.array(value).min(1)]))
  .optional()
  .describe('only those hosts whose variables have these values');
const servers = hosts.describe('the hosts behind it, such as `{{ hosts.node }}`');
/** Lists in it, which templates become, are taken apart. */
const texts = z.array(z.union([z.string(), z.array(z.string())]));
const haproxy = z.strictObject({
  socket: word.describe("HAProxy's admin socket"),
  backends: z
    .array(z.strictObject({ name: word, hosts: servers, only }))
    .min(1)
    .describe('each with the hosts that are its servers'),
});
const nginx = z.strictObject({
  hostname: word.describe('the name that the server block answers for'),
  locations: word.describe("the file with the cluster's own locations"),
});

const rtmp = z.strictObject({ hostname: word, port, tls: z.boolean().default(false), servers, only });
const rtmpApplication = rtmp.extend({
  application: word.describe(
    'the fact of these hosts that names an application; asked where all have the same',
  ),
});

/**
 * What a check of a balancer or of a proxy's nginx says, with every template filled in. A check as it is
 * written has the same keys, and any value may be a template.
 */
export const filledQuestions = {
  rtmp,
  'rtmp-connect': rtmpApplication,
  'rtmp-stream': rtmpApplication.extend({
    shows: z.enum(['publish', 'play']).describe('asked by clusterproxy verify --with-stream'),
  }),
  closed: z.strictObject({
    address: word,
    port,
    send: z.string().default('').describe('what is said first'),
    clients: z.array(z.union([z.string(), hosts, z.array(z.string())])).describe('who may ask there'),
  }),
  websockets: z.strictObject({
    url: word,
    origin: word,
    headers: z.array(z.string()).default([]),
    servers,
    only,
  }),
  sticky: z.strictObject({
    url: word,
    cookie: word,
    mode: z.enum(['insert', 'prefix']).default('insert'),
    server: word,
    servers,
    only,
    same_site: z.string().default(''),
  }),
  certificates: z.strictObject({
    names: texts,
    ports: z.array(z.union([port, z.literal(0)])).describe('0 for one that is not used'),
  }),
  'haproxy-servers': haproxy,
  'haproxy-agents': haproxy.extend({
    port: port.optional().describe('the port of the agents: what they say to the balancer itself counts too'),
  }),
  agent: z.strictObject({
    port,
    page: z.string().describe('URL of the statistics page, as the host itself reaches it'),
    limits: z.record(z.string(), z.number()).describe('thresholds to their values; 0 for one that is off'),
    keys: z.record(z.string(), z.string()).describe('thresholds to the keys of the page that count for them'),
    other_keys: z
      .record(z.string(), z.string())
      .default({})
      .describe('thresholds to other keys, such as the operator gives; names with _ in the place of -'),
  }),
  'rtmp-servers': z.strictObject({ servers, only, port }),
  command: z.strictObject({
    argv: z.array(z.string()).min(1),
    status: z.int().min(0).max(255).default(0),
    answers: z.string().default('').describe('a regular expression'),
    expected: word.describe('what is expected, in words'),
  }),
  'session-ids': z.strictObject({
    argv: z.array(z.string()).min(1),
    key: word,
    balancers: z.array(z.union([z.string(), hosts, z.array(z.string())])),
  }),
  'nginx-passes': nginx.extend({ others: z.enum(['fault', 'note']).default('fault') }),
  'nginx-headers': nginx.extend({
    content: z
      .record(z.string(), z.array(z.string()).min(1))
      .describe('directives of a Content-Security-Policy to the schemes by which nodes are asked under it'),
    permissions: z.array(z.string()).describe('features of a Permissions-Policy that pages need'),
    nodes: hosts,
  }),
  'virtual-address': z.strictObject({
    address: word.describe('`{{ cluster.virtual_address }}`'),
    by: z.string().describe('who moves it; `{{ cluster.virtual_address_by }}`'),
    claim: z
      .string()
      .default('')
      .describe('with `by: command`, the program on each host that tells, by `state`, what became of it'),
    hostname: word.describe('the name that each host must show a certificate for'),
    port: z
      .int()
      .min(0)
      .max(65535)
      .default(443)
      .describe('at which it is shown; 0: none of the hosts has a certificate'),
    hosts: hosts.describe('between which it moves, such as `{{ hosts.proxy }}`'),
  }),
  'same-files': z.strictObject({
    paths: texts.describe('files that must be the same on all of the hosts that have them'),
    blocks: z
      .string()
      .default('')
      .describe("only the blocks between our markers that are this cluster's; `{{ cluster.name }}`"),
    hosts,
  }),
  names: z.strictObject({
    of: hosts.describe('hosts with names that this host asks for, such as `{{ hosts.node }}`'),
  }),
} as const;

export type FilledQuestions = {
  [Kind in keyof typeof filledQuestions]: z.infer<(typeof filledQuestions)[Kind]>;
};

/** The keys of a check, of which each may be a template. */
export const balancerQuestionKeys: { readonly [Kind in keyof typeof filledQuestions]: z.ZodOptional } =
  Object.fromEntries(
    Object.entries(filledQuestions).map(([kind, { shape }]) => [kind, written(shape).optional()]),
  ) as never;

function written(shape: Readonly<Record<string, z.ZodType>>): z.ZodType {
  return z.strictObject(
    Object.fromEntries(
      Object.entries(shape).map(([name, filled]) => {
        const description = filled.description;
        const any = z.unknown().refine((given) => given !== undefined, `expected ${name}`);
        const described = description === undefined ? any : any.describe(description);
        return [name, filled.safeParse(undefined).success ? described.optional() : described];
      }),
    ),
  );
}
