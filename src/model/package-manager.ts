/**
 * The supported package managers: of Debian and its derivatives, of the Red Hat family, and of older releases
 * of that family.
 */
export const packageManagers = ['apt-get', 'dnf', 'yum'] as const;
export type PackageManager = (typeof packageManagers)[number];
