import { fstatSync, writeSync } from 'node:fs';
import { clean, cleanLine, harmless } from '../document/clean-text.ts';
import { reasonOf } from '../document/reason.ts';
import { OperatorError } from '../model/operator-error.ts';
import { KnownLinks } from './known-links.ts';
import { beginsAnywhere, forPager, isTaller, pagerOf, type Reading, showInPager } from './pager.ts';
import { takesLinks } from './terminal/links.ts';
import { StatusArea } from './terminal/status-area.ts';
import type { Picture } from './terminal/status-table.ts';
import { hasTaskbar } from './terminal/taskbar.ts';

export interface OutputOptions {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** takes the secrets out of a text */
  readonly mask: (text: string) => string;
}

/** One of the two ways to a reader. */
export interface Channel {
  write(text: string): void;
  /** the same of the program's own sentences: files and addresses in them that are known become links */
  writeLinked(text: string): void;
  readonly isTerminal: boolean;
  /**
   * undefined where it is no terminal; 0 where it is one that doesn't know (`docker exec -t`, a serial line)
   */
  readonly columns: number | undefined;
  /**
   * whether it takes colours: a terminal that can, and nobody asked for none (https://no-color.org); or
   * somebody asked for them whatever it is (https://force-color.org)
   */
  readonly takesColor: boolean;
}

/**
 * The only way out for words: nothing else of the program has the streams. Whatever is written has the run's
 * secrets taken out, and all that a terminal would obey but colours, before any stream sees it. No stream is
 * patched for that, since libraries patch them as well. What is laid out (wrapped, cut off, shortened) has to
 * be masked before that too: a secret that was cut is no longer found here.
 */
export class Output {
  /** what the command is for: standard output */
  results: Channel;
  /** progress, messages and errors: standard error */
  readonly messages: Channel;
  /** what may become a link on terminals that show them */
  readonly links = new KnownLinks();
  readonly #options: OutputOptions;
  readonly #area: StatusArea | undefined;
  /** what waits for an answer to be given; undefined: there is no open question */
  #held: (() => void)[] | undefined;
  /** what is to be shown once all of it is known; undefined: words go out at once */
  #paged: { readonly stream: NodeJS.WriteStream; readonly text: string }[] | undefined;
  #reading: Reading = {};
  /** what has reached the terminal since somebody began to look */
  #seen: { text: string; hasResults: boolean } | undefined;
  #lastTold = performance.now();
  #loss: Error | undefined;
  #isLossTaken = false;

