import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from './command.ts';

export interface CertificateFiles {
  /** The host's certificate; the lab's authority signs directly, so there is no intermediate. */
  certificate: string;
  privateKey: string;
}

/** A lab's certificate authority, created with openssl: EC keys, valid for a week. */
export interface Authority {
  /** Path of the authority's certificate (PEM). */
  certificate: string;
  /** Signs a certificate for DNS names and addresses (IPv4); the first name is the common name. */
  issue(names: readonly string[], addresses?: readonly string[]): Promise<CertificateFiles>;
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export async function createAuthority(directory: string): Promise<Authority> {
  await mkdir(directory, { recursive: true });
  const certificate = join(directory, 'authority.crt');
  const privateKey = join(directory, 'authority.key');
  await mustRun('openssl', [
    ...['req', '-x509', ...KEY, '-keyout', privateKey, '-out', certificate, '-days', '7'],
    ...['-subj', '/CN=clusterproxy lab'],
    ...['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign'],
  ]);

  return {
    certificate,
    async issue(names, addresses = []) {
      const [commonName] = names;
      if (commonName === undefined) throw new Error('a certificate needs a name');
      const base = join(directory, commonName);
      const files = { certificate: `${base}.crt`, privateKey: `${base}.key` };
      const alternatives = [...names.map((name) => `DNS:${name}`), ...addresses.map((it) => `IP:${it}`)];
      await writeFile(
        `${base}.ext`,
        `subjectAltName=${alternatives.join(',')}\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n`,
      );
      await mustRun('openssl', [
        ...['req', '-new', ...KEY, '-keyout', files.privateKey, '-out', `${base}.csr`],
        ...['-subj', `/CN=${commonName}`],
      ]);
      await mustRun('openssl', [
        ...['x509', '-req', '-in', `${base}.csr`, '-CA', certificate, '-CAkey', privateKey],
        ...['-CAserial', `${base}.srl`, '-CAcreateserial'],
        ...['-days', '7', '-extfile', `${base}.ext`, '-out', files.certificate],
      ]);
      return files;
    },
  };
}
