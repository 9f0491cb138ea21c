import { OperatorError } from '../model/operator-error.ts';
import { findInPath } from './find-in-path.ts';
import { readKnownKeys } from './host-keys/host-keys.ts';
import type { KeyFile, Keyring } from './keys/keyring.ts';
import type { SshSettings, Transport } from './settings.ts';
import type { SshTarget } from './target.ts';

/**
 * The target with the transport that it needs: ssh2, or the system's ssh(1) if a host on the way needs
 * something that ssh2 lacks; ssh(1) then reaches all of them. A transport set in the inventory takes
 * precedence. Throws an OperatorError `transport-unfit`.
 */
export async function chooseTransport(
  target: SshTarget,
  wanted: SshSettings['transport'],
  keyring: Keyring,
): Promise<SshTarget> {
  if (wanted === 'openssh') return over(target, 'openssh', 'the inventory sets it');
  if (wanted === 'node') {
    if ([...target.jumps, target].some((one) => one.proxyCommand !== undefined)) throw unfit(target);
    return over(target, 'node', 'the inventory sets it');
  }
  for (const one of [...target.jumps, target]) {
    const need = await needOfOpenSsh(one, keyring);
    if (need === undefined) continue;
    if ((await findInPath('ssh')) === undefined) {
      return over(
        target,
        'node',
        `this machine has no ssh program; otherwise ssh would be used, since ${need}`,
      );
    }
    const where = one === target ? '' : ` (${one.name}, on the way to it)`;
    return over(target, 'openssh', `${need}${where}`);
  }
  return over(target, 'node', 'it is the default');
}

/** The same path with another transport. */
export function over(target: SshTarget, transport: Transport, transportReason: string): SshTarget {
  const jumps = target.jumps.map((jump) => over(jump, transport, transportReason));
  return { ...target, jumps, transport, transportReason };
}

/**
 * What in a host's configuration ssh2 can't do, worded to follow "because"; undefined if it can do
 * everything.
 */
async function needOfOpenSsh(target: SshTarget, keyring: Keyring): Promise<string | undefined> {
  if (target.proxyCommand !== undefined) return 'your ssh configuration has a ProxyCommand for it';
  const [option] = target.foreign;
  if (option !== undefined) return `your ssh configuration sets ${option} for it`;
  if (target.methods.has('publickey')) {
    const need = await needOfKeys(target, keyring);
    if (need !== undefined) return need;
  } else if (target.password === undefined && target.methods.size > 0) {
    return `your ssh configuration allows only ${[...target.methods].join(' and ')}`;
  }
  return (await isKnownByAuthorityOnly(target))
    ? 'its host key is known only through a certificate authority (@cert-authority)'
    : undefined;
}

async function needOfKeys(target: SshTarget, keyring: Keyring): Promise<string | undefined> {
  const [certificate] = target.certificateFiles;
  if (certificate !== undefined) return `your ssh configuration names the certificate ${certificate}`;
  const files = await Promise.all(target.identityFiles.map((file) => keyring.file(file)));
  const certified = files.find(({ isCertified }) => isCertified);
  if (certified !== undefined) return `there is a certificate: ${certified.file}-cert.pub`;
  const agentKeys = target.agent === undefined ? [] : await keyring.agentKeys(target.agent);
  const offered = (agentKeys instanceof Error ? [] : agentKeys).filter(
    ({ blob }) => !target.identitiesOnly || files.some((file) => file.publicKey?.equals(blob) === true),
  );
  const inAgent = offered.find(({ type }) => type.includes('-cert-v01@'));
  if (inAgent !== undefined) return `the agent holds a certificate (${inAgent.comment})`;
  const onToken = files.find(({ kind }) => kind === 'security-key');
  const isPlain = (file: KeyFile) => file.kind === 'private' || file.kind === 'encrypted';
  if (onToken !== undefined && (target.identitiesNamed || !files.some(isPlain))) {
    return `${onToken.file} is a key on a token`;
  }
  const tokenOfAgent = offered.find(({ type }) => type.startsWith('sk-'));
  if (
    tokenOfAgent !== undefined &&
    !files.some(isPlain) &&
    offered.every(({ type }) => type.startsWith('sk-'))
  ) {
    return `the agent holds only keys on tokens (${tokenOfAgent.comment})`;
  }
  return undefined;
}

async function isKnownByAuthorityOnly(target: SshTarget): Promise<boolean> {
  const { pinned, entries, portless } = await readKnownKeys(target);
  if (pinned.length > 0) return false;
  const markers = [...entries, ...portless]
    .map(({ marker }) => marker)
    .filter((marker) => marker !== 'revoked');
  return markers.length > 0 && markers.every((marker) => marker === 'cert-authority');
}

function unfit(target: SshTarget): OperatorError {
  return new OperatorError({
    code: 'transport-unfit',
    message: `${target.name} is reached through a ProxyCommand, which \`ssh.transport: node\` does not support`,
    next: 'remove ssh.transport, or set `proxy_jump` instead if the command goes through a jump host',
  });
}
