import type { Query, Reads } from '../../model/snapshot.ts';
import type { StepHost } from '../../virtual/step-host.ts';

/**
 * Debian and Ubuntu keep the system's authorities here (ca-certificates); Red Hat and its kin under /etc/pki.
 */
const debian = '/etc/ssl/certs/ca-certificates.crt';
const redHat = '/etc/pki/tls/certs/ca-bundle.crt';
const redHatKin = /^(?:rhel|centos|fedora|rocky|almalinux|ol|amzn)$/;

/**
 * The package that brings them has one name everywhere. Asking for it spares fetching 200 kB of certificates.
 */
const certificatePackage = 'ca-certificates';

/** Asks whether a file is there, without fetching it: keys are secrets. */
export function isReadable(path: string): Query {
  return { kind: 'command', args: ['test', '-r', path] };
}

/** Whether the host said that the file isn't there; what wasn't asked isn't missing. */
export function isMissing(host: StepHost, path: string): boolean {
  const answer = host.answer(isReadable(path));
  return answer !== undefined && answer.status !== 0;
}

export function trustedCertificateReads(given: string): Partial<Reads> {
  return given === '' ? { packages: [certificatePackage] } : { queries: [isReadable(given)] };
}

/** The file of authorities to check nodes' certificates with: the operator's, else the system's. */
export function trustedCertificates(host: StepHost, given: string): string {
  if (given !== '') {
    if (!isMissing(host, given)) return given;
    throw host.problem(
      'certificate-missing',
      `the file of trusted authorities ${given} can't be read`,
      'correct "trusted_certificate", or leave it out for the system\'s own',
    );
  }
  if (!host.snapshot.packages.has(certificatePackage)) {
    throw host.problem(
      'certificate-missing',
      `the package ${certificatePackage}, which is needed to check the nodes' certificates, isn't installed`,
      `install it, name a file in "trusted_certificate", or say "verify_certificate: false"`,
    );
  }
  return redHatKin.test(host.snapshot.os.id) ? redHat : debian;
}
