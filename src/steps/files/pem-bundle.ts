import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { remadeFile } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { warnOfTime } from '../shared/certificate-time.ts';
import { absolutePath, attributesOf, directoriesOf, hostname, ownership } from '../shared/parameters.ts';
import type { StepModule } from '../step-module.ts';

const maybePath = z.union([z.literal(''), absolutePath]);

const parameters = z.strictObject({
  path: absolutePath.describe('the file to create'),
  certificates: z
    .array(maybePath)
    .default([])
    .describe('files with the certificate and those that signed it, in PEM; empty texts are ignored'),
  key: maybePath.default('').describe("file with the certificate's key, in PEM, without a passphrase"),
  certbot_name: z
    .union([z.literal(''), hostname])
    .default('')
    .describe('if neither certificates nor key are named: those that certbot keeps under this name'),
  names: z
    .array(z.union([hostname, z.array(hostname)]))
    .default([])
    .transform((names) => names.flat())
    .describe('names that the certificate should cover; a list within the list counts as its names'),
  ...ownership,
});

type BundleParameters = z.infer<typeof parameters>;

/**
 * Certificate, chain and key in one file, as HAProxy expects them, made from files on the host. A key that
 * doesn't belong to the certificate is refused; a certificate that has expired or is for another name causes
 * a warning. Source: HAProxy's configuration manual, `crt`.
 */
export const pemBundle: StepModule<BundleParameters> = {
  name: 'pem-bundle',
  description: 'certificate, chain and key in one file',
  parameters,
  reads: (wanted) => {
    const { certificates, key } = sourcesOf(wanted);
    return { paths: [wanted.path, ...directoriesOf(wanted.path), ...certificates, key].filter(Boolean) };
  },
  writes: ({ path }) => [path],
  apply: (host, wanted) => {
    const sources = sourcesOf(wanted);
    if (sources.key === '' || sources.certificates.length === 0) {
      throw host.problem(
        'certificate-missing',
        'expected both a certificate and its key, found only one of them',
        'name both, or neither to use those that certbot keeps',
      );
    }
    const key = readKey(host, sources.key);
    const certificates = sources.certificates.flatMap((path) => readCertificates(host, path));
    const own = certificates.find(({ certificate }) => certificate.checkPrivateKey(key.key));
    if (own === undefined) {
      throw host.problem(
        'key-of-another',
        `the key ${sources.key} doesn't belong to any of the certificates in ${sources.certificates.join(', ')}`,
        "name the files of one certificate; an old key can't be used after a renewal",
      );
    }
    warnOf(host, own.certificate, wanted.names);
    const chain = certificates.filter(({ pem }, index) => {
      return pem !== own.pem && certificates.findIndex((one) => one.pem === pem) === index;
    });
    host.manage(remadeFile(wanted.path));
    const text = [own, ...chain].map(({ pem }) => pem).join('') + key.pem;
    host.write(wanted.path, text, { mode: 0o600, ...attributesOf(wanted) });
  },
};

/** Parameters may not have been filled in yet. */
function sourcesOf({ certificates: given, key, certbot_name: name }: Partial<BundleParameters>) {
  const certificates = (Array.isArray(given) ? given : []).filter((path) => path !== '');
  if (certificates.length > 0 || (key ?? '') !== '' || (name ?? '') === '') {
    return { certificates, key: key ?? '' };
  }
  const folder = `/etc/letsencrypt/live/${name}`;
  return { certificates: [`${folder}/fullchain.pem`], key: `${folder}/privkey.pem` };
}

function readKey(host: StepHost, path: string): { readonly key: KeyObject; readonly pem: string } {
  const [pem, ...more] = blocks(textOf(host, path), /[A-Z0-9 ]*PRIVATE KEY/);
  if (pem !== undefined && more.length === 0) {
    try {
      return { key: createPrivateKey(pem), pem };
    } catch {
      // Reported below without the library's message, which may contain parts of the key.
    }
  }
  throw host.problem(
    'certificate-unusable',
    `${path} doesn't contain exactly one private key in PEM without a passphrase`,
    'name the file of the key, or remove its passphrase: openssl pkey -in FILE -out NEW',
  );
}

function readCertificates(host: StepHost, path: string) {
  const found = blocks(textOf(host, path), /CERTIFICATE/);
  try {
    if (found.length > 0) return found.map((pem) => ({ certificate: new X509Certificate(pem), pem }));
  } catch {
    // Reported below: it isn't a certificate.
  }
  throw host.problem(
    'certificate-unusable',
    `${path} doesn't contain certificates in PEM`,
    'name the file of the certificate; to convert DER to PEM: openssl x509 -inform der -in FILE -out NEW',
  );
}

/**
 * The parts of a PEM file of one kind, each with a line end; text between them is only for people. RFC 7468.
 */
function blocks(text: string, kind: RegExp): readonly string[] {
  const pattern = new RegExp(`-----BEGIN (${kind.source})-----[\\s\\S]*?-----END \\1-----`, 'g');
  return [...text.matchAll(pattern)].map(([block]) => `${block.replaceAll('\r', '')}\n`);
}

function textOf(host: StepHost, path: string): string {
  const text = host.text(path);
  if (text !== undefined) return text;
  throw host.problem(
    'certificate-missing',
    `${path} does not exist on this host`,
    'put the certificate and its key there, or name other files',
  );
}

function warnOf(host: StepHost, certificate: X509Certificate, names: readonly string[]): void {
  warnOfTime(host, {
    validFrom: Date.parse(certificate.validFrom),
    validTo: Date.parse(certificate.validTo),
  });
  const others = names.filter((name) => certificate.checkHost(name) === undefined);
  if (others.length > 0) {
    host.warn(
      `the certificate isn't for ${others.join(', ')}, but for ${certificate.subjectAltName ?? certificate.subject}: browsers refuse it`,
    );
  }
}
