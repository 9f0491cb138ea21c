import type { AuthenticationType, AuthHandlerMiddleware, Prompt } from 'ssh2';
import { heard } from '../../secrets/showable.ts';
import { acceptedButMore, refusedByServer, type Tried } from '../connect-problems.ts';
import { type AgentKey, KeysOfAgent } from '../keys/agent.ts';
import type { KeyFile, Keyring } from '../keys/keyring.ts';
import type { SshTarget } from '../target.ts';

/** The ways in which this machine can log in, in the order in which they are tried. */
export interface Credentials extends Tried {
  readonly handler: AuthHandlerMiddleware;
}

/**
 * In the order of ssh(1), with one exception: agent keys that belong to an identity file, named identity
 * files, the agent's other keys (a server usually allows about six attempts), identity files in ssh's default
 * places; then the password. Nothing else is tried: without its own handler, ssh2 first tries the method
 * "none", which costs a round trip on every connection.
 */
export async function credentialsFor(target: SshTarget, keyring: Keyring): Promise<Credentials> {
  const tried: string[] = [];
  const answers: Answers = { accepted: false, left: [] };
  const candidates: Candidate[] = [];
  let locked: readonly string[] = [];
  if (target.methods.has('publickey')) {
    const files = await identities(target, keyring, tried);
    const agentKeys = await keysOfAgent(target, keyring, tried);
    const isIn = (keys: readonly AgentKey[], file: KeyFile) =>
      file.publicKey !== undefined && keys.some(({ blob }) => file.publicKey?.equals(blob) === true);
    const matching = agentKeys.filter((key) => files.some((file) => isIn([key], file)));
    const others = target.identitiesOnly ? [] : agentKeys.filter((key) => !matching.includes(key));
    const own = files.flatMap((file) => ownKey(target, file, { inAgent: isIn(agentKeys, file), tried }));
    locked = files
      .filter((file) => file.kind === 'encrypted' && !isIn(agentKeys, file))
      .map(({ file }) => file);
    const agent = (keys: readonly AgentKey[]) => agentCandidate(target, keys, tried);
    candidates.push(
      ...agent(matching),
      ...(target.identitiesNamed ? own : []),
      ...agent(others),
      ...(target.identitiesNamed ? [] : own),
    );
  }
  const password = await target.password?.();
  if (password !== undefined) candidates.push(...passwordCandidates(target, password, tried));
  const handler = handlerFor(target, candidates, { tried, answers });
  return {
    ...{ handler, tried, locked, any: candidates.length > 0 },
    get accepted() {
      return answers.accepted;
    },
    get left() {
      return answers.left;
    },
  };
}

type Method = Parameters<Parameters<AuthHandlerMiddleware>[2]>[0];

interface Candidate {
  readonly type: 'publickey' | 'password' | 'keyboard-interactive';
  /** what to say if the server refuses it; undefined: the refusal needs no explanation */
  readonly name: string | undefined;
  readonly method: object;
}

/** What the server has answered so far. */
interface Answers {
  accepted: boolean;
  left: readonly string[];
}

/** Hands ssh2 one way after the other, limited to those that the server accepts as soon as that is known. */
function handlerFor(
  target: SshTarget,
  candidates: readonly Candidate[],
  { tried, answers }: { readonly tried: string[]; readonly answers: Answers },
): AuthHandlerMiddleware {
  const waiting = [...candidates];
  let isFirst = true;
  let last: Candidate | undefined;
  return (left, partial, callback) => {
    const answer = (method: object | false) => callback(method as Method);
    // With keys, the server's answer tells which methods it accepts; a password isn't sent before that is
    // known.
    if (isFirst && waiting[0]?.type !== 'publickey' && waiting.length > 0) {
      isFirst = false;
      return answer({ type: 'none', username: target.user });
    }
    isFirst = false;
    if (partial === true) answers.accepted = true;
    if (left) answers.left = left;
    if (last?.name !== undefined) {
      tried.push(`${last.name}: ${partial === true ? acceptedButMore : refusedByServer}`);
    }
    last = undefined;
    while (waiting.length > 0) {
      const next = waiting.shift();
      if (next === undefined || (left && !left.includes(next.type as AuthenticationType))) continue;
      // Sending the same password twice could lock the account.
      if (next.type === 'password') remove(waiting, 'keyboard-interactive');
      last = next;
      return answer(next.method);
    }
    if (left !== null) tried.push(`the server accepts: ${left.join(', ')}`);
    answer(false);
  };
}

