import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority } from '../lab/authority.ts';

/**
 * What a node finds out about itself at bbblb. The server answers as bbblb does at e3da5e2
 * (bbblb/web/bbblbapi.py, AuthContext.from_request): PyJWT looks at the signature before the claims.
 */

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const text = ['src/host/remote/library.sh', 'playbooks/files/bbblb-answer.sh']
  .map((file) => readFileSync(join(root, file), 'utf8'))
  .join('\n');

let folder: string;
let address: string;
let authority: string;
let close: () => void;
/** what bbblb has, by domain */
const servers = new Map<string, string>();
let domain = 'localhost';
let instead: { readonly status: number; readonly body: string } | undefined;
const asked: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bbblb-'));
  const made = await createAuthority(join(folder, 'authority'));
  const files = await made.issue(['localhost'], ['127.0.0.1']);
  authority = made.certificate;
  const [cert, key] = [readFileSync(files.certificate), readFileSync(files.privateKey)];
  const server = createServer({ cert, key }, (request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const { status, body } = instead ?? refusal(request.headers.authorization ?? '');
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(body);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  address = `https://localhost:${(server.address() as AddressInfo).port}`;
  close = () => server.close();
});
afterAll(() => {
  close();
  rmSync(folder, { recursive: true });
});

function refusal(authorization: string): { readonly status: number; readonly body: string } {
  const denied = (message: string) => ({
    status: 401,
    body: JSON.stringify({ error: 'Access denied', message }),
  });
  const [scheme, token = ''] = authorization.split(' ');
  if (scheme?.toLowerCase() !== 'bearer') return denied('Unsupported Authorization type');
  const [header = '', claims = '', signature] = token.split('.');
  const read = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
  const { kid, alg } = read(header);
  const secret = servers.get(String(kid).replace(/^bbb:/, ''));
  if (secret === undefined || alg !== 'HS256') return denied('Unknown server in key identifier');
  const wanted = createHmac('sha256', secret).update(`${header}.${claims}`).digest('base64url');
  if (signature !== wanted) return denied('Invalid token signature');
  const { exp, aud } = read(claims);
  if (exp < Date.now() / 1000) return denied('Expired token signature');
  return denied(aud === domain ? 'This API is protected' : 'Invalid token audience');
}

interface Given {
  readonly secret: string | undefined;
  readonly kind?: string;
  readonly at?: string;
  readonly shell?: string;
}

/** What the program says on a node with this secret. */
async function said({ secret, kind = 'bbblb', at = address, shell = 'sh' }: Given): Promise<string> {
  const host = mkdtempSync(join(folder, 'host-'));
  const file = '/etc/bigbluebutton/bbb-web.properties';
  mkdirSync(join(host, 'etc/bigbluebutton'), { recursive: true });
  writeFileSync(join(host, file), secret === undefined ? 'a=b\n' : `securitySalt=${secret}\n`);
  const { stdout, stderr } = await run(shell, ['-c', text, shell, kind, at, 'bbb-01.example.com', file], {
    env: { ...process.env, CLUSTERPROXY_ROOT: host, CURL_CA_BUNDLE: authority },
  });
  expect(stderr).toBe('');
  if (secret !== undefined) expect(stdout).not.toContain(secret);
  return stdout;
}

const own = '639259d4-9dd8-4b25-bf01-95f9567eaf4b';

describe.each(['dash', 'bash'])('in %s', (shell) => {
  it.each([
    ['short', 'x1'],
    ['usual', own],
    ['as long as a block', 'k'.repeat(64)],
    ['longer', 'long-'.repeat(30)],
    ['odd', `%s%%\\\\n'"$(id)\`é`],
  ])('knows a secret of bbblb that is %s', async (_, secret) => {
    // As the file has it: a backslash there stands for the next character.
    servers.clear();
    servers.set('bbb-01.example.com', secret.replace(/\\(.)/g, '$1'));
    expect(await said({ secret, shell })).toBe('bbblb known\n');
    expect(await said({ secret: `${secret}0`, shell })).toBe('bbblb differs\n');
    servers.clear();
    servers.set('old.example.com', secret);
    expect(await said({ secret, shell })).toBe('bbblb missing\n');
  });
});

it('needs no more than the signature, whatever bbblb calls itself', async () => {
  servers.set('bbb-01.example.com', own);
  domain = 'other.example.com';
  expect(await said({ secret: own })).toBe('bbblb known\n');
  domain = 'localhost';
});

it('only asks for the list of servers', async () => {
  expect([...new Set(asked)]).toEqual(['GET /bbblb/api/v1/server']);
});

it.each([
  [{ status: 500, body: 'Internal Server Error' }, 'answers this node 500'],
  [{ status: 404, body: 'Unknown server in key identifier' }, 'answers this node 404'],
  [{ status: 200, body: 'x'.repeat(100_000) }, 'without end'],
  [{ status: 200, body: 'This API is protected' }, 'answers this node 200'],
])('knows nothing of an answer %o', async (given, words) => {
  instead = given;
  expect(await said({ secret: own })).toMatch(new RegExp(`^bbblb \\? .*${words}.*\\n$`));
  instead = undefined;
});

it('knows nothing without an answer, a secret or an address', async () => {
  expect(await said({ secret: own, at: 'https://localhost:9' })).toContain(
    'bbblb ? bbblb at https://localhost:9',
  );
  expect(await said({ secret: undefined })).toBe('bbblb ? no securitySalt was found\n');
  expect(await said({ secret: own, at: 'http://localhost' })).toContain(
    '? meeting_balancer has to begin with',
  );
  expect(await said({ secret: own, at: 'https://a"b' })).toContain('? meeting_balancer is no address');
});

it('asks nobody where there is no bbblb', async () => {
  asked.length = 0;
  expect(await said({ secret: own, kind: 'scalelite' })).toBe('');
  expect(await said({ secret: own, at: '' })).toBe('');
  expect(asked).toEqual([]);
});
