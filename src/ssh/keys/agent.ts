import net from 'node:net';
import ssh2, {
  type IdentityCallback,
  type ParsedKey,
  type SignCallback,
  type SigningRequestOptions,
} from 'ssh2';
import { heard } from '../../secrets/showable.ts';
import { keyType } from '../host-keys/known-hosts.ts';
import { WireReader } from './wire.ts';

/** A public key whose private half an agent holds. */
export interface AgentKey {
  /** `ssh-ed25519`, `sk-ssh-ed25519@openssh.com`, `ssh-ed25519-cert-v01@openssh.com`, … */
  readonly type: string;
  readonly blob: Buffer;
  readonly comment: string;
}

/** Message numbers of the agent protocol (draft-ietf-sshm-ssh-agent). */
const requestIdentities = 11;
const identitiesAnswer = 12;

/** An agent on another machine may be gone without notice. Milliseconds. */
const patience = 3_000;
const longestAnswer = 1 << 20;

/**
 * The keys that an agent holds, including those that ssh2 can't use. Rejects with an Error if the agent can't
 * be asked.
 */
export function listAgentKeys(socketPath: string): Promise<readonly AgentKey[]> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath);
    let answer = Buffer.alloc(0);
    const end = (error: Error | undefined, keys: readonly AgentKey[] = []) => {
      clearTimeout(deadline);
      socket.destroy();
      if (error === undefined) resolve(keys);
      else reject(error);
    };
    const deadline = setTimeout(() => end(new Error('no answer')), patience);
    socket.on('error', (error) => end(error));
    socket.on('close', () => end(new Error('it closed the connection')));
    socket.on('data', (chunk) => {
      answer = Buffer.concat([answer, chunk]);
      if (answer.length < 4) return;
      const length = answer.readUInt32BE(0);
      if (length > longestAnswer) return end(new Error('its answer is not that of an agent'));
      if (answer.length < 4 + length) return;
      const keys = parseIdentities(answer.subarray(4, 4 + length));
      end(keys === undefined ? new Error('its answer is not that of an agent') : undefined, keys);
    });
    socket.write(Buffer.from([0, 0, 0, 1, requestIdentities]));
  });
}

function parseIdentities(answer: Buffer): readonly AgentKey[] | undefined {
  if (answer[0] !== identitiesAnswer) return undefined;
  const reader = new WireReader(answer.subarray(1));
  const count = reader.uint32() ?? 0;
  const keys: AgentKey[] = [];
  for (let index = 0; index < count; index++) {
    const blob = reader.string();
    const comment = reader.string();
    if (blob === undefined || comment === undefined) return undefined;
    keys.push({ type: keyType(blob), blob: Buffer.from(blob), comment: comment.toString() });
  }
  return keys;
}

/** Selected keys of an agent, for ssh2 to log in with. */
export class KeysOfAgent extends ssh2.BaseAgent<ParsedKey> {
  readonly #keys: readonly AgentKey[];
  readonly #agent: InstanceType<typeof ssh2.OpenSSHAgent>;
  readonly #refused: (words: string) => void;

  constructor(socket: string, keys: readonly AgentKey[], refused: (words: string) => void) {
    super();
    this.#keys = keys;
    this.#agent = new ssh2.OpenSSHAgent(socket);
    this.#refused = refused;
  }

  override getIdentities(callback: IdentityCallback<ParsedKey>): void {
    const parsed = this.#keys.map(({ blob }) => ssh2.utils.parseKey(blob));
    callback(
      null,
      parsed.filter((key): key is ParsedKey => !(key instanceof Error)),
    );
  }

  /**
   * ssh2 treats an agent's refusal to sign as a connection error, which ends the attempt although another key
   * may be accepted. The server refuses an invalid signature, and the next key is tried.
   */
  override sign(
    publicKey: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    const answer = typeof options === 'function' ? options : callback;
    const done: SignCallback = (error, signature) => {
      if (error === null || error === undefined) return answer?.(null, signature);
      this.#refused(
        `the agent did not sign with ${publicKey.type} ${heard(publicKey.comment)}: ${heard(error.message)}`,
      );
      answer?.(null, Buffer.alloc(64));
    };
    if (typeof options === 'function') this.#agent.sign(publicKey, data, done);
    else this.#agent.sign(publicKey, data, options, done);
  }
}
