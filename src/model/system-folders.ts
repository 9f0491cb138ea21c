import { posix } from 'node:path';

/**
 * Folders that every host has had since before clusterproxy was there: hier(7), file-hierarchy(7). Whoever
 * says that clusterproxy made one of them is damaged, or means harm.
 */
const everyHosts: ReadonlySet<string> = new Set([
  ...['/', '/bin', '/boot', '/dev', '/etc', '/home', '/lib', '/lib32', '/lib64', '/libx32', '/proc', '/root'],
  ...['/run', '/sbin', '/sys', '/tmp', '/usr', '/usr/bin', '/usr/lib', '/usr/sbin', '/usr/share', '/var'],
  ...['/var/lib', '/var/log', '/var/tmp', '/var/lib/clusterproxy'],
]);

/** Folders that come with each distribution, but that a small container may lack. */
const usual: ReadonlySet<string> = new Set(['/media', '/mnt', '/opt', '/srv', '/usr/local']);

/** Whether every host has this folder, so that clusterproxy can't have made it. */
export function isEveryHosts(path: string): boolean {
  return everyHosts.has(plain(path));
}

/** Whether the folder belongs to the system, so that clusterproxy leaves it even if it is empty. */
export function isSystemFolder(path: string): boolean {
  return everyHosts.has(plain(path)) || usual.has(plain(path));
}

/** One folder has one name here: without `//`, `.` and `..`, and without a slash at its end. */
function plain(path: string): string {
  return posix
    .normalize(path)
    .replace(/(?<=.)\/$/, '')
    .replace(/^\/\//, '/');
}
