import { spawnSync } from 'node:child_process';

/** Whether this machine can judge units: systemd need not run for that. */
export const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;
