import type { Problem } from '../../model/operator-error.ts';
import { type KnownKeys, keyProblem, pinning } from '../host-keys/host-keys.ts';
import { addressOf, type SshTarget } from '../target.ts';
import { type LoginLog, lastWords } from './log.ts';

/** Why ssh refuses the key, in the words of the other transport if that would have refused it as well. */
export function hostKeyProblem(target: SshTarget, log: LoginLog, known: KnownKeys): Problem | undefined {
  const words = log.said.join('\n');
  if (
    !/Host key verification failed|^Host key .* revoked by file|and you have requested strict checking/m.test(
      words,
    )
  ) {
    return undefined;
  }
  const key = log.hostKey ?? { type: 'a key', fingerprint: '' };
  const shown = `${key.type} ${key.fingerprint}`.trim();
  const where = addressOf(target);
  const problem = keyProblem(target, known, key);
  const list = /^Host key .* revoked by file (.+)$/m.exec(words)?.[1];
  if (list !== undefined || /REVOKED HOST KEY DETECTED/.test(words)) {
    if (problem?.code === 'host-key-revoked') return problem;
    return {
      code: 'host-key-revoked',
      message: `${where} shows a host key marked as revoked (${shown})`,
      next: `the mark is in ${list ?? 'one of your known_hosts files'}: do not log in there until you know why`,
    };
  }
  const [authority] = known.entries.filter(({ marker }) => marker === 'cert-authority');
  if (log.certificate !== undefined && known.pinned.length === 0 && known.types.length === 0) {
    const reason = /^(Certificate .*)$/m.exec(words)?.[1] ?? 'its authority is not known';
    return {
      code: 'host-key-unknown',
      message: `the host certificate of ${where} is not accepted: ${reason}`,
      next: `sign the host's key again, for this name. Or pin the key itself: ${pinning}`,
      detail: `${shown}, signed by ${log.certificate.authority}`,
    };
  }
  if (authority !== undefined && known.pinned.length === 0 && known.types.length === 0) {
    return {
      code: 'host-key-unknown',
      message: `${where} is known only through a certificate authority, but shows a key without a certificate: ${shown}`,
      next: `sign its host key, and set HostCertificate in its sshd_config. Or pin the key itself: ${pinning}`,
      detail: `${authority.file}, line ${authority.line}: @cert-authority`,
    };
  }
  if (problem !== undefined) return problem;
  // ssh disagrees with our own check, for a reason that only ssh knows: KnownHostsCommand, RevokedHostKeys
  // and the like.
  return {
    code: 'host-key-unknown',
    message: `ssh does not accept the host key of ${where}: ${shown}`,
    next: `see ssh's own message for the reason. Or pin the key itself: ${pinning}`,
    detail: lastWords(words),
  };
}