  constructor(options: OutputOptions) {
    this.#options = options;
    const { stdout, stderr } = options;
    for (const stream of [stdout, stderr]) stream.on('error', (error) => this.#lose(stream, error));
    this.results = this.#channel(stdout);
    this.messages = this.#channel(stderr);
    const shown = { unicode: showsUnicode(options), taskbar: hasTaskbar(options.variables) };
    this.#area = canRewrite(options) ? new StatusArea(stderr, shown) : undefined;
  }

  /** There are lines that can be drawn anew; else progress is told in plain ones. */
  get hasStatus(): boolean {
    return this.#area !== undefined;
  }

  /** Shows what is being done, in one line or a picture, until something else is; undefined takes it away. */
  status(what: string | Picture | undefined): void {
    const { mask } = this.#options;
    if (this.#held !== undefined) this.#held.push(() => this.status(what));
    else if (typeof what !== 'object') this.#area?.show(what && cleanLine(mask(what)));
    else this.#area?.show({ ...what, lines: (size) => what.lines(size).map((line) => clean(mask(line))) });
  }

  /** When anything was told last on standard error, as performance.now() tells the time. */
  get lastTold(): number {
    return this.#lastTold;
  }

  /**
   * A JSON document for a program: it has no control characters, and keeps what else `clean` would replace.
   */
  document(json: string): void {
    const { stdout, mask } = this.#options;
    this.#write(stdout, mask(json));
  }

  /** Standard output is wanted for something else: results are told on standard error as well. */
  tellResultsAside(): void {
    this.results = this.messages;
  }

  /** A message on a line of its own, in the midst of whatever is on the screen (`^C`). */
  interject(text: string): void {
    // It is for somebody who waits, not for a reader.
    this.#release();
    const isFresh = this.#held !== undefined || !this.messages.isTerminal || this.#area?.erase() === true;
    this.messages.write(`${isFresh ? '' : '\n'}${text}\n`);
  }

  /**
   * Asks somebody. Until the returned function is called with what ends their line, everything else waits:
   * neither progress nor other words get between the question and the answer.
   */
  ask(question: string): (end: string) => void {
    this.status(undefined);
    this.messages.write(question);
    const held: (() => void)[] = [];
    this.#held = held;
    return (end) => {
      if (this.#held !== held) return;
      this.#held = undefined;
      this.messages.write(end);
      for (const waiting of held) waiting();
    };
  }

  /**
   * Lends the terminal to a library that draws its questions there itself. Until it is given back everything
   * else waits, as with `ask`; what the library is told to show must be harmless.
   */
  lend(): { readonly stream: NodeJS.WriteStream; readonly giveBack: () => void } {
    const end = this.ask('');
    return { stream: this.#options.stderr, giveBack: () => end('') };
  }

  /** Results that could not be written, told once. A stream tells of it when the event loop comes round. */
  takeLoss(): OperatorError | undefined {
    if (this.#loss === undefined || this.#isLossTaken) return undefined;
    this.#isLossTaken = true;
    return new OperatorError({
      code: 'output-lost',
      message: `results can't be written to standard output: ${reasonOf(this.#loss)}`,
      next: 'write them somewhere else; to see the state of the hosts: clusterproxy status',
    });
  }

  /**
   * From now on: whether the results that were told stand on the screen, above a question of two lines.
   * `elsewhere`: none of them came to this terminal, or not past a pager.
   */
  watch(): () => 'in-sight' | 'scrolled-away' | 'elsewhere' {
    const seen = { text: '', hasResults: false };
    this.#seen = seen;
    return () => {
      this.#seen = undefined;
      if (!seen.hasResults) return 'elsewhere';
      return isTaller(`${seen.text}\n\n\n`, this.#options.stdout) ? 'scrolled-away' : 'in-sight';
    };
  }

  /** Somebody is being asked. */
  get isAsking(): boolean {
    return this.#held !== undefined;
  }

  /**
   * Keeps results, and what is told after them, until `page` or `close`; where nobody would page through
   * them, words go on going out at once. Returns whether the pager can begin at a line.
   */
  keepForPager(reading: Reading = {}): boolean {
    const { stdout, stderr, variables } = this.#options;
    if (stdout.isTTY !== true || stderr.isTTY !== true || stdout.columns <= 0) return false;
    // Pipelines may have a terminal, but nobody in front of it.
    if ((variables.CI ?? '') !== '') return false;
    const pager = pagerOf(variables);
    if (pager === undefined) return false;
    this.#paged ??= [];
    const isAnywhere = beginsAnywhere(pager);
    this.#reading = { cut: reading.cut, from: isAnywhere ? reading.from : undefined };
    return isAnywhere;
  }

  /** Shows the results that were kept, in the pager where the terminal is too small for them. */
  async page(): Promise<void> {
    const { stdout, variables } = this.#options;
    const pager = pagerOf(variables);
    const kept = this.#paged ?? [];
    const text = kept.flatMap((one) => (one.stream === stdout ? [one.text] : [])).join('');
    if (pager === undefined || !isTaller(text, stdout)) return;
    this.status(undefined);
    if (await showInPager(pager, forPager(pager, text), { ...this.#reading, variables })) {
      this.#paged = kept.filter(({ stream }) => stream !== stdout);
    }
  }

  /** Lets go what waits, and leaves the terminal without a status line. */
  close(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const waiting of held) waiting();
    this.#release();
    this.status(undefined);
  }

  /** Lets out what was kept for a pager. */
  #release(): void {
    const paged = this.#paged ?? [];
    this.#paged = undefined;
    for (const { stream, text } of paged) this.#write(stream, text);
  }

  #channel(stream: NodeJS.WriteStream): Channel {
    const { variables, mask } = this.#options;
    const showsLinks = takesLinks(stream, variables);
    const write = (text: string) => this.#write(stream, harmless(mask(text)));
    return {
      write,
      // Made of what is harmless already: nothing else can become one.
      writeLinked: (text) =>
        showsLinks ? this.#write(stream, this.links.in(harmless(mask(text)))) : write(text),
      isTerminal: stream.isTTY === true,
      get columns() {
        return stream.isTTY ? stream.columns : undefined;
      },
      takesColor: takesColor(stream, variables),
    };
  }

  #write(stream: NodeJS.WriteStream, text: string): void {
    if (this.#held !== undefined) {
      this.#held.push(() => this.#write(stream, text));
      return;
    }
    if (this.#paged !== undefined && (stream === this.#options.stdout || this.#paged.length > 0)) {
      this.#area?.show(undefined);
      this.#paged.push({ stream, text });
      return;
    }
    if (this.#seen !== undefined && stream.isTTY === true) {
      this.#seen.text += text;
      this.#seen.hasResults ||= stream === this.#options.stdout;
    }
    // Results come when the work is done; after a message it goes on.
    if (stream === this.#options.stdout) this.#area?.show(undefined);
    else {
      this.#lastTold = performance.now();
      if (this.#area?.writeAbove(text)) return;
      this.#area?.erase();
    }
    const file = fileOf(stream);
    if (file === undefined) {
      stream.write(text);
      return;
    }
    try {
      // Node takes no notice where a file took but a part, as it does when a disk gets full.
      let rest = Buffer.from(text);
      while (rest.length > 0) rest = rest.subarray(writeSync(file, rest));
    } catch (error) {
      this.#lose(stream, error as Error);
    }
  }

  #lose(stream: NodeJS.WriteStream, error: NodeJS.ErrnoException): void {
    // A reader that has seen enough (`| head -1`) is no reason to stop changing hosts, nor to fail.
    const isGone = error.code === 'EPIPE' || error.code === 'EIO';
    // That messages can't be told can be told to nobody.
    if (stream === this.#options.stdout && !isGone) this.#loss ??= error;
  }
}

function takesColor(stream: NodeJS.WriteStream, variables: OutputOptions['variables']): boolean {
  const { FORCE_COLOR = '', NO_COLOR = '', TERM } = variables;
  if (FORCE_COLOR !== '') return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return stream.isTTY === true && NO_COLOR === '' && TERM !== 'dumb';
}

/** The descriptor of a stream that goes into a regular file. */
function fileOf(stream: NodeJS.WriteStream & { readonly fd?: number }): number | undefined {
  try {
    return stream.fd !== undefined && fstatSync(stream.fd).isFile() ? stream.fd : undefined;
  } catch {
    return undefined;
  }
}

/** A terminal that can move its cursor, knows its width, and is watched by a person. */
function canRewrite({ stderr, variables }: OutputOptions): boolean {
  return (
    stderr.isTTY === true && stderr.columns > 0 && variables.TERM !== 'dumb' && variables.CI === undefined
  );
}

/** The Linux console has few pictures, and other locales than UTF-8 none. */
function showsUnicode({ variables: { TERM, LC_ALL, LC_CTYPE, LANG } }: OutputOptions): boolean {
  return TERM !== 'linux' && /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
}
