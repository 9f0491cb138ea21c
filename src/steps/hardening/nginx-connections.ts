import { z } from 'zod';
import { nginxSetting, scanWalkable } from '../../formats/nginx.ts';
import type { Query } from '../../model/reads.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { absolutePath } from '../shared/parameters.ts';
import { understand } from '../shared/understand.ts';
import type { StepModule } from '../step-module.ts';
import { calculation, connectionsAtBothSides, mostFiles } from './expected-users.ts';

const parameters = z.strictObject({
  path: absolutePath.default('/etc/nginx/nginx.conf').describe("nginx's main file, with the block `events`"),
  users: z.int().min(0).describe('how many users are expected at once'),
  processors: z.int().min(1).optional().describe('how many the host has; left out: the host is asked'),
});

type ConnectionParameters = z.infer<typeof parameters>;

const askProcessors: Query = { kind: 'command', args: ['nproc'] };
const usualPath = '/etc/nginx/nginx.conf';

/**
 * Lets nginx have as many connections and files as the expected users need. Neither is lowered. Files need no
 * setting of systemd: workers get theirs from the main process, which runs as root. Source:
 * ngx_core_module, worker_connections (which counts connections to nodes too) and worker_rlimit_nofile.
 */
export const nginxConnections: StepModule<ConnectionParameters> = {
  name: 'nginx-connections',
  description: 'on a proxy with nginx: connections and files for the expected users',
  parameters,
  reads: ({ path = usualPath }) => ({ paths: [path], queries: [askProcessors] }),
  writes: ({ path = usualPath }) => [path],
  itemFormats: [nginxSetting],
  apply: (host, wanted) => {
    if (wanted.users === 0) return;
    const text = host.text(wanted.path);
    if (text === undefined) {
      throw host.problem(
        'file-missing',
        `${wanted.path} does not exist on this host`,
        "name nginx's main file",
      );
    }
    const { connections, files, why } = needed(host, wanted, text);
    raise(host, wanted.path, ['events', 'worker_connections'], { to: connections, why });
    raise(host, wanted.path, ['worker_rlimit_nofile'], {
      to: files,
      why: 'twice as many as connections, for what nginx keeps in files on the way',
    });
  },
};

function needed(host: StepHost, { path, users, processors }: ConnectionParameters, text: string) {
  const workers = understand(host, path, text, () => workersIn(host, text, processors));
  // The kernel doesn't share connections out evenly, so one worker may get twice its part.
  const share = workers > 2 ? 2 / workers : 1;
  const connections = Math.ceil(connectionsAtBothSides(users) * share);
  if (connections * 2 > mostFiles) {
    throw host.problem(
      'hardening-impossible',
      `hardening: connections: ${calculation(users)} need more files than a process may have (${mostFiles})`,
      'let more proxies, or more workers of nginx, share the users',
    );
  }
  const shared = workers > 2 ? `, of which each of ${workers} workers may get twice its part` : '';
  return { connections, files: connections * 2, why: `${calculation(users)}${shared}` };
}

/** `auto` is one for each processor. Source: ngx_core_module, worker_processes. */
function workersIn(host: StepHost, text: string, processors: number | undefined): number {
  const named = scanWalkable(text).find(({ name }) => name === 'worker_processes')?.args[0]?.text ?? '1';
  if (named !== 'auto') return Number(named) || 1;
  return processors ?? (Number(host.answer(askProcessors)?.output?.trim()) || 1);
}

function raise(
  host: StepHost,
  path: string,
  key: readonly string[],
  { to, why }: { readonly to: number; readonly why: string },
): void {
  const item = { path, format: nginxSetting.name, key };
  const text = host.text(path) ?? '';
  const present = understand(host, path, text, () => nginxSetting.get(text, key));
  host.manage(item);
  if (present !== undefined && Number(present) >= to) return;
  const after = understand(host, path, text, () => nginxSetting.set(text, key, to));
  host.write(path, after);
  host.edited(item, text, after);
  host.warn(`${key.at(-1)} of nginx is raised from ${present ?? 'what the system has'} to ${to}: ${why}`);
}
