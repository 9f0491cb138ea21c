import type { Connection } from '../ssh/contract.ts';
import { sentPrograms } from './own-programs.ts';
import { bootstrap, framed, newNonce, program } from './program.ts';
import { counted, fields, printable, record } from './records.ts';

/** A program that comes with a playbook and holds a meeting: docs/your-own-playbook.md has its contract. */
export interface MeetingProgram {
  /** its text, in sh */
  readonly program: string;
  readonly args: readonly string[];
}

/** A way into a meeting: the address is good for one person, and nobody else may see it. */
export interface Join {
  /** in the program's words, such as `moderator` */
  readonly who: string;
  readonly url: string;
}

/** How a meeting went. */
export interface MeetingHeld<Result> {
  /** what was done during it; undefined if nobody could join */
  readonly result: Result | undefined;
  /** why nobody could; `failed`: it was tried, `unknown`: it could not be */
  readonly trouble: { readonly kind: 'failed' | 'unknown'; readonly words: string } | undefined;
  /** `left`: the host could not end it, and says why; `unknown`: the host could not say, but goes on */
  readonly end: { readonly kind: 'ended' | 'left' | 'unknown'; readonly words: string };
}

/** How long a meeting lasts at most, whoever else fails to end it. Seconds. */
const longestMeeting = 120;

/** Three times 8 s for ending it, and as much for creating it. Seconds. */
const around = 60;

/**
 * Holds a meeting on a host for as long as `during` takes, which gets the ways in, and that of a browser if
 * the program knows one. The host ends it as soon as its input ends: when `during` is over, whatever came of
 * it, or when the connection or this process is gone.
 * Throws what `during` throws, or an OperatorError of the connection's if nothing was begun.
 */
export async function holdMeeting<Result>(
  connection: Connection,
  held: MeetingProgram,
  during: (joins: readonly Join[], browser: string | undefined) => Promise<Result>,
): Promise<MeetingHeld<Result>> {
  const nonce = newNonce();
  const [sent = Buffer.alloc(0)] = await sentPrograms([held.program]);
  const request = record('meeting', longestMeeting, sent.length, ...counted(held.args));
  const over = signal();
  const start = Buffer.concat([framed(await program('meeting'), request, nonce), sent]);
  async function* input(): AsyncGenerator<Buffer, void> {
    yield start;
    await over.promise;
  }
  const said = new Said(nonce);
  const ready = signal();
  const running = connection.exec(bootstrap, input(), {
    timeout: longestMeeting + around,
    maximumOutput: 1024 * 1024,
    onOutput: (chunk) => {
      said.hear(chunk);
      if (said.isReady) ready.resolve();
    },
  });
  let result: Result | undefined;
  const cut = running.then(
    () => undefined,
    (error: unknown) => error,
  );
  try {
    await Promise.race([ready.promise, cut]);
    if (said.has('held')) result = await during(said.joins, said.browser);
  } finally {
    over.resolve();
    await cut;
  }
  const error = await cut;
  if (error !== undefined && !said.isReady) throw error;
  return { result, trouble: said.has('held') ? undefined : said.trouble, end: said.end };
}

/** A promise, and what keeps it. */
function signal(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((kept) => {
    resolve = kept;
  });
  return { promise, resolve };
}

/** What the program has said so far: its lines, without those that a login script prints. */
class Said {
  readonly #nonce: string;
  #rest = '';
  readonly #lines: string[][] = [];

  constructor(nonce: string) {
    this.#nonce = nonce;
  }

  hear(chunk: Buffer): void {
    const lines = `${this.#rest}${chunk.toString('latin1')}`.split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const at = line.indexOf(`${this.#nonce} `);
      if (at >= 0) this.#lines.push(fields(line.slice(at + this.#nonce.length + 1)));
    }
  }

  has(kind: string): boolean {
    return this.#lines.some(([first]) => first === kind);
  }

  /** Whether it is known if anybody can join. */
  get isReady(): boolean {
    return ['held', 'failed', 'unknown', 'over'].some((kind) => this.has(kind));
  }

  get joins(): readonly Join[] {
    return this.#lines.flatMap(([kind, who = '', url = '']) =>
      kind === 'join' && URL.canParse(url) ? [{ who: printable(who), url }] : [],
    );
  }

  /** The way in for somebody with a browser, who joins the audio as well; good for one person. */
  get browser(): string | undefined {
    const url = this.#wordsOf('browser', 2000);
    return url !== undefined && URL.canParse(url) ? url : undefined;
  }

  get trouble(): MeetingHeld<never>['trouble'] {
    const failed = this.#wordsOf('failed');
    if (failed !== undefined) return { kind: 'failed', words: failed };
    return { kind: 'unknown', words: this.#wordsOf('unknown') ?? 'the program that holds it says nothing' };
  }

  get end(): MeetingHeld<never>['end'] {
    if (this.has('ended') || this.#wordsOf('unknown') !== undefined) return { kind: 'ended', words: '' };
    const left = this.#wordsOf('left');
    if (left !== undefined) return { kind: 'left', words: left };
    if (this.has('over'))
      return { kind: 'left', words: 'the program that holds it does not say that it has ended' };
    return { kind: 'unknown', words: 'the connection to the host was lost, which ends it by itself' };
  }

  #wordsOf(kind: string, longest = 300): string | undefined {
    const words = this.#lines.find(([first]) => first === kind)?.[1];
    return words === undefined ? undefined : printable(words).slice(0, longest);
  }
}
