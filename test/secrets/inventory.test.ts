import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withSecrets } from '../../src/inventory/with-secrets.ts';
import { OperatorErrors, type Problem } from '../../src/model/operator-error.ts';
import { SecretRegister } from '../../src/secrets/register.ts';
import { referenceId } from '../../src/secrets/resolve.ts';
import { loadInventory } from '../support/load-inventory.ts';

const playbook = `name: fixture
description: a fixture
variables:
  key: {type: secret, description: a key}
  spare: {type: secret, default: '', description: not used by any step}
  smtp_password: {type: string, default: '', description: a text whose name tells}
  labels: {type: map, default: {}, description: words}
roles:
  node:
    description: does the work
    steps:
      - id: write
        properties: {path: /etc/app, set: {key: '{{ vars.key }}', other: '{{ vars.smtp_password }}'}}
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'inventory-'));
  writeFileSync(join(folder, 'playbook.yaml'), playbook);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function load(text: string, register = new SecretRegister()) {
  const file = join(folder, 'prod.yaml');
  writeFileSync(file, `playbook: ./playbook.yaml\ncluster: {name: prod, hostname: a.example.com}\n${text}`);
  return loadInventory(file, register);
}

async function problems(text: string, register = new SecretRegister()): Promise<readonly Problem[]> {
  try {
    await load(text, register);
  } catch (error) {
    if (error instanceof OperatorErrors) return error.problems;
    throw error;
  }
  throw new Error('no mistake was found');
}

describe('references', () => {
  it('are taken for a secret, and become what they refer to, for each host its own', async () => {
    const inventory = await load(`vars: {key: {env: KEY}, spare: {env: SPARE}}
ssh: {sudo_password: {command: [pass, sudo]}, password: {file: password}}
hosts:
  node:
    - name: n1
    - {name: n2, vars: {key: {file: ~/own}}, ssh: {sudo_password: {env: SUDO}}}
    - {name: n3, state: retired}
`);
    expect(inventory.warnings).toEqual([]);
    // Nothing for a host that leaves but how to reach it, and nothing that no step names.
    const used = inventory.secrets.map(
      (use) => `${use.host} ${use.for.kind === 'ssh' ? use.for.key : use.for.name}`,
    );
    expect(used).toEqual([
      'n1 key',
      'n1 password',
      'n1 sudo_password',
      'n2 key',
      'n2 password',
      'n2 sudo_password',
      'n3 password',
      'n3 sudo_password',
    ]);
    expect(inventory.secrets[3]?.location).toMatchObject({ line: 8, column: 30 });
    const value = (name: string) => `value of ${name}`;
    const values = new Map(
      inventory.secrets.flatMap((use) =>
        typeof use.value === 'string'
          ? []
          : [[referenceId(use.value), value(JSON.stringify(use.value))] as const],
      ),
    );
    const { hosts } = withSecrets(inventory, values);
    expect(hosts[0]?.vars.key).toBe(value('{"env":"KEY"}'));
    expect(hosts[1]?.vars.key).toBe(value('{"file":"~/own"}'));
    expect(await hosts[0]?.ssh.sudoPassword?.()).toBe(value('{"command":["pass","sudo"]}'));
    expect(await hosts[1]?.ssh.sudoPassword?.()).toBe(value('{"env":"SUDO"}'));
    expect(await hosts[2]?.ssh.password?.()).toBe(value('{"file":"password"}'));
  });

  it.each([
    '{}',
    '{env: KEY, file: x}',
    '{envv: KEY}',
    '{env: "A B"}',
    '{command: pass}',
    '{command: []}',
    '[a]',
    'true',
    "''",
  ])('of another form are refused: %s', async (form) => {
    const [problem] = await problems(`vars: {key: ${form}}\nhosts: {node: [{name: n1}]}\n`);
    expect(problem).toMatchObject({ location: { line: 3, column: 13 } });
    expect(problem?.next).toContain('{env: NAME}');
  });

  it.each(['{env: KEY, file: x}', '{envv: KEY}', '{command: []}', '[a]', 'true'])(
    'of another form are refused below ssh: %s',
    async (form) => {
      const found = await problems(
        `vars: {key: {env: KEY}}\nssh: {password: ${form}}\nhosts: {node: [{name: n1}]}\n`,
      );
      expect(found.length).toBeGreaterThan(0);
      expect(found[0]?.location?.line).toBe(4);
    },
  );
});

describe('a secret that stands in the inventory itself', () => {
  it('is a warning that says where and how to move it, and is known from then on', async () => {
    const register = new SecretRegister();
    const inventory = await load(
      `vars: {key: literal-one, smtp_password: literal-two, labels: {api_token: literal-three, color: blue}}
