import { type Address, addressOf } from './address.ts';
import { type Statement, scanCaddyfile } from './scan.ts';

/** A site: its addresses, and the directives in it. */
export interface Site {
  readonly statement: Statement;
  readonly addresses: readonly Address[];
  readonly statements: readonly Statement[];
  /** written without braces: everything behind the addresses, up to the end of the file, belongs to it */
  readonly isBare: boolean;
}

/** A Caddyfile, or a file that one imports at its top level. */
export interface Caddyfile {
  /** the block of global options, which has no name */
  readonly options: Statement | undefined;
  /** `(name) { … }`, to be imported by name */
  readonly snippets: readonly Statement[];
  /** the `import` lines outside of sites */
  readonly imports: readonly Statement[];
  readonly sites: readonly Site[];
}

/** What a Caddyfile consists of. FormatError as in `scanCaddyfile`. */
export function caddyfileOf(text: string): Caddyfile {
  const all = scanCaddyfile(text);
  const bare = all.findIndex((one) => one.block === undefined && !isImport(one));
  const blocks = bare < 0 ? all : all.slice(0, bare);
  const others = blocks.filter((one) => one.block !== undefined && one.words.length > 0 && !isImport(one));
  const isSnippet = ({ words: [first] }: Statement) => /^&?\(.*\)$/s.test(first?.text ?? '');
  const sites = others.filter((one) => !isSnippet(one)).map((one) => site(one, one.block?.statements ?? []));
  const [open] = bare < 0 ? [] : all.slice(bare);
  return {
    options: blocks.find(({ words, block }) => words.length === 0 && block !== undefined),
    snippets: others.filter(isSnippet),
    imports: blocks.filter(isImport),
    sites: open === undefined ? sites : [...sites, { ...site(open, all.slice(bare + 1)), isBare: true }],
  };
}

/** Newer versions of Caddy take a block, for what is imported. */
export function isImport({ words: [first] }: Statement): boolean {
  return first?.text === 'import';
}

function site(statement: Statement, statements: readonly Statement[]): Site {
  const addresses = statement.words.map(({ text }) => addressOf(text)).filter(({ text }) => text !== '');
  return { statement, addresses, statements, isBare: false };
}
