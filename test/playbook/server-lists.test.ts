import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Environment } from '../../src/cli/environment.ts';
import { lookUp, type NeededSecrets } from '../../src/cli/session-secrets.ts';
import { OperatorErrors } from '../../src/model/operator-error.ts';
import { SecretRegister } from '../../src/secrets/register.ts';
import { loadInventory } from '../support/load-inventory.ts';

const folder = mkdtempSync(join(tmpdir(), 'server-lists-'));
afterAll(() => rmSync(folder, { recursive: true }));

const playbook = `name: fixture
description: a fixture
variables:
  keeper: {type: string, default: '', perHost: false, description: who keeps the list}
  token: {type: secret, default: '', perHost: false, description: by which it is read}
  own: {type: secret, default: '', description: of each host}
roles:
  node:
    description: does the work
    steps: []
    server_lists:
      - id: list
        title: the list
        at: '{{ vars.keeper }}'
        path: /servers
        secret: token
        checksum: list
        refused: no
        entries: {address: url, secret: secret, state: state, in_use: [a], out: [b], health: up, up: [c], down: [d]}
        ask: {address: 'https://{{ host.name }}/api', call: list, accepts: 'yes', refuses: 'no'}
    symptoms:
      entry: {listed: entry}
    troubles:
      - {id: gone, title: it is gone, shows: {symptoms.entry: missing}, found: a, means: b, fix: c}
`.replace('refused: no\n', "refused: 'no'\n");

async function load(text: string, vars = '{keeper: https://lb.example.com, token: {env: LIST_TOKEN}}') {
  writeFileSync(join(folder, 'playbook.yaml'), text);
  const file = join(folder, 'prod.yaml');
  const head = 'playbook: ./playbook.yaml\ncluster: {name: prod, hostname: a.example.com}';
  writeFileSync(file, `${head}\nvars: ${vars}\nhosts: {node: [{name: n1}]}\n`);
  return loadInventory(file);
}

async function mistakes(from: string, to: string): Promise<readonly string[]> {
  if (!playbook.includes(from)) throw new Error(`${from} is not in the fixture`);
  try {
    await load(playbook.replace(from, to));
  } catch (error) {
    if (!(error instanceof OperatorErrors)) throw error;
    return error.problems.map(({ code, message, location }) => `${location?.line} ${code}: ${message}`);
  }
  return [];
}

describe('a server list in a playbook', () => {
  it.each([
    ['secret: token', 'secret: tokn', '16 unknown-variable: the playbook declares no variable tokn'],
    ['secret: token', 'secret: keeper', "16 wrong-value: keeper can't be the secret of a server list"],
    ['secret: token', 'secret: own', "16 wrong-value: own can't be the secret of a server list"],
    ["'{{ vars.keeper }}'", "'https://{{ vars.token }}'", '14 secret-in-command: vars.token is a secret'],
    ["at: '{{ vars.keeper }}'", "at: '{{ facts.keeper }}'", '14 unknown-template-variable'],
    ['checksum: list', 'empty: none', ': expected one of: checksum, token'],
    [
      'checksum: list',
      'checksum: list\n        token: {algorithm: HS256, claims: {}}',
      'one of: checksum, token',
    ],
    ['{listed: entry}', '{listed: entries}', 'entries'],
    ['path: /servers', "path: 'https://elsewhere/'", 'expected a path'],
  ])('%s, %s', async (from, to, expected) => {
    const found = await mistakes(from, to);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });

  it('is right as it is', async () => {
    expect(await mistakes('checksum: list', 'checksum: list')).toEqual([]);
  });
});

describe('its secret', () => {
  async function lookedUp(needed: NeededSecrets, vars?: string) {
    const register = new SecretRegister();
    const environment = {
      stdin: { isTTY: false },
      output: { messages: { isTerminal: false } },
      variables: { LIST_TOKEN: 'a-token-of-the-list' },
      signal: new AbortController().signal,
      secrets: register,
    } as unknown as Environment;
    const inventory = await load(playbook, vars);
    const options = { needed, environment, json: true, progress: () => undefined };
    return { ...(await lookUp(inventory, options)), register };
  }

  it('is looked up, and hidden, where lists are asked', async () => {
    const { inventory, register } = await lookedUp('server-lists');
    expect(inventory.listSecrets).toEqual(new Map([['token', 'a-token-of-the-list']]));
    expect(register.mask('it is a-token-of-the-list')).toBe('it is ********');
    expect(JSON.stringify([inventory.vars, inventory.hosts])).not.toContain('a-token');
  });

  it.each(['everything', 'known', 'connections'] as const)('is left alone for %s', async (needed) => {
    const { inventory, register, missing } = await lookedUp(
      needed,
      '{keeper: https://x, token: {env: NOT_THERE}}',
    );
    expect([inventory.listSecrets.size, register.size, missing]).toEqual([0, 0, []]);
  });

  it('is left alone where there is no list to ask', async () => {
    const { inventory, missing } = await lookedUp('server-lists', '{token: {env: NOT_THERE}}');
    expect([inventory.listSecrets.size, missing]).toEqual([0, []]);
  });

  it('may be missing, since hosts can be looked at without it', async () => {
    const { missing } = await lookedUp('server-lists', '{keeper: https://x, token: {env: NOT_THERE}}');
    expect(missing.map(({ code }) => code)).toEqual(['secret-env-missing']);
  });
});
