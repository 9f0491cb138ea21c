import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { NotifyMessage } from '../../model/notify.ts';
import { bodyOf, type Form, templateBody } from './bodies.ts';
import { textOf } from './message.ts';
import { signatureHeaders } from './sign.ts';

/** Where messages go, with its secrets looked up. */
export type Way =
  | {
      readonly kind: 'webhook';
      readonly url: string;
      readonly form: Form | { readonly template: string };
      readonly secret: string | undefined;
    }
  | {
      readonly kind: 'mail';
      readonly to: readonly string[];
      readonly from: string;
      readonly host: string;
      readonly port: number | undefined;
      readonly security: 'tls' | 'starttls' | 'none';
      readonly user: string | undefined;
      readonly password: string | undefined;
    }
  /** what it needs can't be looked up at present */
  | { readonly kind: 'unusable'; readonly why: string }
  | { readonly kind: 'command'; readonly words: readonly string[]; readonly folder: string };

/** What one attempt may take, and how the time is known. Milliseconds. */
export interface Attempt {
  readonly limit: number;
  readonly now: () => number;
}

/** Why a message did not arrive. */
export interface Failure {
  /** without addresses, which may be secrets */
  readonly why: string;
  /** whether whoever was reached doesn't want it, or there is nothing to send, however often that is tried */
  readonly isRefusal: boolean;
  /** it may be this very message that fails, or whatever it goes through: only further attempts tell */
  readonly isUnclear?: boolean | undefined;
  /** what they ask for before another attempt; milliseconds */
  readonly pause?: number | undefined;
}

/** Sends one message once; undefined if it arrived, else why not. */
export async function send(way: Way, message: NotifyMessage, attempt: Attempt): Promise<Failure | undefined> {
  try {
    if (way.kind === 'webhook') return await sendWebhook(way, message, attempt);
    if (way.kind === 'unusable') return { why: way.why, isRefusal: false };
    if (way.kind === 'mail') return await sendMail(way, message, attempt);
    return await runCommand(way, message, attempt);
  } catch (error) {
    const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
    // 5yz: "permanent negative completion", RFC 5321, 4.2.1. A login that fails has no message yet: each
    // further attempt would be one more wrong password.
    const isPermanent = typeof responseCode === 'number' && responseCode >= 500;
    return { why: why(error), isRefusal: isPermanent && code !== 'EAUTH' };
  }
}

/** Asks a URL that notices when nobody does any longer; undefined if it answered. */
export async function ping(url: string, limit: number): Promise<string | undefined> {
  try {
    const { status } = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(limit) });
    return status < 300 ? undefined : `it answered with status ${status}`;
  } catch (error) {
    return why(error);
  }
}

async function sendWebhook(
  { url, form, secret }: Extract<Way, { kind: 'webhook' }>,
  message: NotifyMessage,
  { limit, now }: Attempt,
): Promise<Failure | undefined> {
  const body = typeof form === 'string' ? bodyOf(form, message) : await rendered(form.template, message);
  if (typeof body !== 'string') return body;
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': isJson(body) ? 'application/json' : 'text/plain; charset=utf-8',
      ...signatureHeaders({ id: message.id, at: now(), body, secret }),
    },
    body,
    // The message and its signature are for this address alone.
    redirect: 'manual',
    signal: AbortSignal.timeout(limit),
  });
  await response.body?.cancel();
  const { status } = response;
  if (status >= 200 && status < 300) return undefined;
  return {
    why: `it answered with status ${status}`,
    isRefusal: status < 500 && !temporary.includes(status),
    isUnclear: status === 500,
    pause: retryAfter(response.headers.get('retry-after'), now()),
  };
}

/** Seconds, or a date: RFC 9110, 10.2.3. Undefined where it is neither. Milliseconds from now. */
export function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  const text = header.trim();
  const at = / GMT$/.test(text) ? Date.parse(text) : Number.NaN;
  const pause = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : at - now;
  return Number.isFinite(pause) ? Math.max(0, pause) : undefined;
}

/** Request Timeout, Too Early and Too Many Requests: RFC 9110, 15.5.9; RFC 8470, 5.2; RFC 6585, 4. */
const temporary: readonly number[] = [408, 425, 429];

/** What an operator's template makes of a message; of a mistake in it only its place is told. */
async function rendered(file: string, message: NotifyMessage): Promise<string | Failure> {
  try {
    return await templateBody(await readFile(file, 'utf8'), message);
  } catch (error) {
    const { code, token } = error as { code?: unknown; token?: { getPosition?: () => readonly number[] } };
    const [line] = token?.getPosition?.() ?? [];
    const where = typeof code === 'string' ? ` (${code})` : line === undefined ? '' : ` (line ${line})`;
    return { why: `its template can't be used${where}`, isRefusal: true };
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function sendMail(
  { host, port, security, user, password, from, to }: Extract<Way, { kind: 'mail' }>,
  message: NotifyMessage,
  { limit }: Attempt,
): Promise<undefined> {
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    host,
    port: port ?? (security === 'tls' ? 465 : security === 'none' ? 25 : 587),
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
    ...{ connectionTimeout: limit, greetingTimeout: limit, socketTimeout: limit },
  });
  const sent = transport.sendMail({
    ...{ from, to: [...to], subject: message.title, text: `${textOf(message)}\n` },
    messageId: `<${message.id}@clusterproxy>`,
    headers: { 'Auto-Submitted': 'auto-generated' },
  });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DOMException('late', 'TimeoutError')), limit);
  });
  try {
    await Promise.race([sent, late]);
  } finally {
    clearTimeout(timer);
    sent.catch(() => undefined);
    transport.close();
  }
  return undefined;
}

/** EX_TEMPFAIL of sysexits(3) */
const tryLater = 75;

function runCommand(
  { words, folder }: Extract<Way, { kind: 'command' }>,
  message: NotifyMessage,
  { limit }: Attempt,
): Promise<Failure | undefined> {
  const [first = '', ...args] = words;
  return new Promise((end) => {
    const program = first.includes('/') ? resolve(folder, first) : first;
    const child = spawn(program, args, { cwd: folder, detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    let reason: string | undefined;
    const timer = setTimeout(() => {
      reason = `it took longer than ${limit / 1_000} s`;
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }, limit);
    child.on('error', (error) => {
      clearTimeout(timer);
      const { code = '' } = error as NodeJS.ErrnoException;
      end({ why: `it can't be run${code === '' ? '' : ` (${code})`}`, isRefusal: false });
    });
    child.on('exit', (status, killed) => {
      clearTimeout(timer);
      if (reason !== undefined) end({ why: reason, isRefusal: false });
      else if (status === 0) end(undefined);
      else {
        const isUnclear = status !== null && status !== tryLater;
        end({ why: `it ended with ${killed ?? `status ${status}`}`, isRefusal: false, isUnclear });
      }
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${JSON.stringify(message)}\n`);
  });
}

/** Codes of Node.js and SMTP alone: messages quote addresses, and servers what they were told. */
function why(error: unknown): string {
  const { name, code, cause, responseCode } = error as {
    name?: string;
    code?: unknown;
    cause?: { code?: unknown };
    responseCode?: unknown;
  };
  if (name === 'TimeoutError' || code === 'ETIMEDOUT') return 'it did not answer in time';
  if (typeof responseCode === 'number') return `the mail server answered with ${responseCode}`;
  const known = code ?? cause?.code;
  return typeof known === 'string' ? `it can't be reached (${known})` : "it can't be reached";
}
