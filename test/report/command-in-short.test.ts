import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { commandInShort } from '../../src/report/shared/command-in-short.ts';

const handlersOf = (playbook: string, role: string): readonly { id: string; validate?: string[] }[] =>
  parse(readFileSync(join(import.meta.dirname, `../../playbooks/${playbook}.yaml`), 'utf8')).roles[role]
    .handlers;

describe('a command in short', () => {
  it.each([
    ['bigbluebutton', 'proxy'],
    ['wcs', 'balancer'],
    ['antmedia', 'balancer'],
  ])('ends where a statement of it does: keepalived of %s', (playbook, role) => {
    const handler = handlersOf(playbook, role).find(({ id }) => id === 'reload-keepalived');
    expect(commandInShort(handler?.validate?.join(' ') ?? '')).toBe(
      'sh -c said=$(keepalived --config-test 2>&1); status=$? …',
    );
  });

  it('ends with a word where no statement ends, and somewhere in a word that is endless', () => {
    expect(commandInShort(`sh -c ${'some words '.repeat(20)}`)).toBe(
      'sh -c some words some words some words some words some words …',
    );
    expect(commandInShort('x'.repeat(200))).toBe(`${'x'.repeat(60)} …`);
    expect(commandInShort('nginx -t')).toBe('nginx -t');
  });

  it('is a beginning of it, long enough to tell it from others', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 101, maxLength: 300 }), (command) => {
        const short = commandInShort(command);
        expect(short.endsWith(' …')).toBe(true);
        expect(command.startsWith(short.slice(0, -2))).toBe(true);
        expect(short.length).toBeLessThanOrEqual(62);
      }),
    );
  });
});
