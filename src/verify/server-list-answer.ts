import type { EntryFields, ListAnswer, ListedServer, PlaybookServerList } from '../model/server-list.ts';
import { type HttpAnswer, longestBody } from './answers.ts';
import { statusWords } from './judge-http.ts';

/** More than anybody has, and few enough to compare in no time. */
const mostServers = 5_000;
const longestWord = 200;
/** Shown in part only, once all secrets are out of it: half of one would not be known as one. Characters. */
const longestError = 2_000;

/**
 * What the keeper of a server list answered: its entries, or why there are none. Whoever keeps it may say
 * anything: nothing of it counts but what the fields name, and only where it has the right form. An entry
 * without an address of a web server can't be for any host, and is passed over.
 */
export function readServerList(
  list: Pick<PlaybookServerList, 'title' | 'refused' | 'empty' | 'entries'>,
  answer: HttpAnswer,
  now: number,
): ListAnswer {
  const { title, entries } = list;
  const unasked = (words: string): ListAnswer => ({ kind: 'unasked', words });
  const { status, body } = answer;
  const clock = Date.parse(answer.headers.date ?? '');
  const at = Number.isNaN(clock) ? now : clock;
  if (Buffer.byteLength(body) >= longestBody) return unasked(`${title} gives an answer without end`);
  if (list.refused.some((text) => body.includes(text)) || status === 401 || status === 403) {
    return unasked(`${title} refuses the secret that the inventory has for it`);
  }
  if (list.empty !== undefined && body.includes(list.empty)) return { kind: 'list', servers: [], now: at };
  if (status >= 300 && status < 400) return unasked(`${title} sends this question elsewhere (${status})`);
  if (status !== 200) return unasked(`${title} answers ${statusWords(status)}`);
  const found = within(parsed(body), entries.in);
  if (!Array.isArray(found)) return unasked(`${title} gives no list of servers; it may be of another kind`);
  if (found.length > mostServers) return unasked(`${title} lists more than ${mostServers} servers`);
  return { kind: 'list', servers: found.flatMap((entry) => readEntry(entry, entries)), now: at };
}

function readEntry(entry: unknown, fields: EntryFields): readonly ListedServer[] {
  const address = addressIn(within(entry, fields.address));
  if (address === undefined) return [];
  const word = (path: string | undefined) => {
    const value = path === undefined ? undefined : within(entry, path);
    return typeof value === 'string' && value.length <= longestWord ? value : '';
  };
  const secret = within(entry, fields.secret);
  const [state, health] = [word(fields.state), word(fields.health)];
  return [
    {
      address,
      secret: typeof secret === 'string' ? secret : '',
      state,
      inUse: fields.inUse.includes(state) || (fields.out.includes(state) ? false : undefined),
      health: fields.up.includes(health) ? 'up' : fields.down.includes(health) ? 'down' : undefined,
      error: errorIn(fields.error === undefined ? undefined : within(entry, fields.error)),
      heard: fields.heard === undefined ? undefined : heardIn(within(entry, fields.heard)),
    },
  ];
}

function addressIn(value: unknown): URL | undefined {
  if (typeof value !== 'string' || value.length > 2_000 || !URL.canParse(value)) return undefined;
  const url = new URL(value);
  if ((url.protocol !== 'https:' && url.protocol !== 'http:') || url.hostname === '') return undefined;
  // Whatever else it has is no part of the address, and may be somebody's password.
  const normal = new URL(`${url.protocol}//${url.host.replace(/\.(?=:|$)/, '')}`);
  normal.pathname = url.pathname.replace(/\/+$/, '');
  return normal;
}

/** An error may quote what was asked for, with everything in it. */
function errorIn(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, longestError).replace(/\?\S*/g, '') : '';
}

/** Go writes the beginning of the year 1 for a time that never was. */
function heardIn(value: unknown): number {
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return time > 0 ? time : Number.NaN;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** What a value has at a place; own keys only. */
function within(value: unknown, path: string): unknown {
  return (path === '' ? [] : path.split('.')).reduce<unknown>(
    (holder, key) =>
      typeof holder === 'object' && holder !== null && Object.hasOwn(holder, key)
        ? (holder as Readonly<Record<string, unknown>>)[key]
        : undefined,
    value,
  );
}
