import { z } from 'zod';
import { type HostAction, providesNothing } from '../../model/action.ts';
import type { PackageManager } from '../../model/package-manager.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { absolutePath, unitName } from '../shared/parameters.ts';
import type { StepModule } from '../step-module.ts';

/** A package name as in dpkg and rpm; a name that starts with a dash would be an option. */
const packageName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9+._-]*$/, 'expected the name of a package, without a version');
const names = z.array(packageName).min(1, 'expected at least one name');

const parameters = z.strictObject({
  names: z
    .union(
      [
        packageName.transform((name) => [name]),
        names,
        z.strictObject({ debian: z.array(packageName), rhel: z.array(packageName) }),
      ],
      'expected names of packages, or {debian: […], rhel: […]}',
    )
    .describe('packages that must be installed: the same everywhere, or by family of systems'),
  provides: z
    .strictObject({
      paths: z.array(absolutePath).default([]),
      units: z.array(unitName).default([]),
    })
    .prefault({})
    .describe('what they bring that later stages read: a plan then says "known after" instead of guessing'),
  timeout: z.number().min(10).max(7200).default(1800).describe('seconds for the whole installation'),
});

type PackageParameters = z.infer<typeof parameters>;

/**
 * Packages of the distribution: only missing ones are installed, and installed ones are neither upgraded nor
 * removed for them. This is an action: a revert doesn't remove them.
 */
export const packages: StepModule<PackageParameters> = {
  name: 'package',
  description: 'packages of the distribution that must be installed',
  parameters,
  reads: (wanted) => ({ packages: allNames(wanted), units: wanted.provides?.units ?? [] }),
  apply: (host, wanted) => {
    const missing = namesFor(host, wanted).filter((name) => !host.package(name).installed);
    if (missing.length > 0) host.action(installation(managerOf(host), missing, wanted));
  },
};

/** Facts aren't known yet, so what a template fills in here may be anything. */
function allNames({ names: given }: PackageParameters): readonly string[] {
  if (Array.isArray(given)) return given.map(String);
  return typeof given === 'object' && given !== null ? [...(given.debian ?? []), ...(given.rhel ?? [])] : [];
}

function namesFor(host: StepHost, { names: given }: PackageParameters): readonly string[] {
  if (Array.isArray(given)) return [...new Set(given)];
  return [...new Set(managerOf(host) === 'apt-get' ? given.debian : given.rhel)];
}

function managerOf(host: StepHost): PackageManager {
  const manager = host.packageManager;
  if (manager !== undefined) return manager;
  throw host.problem(
    'no-package-manager',
    `this host (${host.snapshot.os.name || 'an unknown system'}) has none of apt-get, dnf and yum`,
    "install the step's packages by hand, and leave the step out",
  );
}

function installation(
  manager: PackageManager,
  missing: readonly string[],
  { provides, timeout }: PackageParameters,
): HostAction {
  return {
    name: `install ${missing.join(', ')}`,
    run: { kind: 'install-packages', manager, names: missing },
    unless: undefined,
    provides: { ...providesNothing, packages: missing, ...provides },
    timeout,
    notes: [
      ...(manager === 'apt-get'
        ? ["Debian and its derivatives start a package's services as soon as it is installed"]
        : []),
    ],
  };
}
