import { expect, it } from 'vitest';
import { hasTaskbar, taskbarSequence } from '../../src/report/terminal/taskbar.ts';

it.each([
  ['nothing known', {}, false],
  ['xterm', { TERM: 'xterm-256color' }, false],
  ['Windows Terminal', { WT_SESSION: '4ac2' }, true],
  ['ConEmu', { ConEmuANSI: 'ON' }, true],
  ['ConEmu without escape sequences', { ConEmuANSI: 'OFF' }, false],
  ['Ghostty', { TERM_PROGRAM: 'ghostty', TERM_PROGRAM_VERSION: '1.2.0' }, true],
  ['Ghostty before it did', { TERM_PROGRAM: 'ghostty', TERM_PROGRAM_VERSION: '1.1.3' }, false],
  ['Ghostty of an unknown version', { TERM_PROGRAM: 'ghostty' }, false],
  ['iTerm2', { TERM_PROGRAM: 'iTerm.app', TERM_PROGRAM_VERSION: '3.6.10' }, true],
  [
    'iTerm2, which shows it as a message',
    { TERM_PROGRAM: 'iTerm.app', TERM_PROGRAM_VERSION: '3.6.5' },
    false,
  ],
  ['WezTerm', { TERM_PROGRAM: 'WezTerm', TERM_PROGRAM_VERSION: '20250601-091500-1a2b3c4d' }, true],
  [
    'the last stable WezTerm',
    { TERM_PROGRAM: 'WezTerm', TERM_PROGRAM_VERSION: '20240203-110809-5046fc22' },
    false,
  ],
  ['VTE', { VTE_VERSION: '7900' }, true],
  ['VTE before it did', { VTE_VERSION: '7803' }, false],
  ['an editor that was started from VTE', { VTE_VERSION: '8000', TERM_PROGRAM: 'vscode' }, false],
  ['tmux in Windows Terminal', { WT_SESSION: '4ac2', TMUX: '/tmp/tmux-0/default,1,0' }, false],
  ['screen in VTE', { VTE_VERSION: '8000', STY: '1.pts-0' }, false],
] as const)('a taskbar: %s', (_name, variables, has) => {
  expect(hasTaskbar(variables)).toBe(has);
});

it('shows how much is done, whether something failed, and nothing at the end', () => {
  expect(taskbarSequence({ percent: 33.4, hasFailed: false })).toBe('\x1b]9;4;1;33\x1b\\');
  expect(taskbarSequence({ percent: 140, hasFailed: true })).toBe('\x1b]9;4;2;100\x1b\\');
  expect(taskbarSequence(undefined)).toBe('\x1b]9;4;0;\x1b\\');
});
