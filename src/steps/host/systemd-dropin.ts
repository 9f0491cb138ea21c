import { z } from 'zod';
import { unit } from '../../formats/unit.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { applyJavaOptions, javaOptions } from '../java/environment.ts';
import { existingSetUp, type Finding } from '../shared/existing-set-up.ts';
import { scalar } from '../shared/parameters.ts';
import { understand } from '../shared/understand.ts';
import type { StepModule } from '../step-module.ts';
import { dropInPath, dropInReads, otherDropIns, removeHollowDropIn, unitFile } from './drop-ins.ts';

const variableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'expected the name of an environment variable');

const parameters = z
  .strictObject({
    unit: z
      .string()
      .regex(
        /^[A-Za-z0-9:_.\\-]+@?\.(?:service|socket|timer|target|mount|path)$/,
        'expected the name of a unit',
      )
      .describe('the unit, such as example.service; NAME@.service for all instances of a template'),
    name: z
      .string()
      .regex(/^[^/\s]+\.conf$/, 'expected a file name ending in .conf')
      .default('zz-clusterproxy.conf')
      .describe(
        'file name of the drop-in; files are read in the order of their names, and the last one counts',
      ),
    environment: z.record(variableName, scalar).default({}).describe('environment variables of the service'),
    unit_environment: z
      .record(variableName, scalar)
      .optional()
      .describe(
        "which of these variables the package's own unit sets, and to what; what it sets otherwise was set by hand there. Left out: it isn't looked at",
      ),
    java_options: javaOptions.optional(),
    adopt: z.boolean().default(false).describe('take over what other drop-ins set for the same variables'),
  })
  .refine((given) => Object.keys(given.environment).length > 0 || given.java_options !== undefined, {
    message: 'expected environment or java_options',
  });

type DropInParameters = z.infer<typeof parameters>;

/**
 * Environment variables of a systemd service, in our own drop-in: package upgrades leave it alone, and its
 * name sorts after those of others. What an operator adds to the file stays. A variable that another drop-in
 * in /etc sets counts as set up by hand. Source: systemd.unit(5) on drop-ins, systemd.exec(5) on
 * Environment=.
 */
export const systemdDropIn: StepModule<DropInParameters> = {
  name: 'systemd-dropin',
  description: 'environment variables of a systemd service, in our own drop-in',
  parameters,
  reads: (wanted) => ({
    paths: [
      ...dropInReads(wanted.unit, wanted.name ?? 'zz-clusterproxy.conf'),
      ...(wanted.java_options?.environment_files ?? []),
    ],
  }),
  writes: ({ unit: name, name: file }) => [dropInPath(name, file)],
  apply: (host, wanted) => {
    bringOver(host, wanted);
    const path = dropInPath(wanted.unit, wanted.name);
    const before = host.text(path);
    const text =
      before ?? `# Environment for the cluster proxy; written by clusterproxy, step ${host.step}.\n`;
    let after = understand(host, path, text, () => setAll(text, wanted.environment));
    for (const name of Object.keys(wanted.environment))
      host.manage({ path, format: unit.name, key: keyOf(name) });
    if (wanted.java_options)
      after = applyJavaOptions(host, wanted.unit, path, after, wanted.java_options, wanted.adopt);
    if (before === undefined ? after !== text : after !== before) host.write(path, after);
    removeHollowDropIn(host, path);
  },
};

/** The key of an environment variable in a unit file. */
function keyOf(variable: string): readonly string[] {
  return ['Service', 'Environment', variable];
}

function setAll(text: string, environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment).reduce((sum, [name, value]) => unit.set(sum, keyOf(name), value), text);
}

/** Remove our variables from others' drop-ins and from the unit itself, or refuse. */
function bringOver(host: StepHost, wanted: DropInParameters): void {
  const names = Object.keys(wanted.environment);
  const others = otherDropIns(host, wanted.unit, wanted.name).filter(({ path }) => path.startsWith('/etc/'));
  const found = others.flatMap(({ path, text }) =>
    names
      .filter((name) => understand(host, path, text, () => unit.get(text, keyOf(name))) !== undefined)
      // Our own drop-in under another name.
      .filter((name) => !host.isManaged({ path, format: unit.name, key: keyOf(name) }))
      .map((name) => ({ path, name })),
  );
  const edited = editedInUnit(host, wanted);
  const all = [...found, ...edited];
  const findings = all.map(({ path, name }): Finding => ({ path, what: `sets ${name}` }));
  if (findings.length > 0 && !wanted.adopt) throw existingSetUp(host, findings);
  if (all.length > 0) host.adopt();
  for (const { path, name } of all) {
    const text = host.text(path) ?? '';
    const packaged = edited.some((one) => one.path === path) ? wanted.unit_environment?.[name] : undefined;
    host.write(
      path,
      understand(host, path, text, () =>
        packaged === undefined ? unit.remove(text, keyOf(name)) : unit.set(text, keyOf(name), packaged),
      ),
    );
  }
  for (const path of new Set(found.map((one) => one.path))) removeHollowDropIn(host, path);
}

/** Variables that somebody has set in the unit itself, as the guides for BigBlueButton 2.5 and 2.6 say. */
function editedInUnit(
  host: StepHost,
  { unit: name, environment, unit_environment: packaged }: DropInParameters,
): readonly { readonly path: string; readonly name: string }[] {
  const file = packaged === undefined ? undefined : unitFile(host, name);
  if (packaged === undefined || file === undefined) return [];
  const { path, text } = file;
  return Object.keys(environment)
    .filter((variable) => {
      const value = understand(host, path, text, () => unit.get(text, keyOf(variable)));
      return value !== undefined && value !== packaged[variable];
    })
    .map((variable) => ({ path, name: variable }));
}
