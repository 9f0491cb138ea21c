import { quotationEnd } from './shell-statements.ts';

/** Words that begin, end or join compound commands, or decide whether what follows runs. */
const KEYWORDS =
  'if then else elif fi for while until do done case esac select function { } ! [[ time coproc in'.split(' ');

/**
 * Builtins of dash or bash that may set or unset variables, read another file, end the shell, or change what
 * later lines do.
 */
const BUILTINS = (
  '. alias break builtin command continue declare enable eval exec exit getopts kill let local logout ' +
  'mapfile printf read readarray return set shift shopt source suspend trap typeset unalias unset'
).split(' ');

const REFUSED: ReadonlySet<string> = new Set([...KEYWORDS, ...BUILTINS]);

/** Special builtins that are harmless, but end the shell where they fail, as by a redirection. */
const SPECIAL: ReadonlySet<string> = new Set([':', 'export', 'readonly', 'times']);

/**
 * Whether sh goes on with the next line after these lines of shell code whatever happens, and they can't set
 * `name` (which callers look for themselves where it stands in plain sight): no compound commands, nothing
 * left open, and only commands that leave the shell's variables alone. A command that isn't a builtin can do
 * neither. Source: POSIX.1-2017, Shell Command Language, 2.8 to 2.14; bash(1).
 */
export function leavesAlone(code: string, name: string): boolean {
  const commands = hasOnlyPlainExpansions(code, name) ? commandsOf(code) : undefined;
  return commands?.every(isHarmless) === true;
}

interface Command {
  /** as in the code, with their quotes */
  readonly words: string[];
  redirected: boolean;
}

function isHarmless({ words, redirected }: Command): boolean {
  const [first, ...args] = words.slice(words.findIndex((word) => !/^\w+=/.test(word)));
  if (words.every((word) => /^\w+=/.test(word)) || first === undefined) {
    return !redirected;
  }
  if (first === 'set') {
    return args.length === 1 && /^[-+]a$/.test(args[0] ?? '');
  }
  if (!/^[\w./+:[-]+$/.test(first) || REFUSED.has(first) || (redirected && SPECIAL.has(first))) {
    return false;
  }
  return (
    (first !== 'export' && first !== 'readonly') || args.every((one) => /^[A-Za-z_]\w*(?:=|$)/.test(one))
  );
}

/**
 * No arithmetic, which assigns and fails; no `${…}` that assigns `name`, ends the shell or may be malformed;
 * no here-document; and every command substitution is closed.
 */
function hasOnlyPlainExpansions(code: string, name: string): boolean {
  const bare = code.replace(
    /\\[\s\S]|'[^']*'|"((?:\\[\s\S]|[^"\\])*)"/g,
    (_, quoted: string | undefined) => quoted?.replace(/\\[\s\S]|<</g, '') ?? '',
  );
  const count = (pattern: RegExp) => bare.match(pattern)?.length ?? 0;
  const plain = count(/\$\{\w+(?:\}|:?[-+]|[%#])/g) + count(new RegExp(`\\$\\{(?!${name}\\b)\\w+:?=`, 'g'));
  return (
    !/<<|\(\(|\$\[/.test(bare) &&
    count(/`/g) % 2 === 0 &&
    count(/\$\(/g) === count(/\)/g) &&
    count(/\$\{/g) === plain
  );
}

/** The simple commands of some code; undefined if there is anything else, or if one is yet to come. */
function commandsOf(code: string): Command[] | undefined {
  const commands: Command[] = [];
  let command: Command = { words: [], redirected: false };
  let word = '';
  let pending = false;
  const endWord = () => {
    if (word !== '') command.words.push(word);
    word = '';
  };
  const endCommand = () => {
    endWord();
    const empty = command.words.length === 0;
    if (!empty) commands.push(command);
    command = { words: [], redirected: false };
    return !empty;
  };
  for (let at = 0; at < code.length; ) {
    const c = code[at] ?? '';
    const next = code[at + 1];
    let end = at + 1;
    if (code.startsWith('\\\n', at)) {
      end = at + 2;
    } else if (c === ' ' || c === '\t') {
      endWord();
    } else if (c === '\n') {
      if (endCommand()) pending = false;
    } else if (c === '#' && word === '') {
      end = code.indexOf('\n', at) === -1 ? code.length : code.indexOf('\n', at);
    } else if (c === '&' || c === '|' || c === ';') {
      end = next === c ? at + 2 : at + 1;
      if (!endCommand() || (c === ';' && next === ';')) return undefined;
      pending = c === '|' || next === '&';
    } else if (c === '<' || c === '>') {
      // A word in front of it that is a number is part of the redirection; the target is taken for a word.
      if (/^\d+$/.test(word)) word = '';
      endWord();
      command.redirected = true;
      end = next === '>' || next === '&' ? at + 2 : at + 1;
    } else if ((c === '(' && !code.startsWith('$', at - 1)) || c === ')') {
      return undefined;
    } else {
      const stop =
        c === '(' ? code.indexOf(')', at) + 1 : c === '`' ? code.indexOf('`', at + 1) + 1 : undefined;
      const quoted = c === "'" || c === '"' ? quotationEnd(code, at) : c === '\\' ? at + 2 : undefined;
      end = stop ?? quoted ?? at + 1;
      if (stop === 0) return undefined;
      word += code.slice(at, end);
    }
    if (word !== '') pending = false;
    at = end;
  }
  endCommand();
  return pending ? undefined : commands;
}