ssh: {password: literal-four}
hosts: {node: [{name: n1, vars: {key: literal-five}}]}
`,
      register,
    );
    expect(inventory.warnings.map(({ code, location }) => [code, location?.line])).toEqual(
      [3, 3, 3, 4, 5].map((line) => ['literal-secret', line]),
    );
    for (const { next } of inventory.warnings) expect(next).toContain('{env: NAME}');
    for (const value of ['one', 'two', 'three', 'four', 'five'])
      expect(register.isIn(`literal-${value}`)).toBe(true);
    expect(register.isIn('blue')).toBe(false);
    const { hosts } = withSecrets(inventory, new Map());
    expect(hosts[0]?.vars.key).toBe('literal-five');
    expect(await hosts[0]?.ssh.password?.()).toBe('literal-four');
  });

  it('is known also where the inventory has mistakes that quote it', async () => {
    const register = new SecretRegister();
    const found = await problems(
      `vars: {key: "literal\\nsecret", port: 12}\nhosts: {node: [{name: n1}]}\n`,
      register,
    );
    expect(JSON.stringify(register.maskAll(found))).not.toContain('literal\\\\n');
    expect(found.every(({ message }) => !message.includes('literal'))).toBe(true);
  });

  it('is no setting that only sounds like one', async () => {
    const { warnings } = await load(
      `vars: {key: {env: KEY}, labels: {password_file: /etc/x, token_timeout: 30}}\nhosts: {node: [{name: n1}]}\n`,
    );
    expect(warnings).toEqual([]);
  });
});

describe('a playbook is refused', () => {
  const refused = async (change: (text: string) => string) => {
    writeFileSync(join(folder, 'playbook.yaml'), change(playbook));
    const found = await problems('vars: {key: {env: KEY}}\nhosts: {node: [{name: n1}]}\n');
    return found.map(({ code, location }) => `${code} ${location?.line}`);
  };
  const line = playbook.split('\n').length;

  it.each([
    ['a command', "    handlers: [{id: h, command: [tool, '{{ vars.key }}']}]"],
    ['a validation', "    handlers: [{id: h, restart: a, validate: [tool, '-p{{ vars.key }}']}]"],
    ['a URL', "    handlers: [{id: h, restart: a, ready: [{http: {url: 'http://a/?k={{ vars.key }}'}}]}]"],
    [
      'a header',
      "    handlers: [{id: h, restart: a, ready: [{http: {url: 'http://a/', headers: ['X: {{ vars.key }}']}}]}]",
    ],
    ['a guard', "    guards: {g: {kind: http, args: ['http://a/{{ vars.key }}'], description: x}}"],
    ['a health check', "    health: [{http: 'http://a/{{ vars.key }}'}]"],
    ['a warning', "    warnings: [{when: {host.name: n1}, text: 'it is {{ vars.key }}'}]"],
    ['a unit', "    units: ['{{ vars.key }}.service']"],
    ['a reason', "    recipes: [{name: r, reason: 'since {{ vars.key }}'}]"],
    ['a variable of a recipe', "    recipes: [{name: r, reason: r, vars: {copy: '{{ vars.key }}'}}]"],
    ['a condition', '    recipes: [{name: r, reason: r, when: {vars.key: x}}]'],
  ])('for a secret in %s', async (_, text) => {
    expect(await refused((before) => `${before}${text}\n`)).toEqual([`secret-in-command ${line}`]);
  });

  it.each([
    ['a path', "      - {id: s, file: {path: '/etc/{{ vars.key }}', content: x}}"],
    ['a link', "      - {id: s, file: {path: /etc/x, link: '{{ vars.key }}'}}"],
    ['a key', "      - {id: s, properties: {path: /etc/x, set: {'{{ vars.key }}': 1}}}"],
    ['a unit', "      - {id: s, systemd-dropin: {unit: a.service, environment: {A: '{{ vars.key }}'}}}"],
    ['a condition', '      - {id: s, when: {vars.key: x}, file: {path: /etc/x, content: x}}'],
  ])('for a secret in %s of a step', async (_, text) => {
    expect(await refused((before) => `${before}${text}\n`)).toContain(`secret-in-command ${line}`);
  });

  it('for a secret with a default', async () => {
    expect(
      await refused((text) =>
        text.replace('{type: secret, description: a key}', '{type: secret, default: abc, description: x}'),
      ),
    ).toEqual(['wrong-value 4']);
  });
});
