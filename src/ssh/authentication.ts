import { readFile } from 'node:fs/promises';
import ssh2, {
  type AuthHandlerMiddleware,
  type IdentityCallback,
  type ParsedKey,
  type SignCallback,
  type SigningRequestOptions,
} from 'ssh2';
import type { SshTarget } from './target.ts';

/** The ways to log in that this machine has, in the order in which they are tried. */
export interface Credentials {
  readonly handler: AuthHandlerMiddleware;
  /** what was tried and what could not be, one line each, for the message when none was accepted */
  readonly tried: readonly string[];
  /** encrypted keys; they need an agent */
  readonly encrypted: readonly string[];
}

/**
 * Keys named for the host come first, then the agent's, then the usual ones. Nothing else is tried: without an own handler
 * ssh2 asks with the method "none" first, which costs a round trip on every connection.
 */
export async function credentialsFor(target: SshTarget): Promise<Credentials> {
  const named = target.identitiesNamed;
  const files = target.identityFiles;
  const identities = await Promise.all(files.map((file) => readIdentity(file, named)));
  const tried: string[] = [];
  const encrypted: string[] = [];
  const methods: AuthenticationMethod[] = [];
  const keyMethods: AuthenticationMethod[] = [];
  for (const [index, identity] of identities.entries()) {
    const file = files[index] ?? '';
    if (identity.kind === 'encrypted') encrypted.push(file);
    if (identity.kind === 'missing') continue;
    tried.push(`${file}: ${identity.kind === 'key' ? 'refused by the server' : identity.reason}`);
    if (identity.kind === 'key') {
      keyMethods.push({ type: 'publickey', username: target.user, key: identity.content });
    }
  }
  if (target.agent === undefined) {
    tried.push('agent: none (SSH_AUTH_SOCK is not set)');
  } else {
    const agent = new PatientAgent(target.agent, (words) => tried.push(`agent: ${words}`));
    methods.push({ type: 'agent', username: target.user, agent });
  }
  if (named) methods.unshift(...keyMethods);
  else methods.push(...keyMethods);
  let next = 0;
  const handler: AuthHandlerMiddleware = (left, _partial, callback) => {
    // At first the server hasn't said yet what it takes.
    if (left !== null && !left.includes('publickey')) {
      tried.push(`the server takes ${left.join(', ')} only`);
      return callback(false as never);
    }
    callback((methods[next++] ?? false) as never);
  };
  return { handler, tried, encrypted };
}

type AuthenticationMethod =
  | { type: 'publickey'; username: string; key: Buffer }
  | { type: 'agent'; username: string; agent: PatientAgent };

type Identity =
  | { readonly kind: 'key'; readonly content: Buffer }
  | { readonly kind: 'encrypted' | 'unusable'; readonly reason: string }
  | { readonly kind: 'missing' };

async function readIdentity(file: string, named: boolean): Promise<Identity> {
  let content: Buffer;
  try {
    content = await readFile(file);
  } catch (error) {
    if (!named) return { kind: 'missing' };
    const code = (error as NodeJS.ErrnoException).code;
    return {
      kind: 'unusable',
      reason: code === 'ENOENT' ? 'there is no such file' : `not readable (${code})`,
    };
  }
  const key = ssh2.utils.parseKey(content);
  if (key instanceof Error) {
    if (/encrypted/i.test(key.message)) {
      return { kind: 'encrypted', reason: 'encrypted; keys with a passphrase are used through an agent' };
    }
    return { kind: 'unusable', reason: `no key that can be used (${key.message})` };
  }
  if (!key.isPrivateKey()) return { kind: 'unusable', reason: 'a public key; name the private one' };
  return { kind: 'key', content };
}

/**
 * An agent that can't be asked has no keys. ssh2 would report it as an error of the connection, which ends the attempt
 * although a key file may still be accepted.
 */
class PatientAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #agent: InstanceType<typeof ssh2.OpenSSHAgent>;
  readonly #report: (words: string) => void;

  constructor(socket: string, report: (words: string) => void) {
    super();
    this.#agent = new ssh2.OpenSSHAgent(socket);
    this.#report = report;
  }

  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    this.#agent.getIdentities((error, keys) => {
      const count = error ? 0 : (keys?.length ?? 0);
      this.#report(error ? `can't be asked (${error.message})` : `${count} keys, none accepted`);
      callback(null, error ? [] : (keys ?? []));
    });
  }

  override sign(
    publicKey: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    if (typeof options === 'function') this.#agent.sign(publicKey, data, options);
    else this.#agent.sign(publicKey, data, options, callback);
  }
}
