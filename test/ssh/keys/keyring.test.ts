import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listAgentKeys } from '../../../src/ssh/keys/agent.ts';
import { createKeyring } from '../../../src/ssh/keys/keyring.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-keys-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** With one round of bcrypt: how long a passphrase takes to try is not what is tested. */
function key(name: string, ...args: string[]): string {
  const file = join(folder, name);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-a', '1', '-N', '', '-C', name, '-f', file, ...args]);
  return file;
}

describe('what is in a file', () => {
  test.each([
    ['private', []],
    ['encrypted', ['-N', 'words']],
    ['private', ['-t', 'rsa', '-b', '2048', '-m', 'PEM']],
    ['encrypted', ['-t', 'ecdsa', '-m', 'PEM', '-N', 'words']],
  ])('%s %j', async (kind, args) => {
    const file = key(`k${Math.random()}`, ...args);
    expect(await createKeyring().file(file)).toMatchObject({ file, kind, isCertified: false });
    expect((await createKeyring().file(file)).publicKey).toBeInstanceOf(Buffer);
  });

  test.each([
    [['-t', 'ed25519'], undefined],
    [['-t', 'ecdsa', '-b', '256'], undefined],
    [['-t', 'ecdsa', '-b', '384'], undefined],
    [['-t', 'ecdsa', '-b', '521'], undefined],
    [['-t', 'rsa', '-b', '2048'], undefined],
    [['-t', 'rsa', '-b', '2048'], 'sha256'],
    [['-t', 'rsa', '-b', '2048', '-m', 'PEM'], 'sha512'],
  ])('a key that signs as ssh2 would by itself: %j %s', async (args, hash) => {
    const file = key(`k${Math.random()}`, ...args);
    const data = Buffer.from('what is signed');
    const { key: own } = await createKeyring().file(file);
    const theirs = ssh2.utils.parseKey(readFileSync(file));
    if (own === undefined || theirs instanceof Error) throw new Error(`${file} can't be read`);
    const signature = own.sign(data, hash);
    expect(signature).toBeInstanceOf(Buffer);
    expect(theirs.verify(data, signature, hash)).toBe(true);
    expect(own.verify(data, theirs.sign(data, hash), hash)).toBe(true);
    expect(theirs.verify(Buffer.from('something else'), signature, hash)).toBe(false);
    expect(own.sign(data, 'no such hash')).toBeInstanceOf(Error);
  });

  test('nothing, or only its public half', async () => {
    expect((await createKeyring().file(join(folder, 'none'))).kind).toBe('missing');
    const file = key('half');
    renameSync(file, `${file}.away`);
    expect((await createKeyring().file(file)).kind).toBe('public');
    expect((await createKeyring().file(`${file}.pub`)).kind).toBe('public');
  });

  test('a certificate beside it', async () => {
    const [authority, file] = [key('authority'), key('certified')];
    execFileSync('ssh-keygen', ['-q', '-s', authority, '-I', 'x', `${file}.pub`]);
    expect(await createKeyring().file(file)).toMatchObject({ kind: 'private', isCertified: true });
  });

  test('a key on a token, by its public half', async () => {
    const file = join(folder, 'token');
    const blob = Buffer.concat(
      ['sk-ssh-ed25519@openssh.com', 'x'.repeat(32), 'ssh:'].map((text) => {
        const length = Buffer.alloc(4);
        length.writeUInt32BE(text.length);
        return Buffer.concat([length, Buffer.from(text)]);
      }),
    );
    writeFileSync(`${file}.pub`, `sk-ssh-ed25519@openssh.com ${blob.toString('base64')} token\n`);
    writeFileSync(file, 'whatever the token needs\n', { mode: 0o600 });
    expect((await createKeyring().file(file)).kind).toBe('security-key');
  });

  test('what is no key, and what others can read, is not used, with the reason', async () => {
    const noise = join(folder, 'noise');
    writeFileSync(noise, 'not a key\n');
    expect(await createKeyring().file(noise)).toMatchObject({ kind: 'unusable', reason: expect.any(String) });
    const open = key('open');
    chmodSync(open, 0o640);
    expect(await createKeyring().file(open)).toMatchObject({
      kind: 'unusable',
      reason: expect.stringContaining(`chmod 600 ${open}`),
    });
  });
});

describe('an encrypted key', () => {
  test('a wrong passphrase of one cluster says nothing about the right one of another', async () => {
    const keyring = createKeyring();
    const file = key('shared', '-N', 'words');
    const given = (words: string) => () => Promise.resolve(words);
    expect(await keyring.unlock(file, given('wrong'))).toContain('does not open it');
    expect(await keyring.unlock(file, given('words'))).toBeUndefined();
    expect(await keyring.file(file)).toMatchObject({ kind: 'private' });
  });

  test('is asked for once, however many want it, one key at a time', async () => {
    const files = [key('one', '-N', 'words'), key('two', '-N', 'words')];
    let asking = 0;
    const asked: string[] = [];
    const keyring = createKeyring(async (file) => {
      expect(++asking).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 20));
      asking--;
      asked.push(file);
      return 'words';
    });
    const all = [...files, ...files, ...files].map((file) => keyring.unlock(file, undefined));
    expect(await Promise.all(all)).toEqual(all.map(() => undefined));
    expect(asked).toEqual(files);
    expect((await keyring.file(files[0] ?? '')).kind).toBe('private');
  });

  test('whose passphrase nobody knows stays closed', async () => {
    const file = key('closed', '-N', 'words');
    expect(await createKeyring().unlock(file, undefined)).toContain('cannot be requested');
    expect(await createKeyring(async () => undefined).unlock(file, undefined)).toContain('no passphrase');
    expect(await createKeyring(async () => 'x').unlock(file, undefined)).toContain('none of the passphrases');
    expect(await createKeyring().unlock(file, async () => 'x')).toContain('from the inventory');
    const failing = createKeyring();
    await expect(failing.unlock(file, () => Promise.reject(new Error('locked vault')))).rejects.toThrow(
      'vault',
    );
  });
});

describe('an agent', () => {
  const serve = async (name: string, answer: (socket: net.Socket) => void) => {
    const path = join(folder, name);
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => answer(socket));
    });
    await new Promise<void>((resolve) => {
      server.listen(path, resolve);
    });
    return { path, close: () => server.close() };
  };

  test.each<[string, (socket: net.Socket) => void]>([
    ['hangs up', (socket) => socket.destroy()],
    ['answers with noise', (socket) => socket.end(Buffer.from('GET / HTTP/1.1\r\n'))],
    ['announces more than can be', (socket) => socket.write(Buffer.from([0x7f, 0xff, 0xff, 0xff, 12]))],
    ['counts more keys than it sends', (socket) => socket.write(Buffer.from([0, 0, 0, 5, 12, 0, 0, 0, 9]))],
    ['refuses', (socket) => socket.write(Buffer.from([0, 0, 0, 1, 5]))],
  ])('that %s is one that can not be asked', async (name, answer) => {
    const agent = await serve(name, answer);
    await expect(listAgentKeys(agent.path)).rejects.toThrow();
    expect(await createKeyring().agentKeys(agent.path)).toBeInstanceOf(Error);
    agent.close();
  });
});
