import type { AuthenticationMethod } from '../target.ts';

/**
 * What ssh(1) would do for a host: its configuration with every Host, Match and Include resolved, as `ssh -G`
 * prints it. Paths are unchanged: expand.ts expands `~` and tokens. Undefined means not set.
 */
export interface ClientConfig {
  readonly hostname: string | undefined;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly addressFamily: 'any' | 'inet' | 'inet6';
  readonly bindAddress: string | undefined;
  /** comma-separated hops; undefined if there are none */
  readonly proxyJump: string | undefined;
  readonly proxyCommand: string | undefined;
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** path, `none`, `SSH_AUTH_SOCK` or `$VARIABLE` */
  readonly identityAgent: string | undefined;
  readonly certificateFiles: readonly string[];
  readonly methods: ReadonlySet<AuthenticationMethod>;
  readonly hostKeyAlias: string | undefined;
  readonly userKnownHostsFiles: readonly string[];
  readonly globalKnownHostsFiles: readonly string[];
  /** seconds */
  readonly connectTimeout: number | undefined;
  /** seconds; undefined: off */
  readonly serverAliveInterval: number | undefined;
  readonly serverAliveCountMax: number | undefined;
  /** options that are set but that ssh2 doesn't support, by their names in ssh_config(5) */
  readonly foreign: readonly string[];
}

/**
 * Parses the output of `ssh -G`: each line is a lower-case keyword and its value. Unknown keywords are
 * ignored, as other versions have other ones.
 */
export function parseClientConfig(text: string): ClientConfig {
  const values = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const blank = line.indexOf(' ');
    if (blank <= 0) continue;
    const keyword = line.slice(0, blank).toLowerCase();
    const before = values.get(keyword);
    const value = line.slice(blank + 1).trim();
    if (before === undefined) values.set(keyword, [value]);
    else before.push(value);
  }
  const all = (keyword: string) => (values.get(keyword) ?? []).filter((value) => value !== 'none');
  const one = (keyword: string) => all(keyword)[0];
  const isOn = (keyword: string) => ['yes', 'true'].includes(one(keyword) ?? '');
  const count = (keyword: string) => positive(one(keyword));
  const family = one('addressfamily');
  return {
    hostname: one('hostname'),
    port: count('port'),
    user: one('user'),
    addressFamily: family === 'inet' || family === 'inet6' ? family : 'any',
    bindAddress: one('bindaddress'),
    proxyJump: one('proxyjump'),
    proxyCommand: one('proxycommand'),
    identityFiles: values.get('identityfile') ?? [],
    identitiesOnly: isOn('identitiesonly'),
    identityAgent: values.get('identityagent')?.[0],
    certificateFiles: all('certificatefile'),
    methods: methodsOf(values),
    hostKeyAlias: one('hostkeyalias'),
    userKnownHostsFiles: filesOf(values.get('userknownhostsfile')?.[0]),
    globalKnownHostsFiles: filesOf(values.get('globalknownhostsfile')?.[0]),
    connectTimeout: count('connecttimeout'),
    serverAliveInterval: count('serveraliveinterval'),
    serverAliveCountMax: count('serveralivecountmax'),
    foreign: foreignOptions.filter((option) => one(option.toLowerCase()) !== undefined),
  };
}

/** Each of these changes whom to trust or how to log in, in a way that only OpenSSH itself can follow. */
const foreignOptions = ['PKCS11Provider', 'KnownHostsCommand', 'RevokedHostKeys', 'BindInterface'];

/** Keywords of `ssh -G` by method; hostbased and gssapi are our own names for methods that ssh2 lacks. */
const methodKeywords: readonly (readonly [string, AuthenticationMethod])[] = [
  ['pubkeyauthentication', 'publickey'],
  ['passwordauthentication', 'password'],
  ['kbdinteractiveauthentication', 'keyboard-interactive'],
  ['gssapiauthentication', 'gssapi'],
  ['hostbasedauthentication', 'hostbased'],
];

/** Names of methods as in PreferredAuthentications. */
const preferredNames: Readonly<Record<string, AuthenticationMethod>> = {
  publickey: 'publickey',
  password: 'password',
  'keyboard-interactive': 'keyboard-interactive',
  'gssapi-with-mic': 'gssapi',
  'gssapi-keyex': 'gssapi',
  hostbased: 'hostbased',
};

function methodsOf(values: ReadonlyMap<string, readonly string[]>): ReadonlySet<AuthenticationMethod> {
  const preferred = values.get('preferredauthentications')?.[0];
  const wanted = preferred?.split(',').map((name) => preferredNames[name.trim()]);
  return new Set(
    methodKeywords.flatMap(([keyword, method]) => {
      // `pubkeyauthentication` can also be `unbound` or `host-bound`.
      const isAllowed = (values.get(keyword)?.[0] ?? 'no') !== 'no' && values.get(keyword)?.[0] !== 'false';
      return isAllowed && (wanted === undefined || wanted.includes(method)) ? [method] : [];
    }),
  );
}

/**
 * ssh prints several names separated by spaces, without quotes: a part that begins with neither `/` nor `~`
 * continues the previous name.
 */
function filesOf(value: string | undefined): readonly string[] {
  if (value === undefined || value === 'none') return [];
  return value.split(/ (?=[/~$%])/);
}

function positive(value: string | undefined): number | undefined {
  const number = Number(value);
  return Number.isInteger(number) && number > 0 ? number : undefined;
}
