import { describe, expect, it } from 'vitest';
import { YamlDocument } from '../../src/document/yaml-document.ts';
import { errorDocument } from '../../src/report/document/problem.ts';
import { hidden } from '../../src/secrets/hidden.ts';
import { quotedLine } from '../../src/secrets/quoted-line.ts';

const H = hidden;

describe('a quoted line of an inventory', () => {
  it.each([
    '  sudo_password: {env: BBB_02_PASSWORD}',
    '  sudo_password: {env: BBB_02_PASSWORD} # from the vault',
    'ssh: {user: ops, sudo_password: {command: [pass, show, "cluster/sudo"]}, port: 22}',
    "    - {name: n1, vars: {api_key: {file: '~/keys/api'}}}",
    '  password: { "file": secrets/password }',
  ])('shows a reference: %s', (text) => {
    expect(quotedLine({ text })).toBe(text);
  });

  it.each([
    ['  sudo_password: hunter2', `  sudo_password: ${H}`],
    ['  sudo_password: {envv: hunter2}', `  sudo_password: ${H}`],
    ['  sudo_password: {env: hunter 2, file: x}', `  sudo_password: ${H}`],
    ['  sudo_password: {env: A} hunter2', `  sudo_password: ${H}`],
    ['  sudo_password: "a" hunter2', `  sudo_password: ${H}`],
    [
      'ssh: {sudo_password: {env: A}, password: hunter two, port: 22}',
      `ssh: {sudo_password: {env: A}, password: ${H}, port: 22}`,
    ],
    ['vars: {db_secret: {file: a}, token: "hunter2"}', `vars: {db_secret: {file: a}, token: "${H}"}`],
  ])('hides anything else: %s', (text, shown) => {
    expect(quotedLine({ text })).toBe(shown);
  });

  it.each([
    ['    env: BBB_02_PASSWORD', ['ssh', 'sudo_password'], '    env: BBB_02_PASSWORD'],
    ['      - cluster/sudo', ['ssh', 'sudo_password', 'command'], '      - cluster/sudo'],
    ['    hunter2', ['ssh', 'sudo_password'], `    ${H}`],
    ['    - hunter2', ['vars', 'passwords'], `    - ${H}`],
    ['    value: hunter2', ['ssh', 'sudo_password'], `    value: ${H}`],
    ['    env: hunter2', ['vars', 'passwords', 'alice'], `    env: ${H}`],
    ['    port: 22', ['ssh'], '    port: 22'],
  ])('goes by the keys above it: %s', (text, under, shown) => {
    expect(quotedLine({ text, under })).toBe(shown);
  });
});

describe('a mistake in an inventory', () => {
  const shownOf = (text: string) => {
    const document = new YamlDocument({ file: 'prod.yaml', text });
    expect(document.problems.length).toBeGreaterThan(0);
    return JSON.stringify(document.problems.map(errorDocument));
  };

  it.each([
    ['an alias that doesn’t exist', 'ssh:\n  sudo_password: *hunter2\n'],
    ['a block scalar’s header', 'ssh:\n  sudo_password: |hunter2\n'],
    ['a tag', 'ssh:\n  sudo_password: !hunter2 x\n'],
    ['an octal number', 'ssh:\n  sudo_password: 0755\n'],
    ['a line below the key', 'ssh:\n  sudo_password:\n    hunter2\n   x: y\n'],
    ['a line of a list below the key', 'vars:\n  passwords:\n    - "hunter2\n'],
    ['a second value', 'ssh:\n  sudo_password: "a" hunter2\n'],
  ])('shows nothing of a secret, neither in the line nor in the sentence: %s', (_, text) => {
    expect(shownOf(text)).not.toMatch(/hunter2|0755/);
  });

  it('shows a reference that is on the wrong line', () => {
    expect(shownOf('ssh:\n  sudo_password:\n  {env: A}\n   user: *x\n')).not.toContain(H);
  });
});

describe('our own sentences', () => {
  it.each([
    'allow it: `ops ALL=(root) NOPASSWD: ALL` in a file below /etc/sudoers.d (visudo -f)',
    'set it for this command only, for example BBB_02_PASSWORD="$(pass show …)" clusterproxy …',
    'write secret: {env: NAME}, and start with --password NAME',
  ])('are not guessed about: %s', (text) => {
    const { message, next } = errorDocument({ code: 'x', message: text, next: text });
    expect([message, next]).toEqual([text, text]);
  });

  it('have no place for what has the form of a secret', () => {
    const { message, next } = errorDocument({
      code: 'x',
      message: 'can’t reach postgres://a:hunter2@db',
      next: 'eyJhbGciOiJI.hunter2I.c2ln',
    });
    expect([message, next]).toEqual([`can’t reach postgres://a:${H}@db`, H]);
  });

  it('show what was tried, and the detail is still another program’s words', () => {
    const { detail } = errorDocument({
      code: 'x',
      message: 'x',
      notes: ['the server asks for more than a password: Verification code:'],
      detail: 'password: hunter2',
    });
    expect(detail).toBe(`the server asks for more than a password: Verification code:\npassword: ${H}`);
  });

  it('nor is an unexpected error’s text ours', () => {
    expect(
      errorDocument({ code: 'unexpected', message: 'in {"password": "hunter2"}' }).message,
    ).not.toContain('hunter2');
  });
});
