import { z } from 'zod';
import { shellEnv } from '../../formats/shell-env.ts';
import { unit } from '../../formats/unit.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { otherDropIns, removeHollowDropIn, unitFile } from '../host/drop-ins.ts';
import { existingSetUp, type Finding } from '../shared/existing-set-up.ts';
import { absolutePath } from '../shared/parameters.ts';
import { understand } from '../shared/understand.ts';
import { mergeOptions, optionsLike, sayAll, withoutOptions } from './options.ts';

export const javaOptions = z
  .strictObject({
    variable: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/)
      .default('JDK_JAVA_OPTIONS')
      .describe('the variable that holds them; java reads JDK_JAVA_OPTIONS since version 9'),
    environment_files: z
      .array(absolutePath)
      .default([])
      .describe("the unit's EnvironmentFile= files, in their order"),
    options: z.array(z.string().regex(/^-\S+$/, 'expected an option that starts with -')).min(1),
  })
  .describe('options of the Java virtual machine, merged with those that are set elsewhere');

type JavaOptions = z.infer<typeof javaOptions>;

/** A text of options, its place, and how it is written back. */
interface Place {
  readonly path: string;
  readonly options: string;
  put(options: string): void;
}

/**
 * Merge our options with those of others where they take effect, and return the text of our drop-in.
 * systemd.exec(5): what an EnvironmentFile= sets wins over Environment=. So a variable that such a file sets
 * is edited there; otherwise it goes into our drop-in, together with what the unit and the drop-ins before
 * ours set. Options of others about the same things as ours count as set up by hand; with `adopt` they are
 * removed, and the rest of others' options stays.
 */
export function applyJavaOptions(
  host: StepHost,
  unitName: string,
  ours: string,
  text: string,
  wanted: JavaOptions,
  adopt: boolean,
): string {
  const { variable, options } = wanted;
  const key = ['Service', 'Environment', variable];
  bringOver(host, unitName, ours, wanted, adopt);
  const winner = filePlaces(host, wanted).at(-1);
  if (winner !== undefined) {
    const item = { path: winner.path, format: shellEnv.name, key: [variable] };
    const before = host.text(winner.path);
    host.manage(item, { theirs: winner.options });
    const merged = mergeOptions(winner.options, options);
    if (merged !== winner.options) winner.put(merged);
    host.edited(item, before, host.text(winner.path) ?? '');
    return understand(host, ours, text, () => unit.remove(text, key));
  }
  host.manage({ path: ours, format: unit.name, key });
  const theirs = unitOptions(host, unitName, ours, variable) ?? '';
  return understand(host, ours, text, () => unit.set(text, key, mergeOptions(theirs, options)));
}

function bringOver(
  host: StepHost,
  unitName: string,
  ours: string,
  wanted: JavaOptions,
  adopt: boolean,
): void {
  const { options } = wanted;
  const dropIns = dropInPlaces(host, unitName, ours, wanted.variable);
  const files = filePlaces(host, wanted).filter((place) => adopt || !sayAll(place.options, options));
  const found = [...dropIns, ...files].filter((place) => optionsLike(place.options, options).length > 0);
  if (found.length === 0) return;
  if (!adopt) {
    const what = (place: Place) =>
      `sets ${optionsLike(place.options, options).join(' ')} in ${wanted.variable}`;
    throw existingSetUp(
      host,
      found.map((place): Finding => ({ path: place.path, what: what(place) })),
    );
  }
  host.adopt();
  for (const place of found) {
    place.put(withoutOptions(place.options, options));
    if (dropIns.includes(place)) removeHollowDropIn(host, place.path);
  }
}

/** The environment files that set the variable, in their order; the last one wins. */
function filePlaces(host: StepHost, { variable, environment_files: files }: JavaOptions): readonly Place[] {
  return files.flatMap((path): readonly Place[] => {
    const text = host.text(path);
    if (text === undefined) return [];
    const options = understand(host, path, text, () => shellEnv.get(text, [variable]));
    if (options === undefined) return [];
    const put = (left: string) =>
      host.write(
        path,
        left === '' ? shellEnv.remove(text, [variable]) : shellEnv.set(text, [variable], left),
      );
    return [{ path, options: String(options), put }];
  });
}

/** Others' drop-ins in /etc that set the variable. */
function dropInPlaces(host: StepHost, unitName: string, ours: string, variable: string): readonly Place[] {
  const key = ['Service', 'Environment', variable];
  return otherDropIns(host, unitName, fileName(ours))
    .filter(({ path }) => path.startsWith('/etc/') && !host.isManaged({ path, format: unit.name, key }))
    .flatMap(({ path, text }): readonly Place[] => {
      const options = understand(host, path, text, () => unit.get(text, key));
      if (options === undefined) return [];
      const put = (left: string) =>
        host.write(path, left === '' ? unit.remove(text, key) : unit.set(text, key, left));
      return [{ path, options: String(options), put }];
    });
}

/**
 * The variable's value without our drop-in: that of the last one, among the unit's file and the drop-ins,
 * that sets it.
 */
function unitOptions(host: StepHost, unitName: string, ours: string, variable: string): string | undefined {
  const key = ['Service', 'Environment', variable];
  const others = otherDropIns(host, unitName, fileName(ours));
  const parts = [
    unitFile(host, unitName),
    // Without our own drop-in under another name.
    ...others.filter(({ path }) => !host.isManaged({ path, format: unit.name, key })),
  ];
  const values = parts.flatMap((part) => {
    const value =
      part === undefined ? undefined : understand(host, part.path, part.text, () => unit.get(part.text, key));
    return value === undefined ? [] : [String(value)];
  });
  return values.at(-1);
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
