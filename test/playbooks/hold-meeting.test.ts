import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { guardProgram } from '../support/guard-program.ts';

/** What the program that holds a meeting says when the API answers anything. */

const secret = 'Zx81SaltOfThisNode0123456789abcdef';
const settings = '/etc/bigbluebutton/bbb-web.properties';
let root: string;
let server: Server;
let answer = '';
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hold-meeting-'));
  mkdirSync(join(root, 'etc/bigbluebutton'), { recursive: true });
  writeFileSync(join(root, settings), `securitySalt=${secret}\n`);
  server = createServer((_, response) => response.end(answer));
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
});
afterAll(() => {
  server.close();
  rmSync(root, { recursive: true, force: true });
});

function hold(): Promise<string> {
  const library = readFileSync(join(packageRoot(), 'src/host/remote/library.sh'), 'utf8');
  const program = `${library}\nsleep() { :; }\n${guardProgram('bbb-hold-meeting.sh')}`;
  const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}/bigbluebutton/api`;
  const args = [api, 'https://bbb-01.example.com/bigbluebutton/api', settings];
  const child = spawn('sh', ['-c', program, 'meeting', ...args], {
    env: { PATH: process.env.PATH, CLUSTERPROXY_ROOT: root },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    output += part;
  });
  return new Promise((done) => {
    child.on('close', () => done(output));
  });
}

describe('an API that creates no meeting', () => {
  it('is quoted by its key', async () => {
    answer =
      '<response><returncode>FAILED</returncode><messageKey>checksumError</messageKey><message>x</message></response>';
    expect(await hold()).toBe(
      'failed\u001fthe API did not create it: checksumError\nleft\u001fthe API did not end it: checksumError\n',
    );
  });

  it.each([
    ['the secret', `<messageKey>${secret}</messageKey>`],
    ['control characters', '<messageKey>\u001b]0;x\u0007\u001fended\n</messageKey>'],
    ['anything else', '<messageKey>a $(id) %s \\033</messageKey>'],
    ['nothing', '<messageKey></messageKey>'],
    ['no key at all', `<html>${secret}`],
  ])('is not quoted where it says %s', async (_, said) => {
    answer = said;
    const why = 'an answer that can not be understood';
    expect(await hold()).toBe(
      `failed\u001fthe API did not create it: ${why}\nleft\u001fthe API did not end it: ${why}\n`,
    );
  });
});
