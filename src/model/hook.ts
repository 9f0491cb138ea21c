import type { OwnProgram } from './own-program.ts';

/**
 * When a hook is called. `before-run`: once a plan is agreed on, before the first host is touched; it may
 * refuse. `after-host`: each time a host has ended. `after-run`: when all is over, whatever came of it.
 * `on-drift`: when a look has found that a host differs.
 */
export const hookKinds = ['before-run', 'after-host', 'after-run', 'on-drift'] as const;
export type HookKind = (typeof hookKinds)[number];

/** The programs that the inventory has called, by when. */
export type HookPrograms = Readonly<Partial<Record<HookKind, readonly OwnProgram[]>>>;
