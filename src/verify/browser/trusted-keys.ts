import { createHash, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { createSecureContext, rootCertificates, type SecureContext, connect as tlsConnect } from 'node:tls';

export interface TrustOptions {
  /** what is trusted here, beyond Node's own authorities */
  readonly context: SecureContext;
  readonly signal: AbortSignal;
  /** milliseconds */
  readonly patience: number;
}

/**
 * The public keys of those servers that are trusted here only because of an authority of the operator's own
 * (`NODE_EXTRA_CA_CERTS`, the system's file), which browsers don't read: as Chromium takes them in
 * `--ignore-certificate-errors-spki-list`. A server whose certificate is self-signed, expired or for another
 * name isn't among them, and the browser refuses it. Servers that don't answer are none of its business.
 */
export async function trustedKeys(
  urls: readonly string[],
  options: TrustOptions,
): Promise<readonly string[]> {
  const servers = new Map(
    urls
      .filter((url) => URL.canParse(url) && /^(?:https|wss):$/.test(new URL(url).protocol))
      .map((url) => [new URL(url).host, new URL(url)] as const),
  );
  const usual = createSecureContext({ ca: [...rootCertificates] });
  const keys = await Promise.all(
    [...servers.values()].map(async (server) => {
      const key = await trustedKey(server, options.context, options);
      if (key === undefined) return [];
      return (await trustedKey(server, usual, options)) === undefined ? [key] : [];
    }),
  );
  return [...new Set(keys.flat())];
}

/** The key of a server's certificate, if it is trusted for that name; undefined otherwise. */
function trustedKey(
  { hostname, port }: URL,
  secureContext: SecureContext,
  { signal, patience }: TrustOptions,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const host = hostname.replace(/^\[|\]$/g, '');
    const socket = tlsConnect({
      ...{ host, port: port === '' ? 443 : Number(port), secureContext },
      // RFC 6066, 3: an address is no server name.
      ...(isIP(host) === 0 ? { servername: host } : {}),
    });
    const end = (key: string | undefined) => {
      socket.destroy();
      resolve(key);
    };
    const giveUp = () => end(undefined);
    socket.setTimeout(patience, giveUp);
    socket.on('error', giveUp);
    signal.addEventListener('abort', giveUp);
    socket.on('close', () => signal.removeEventListener('abort', giveUp));
    if (signal.aborted) giveUp();
    socket.on('secureConnect', () => end(keyOf(socket.getPeerCertificate().raw)));
  });
}

/** RFC 7469, 2.4: the hash of the SubjectPublicKeyInfo. */
function keyOf(certificate: Buffer): string {
  const key = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest('base64');
}
