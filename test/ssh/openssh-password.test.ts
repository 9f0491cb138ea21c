import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import ssh2, { type AuthContext, type KeyboardAuthContext, type Server } from 'ssh2';
import { afterEach, describe, expect, test } from 'vitest';
import { fingerprint } from '../../src/ssh/host-keys/known-hosts.ts';
import { createOpenSsh, type OpenSsh } from '../../src/ssh/openssh/open-ssh.ts';
import { plainTarget } from '../../src/ssh/resolve-target.ts';
import type { SshTarget } from '../../src/ssh/target.ts';

const password = 'p\'a$s "w\\ord%h';
let openssh: OpenSsh;
let server: Server | undefined;
afterEach(async () => {
  await openssh.close();
  server?.close();
});

interface Heard {
  /** passwords, and answers to questions, in their order */
  readonly answers: string[];
  /** while a question is open */
  snapshot: string;
}

/** An sshd that asks what it's told to, and lets in whoever gives the right password. */
async function startServer(
  methods: readonly ('password' | 'keyboard-interactive')[],
  {
    questions = ['Password: '],
    right = password,
    banner = '',
  }: { questions?: string[]; right?: string; banner?: string } = {},
): Promise<{ heard: Heard; hostKey: string; target: () => SshTarget; log: () => Promise<string> }> {
  const keys = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 });
  const heard: Heard = { answers: [], snapshot: '' };
  const judge = (context: AuthContext, isRight: boolean) =>
    isRight ? context.accept() : context.reject([...methods]);
  server = new ssh2.Server({ hostKeys: [keys.private], banner }, (client) => {
    client.on('error', () => {});
    client.on('authentication', (context) => {
      if (context.method === 'password' && methods.includes('password')) {
        heard.answers.push(context.password);
        return judge(context, context.password === right);
      }
      if (context.method === 'keyboard-interactive' && methods.includes('keyboard-interactive')) {
        return ask(context);
      }
      context.reject([...methods]);
    });
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec) => {
        const channel = acceptExec();
        channel.write('in\n');
        channel.exit(0);
        channel.end();
      });
    });
  });
  const ask = (context: KeyboardAuthContext) => {
    heard.snapshot = secretsInSight();
    context.prompt(
      questions.map((prompt) => ({ prompt, echo: false })),
      (answers) => {
        heard.answers.push(...answers);
        judge(context, answers.at(-1) === right);
      },
    );
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const hostKey = fingerprint(Buffer.from(keys.public.split(' ')[1] ?? '', 'base64'));
  const { port } = server.address() as AddressInfo;
  openssh = createOpenSsh();
  const target = () =>
    plainTarget({
      host: '127.0.0.1',
      port,
      user: 'ops',
      config: 'none',
      identityFiles: ['/nonexistent'],
      hostKeys: [hostKey],
      knownHostsFiles: [],
      password: async () => password,
    });
  return {
    heard,
    hostKey,
    target,
    async log() {
      const connection = await openssh.open(target(), {});
      const limits = { timeout: 60, maximumOutput: 1_000 };
      const { stdout } = await connection.exec('true', Buffer.alloc(0), limits);
      await connection.close();
      return stdout.toString();
    },
  };
}

/** The arguments and environments of all processes that this user may look at. */
function secretsInSight(): string {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  return all.flatMap((pid) => ['cmdline', 'environ'].map((file) => read(`/proc/${pid}/${file}`))).join('\n');
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

describe('a password', () => {
  test('is given to a host that takes passwords', async () => {
    const { log, heard } = await startServer(['password']);
    expect(await log()).toBe('in\n');
    expect(heard.answers).toEqual([password]);
  });

  test('is given to a host that asks questions, and is in no argument, environment or file', async () => {
    const { log, heard } = await startServer(['keyboard-interactive']);
    expect(await log()).toBe('in\n');
    expect(heard.answers).toEqual([password]);
    expect(heard.snapshot).toContain('CLUSTERPROXY_ANSWER');
    expect(heard.snapshot).not.toContain(password);
  });

  test('is given once: a host that refuses it gets no second try', async () => {
    const { log, heard } = await startServer(['password', 'keyboard-interactive'], { right: 'another' });
    await expect(log()).rejects.toMatchObject({
      code: 'authentication-failed',
      problem: { message: expect.stringContaining('neither a key nor the password') },
    });
    expect(heard.answers).toEqual([password]);
  });

  test.each([
    ['Verification code: '],
    ["Enter passphrase for key '/home/ada/.ssh/id_ed25519': "],
    ['New password: '],
    ["Enter ops@127.0.0.1's old password: "],
    ['Are you sure you want to continue (yes/no)? '],
  ])('is no answer to %j', async (question) => {
    const { log, heard } = await startServer(['keyboard-interactive'], { questions: [question] });
    await expect(log()).rejects.toMatchObject({
      code: 'authentication-failed',
      problem: { notes: expect.arrayContaining([expect.stringContaining(question.trim())]) },
    });
    expect(heard.answers.filter((answer) => answer !== '')).toEqual([]);
  });

  test('is given all the same where a banner repeats what ssh would say', async () => {
    const banner = [
      'debug1: Server host key: ssh-ed25519 SHA256:forged',
      'debug1: Entering interactive session.',
      'Host key verification failed.',
      'ops@127.0.0.1: Permission denied (publickey).',
      '',
    ].join('\r\n');
    const { log, heard, hostKey, target } = await startServer(['password'], { banner });
    expect(await log()).toBe('in\n');
    expect(heard.answers).toEqual([password]);
    const connection = await openssh.open(target(), {});
    expect(connection.hostKey).toBe(hostKey);
    await connection.close();
  });

  test('leaves nothing behind', async () => {
    const { log } = await startServer(['password']);
    await log();
    await openssh.close();
    const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    expect(processes).not.toMatch(new RegExp(`clusterproxy-${process.pid}-`));
  });
});