function remove(candidates: Candidate[], type: Candidate['type']): void {
  for (const one of candidates.filter((candidate) => candidate.type === type)) {
    candidates.splice(candidates.indexOf(one), 1);
  }
}

async function identities(target: SshTarget, keyring: Keyring, tried: string[]): Promise<readonly KeyFile[]> {
  const found: KeyFile[] = [];
  for (const path of target.identityFiles) {
    let file = await keyring.file(path);
    if (file.kind === 'encrypted' && target.passphrase !== undefined) {
      const failure = await keyring.unlock(path, target.passphrase);
      if (failure !== undefined) tried.push(`${path}: ${failure}`);
      file = await keyring.file(path);
    }
    if (file.kind === 'missing' && target.identitiesNamed) tried.push(`${path}: no such file`);
    found.push(file);
  }
  return found;
}

async function keysOfAgent(
  target: SshTarget,
  keyring: Keyring,
  tried: string[],
): Promise<readonly AgentKey[]> {
  if (target.agent === undefined) {
    tried.push('agent: none (SSH_AUTH_SOCK is not set)');
    return [];
  }
  const keys = await keyring.agentKeys(target.agent);
  if (keys instanceof Error) {
    tried.push(`agent: not usable (${heard(keys.message)})`);
    return [];
  }
  if (keys.length === 0) tried.push('agent: it holds no keys');
  const usable = keys.filter(({ type }) => usableTypes.has(type));
  for (const key of keys) {
    if (!usable.includes(key))
      tried.push(`agent: ${key.type} ${heard(key.comment)}: only ssh itself can use it`);
  }
  return usable;
}

/** Key types that ssh2 can log in with. */
const usableTypes = new Set([
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
]);

function agentCandidate(
  { agent: socket, user: username }: SshTarget,
  keys: readonly AgentKey[],
  tried: string[],
): readonly Candidate[] {
  if (socket === undefined) return [];
  // One after the other, so that each can be named if it is refused.
  return keys.map((key) => {
    const agent = new KeysOfAgent(socket, [key], (words) => tried.push(words));
    const name = `agent: ${key.type} ${heard(key.comment)}`;
    return { type: 'publickey', name, method: { type: 'agent', username, agent } };
  });
}

function ownKey(
  target: SshTarget,
  file: KeyFile,
  { inAgent, tried }: { readonly inAgent: boolean; readonly tried: string[] },
): readonly Candidate[] {
  // A signature by the agent is just as good.
  if (inAgent) return [];
  if (file.key !== undefined) {
    const method = { type: 'publickey', username: target.user, key: file.key };
    return [{ type: 'publickey', name: file.file, method }];
  }
  const words = whyNot(file);
  if (words !== undefined) tried.push(`${file.file}: ${words}`);
  return [];
}

function whyNot(file: KeyFile): string | undefined {
  switch (file.kind) {
    case 'encrypted':
      return 'encrypted';
    case 'public':
      return 'only its public half is here, and the agent does not have the private half';
    case 'security-key':
      return 'a key on a token, which only ssh itself can use';
    default:
      return file.reason;
  }
}

/** What PAM asks for over keyboard-interactive (RFC 4256) is usually the password. */
function passwordCandidates(
  { methods, user: username }: SshTarget,
  password: string,
  tried: string[],
): readonly Candidate[] {
  const name = 'ssh.password from the inventory';
  const plain: Candidate = { type: 'password', name, method: { type: 'password', username, password } };
  const prompt = (_name: string, _words: string, _language: string, prompts: Prompt[], finish: Finish) => {
    const answers = prompts.map((one) => (isForPassword(one) ? password : ''));
    for (const one of prompts) {
      if (!isForPassword(one))
        tried.push(`the server asks for more than a password: ${heard(one.prompt.trim())}`);
    }
    finish(answers);
  };
  const method = { type: 'keyboard-interactive', username, prompt };
  const interactive: Candidate = { type: 'keyboard-interactive', name, method };
  return [plain, interactive].filter(({ type }) => methods.has(type));
}

type Finish = (answers: string[]) => void;

function isForPassword({ echo, prompt }: Prompt): boolean {
  return echo !== true && !/verification|code|token|otp|one-time|passcode/i.test(prompt);
}
