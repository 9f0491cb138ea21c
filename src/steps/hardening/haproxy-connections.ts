import { z } from 'zod';
import { haproxyGlobal } from '../../formats/haproxy.ts';
import { absolutePath } from '../shared/parameters.ts';
import { understand } from '../shared/understand.ts';
import type { StepModule } from '../step-module.ts';
import { calculation, connectionsAtBothSides, connectionsPerUser } from './expected-users.ts';

const usualPath = '/etc/haproxy/haproxy.cfg';

const parameters = z.strictObject({
  path: absolutePath.default(usualPath).describe('haproxy.cfg'),
  users: z.int().min(0).describe('how many users are expected at once'),
  spare: z.int().min(0).default(1000).describe('files for other things: logs, checks, sockets of its own'),
});

type ConnectionParameters = z.infer<typeof parameters>;

/**
 * Raises `maxconn` and `ulimit-n` of `global` where they are named and too low for the expected users.
 * Where they aren't, HAProxy takes as many as the system lets it have. Source: HAProxy's configuration
 * manual, 3.1 and 3.2.
 */
export const haproxyConnections: StepModule<ConnectionParameters> = {
  name: 'haproxy-connections',
  description: 'on a proxy with HAProxy: connections for the expected users',
  parameters,
  reads: ({ path = usualPath }) => ({ paths: [path] }),
  writes: ({ path = usualPath }) => [path],
  itemFormats: [haproxyGlobal],
  apply: (host, { path, users, spare }) => {
    if (users === 0) return;
    const needed = [
      {
        key: 'maxconn',
        to: users * connectionsPerUser,
        of: `${users} users × ${connectionsPerUser} connections`,
      },
      {
        key: 'ulimit-n',
        to: connectionsAtBothSides(users) + spare,
        of: `${calculation(users)}, and ${spare}`,
      },
    ];
    for (const { key, to, of } of needed) {
      const text = host.text(path) ?? '';
      const present = understand(host, path, text, () => haproxyGlobal.get(text, [key]));
      if (present === undefined) continue;
      const item = { path, format: haproxyGlobal.name, key: [key] };
      host.manage(item);
      if (Number(present) >= to) continue;
      const after = understand(host, path, text, () => haproxyGlobal.set(text, [key], to));
      host.write(path, after);
      host.edited(item, text, after);
      host.note(`${key} of HAProxy is raised from ${String(present)} to ${to}: ${of}`);
    }
  },
};
