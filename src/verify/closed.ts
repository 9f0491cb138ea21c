import { BlockList, isIP } from 'node:net';
import type { ClosedQuestion } from '../model/balancer-question.ts';
import type { Verdict } from '../model/outside-check.ts';
import type { NoAnswer } from './answers.ts';
import type { Network } from './network.ts';
import type { Talked } from './talk.ts';

/** Asks a port that is to have no answer for this machine. */
export async function askClosed(question: ClosedQuestion, network: Network): Promise<Verdict> {
  const { address, port, send } = question;
  const answer = await network.talk({
    ...{ hostname: address, port, tls: false, send: Buffer.from(send) },
    until: (received) => received.includes('\n') || received.length > 1000,
  });
  return judgeClosed(question, answer);
}

/**
 * Refused, silent, or closed without a word: all of that is no answer. This machine may be one of those that
 * are answered, or may pass for one behind a NAT; nothing can be said then.
 */
export function judgeClosed({ address, port, clients }: ClosedQuestion, answer: Talked | NoAnswer): Verdict {
  const server = `${address}, port ${port},`;
  const expected = `${server} has no answer for this machine`;
  if (answer.kind === 'trouble') return { outcome: 'passed', expected, found: answer.words };
  if (answer.received.length === 0) return { outcome: 'passed', expected, found: 'it says nothing' };
  const { from } = answer;
  if (isOneOf(from, clients) || isPlain(from, address)) {
    return { outcome: 'not-applicable', expected, found: `this machine, ${plain(from)}, may ask there` };
  }
  if (isBehindNat(from, address) && clients.some((one) => !isPrivate(one.replace(/\/.*/, '')))) {
    return {
      ...{ outcome: 'not-applicable', expected },
      found: 'it answers, but this machine asks from behind a NAT, whose address may be one of those allowed',
    };
  }
  const said = answer.received.toString('latin1').split(/\r?\n/)[0] ?? '';
  return { outcome: 'failed', expected, found: `it answers ${plain(from)}: '${said.slice(0, 200)}'` };
}

/** `::ffff:192.0.2.1` is IPv4 all the same. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

function isPlain(from: string, address: string): boolean {
  return plain(from) === address || isOneOf(from, ['127.0.0.0/8', '::1']);
}

function isOneOf(address: string, networks: readonly string[]): boolean {
  const list = new BlockList();
  for (const network of networks) {
    const [base = '', bits] = network.split('/');
    if (isIP(base) === 0) continue;
    const family = isIP(base) === 6 ? 'ipv6' : 'ipv4';
    const length = bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits);
    if (Number.isInteger(length)) list.addSubnet(base, length, family);
  }
  const one = plain(address);
  return isIP(one) !== 0 && list.check(one, isIP(one) === 6 ? 'ipv6' : 'ipv4');
}

/** RFC 1918, 6598 and 4193. */
const privateNetworks = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7'];

function isPrivate(address: string): boolean {
  return isOneOf(address, privateNetworks);
}

/** A private address that reaches one that isn't: something on the way puts another in its place. */
function isBehindNat(from: string, address: string): boolean {
  return isPrivate(from) && !isPrivate(address);
}
