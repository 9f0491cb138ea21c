import { createHmac } from 'node:crypto';

/**
 * The headers of Standard Webhooks 1.0.0 (https://www.standardwebhooks.com): HMAC-SHA256 over id, time in
 * seconds and body. A secret `whsec_…` is base64, as that says; any other is taken as its bytes.
 */
export function signatureHeaders({
  id,
  at,
  body,
  secret,
}: {
  readonly id: string;
  readonly at: number;
  readonly body: string;
  readonly secret: string | undefined;
}): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(at / 1_000));
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp };
  if (secret === undefined) return headers;
  const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : Buffer.from(secret);
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { ...headers, 'webhook-signature': `v1,${signature}` };
}
