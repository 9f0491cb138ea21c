/**
 * The package managers that packages can be installed with: Debian and its kin, Red Hat and its kin, the
 * older of those.
 */
export const packageManagers = ['apt-get', 'dnf', 'yum'] as const;
export type PackageManager = (typeof packageManagers)[number];
