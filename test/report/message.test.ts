import { expect, it } from 'vitest';
import { renderMessage } from '../../src/report/terminal/message.ts';

const note =
  'prod.yaml still asks for what was undone: change it, or the next apply makes these changes again';
const command = 'clusterproxy apply --inventory production.yaml --limit node --prune --plan agreed.json';

it('wraps a message to the width of the terminal', () => {
  expect(renderMessage(note, 60)).toEqual([
    'prod.yaml still asks for what was undone: change it, or the',
    'next apply makes these changes again',
  ]);
  expect(renderMessage('nothing was changed', 60)).toEqual(['nothing was changed']);
});

it('leaves a command whole', () => {
  expect(renderMessage(`plan saved; to carry out exactly this: ${command}`, 60)).toEqual([
    'plan saved; to carry out exactly this:',
    command,
  ]);
});

it('leaves the lines of a log as they are', () => {
  expect(renderMessage(note, undefined)).toEqual([note]);
});
