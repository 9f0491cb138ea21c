import { z } from 'zod';
import type { KeyedFormat } from '../../formats/keyed-format.ts';
import { shellEnv } from '../../formats/shell-env.ts';
import { unit } from '../../formats/unit.ts';
import { yaml } from '../../formats/yaml.ts';
import { isManaged } from '../../model/snapshot.ts';
import { heard } from '../../secrets/showable.ts';
import { removeHollowDropIn } from '../host/drop-ins.ts';
import { existingSetUp } from '../shared/existing-set-up.ts';
import { absolutePath } from '../shared/parameters.ts';
import { understand } from '../shared/understand.ts';
import type { StepModule } from '../step-module.ts';

const formats = { 'shell-env': shellEnv, unit, yaml } as const satisfies Readonly<
  Record<string, KeyedFormat>
>;

const parameters = z.strictObject({
  path: absolutePath.describe('the file'),
  format: z.enum(['shell-env', 'unit', 'yaml']).describe('how its keys are read'),
  keys: z
    .array(z.array(z.string()).min(1))
    .min(1)
    .describe('keys that such a set-up leaves there, each as its parts: [Service, Environment, NAME]'),
  adopt: z.boolean().default(false).describe('remove them; otherwise the host is refused with a list'),
});

type LeftoversParameters = z.infer<typeof parameters>;

/**
 * Settings of a set-up by hand in places where this playbook sets nothing: what a guide says for another
 * release, or in another file than the one that counts. They would contradict what is planned sooner or
 * later, so the operator is told, and `adopt` removes them. What an earlier run manages isn't among them. On
 * a host that is managed already they are a warning.
 */
export const leftovers: StepModule<LeftoversParameters> = {
  name: 'leftovers',
  description: 'settings of a set-up by hand where the playbook sets nothing',
  parameters,
  reads: ({ path }) => ({ paths: [path] }),
  writes: ({ path }) => [path],
  apply: (host, { path, format: name, keys, adopt }) => {
    const format = formats[name];
    const before = host.state(path).kind === 'absent' ? undefined : host.text(path);
    if (before === undefined) return;
    const found = understand(host, path, before, () =>
      keys.filter(
        (key) => !host.isManaged({ path, format: format.name, key }) && format.get(before, key) !== undefined,
      ),
    );
    if (found.length === 0) return;
    if (!adopt) {
      const words = found.map((key) => (name === 'yaml' ? key.join('.') : (key.at(-1) ?? '')));
      if (!isManaged(host.snapshot)) {
        throw existingSetUp(
          host,
          words.map((one) => ({ path, what: `sets ${one}` })),
        );
      }
      // The host is ours already, and was so before this was looked for: it mustn't be refused overnight.
      const what = heard(words.join(', '));
      host.warn(
        `${path} still sets ${what}, as a set-up by hand left it; "adopt: true" in the inventory removes it`,
      );
      return;
    }
    host.adopt();
    host.write(
      path,
      understand(host, path, before, () => found.reduce((text, key) => format.remove(text, key), before)),
    );
    if (name === 'unit') removeHollowDropIn(host, path);
  },
};
