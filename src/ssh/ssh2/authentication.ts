import type { AuthenticationType, AuthHandlerMiddleware, Prompt } from 'ssh2';
import type { Tried } from '../connect-problems.ts';
import { type AgentKey, KeysOfAgent } from '../keys/agent.ts';
import type { KeyFile, Keyring } from '../keys/keyring.ts';
import type { SshTarget } from '../target.ts';

/** The ways to log in that this machine has, in the order in which they are tried. */
export interface Credentials extends Tried {
  readonly handler: AuthHandlerMiddleware;
}

/**
 * As ssh(1) orders them, but for one thing: keys of the agent that belong to an identity file, identity files
 * that are named, the agent's other keys (a server lets one try six or so), identity files that merely lie
 * where ssh looks; then the password. Nothing else is tried: without an own handler ssh2 asks with the method
 * "none" first, which costs a round trip on every connection.
 */
export async function credentialsFor(target: SshTarget, keyring: Keyring): Promise<Credentials> {
  const tried: string[] = [];
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
  return { handler: handlerFor(target, candidates, tried), tried, locked, any: candidates.length > 0 };
}

type Method = Parameters<Parameters<AuthHandlerMiddleware>[2]>[0];

interface Candidate {
  readonly type: 'publickey' | 'password' | 'keyboard-interactive';
  /** what is said of it when the server refuses it; undefined: it speaks for itself */
  readonly name: string | undefined;
  readonly method: object;
}

/** Hands ssh2 one way after the other: those that the server said it takes, as soon as it has said so. */
function handlerFor(
  target: SshTarget,
  candidates: readonly Candidate[],
  tried: string[],
): AuthHandlerMiddleware {
  const waiting = [...candidates];
  let isFirst = true;
  let last: Candidate | undefined;
  return (left, partial, callback) => {
    const answer = (method: object | false) => callback(method as Method);
    // With keys the server's answer tells what it takes; a password isn't sent before that is known.
    if (isFirst && waiting[0]?.type !== 'publickey' && waiting.length > 0) {
      isFirst = false;
      return answer({ type: 'none', username: target.user });
    }
    isFirst = false;
    if (last?.name !== undefined) {
      tried.push(
        `${last.name}: ${partial === true ? 'accepted, but more is asked for' : 'refused by the server'}`,
      );
    }
    last = undefined;
    while (waiting.length > 0) {
      const next = waiting.shift();
      if (next === undefined || (left && !left.includes(next.type as AuthenticationType))) continue;
      // The same password twice could lock the account.
      if (next.type === 'password') remove(waiting, 'keyboard-interactive');
      last = next;
      return answer(next.method);
    }
    if (left !== null) tried.push(`the server takes: ${left.join(', ')}`);
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
    if (file.kind === 'missing' && target.identitiesNamed) tried.push(`${path}: there is no such file`);
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
    tried.push(`agent: can't be asked (${keys.message})`);
    return [];
  }
  if (keys.length === 0) tried.push('agent: it holds no keys');
  const usable = keys.filter(({ type }) => usableTypes.has(type));
  for (const key of keys) {
    if (!usable.includes(key)) tried.push(`agent: ${key.type} ${key.comment}: only ssh itself can use it`);
  }
  return usable;
}

/** What ssh2 can log in with. */
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
  // One after the other, so that each can be named when it is refused.
  return keys.map((key) => {
    const agent = new KeysOfAgent(socket, [key], (words) => tried.push(words));
    const name = `agent: ${key.type} ${key.comment}`;
    return { type: 'publickey', name, method: { type: 'agent', username, agent } };
  });
}

function ownKey(
  target: SshTarget,
  file: KeyFile,
  { inAgent, tried }: { readonly inAgent: boolean; readonly tried: string[] },
): readonly Candidate[] {
  // What the agent signs is as good.
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
      return 'only its public half is here, and the agent has not the other one';
    case 'security-key':
      return 'a key on a token, which only ssh itself can use';
    default:
      return file.reason;
  }
}

/** What PAM asks over keyboard-interactive (RFC 4256) is the password in most cases. */
function passwordCandidates(
  { methods, user: username }: SshTarget,
  password: string,
  tried: string[],
): readonly Candidate[] {
  const name = 'ssh.password of the inventory';
  const plain: Candidate = { type: 'password', name, method: { type: 'password', username, password } };
  const prompt = (_name: string, _words: string, _language: string, prompts: Prompt[], finish: Finish) => {
    const answers = prompts.map((one) => (isForPassword(one) ? password : ''));
    for (const one of prompts) {
      if (!isForPassword(one)) tried.push(`the server asks for more than a password: ${one.prompt.trim()}`);
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
