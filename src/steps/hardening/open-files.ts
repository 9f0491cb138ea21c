import { z } from 'zod';
import type { Query } from '../../model/reads.ts';
import { wholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { dropInPath } from '../host/drop-ins.ts';
import { directoriesOf, unitName } from '../shared/parameters.ts';
import type { StepModule } from '../step-module.ts';
import { calculation, connectionsAtBothSides } from './expected-users.ts';

const parameters = z.strictObject({
  unit: unitName.describe('the service'),
  name: z
    .string()
    .regex(/^[^/\s]+\.conf$/, 'expected a file name ending in .conf')
    .describe('file name of our drop-in'),
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
    return { paths: [path, ...directoriesOf(path)], queries: [askLimit(unit)] };
  },
  writes: ({ unit, name }) => [dropInPath(unit, name)],
  apply: (host, { unit, name, users, spare }) => {
    const path = dropInPath(unit, name);
    const needed = connectionsAtBothSides(users) + spare;
    const limit = limitOf(host, unit);
    const own = Number(/^LimitNOFILE=(\d+)$/m.exec(host.text(path) ?? '')?.[1] ?? 0);
    if (users === 0) return;
    if (own === 0 && limit >= needed) return;
    const to = Math.max(own, needed);
    host.manage(wholePath(path));
    host.write(
      path,
      `# Written by clusterproxy, step ${host.step}: edits get lost.\n[Service]\nLimitNOFILE=${to}\n`,
    );
    if (own >= needed) return;
    host.warn(
      `${unit} may open ${limit} files, and needs ${needed}: ${calculation(users)}, and ${spare} for others. Raised, which counts from its next restart on`,
    );
  },
};

function askLimit(unit: string): Query {
  return { kind: 'command', args: ['systemctl', 'show', '--property=LimitNOFILE', '--value', unit] };
}

/** In files; what isn't known is taken to be enough, as it is with systemd's own default. */
function limitOf(host: StepHost, unit: string): number {
  const words = host.answer(askLimit(unit))?.output?.trim() ?? '';
  return /^\d+$/.test(words) ? Number(words) : Number.POSITIVE_INFINITY;
}
