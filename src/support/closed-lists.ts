/** What systemctl(1) says of a unit: LoadState, ActiveState, UnitFileState, and usual words of SubState. */
export const unitWords: readonly string[] = [
  ...['loaded', 'not-found', 'bad-setting', 'error', 'merged', 'masked', 'stub'],
  ...['active', 'inactive', 'failed', 'activating', 'deactivating', 'reloading', 'maintenance', 'refreshing'],
  ...['enabled', 'enabled-runtime', 'linked', 'linked-runtime', 'alias', 'masked-runtime', 'static'],
  ...['indirect', 'disabled', 'generated', 'transient', 'bad'],
  ...['running', 'dead', 'exited', 'waiting', 'listening', 'elapsed', 'mounted', 'start', 'start-pre'],
  ...[
    'start-post',
    'stop',
    'stop-sigterm',
    'stop-sigkill',
    'auto-restart',
    'auto-restart-queued',
    'condition',
  ],
];

/** `ID` of os-release(5) of systems on which the products run, or may be tried. */
export const systems: readonly string[] = [
  ...['debian', 'ubuntu', 'rhel', 'centos', 'rocky', 'almalinux', 'fedora', 'ol', 'amzn', 'opensuse-leap'],
  ...['linuxmint', 'raspbian', 'sles', 'arch', 'alpine'],
];

/** States of a run on a host; docs/transactions.md. */
export const runStates: readonly string[] = [
  ...['incoming', 'queued', 'prepared', 'open', 'waiting', 'committed', 'reverted', 'refused', 'deferred'],
  ...['abandoned', 'kept', 'conflict', 'stuck', 'unknown'],
];

export const changeKinds: readonly string[] = ['file', 'symlink', 'directory', 'unit', 'action'];
export const changeActions: readonly string[] = ['create', 'modify', 'delete'];

/** Commands that leave a record on hosts. */
export const recordedCommands: readonly string[] = [
  'apply',
  'rollback',
  'retire',
  'uninstall',
  'join',
  'leave',
];

/** Formats of what steps manage. */
export const itemFormats: readonly string[] = [
  ...['properties', 'yaml', 'json', 'shell-env', 'unit', 'services', 'file', 'nginx-block', 'nginx-include'],
  ...[
    'haproxy-node',
    'haproxy-frontend',
    'haproxy-rules',
    'haproxy-metrics',
    'haproxy-cache',
    'caddy-block',
    'caddy-import',
    'caddy-metrics',
    'unit-state',
    'nginx-setting',
    'haproxy-global',
  ],
];

/** What was there before the program touched it: `FirstTouch`. */
export const firstTouches: readonly string[] = ['absent', 'value', 'file', 'secret', 'link', 'directory'];

/** The text if it is one of these words, else `other`. */
export function oneOf(known: readonly string[], text: string | undefined): string {
  if (text === undefined || text === '') return 'none';
  return known.includes(text) ? text : 'other';
}

/**
 * The version in a text, by its form alone: up to three numbers, and what marks a release before the final
 * one. A package's revision isn't part of it, and four numbers are an address. `other` if there is none.
 */
export function versionIn(text: string): string {
  const found =
    /^(?:\d+:)?v?(\d{1,5}(?:\.\d{1,5}){0,2})(?!\.?\d)(?:[-~.]?((?:alpha|beta|rc)[-.]?\d{1,3}))?/.exec(text);
  if (found === null) return 'other';
  const [, numbers = '', before] = found;
  return before === undefined ? numbers : `${numbers}-${before}`;
}

/** A run's id, which is made of a time and random digits; undefined if it has another form. */
export function runIdIn(text: string): string | undefined {
  return /^\d{8}T\d{6}Z-[0-9a-f]{6}(?:-\d)?$/.test(text) ? text : undefined;
}
