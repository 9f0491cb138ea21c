import { isSince } from './since-version.ts';

/** How much is done of what is shown in a taskbar or a tab. */
export interface TaskbarProgress {
  /** 0 to 100 */
  readonly percent: number;
  readonly hasFailed: boolean;
}

/** The versions from which on programs show it; earlier ones take it for a message to be shown. */
const sinceVersion: Readonly<Record<string, readonly number[]>> = {
  ghostty: [1, 2],
  'iTerm.app': [3, 6, 6],
  WezTerm: [20250301],
};
/** VTE 0.79, of GNOME's terminals */
const sinceVte = 7900;

/**
 * Whether a terminal is known to show progress (OSC 9;4, which ConEmu began with:
 * https://conemu.github.io/en/AnsiEscapeCodes.html#ConEmu_specific_OSC). To others OSC 9 is a notification,
 * and tmux and screen don't hand it on.
 */
export function hasTaskbar(variables: Readonly<Record<string, string | undefined>>): boolean {
  const {
    WT_SESSION = '',
    ConEmuANSI,
    TERM_PROGRAM = '',
    TERM_PROGRAM_VERSION = '',
    VTE_VERSION,
  } = variables;
  if ((variables.TMUX ?? '') !== '' || (variables.STY ?? '') !== '') return false;
  if (WT_SESSION !== '' || ConEmuANSI === 'ON') return true;
  const since = sinceVersion[TERM_PROGRAM];
  if (TERM_PROGRAM !== '') return since !== undefined && isSince(since, TERM_PROGRAM_VERSION);
  return Number(VTE_VERSION ?? 0) >= sinceVte;
}

/** What shows it, or no longer does. */
export function taskbarSequence(progress: TaskbarProgress | undefined): string {
  if (progress === undefined) return '\x1b]9;4;0;\x1b\\';
  const { percent, hasFailed } = progress;
  return `\x1b]9;4;${hasFailed ? 2 : 1};${Math.round(Math.min(100, Math.max(0, percent)))}\x1b\\`;
}
