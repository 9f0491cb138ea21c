import type { StepHost } from '../../virtual/step-host.ts';
import { isMissing } from './trusted-certificates.ts';

/**
 * Refuses files of a certificate that the host hasn't got: `program` couldn't answer on port 443, or would
 * load nothing at all. Whether they exist has to be asked by `isReadable`, since a key is a secret.
 */
export function refuseMissingFiles(
  host: StepHost,
  files: readonly string[],
  { program, next }: { readonly program: string; readonly next: string },
): void {
  for (const path of files) {
    if (!isMissing(host, path)) continue;
    throw host.problem(
      'certificate-missing',
      `${path} can't be read on this host, so ${program} couldn't answer on port 443`,
      next,
    );
  }
}
