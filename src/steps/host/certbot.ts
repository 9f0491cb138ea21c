import { z } from 'zod';
import { providesNothing } from '../../model/action.ts';
import type { Query } from '../../model/reads.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { absolutePath, hostname } from '../shared/parameters.ts';
import type { StepModule } from '../step-module.ts';
import { type Answered, liveFolder, renewalFile, warnOfRenewal } from './certbot-lineage.ts';

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
  answered_from: z
    .array(absolutePath)
    .default([])
    .describe('with `webroot`, further folders from which challenges are answered'),
  keep_names: z
    .boolean()
    .default(false)
    .describe("get it for those names as well that certbot's certificate of that name is for already"),
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
    paths: [...filesOf(wanted), renewalFile(nameOf(wanted))],
    queries: Array.isArray(wanted.names) && wanted.names.length > 0 ? queriesOf(wanted) : [],
  }),
  apply: (host, wanted) => {
    const name = nameOf(wanted);
    // Obtained by an action of this plan.
    if (filesOf(wanted).some((path) => host.state(path).kind === 'pending')) return;
    if (host.answer(isValid(wanted))?.status === 0) {
      tellOfRenewal(host, wanted);
      return;
    }
    refuseUnknown(host, name);
    const others = wanted.keep_names ? otherNames(host, wanted) : [];
    const kept = others.length === 0 ? [] : [`${others.join(', ')} stay in it, as it is for them already`];
    host.action({
      name: `fetch certificate ${name}`,
      run: { kind: 'certbot', argv: argumentsOf(wanted, others), port: portOf(wanted), name },
      unless: isValid(wanted),
      provides: { ...providesNothing, renews: filesOf(wanted) },
      timeout: wanted.timeout,
      notes: [
        `agrees to the terms of ${wanted.server === '' ? "Let's Encrypt" : wanted.server}`,
        `${wanted.names.join(', ')} must lead to this host, and port 80 must be open to everyone`,
        ...kept,
      ],
    });
  },
};

function nameOf({ name, names }: CertbotParameters): string {
  return name || (names?.[0] ?? '');
}

function filesOf(wanted: CertbotParameters): readonly string[] {
  const folder = `${liveFolder}/${nameOf(wanted)}`;
  return [`${folder}/fullchain.pem`, `${folder}/privkey.pem`];
}

function isValid(wanted: CertbotParameters): Query {
  const [chain = ''] = filesOf(wanted);
  return { kind: 'certificate', args: [chain, String(wanted.valid_days ?? 7), ...wanted.names] };
}

function queriesOf(wanted: CertbotParameters): readonly Query[] {
  return [isValid(wanted), ...(wanted.keep_names ? [askNames(wanted)] : [])];
}

function askNames(wanted: CertbotParameters): Query {
  const [chain = ''] = filesOf(wanted);
  return { kind: 'command', args: ['openssl', 'x509', '-noout', '-ext', 'subjectAltName', '-in', chain] };
}

/**
 * Names beside those that are asked for. Other servers of this host may show the same certificate by them,
 * and certbot would drop those that it isn't told. One that no challenge on port 80 can prove is refused.
 */
function otherNames(host: StepHost, wanted: CertbotParameters): readonly string[] {
  const { status, output = '' } = host.answer(askNames(wanted)) ?? {};
  if (status !== 0) return [];
  const named = [...output.matchAll(/\bDNS:([^\s,]+)/g)].map(([, one = '']) => one.toLowerCase());
  const others = named.filter((one) => !wanted.names.some((name) => name.toLowerCase() === one));
  const wildcard = others.find((one) => one.startsWith('*'));
  if (wildcard === undefined) return others;
  const name = nameOf(wanted);
  throw host.problem(
    'certificate-unusable',
    `certbot's certificate ${name} is about to end, or is not for ${wanted.names.join(', ')}, and it is for ${wildcard} as well, which nothing on port 80 proves`,
    `renew it in the way that it was got: certbot renew --cert-name ${name}; or, if nobody needs it any more: certbot delete --cert-name ${name}`,
  );
}

/**
 * certbot asks the authority first, and finds only then that its folder for the name is taken by files that
 * it doesn't know, such as copies from another host. Each try would cost one of the few certificates a week.
 * Source: new_lineage in certbot's storage.py; "Rate limits" of letsencrypt.org.
 */
function refuseUnknown(host: StepHost, name: string): void {
  if (!isThereUnknown(host, name)) return;
  throw host.problem(
    'certificate-unusable',
    `${liveFolder}/${name} has files that certbot doesn't know (there is no ${renewalFile(name)}), so that it can't keep one there`,
    `move ${liveFolder}/${name} away, and /etc/letsencrypt/archive/${name} as well if it exists, then run the command again`,
  );
}

function isThereUnknown(host: StepHost, name: string): boolean {
  const isThere = ['fullchain.pem', 'privkey.pem'].some((file) =>
    host.exists(`${liveFolder}/${name}/${file}`),
  );
  return isThere && !host.exists(renewalFile(name));
}

function tellOfRenewal(host: StepHost, wanted: CertbotParameters): void {
  const name = nameOf(wanted);
  if (isThereUnknown(host, name)) {
    host.warn(
      `nobody renews the certificate in ${liveFolder}/${name}: certbot doesn't know it, as there is no ${renewalFile(name)}; to have certbot get one, move that folder away`,
    );
    return;
  }
  warnOfRenewal(host, name, answeredBy(wanted));
}

function answeredBy({ webroot, answered_from: others, http_01_port: port }: CertbotParameters): Answered {
  return webroot === '' ? { by: 'port', port } : { by: 'folders', folders: [webroot, ...others] };
}

/** Undefined where certbot doesn't answer itself. */
function portOf({ webroot, http_01_port: port }: CertbotParameters): number | undefined {
  return webroot === '' ? port : undefined;
}

function argumentsOf(
  { names, name, email, server, webroot }: CertbotParameters,
  others: readonly string[],
): readonly string[] {
  return [
    'certonly',
    ...(webroot === '' ? ['--standalone'] : ['--webroot', '--webroot-path', webroot]),
    ...['--non-interactive', '--agree-tos'],
    ...(email === '' ? ['--register-unsafely-without-email'] : ['--email', email]),
    ...['--cert-name', name || (names[0] ?? ''), '--renew-with-new-domains'],
    ...[...names, ...others].flatMap((one) => ['--domain', one]),
    ...(server === '' ? [] : ['--server', server]),
  ];
}
