import type { DetailedPeerCertificate } from 'node:tls';
import { short } from './short.ts';

/** OpenSSL's words where it has found nobody who signed the certificate (openssl-verification-options(1)). */
const unknownIssuer = ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'];

/**
 * What is wrong with a server that sends its certificate alone although an authority that nobody knows has
 * signed it. Authorities that browsers trust sign by intermediate ones, which the server has to send along; a
 * browser that has met the same one elsewhere may not mind, while telephones and nginx do. Undefined if that
 * isn't the trouble.
 */
export function aloneWords(
  code: string,
  certificate: DetailedPeerCertificate,
  server: string,
): { readonly words: string; readonly fix: string } | undefined {
  const { issuer, issuerCertificate } = certificate as Partial<DetailedPeerCertificate>;
  if (!unknownIssuer.includes(code) || issuerCertificate !== undefined) return undefined;
  const { CN = issuer?.O } = issuer ?? {};
  const authority = short(String(CN ?? 'an authority'));
  return {
    words: `${server} sends its certificate alone, without that of '${authority}', which has signed it and which this machine doesn't know`,
    fix: 'let the server send the whole chain: with certbot, that is fullchain.pem and not cert.pem; if the authority is your own, name it to this machine by NODE_EXTRA_CA_CERTS',
  };
}
