import { createHash } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { home } from './home.ts';

/** Values of the tokens in file names: ssh_config(5), section "TOKENS". */
export interface Tokens {
  /** as on the command line, `%n` */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hostKeyAlias: string | undefined;
  /** `%j` */
  readonly proxyJump: string | undefined;
}

/**
 * A file name as ssh_config(5) understands it: `~/`, `${VARIABLE}` and tokens are expanded, and relative
 * names belong to the working directory. Undefined if part of it is unknown, or if it refers to another
 * user's home.
 */
export function expandPath(path: string, tokens: Tokens): string | undefined {
  let unknown = false;
  const withVariables = path.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
    const value = process.env[name];
    if (value === undefined) unknown = true;
    return value ?? '';
  });
  const expanded = withVariables.replace(/%(.?)/g, (_, letter: string) => {
    const value = tokenValue(letter, tokens);
    if (value === undefined) unknown = true;
    return value ?? '';
  });
  if (unknown) return undefined;
  if (expanded === '~') return home();
  if (expanded.startsWith('~/')) return join(home(), expanded.slice(2));
  if (expanded.startsWith('~')) return undefined;
  return isAbsolute(expanded) ? expanded : join(process.cwd(), expanded);
}

function tokenValue(letter: string, tokens: Tokens): string | undefined {
  switch (letter) {
    case '%':
      return '%';
    case 'd':
      return home();
    case 'h':
      return tokens.host;
    case 'n':
      return tokens.name;
    case 'p':
      return String(tokens.port);
    case 'r':
      return tokens.user;
    case 'k':
      return tokens.hostKeyAlias ?? tokens.name;
    case 'j':
      return tokens.proxyJump ?? '';
    case 'l':
      return hostname();
    case 'L':
      return hostname().split('.')[0];
    case 'u':
      return localName();
    case 'i':
      return process.getuid === undefined ? undefined : String(process.getuid());
    case 'C':
      return createHash('sha1')
        .update(`${hostname()}${tokens.host}${tokens.port}${tokens.user}${tokens.proxyJump ?? ''}`)
        .digest('hex');
    default:
      return undefined;
  }
}

function localName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}
