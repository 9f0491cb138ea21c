import { createHash, createHmac } from 'node:crypto';
import type { HostCall, HostReply, ListAnswer, ListProof, PlaybookServerList } from '../model/server-list.ts';
import type { HttpAnswer } from './answers.ts';
import { statusWords } from './judge-http.ts';
import type { Network, Request } from './network.ts';
import { readServerList } from './server-list-answer.ts';

export interface ListAsking {
  readonly network: Network;
  /** milliseconds since the epoch */
  readonly now: () => number;
}

/**
 * Asks the keeper of a server list for its entries. Its answer has the secrets of all servers, so it is asked
 * over TLS only, and isn't followed elsewhere.
 */
export async function askServerList(
  list: PlaybookServerList,
  given: { readonly at: string; readonly secret: string },
  { network, now }: ListAsking,
): Promise<ListAnswer> {
  const url = URL.canParse(given.at) ? new URL(list.path, given.at) : undefined;
  if (url?.protocol !== 'https:') {
    const words = `${list.title} is not asked at ${given.at}: its answer holds secrets, so the address has to begin with https://`;
    return { kind: 'unasked', words };
  }
  const answer = await network.get(proven(list.proof, url, { secret: given.secret, now: now() }));
  return answer.kind === 'trouble'
    ? { kind: 'unasked', words: `${list.title} could not be asked: ${answer.words}` }
    : readServerList(list, answer, now());
}

function proven(
  proof: ListProof,
  url: URL,
  { secret, now }: { readonly secret: string; readonly now: number },
): Request {
  if (proof.kind === 'token') {
    return { url: url.href, headers: [`Authorization: Bearer ${tokenOf(proof, secret, now)}`] };
  }
  return { url: `${url.href}?checksum=${hashOf('sha256', proof.of + secret)}`, headers: [] };
}

/** Long enough for clocks that differ a little. Seconds. */
const tokenLifetime = 600;

/** RFC 7515, 3.1: header, claims and signature, each in base64url. */
function tokenOf(proof: Extract<ListProof, { kind: 'token' }>, secret: string, now: number): string {
  if (/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(secret)) return secret;
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const expires = { exp: Math.floor(now / 1000) + tokenLifetime };
  const signed = `${part({ alg: proof.algorithm, typ: 'JWT' })}.${part({ ...proof.claims, ...expires })}`;
  const hash = proof.algorithm.replace('HS', 'sha');
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`;
}

/** The first is what everybody uses; a host may take only some of them. */
const digests = ['sha256', 'sha1', 'sha512', 'sha384'] as const;

/**
 * Asks a host whether it takes a secret, by a call that changes nothing. The address is the inventory's and
 * not the list's, which must not choose whom this machine asks. The secret itself isn't sent.
 */
export async function askHost(
  call: HostCall,
  { address, secret }: { readonly address: string; readonly secret: string },
  network: Network,
): Promise<HostReply> {
  for (const digest of digests) {
    const url = `${address}/${call.call}?checksum=${hashOf(digest, call.call + secret)}`;
    const answer = await network.get({ url, headers: [] });
    if (answer.kind === 'trouble') return { kind: 'unasked', words: answer.words };
    if (answer.body.includes(call.accepts)) return { kind: 'takes' };
    if (!answer.body.includes(call.refuses)) return { kind: 'other', words: otherWords(answer) };
  }
  return { kind: 'refuses' };
}

function otherWords({ status }: HttpAnswer): string {
  return `${statusWords(status)}${status === 200 ? ', but not as its API does' : ''}`;
}

function hashOf(digest: (typeof digests)[number], text: string): string {
  return createHash(digest).update(text).digest('hex');
}
