/** Names whose value must never be shown. */
const secretWords =
  /(?:secret|passw(?:or)?d|passwort|passphrase|passcode|securitysalt|(?:private|encryption|signing|master|secret|shared|server)key|masterauth|requirepass)/;
const endsInSecretWord = new RegExp(`${secretWords.source}(?:s|es|key|keybase|value|base|hash|text)?$`);
/** Whole words only, since they mean something else as part of another word. */
const secretWholeWords: ReadonlySet<string> = new Set(['pass', 'pwd', 'salt', 'passwds']);
/** Names whose value is secret unless it is clearly a setting: `sessionTokenTimeout=30`. */
const tokenWords = /(?:token|apikey|accesskey|authkey|authorization|credential|jwt|streamkey)/;
/** Names with these endings tell a secret's place or lifetime, not the secret. */
const settings: ReadonlySet<string> = new Set(
  'file path dir directory timeout ttl length expiry minutes seconds'.split(' '),
);
/** LiveKit's map of API keys to their secrets (livekit.yaml, environment). */
const namedKeys: ReadonlySet<string> = new Set(['keys', 'livekitkeys']);
/** nginx directives that end in `pass` but name a server. */
const upstream = /^(?:proxy|fastcgi|uwsgi|scgi|grpc|memcached)pass$/;
/** `requirePassword: true` says that there is a password, not what it is. */
const verbs =
  /^(?:allow|require(?!pass$)|enable|disable|use|has|is|show|hide|need|ask|force|max|min|validate|check)/;

/**
 * What a name says about its value: it is a secret whatever it looks like, it is a secret unless it is
 * clearly a setting, or it isn't a secret.
 */
export type Secrecy = 'always' | 'unless-plain' | 'none';

/**
 * Decides from a key's name, in any notation (`securitySalt`, `HASURA_GRAPHQL_ADMIN_SECRET`,
 * `redis.password`), whether its value is a secret. If the telling word ends the name, the value *is* the
 * secret, even if it is a number; if it only occurs within the name (`passwordMinLength`), numbers and
 * booleans are settings.
 */
export function secrecyOf(name: string): Secrecy {
  const words = wordsOf(name);
  const joined = words.join('');
  if (upstream.test(joined)) return 'none';
  if (namedKeys.has(joined)) return 'unless-plain';
  const last = words.at(-1) ?? '';
  if (settings.has(last)) return 'none';
  if (secretWholeWords.has(last) && !verbs.test(joined)) return 'always';
  if (endsInSecretWord.test(joined)) {
    return verbs.test(joined) ? 'unless-plain' : 'always';
  }
  const telling =
    secretWords.test(joined) || tokenWords.test(joined) || words.some((word) => secretWholeWords.has(word));
  return telling ? 'unless-plain' : 'none';
}

/** `redis.passwordFile2` → redis, password, file */
function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '');
}
