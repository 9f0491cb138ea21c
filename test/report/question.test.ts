import { describe, expect, it } from 'vitest';
import { resultWithoutHosts } from '../../src/model/result.ts';
import { renderInventory } from '../../src/report/terminal/inventory.ts';
import { renderQuestion } from '../../src/report/terminal/question.ts';
import { makeStyle } from '../../src/report/terminal/style.ts';
import { documentOf } from './documents.ts';

const question =
  '\nUndo the changes that were made at 2026-11-27 21:15 UTC by root from vm, on 3 hosts? [y/N] ';

describe('a question', () => {
  it('is wrapped at words, and the cursor stays behind it', () => {
    expect(renderQuestion(question, 60)).toBe(
      '\nUndo the changes that were made at 2026-11-27 21:15 UTC by\nroot from vm, on 3 hosts? [y/N] ',
    );
  });

  it.each([undefined, 0, 200])('stays as it is where the terminal has %s columns', (columns) => {
    expect(renderQuestion(question, columns)).toBe(question);
  });

  it('leaves room for its answer in the last line', () => {
    expect(renderQuestion('Undo it now? [y/N] ', 20)).toBe('Undo it now? [y/N] ');
    expect(renderQuestion('Undo it now? [y/N] ', 19)).toBe('Undo it now?\n[y/N] ');
  });

  it('has commands whole', () => {
    const command = '`for key in /etc/ssh/*.pub; do ssh-keygen -lf "$key"; done`.';
    expect(renderQuestion(`Compare them with\n${command}\nPin 1 key? [y/N] `, 30)).toBe(
      `Compare them with\n${command}\nPin 1 key? [y/N] `,
    );
  });
});

describe('what validate says', () => {
  const roles = [{ role: 'proxy' }, { role: 'node', hosts: 12 }];
  const inventory = { file: 'production.yaml', cluster: 'prod', playbook: 'bigbluebutton', roles };
  const shown = (columns: number | undefined) =>
    renderInventory(
      documentOf(resultWithoutHosts('validate'), { inventory }),
      makeStyle({ columns, color: false, verbose: false }),
    );
  const sentence =
    'production.yaml is valid: cluster prod, playbook bigbluebutton, proxy: external, node: 12';

  it('is wrapped at words', () => {
    expect(shown(60)).toEqual([
      'production.yaml is valid: cluster prod, playbook',
      '  bigbluebutton, proxy: external, node: 12',
    ]);
  });

  it('is one line where it is long enough, and where there is no terminal', () => {
    expect(shown(120)).toEqual([sentence]);
    expect(shown(undefined)).toEqual([sentence]);
  });
});
