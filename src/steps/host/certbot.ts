import { z } from 'zod';
import { providesNothing } from '../../model/action.ts';
import type { Query } from '../../model/reads.ts';
import { absolutePath, hostname } from '../shared/parameters.ts';
import type { StepModule } from '../step-module.ts';

const parameters = z.strictObject({
  names: z
    .array(z.union([hostname, z.array(hostname)]))
    .min(1, 'expected at least one name')
    .transform((names) => names.flat())
    .describe('the names that it is for; a list within the list counts as its names'),
  name: z
    .union([z.literal(''), hostname])
    .default('')
    .describe("certbot's name for it, in /etc/letsencrypt/live; empty: the first of the names"),
  email: z
    .union([z.literal(''), z.email('expected an e-mail address')])
    .default('')
    .describe('where the authority sends mail; empty: nowhere'),
  http_01_port: z
    .int()
    .min(1)
    .max(65535)
    .default(8888)
    .describe(
      'port on which certbot answers while something else uses port 80 and passes the challenges on to it',
    ),
  webroot: z
    .union([z.literal(''), absolutePath])
    .default('')
    .describe(
      'folder from which whatever uses port 80 answers challenges; empty: certbot answers them itself',
    ),
  valid_days: z
    .int()
    .min(1)
    .max(80)
    .default(7)
    .describe(
      'a certificate that is valid for at least this many days is left alone; half of its lifetime is always enough, a quarter if that is less than four weeks',
    ),
  server: z
    .union([
      z.literal(''),
      z.url({ protocol: /^https$/, error: 'expected an address that starts with https://' }),
    ])
    .default('')
    .describe("directory of the authority; empty: certbot's own, Let's Encrypt"),
  timeout: z.number().min(10).max(3600).default(300).describe('seconds'),
});

type CertbotParameters = z.infer<typeof parameters>;

/**
 * A certificate obtained by certbot, unless there is one that is valid long enough for all the names. The
 * challenge is answered by whatever uses port 80, from the folder `webroot`. Without one certbot answers it:
 * on port 80 if that is free, otherwise on a port to which whatever uses port 80 passes
 * `/.well-known/acme-challenge/`; renewals always do the latter. Renewing is left to certbot's own timer.
 * This is an action: the certificate stays. Source: certbot(1), "webroot" and "standalone"; RFC 8555, 8.3.
 */
export const certbot: StepModule<CertbotParameters> = {
  name: 'certbot',
  description: 'a certificate obtained by certbot',
  parameters,
  reads: (wanted) => ({
    paths: filesOf(wanted),
    queries: Array.isArray(wanted.names) && wanted.names.length > 0 ? [isValid(wanted)] : [],
  }),
  apply: (host, wanted) => {
    const name = nameOf(wanted);
    // Obtained by an action of this plan.
    if (filesOf(wanted).some((path) => host.state(path).kind === 'pending')) return;
    host.action({
      name: `fetch certificate ${name}`,
      run: { kind: 'certbot', argv: argumentsOf(wanted), port: portOf(wanted), name },
      unless: isValid(wanted),
      provides: { ...providesNothing, renews: filesOf(wanted) },
      timeout: wanted.timeout,
      notes: [
        `agrees to the terms of ${wanted.server === '' ? "Let's Encrypt" : wanted.server}`,
        `${wanted.names.join(', ')} must lead to this host, and port 80 must be open to everyone`,
      ],
    });
  },
};

function nameOf({ name, names }: CertbotParameters): string {
  return name || (names?.[0] ?? '');
}

function filesOf(wanted: CertbotParameters): readonly string[] {
  const folder = `/etc/letsencrypt/live/${nameOf(wanted)}`;
  return [`${folder}/fullchain.pem`, `${folder}/privkey.pem`];
}

function isValid(wanted: CertbotParameters): Query {
  const [chain = ''] = filesOf(wanted);
  return { kind: 'certificate', args: [chain, String(wanted.valid_days ?? 7), ...wanted.names] };
}

/** Undefined where certbot doesn't answer itself. */
function portOf({ webroot, http_01_port: port }: CertbotParameters): number | undefined {
  return webroot === '' ? port : undefined;
}

function argumentsOf({ names, name, email, server, webroot }: CertbotParameters): readonly string[] {
  return [
    'certonly',
    ...(webroot === '' ? ['--standalone'] : ['--webroot', '--webroot-path', webroot]),
    ...['--non-interactive', '--agree-tos'],
    ...(email === '' ? ['--register-unsafely-without-email'] : ['--email', email]),
    ...['--cert-name', name || (names[0] ?? ''), '--renew-with-new-domains'],
    ...names.flatMap((one) => ['--domain', one]),
    ...(server === '' ? [] : ['--server', server]),
  ];
}
