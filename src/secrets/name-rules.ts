/**
 * What a name says about its value: it is a secret whatever it looks like, it is a secret unless it is
 * clearly a setting, or it isn't a secret.
 */
export type Secrecy = 'always' | 'unless-plain' | 'none';

/** A key's name in any notation (`securitySalt`, `HASURA_GRAPHQL_ADMIN_SECRET`, `redis.password`). */
export interface KeyName {
  /** `redis.passwordFile2` → redis, password, file */
  readonly words: readonly string[];
  /** the words without anything between them */
  readonly joined: string;
}

export interface NameRule {
  readonly id: string;
  readonly says: Secrecy;
  readonly matches: (name: KeyName) => boolean;
}

const secretWords =
  /(?:secret|passw(?:or)?d|passwort|passphrase|passcode|securitysalt|(?:private|encryption|signing|master|secret|shared|server)key|masterauth|requirepass)/;
const endsInSecretWord = new RegExp(`${secretWords.source}(?:s|es|key|keybase|value|base|hash|text)?$`);
/** Whole words only, since they mean something else as part of another word. */
const secretWholeWords: ReadonlySet<string> = new Set(['pass', 'pwd', 'salt', 'passwds', 'psk', 'pin']);
const tokenWords = /(?:token|apikey|accesskey|authkey|authorization|credential|jwt|streamkey)/;
const settings: ReadonlySet<string> = new Set(
  'file path dir directory timeout ttl length expiry minutes seconds'.split(' '),
);
const namedKeys: ReadonlySet<string> = new Set(['keys', 'livekitkeys']);
const upstream = /^(?:proxy|fastcgi|uwsgi|scgi|grpc|memcached)pass$/;
const verb =
  /^(?:allow|require|enable|disable|use|has|is|show|hide|need|ask|force|max(?:imum)?|min(?:imum)?|validate|check)(?:e?[sd]|ing)?$/;
/** Where nothing separates the words, short verbs are the beginning of other words: `user`, `hasura`. */
const joinedVerb = /^(?:allow|require(?!pass$)|enable|disable|validate)/;

const beginsWithVerb = ({ words, joined }: KeyName) =>
  words.length === 1 ? joinedVerb.test(joined) : verb.test(words[0] ?? '');
const lastOf = ({ words }: KeyName) => words.at(-1) ?? '';

/**
 * How the secrecy of a value is guessed from its key's name, the first match deciding. If the telling word
 * ends the name, the value *is* the secret, even if it is a number; if it only occurs within the name,
 * numbers and booleans are settings. A name that matches no row isn't a secret's.
 */
export const nameRules = [
  {
    // nginx directives that end in `pass` name a server.
    id: 'server-of-nginx',
    says: 'none',
    matches: ({ joined }) => upstream.test(joined),
  },
  {
    // LiveKit's map of API keys to their secrets (livekit.yaml, environment).
    id: 'keys-of-livekit',
    says: 'unless-plain',
    matches: ({ joined }) => namedKeys.has(joined),
  },
  {
    // The value is a secret's place or lifetime: `passwordFile`, `tokenTimeout`.
    id: 'place-or-lifetime',
    says: 'none',
    matches: (name) => settings.has(lastOf(name)),
  },
  {
    id: 'whole-word',
    says: 'always',
    matches: (name) => secretWholeWords.has(lastOf(name)) && !beginsWithVerb(name),
  },
  {
    // `requirePassword: true` says that there is a password, not what it is.
    id: 'verb-with-secret-word',
    says: 'unless-plain',
    matches: (name) => endsInSecretWord.test(name.joined) && beginsWithVerb(name),
  },
  {
    id: 'ends-in-secret-word',
    says: 'always',
    matches: ({ joined }) => endsInSecretWord.test(joined),
  },
  {
    // `passwordMinLength=12`
    id: 'secret-word-within',
    says: 'unless-plain',
    matches: ({ words, joined }) =>
      secretWords.test(joined) || words.some((word) => secretWholeWords.has(word)),
  },
  {
    // `sessionTokenTimeout=30`
    id: 'token',
    says: 'unless-plain',
    matches: ({ joined }) => tokenWords.test(joined),
  },
] as const satisfies readonly NameRule[];

/** The rule that decides about a key's name; undefined: it isn't a secret's name. */
export function nameRule(name: string): (typeof nameRules)[number] | undefined {
  const words = wordsOf(name);
  const key = { words, joined: words.join('') };
  return nameRules.find((rule) => rule.matches(key));
}

/** What a key's name says about its value. */
export function secrecyOf(name: string): Secrecy {
  return nameRule(name)?.says ?? 'none';
}

function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '');
}
