import { z } from 'zod';
import { services, servicesOnPort } from '../../formats/services.ts';
import { absolutePath } from '../shared/parameters.ts';
import { understand } from '../shared/understand.ts';
import type { StepModule } from '../step-module.ts';

const parameters = z.strictObject({
  path: absolutePath.default('/etc/services').describe('the table of services'),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.+-]*$/, 'expected the name of a service')
    .describe('name of the service'),
  port: z.int().min(1).max(65535).describe('its port'),
  protocol: z.enum(['tcp', 'udp']).default('tcp').describe('its protocol'),
});

type ServicesParameters = z.infer<typeof parameters>;

/**
 * One entry of /etc/services; all other lines stay. A port that has another name there is refused, unless
 * ours is an alias of it, since programs that ask for the port's name would get whichever comes first.
 * Source: services(5).
 */
export const etcServices: StepModule<ServicesParameters> = {
  name: 'etc-services',
  description: 'an entry of /etc/services',
  parameters,
  reads: ({ path }) => ({ paths: [path ?? '/etc/services'] }),
  writes: ({ path }) => [path],
  apply: (host, { path, name, port, protocol }) => {
    const text = host.text(path) ?? '';
    const key = [name, protocol];
    const others = understand(host, path, text, () => servicesOnPort(text, port, protocol))
      .filter((names) => !names.includes(name))
      .map(([other]) => other);
    if (others.length > 0) {
      throw host.problem(
        'port-taken',
        `${path} already has ${port}/${protocol} for ${others.join(', ')}`,
        `choose another port for ${name}, or remove that line if nothing uses it`,
      );
    }
    const item = { path, format: services.name, key };
    host.manage(item);
    const after = understand(host, path, text, () => services.set(text, key, String(port)));
    if (after !== text) host.write(path, after);
    host.edited(item, text, after);
  },
};
