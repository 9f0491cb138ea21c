import { z } from 'zod';
import { wholePath } from '../../virtual/managed.ts';
import { dropInPath } from '../host/drop-ins.ts';
import { directoriesOf, unitName } from '../shared/parameters.ts';
import type { StepModule } from '../step-module.ts';
import { calculation, connectionsAtBothSides } from './expected-users.ts';
import { askFileLimits, fileLimitsOf, refuseTooMany } from './file-limits.ts';

const parameters = z.strictObject({
  unit: unitName.describe('the service'),
  name: z
    .string()
    .regex(/^[^/\s]+\.conf$/, 'expected a file name ending in .conf')
    .describe(
      'file name of our drop-in; files are read in the order of their names, and the last one counts',
    ),
  users: z.int().min(0).describe('how many users are expected at once'),
  spare: z
    .int()
    .min(0)
    .default(1000)
    .describe('files for other things: logs, certificates, sockets of its own'),
});

type FileParameters = z.infer<typeof parameters>;

/**
 * Lets a service open as many files as the connections of the expected users are, by a drop-in of our own,
 * where its unit allows fewer. Source: systemd.exec(5), LimitNOFILE=.
 */
export const openFiles: StepModule<FileParameters> = {
  name: 'open-files',
  description: 'on a proxy: how many files a service may open',
  parameters,
  reads: ({ unit, name }) => {
    const path = dropInPath(unit, name);
    return { paths: [path, ...directoriesOf(path)], queries: askFileLimits(unit) };
  },
  writes: ({ unit, name }) => [dropInPath(unit, name)],
  apply: (host, { unit, name, users, spare }) => {
    const path = dropInPath(unit, name);
    const needed = connectionsAtBothSides(users) + spare;
    const limits = fileLimitsOf(host, unit);
    const own = Number(/^LimitNOFILE=(\d+)$/m.exec(host.text(path) ?? '')?.[1] ?? 0);
    if (users === 0) return;
    if (own === 0 && limits.hard >= needed) return;
    const of = `${calculation(users)}, and ${spare} for others,`;
    refuseTooMany(host, { needed, most: limits.byUnit, of, why: limits.why });
    const to = Math.max(own, needed);
    host.manage(wholePath(path));
    host.write(
      path,
      `# Written by clusterproxy, step ${host.step}: edits get lost.\n[Service]\nLimitNOFILE=${to}\n`,
    );
    if (own >= needed) return;
    host.note(
      `${unit} may open ${limits.hard} files, and needs ${needed}: ${calculation(users)}, and ${spare} for others. Raised, which counts from its next restart on`,
    );
  },
};
