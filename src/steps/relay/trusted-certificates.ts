import type { Query, Reads } from '../../model/reads.ts';
import type { StepHost } from '../../virtual/step-host.ts';

/**
 * Debian and Ubuntu keep the system's authorities here (ca-certificates); the Red Hat family keeps them under
 * /etc/pki.
 */
const debian = '/etc/ssl/certs/ca-certificates.crt';
const redHat = '/etc/pki/tls/certs/ca-bundle.crt';
const redHatKin = /^(?:rhel|centos|fedora|rocky|almalinux|ol|amzn)$/;

/**
 * The package that provides them has the same name everywhere. Asking for it saves fetching 200 kB of
 * certificates.
 */
const certificatePackage = 'ca-certificates';

/** Asks whether a file exists without fetching it, since keys are secrets. */
export function isReadable(path: string): Query {
  return { kind: 'command', args: ['test', '-r', path] };
}

/** Whether the host answered that the file doesn't exist; a file that wasn't asked for isn't missing. */
export function isMissing(host: StepHost, path: string): boolean {
  const answer = host.answer(isReadable(path));
  return answer !== undefined && answer.status !== 0;
}

export function trustedCertificateReads(given: string): Partial<Reads> {
  return given === '' ? { packages: [certificatePackage] } : { queries: [isReadable(given)] };
}

/** The file of authorities with which to check nodes' certificates: the operator's, or else the system's. */
export function trustedCertificates(host: StepHost, given: string): string {
  if (given !== '') {
    if (!isMissing(host, given)) return given;
    throw host.problem(
      'certificate-missing',
      `the file of trusted authorities ${given} can't be read`,
      'correct "trusted_certificate", or leave it out to use that of the system',
    );
  }
  if (!host.snapshot.packages.has(certificatePackage)) {
    throw host.problem(
      'certificate-missing',
      `the package ${certificatePackage}, which is needed to check the nodes' certificates, isn't installed`,
      `install it, name a file in "trusted_certificate", or set "verify_certificate: false"`,
    );
  }
  return redHatKin.test(host.snapshot.os.id) ? redHat : debian;
}
