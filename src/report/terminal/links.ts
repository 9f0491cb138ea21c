import { isSince } from './since-version.ts';

/** What is shown, and what it leads to. */
export interface Link {
  readonly text: string;
  /** a URL in ASCII */
  readonly target: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** The versions from which on programs that call themselves by `TERM_PROGRAM` show links. */
const sinceVersion: Readonly<Record<string, readonly number[]>> = {
  ghostty: [],
  'iTerm.app': [3, 1],
  vscode: [1, 72],
  WarpTerminal: [],
  WezTerm: [20200620],
  zed: [],
};
/** The version from which on tmux(1) keeps links, and hands them on to terminals that show them. */
const sinceTmux = [3, 4];
/** VTE 0.50.1, of GNOME's terminals: 0.50.0 crashes. */
const sinceVte = 5001;
/** Terminals that are known by `TERM`. */
const termsWithLinks: ReadonlySet<string> = new Set(['alacritty', 'xterm-ghostty', 'xterm-kitty']);

/**
 * Whether a terminal is known to show links (OSC 8), by the rules of the npm package supports-hyperlinks 4.6,
 * which reads `process` itself; and by those of tmux(1), which hands links on, while screen(1) doesn't.
 * Somebody who wants no colours wants no links either. `FORCE_HYPERLINK` counts more than all of this.
 */
export function takesLinks(
  { isTTY = false }: { readonly isTTY?: boolean },
  { FORCE_HYPERLINK = '', ...variables }: Variables,
): boolean {
  if (FORCE_HYPERLINK !== '') return Number.parseInt(FORCE_HYPERLINK, 10) !== 0;
  const { FORCE_COLOR = '' } = variables;
  const isUnwanted = ['NO_COLOR', 'CI', 'STY'].some((name) => (variables[name] ?? '') !== '');
  if (!isTTY || isUnwanted || FORCE_COLOR === '0' || FORCE_COLOR === 'false') return false;
  const { TMUX = '', WT_SESSION = '', TERM = '', VTE_VERSION = '0' } = variables;
  const { TERM_PROGRAM = '', TERM_PROGRAM_VERSION = '' } = variables;
  if (TMUX !== '') return TERM_PROGRAM === 'tmux' && isSince(sinceTmux, TERM_PROGRAM_VERSION);
  if (WT_SESSION !== '') return true;
  const since = sinceVersion[TERM_PROGRAM];
  if (since !== undefined) return isSince(since, TERM_PROGRAM_VERSION);
  return Number(VTE_VERSION) >= sinceVte || termsWithLinks.has(TERM);
}

/**
 * The version from which on less(1) hands links on with -R: before, it shows the sequence and takes it for
 * text that has a width.
 */
const sinceLess = 566;

/** Whether links reach the terminal through less(1), by what `less --version` prints. */
export function lessTakesLinks(version: string): boolean {
  return Number(/^less (\d+)/.exec(version)?.[1] ?? 0) >= sinceLess;
}

/**
 * Makes links of the given texts, wherever they stand as words of their own (OSC 8,
 * https://gist.github.com/egmontkob/eb114294efbcd5adb1944c9f3cb5feda). What a text that obeys nothing else
 * shows stays the same.
 */
export function linked(text: string, links: readonly Link[]): string {
  if (links.length === 0) return text;
  const targets = new Map(links.map((link) => [link.text, link.target]));
  // The longest one first: a path may begin with another.
  const words = [...targets.keys()].sort((one, other) => other.length - one.length);
  return text.replace(
    new RegExp(`${before}(?:${words.map((word) => literally(word)).join('|')})${after}`, 'g'),
    (word) => `\x1b]8;;${targets.get(word) ?? ''}\x1b\\${word}\x1b]8;;\x1b\\`,
  );
}

/** Where a word may begin and end: at blanks, brackets, quotation marks, colours, the end of a sentence. */
const before = String.raw`(?<=^|[\s"'(]|\x1b\[[\d;]*m)`;
const after = String.raw`(?=$|[\s"'),;:]|\x1b|[.?!](?:\s|$))`;

function literally(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** The same text without the sequences of links. */
export function unlinked(text: string): string {
  return text.replace(/\x1b\]8;;[^\x1b]*\x1b\\/g, '');
}
