import { X509Certificate } from 'node:crypto';
import type { FoundCertificate } from '../model/begun.ts';

/** The server's own certificate, the first of a file in PEM; undefined where there is none in it. */
export function certificateIn(file: string, content: Buffer): FoundCertificate | undefined {
  const begin = content.indexOf('-----BEGIN CERTIFICATE-----');
  if (begin === -1) return undefined;
  try {
    const { subjectAltName = '', validTo } = new X509Certificate(content.subarray(begin));
    const names = [...subjectAltName.matchAll(/(?:^|, )DNS:([^,"\s]+)/g)].flatMap(([, name]) => name ?? []);
    return { file, names: names.map((name) => name.toLowerCase()), until: new Date(validTo).toISOString() };
  } catch {
    return undefined;
  }
}
