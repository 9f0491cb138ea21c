import { z } from 'zod';
import { nginxSetting } from '../../formats/nginx.ts';
import type { Query } from '../../model/reads.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { nginxFiles } from '../nginx/nginx-files.ts';
import { mainFile, nginxOn, wholeConfiguration } from '../nginx/nginx-on-host.ts';
import { absolutePath, unitName } from '../shared/parameters.ts';
import { understand } from '../shared/understand.ts';
import type { StepModule } from '../step-module.ts';
import { calculation, connectionsAtBothSides } from './expected-users.ts';
import { askFileLimits, fileLimitsOf, refuseTooMany } from './file-limits.ts';

const parameters = z.strictObject({
  path: absolutePath.default('/etc/nginx/nginx.conf').describe("nginx's main file, with the block `events`"),
  users: z.int().min(0).describe('how many users are expected at once'),
  unit: unitName.default('nginx.service').describe('its service'),
  processors: z.int().min(1).optional().describe('how many the host has; left out: the host is asked'),
});

type ConnectionParameters = z.infer<typeof parameters>;

const askProcessors: Query = { kind: 'command', args: ['nproc'] };
const usualPath = mainFile;
const usualUnit = 'nginx.service';

/**
 * Lets nginx have as many connections and files as the expected users need. Neither is lowered. Files need no
 * setting of systemd: workers get theirs from the main process, which runs as root. Source:
 * ngx_core_module, worker_connections (which counts connections to nodes too) and worker_rlimit_nofile.
 */
export const nginxConnections: StepModule<ConnectionParameters> = {
  name: 'nginx-connections',
  description: 'on a proxy with nginx: connections and files for the expected users',
  parameters,
  reads: ({ path = usualPath, unit = usualUnit }) => ({
    includes: wholeConfiguration.includes,
    paths: [path, ...nginxFiles.read, ...nginxFiles.behindLinks, ...wholeConfiguration.paths],
    queries: [askProcessors, ...askFileLimits(unit)],
  }),
  writes: ({ path = usualPath }) => [path],
  itemFormats: [nginxSetting],
  apply: (host, wanted) => {
    if (wanted.users === 0) return;
    if (host.text(wanted.path) === undefined) {
      throw host.problem(
        'file-missing',
        `${wanted.path} does not exist on this host`,
        "name nginx's main file",
      );
    }
    const { connections, why } = needed(host, wanted);
    raise(host, wanted, ['events', 'worker_connections'], { to: connections, why });
    raiseFiles(host, wanted, { files: connections * 2, why });
  },
};

interface Needed {
  readonly connections: number;
  /** the calculation in words */
  readonly why: string;
}

function needed(host: StepHost, { users, processors, path }: ConnectionParameters): Needed {
  const workers = workersIn(host, path, processors);
  // The kernel doesn't share connections out evenly, so one worker may get twice its part.
  const share = workers > 2 ? 2 / workers : 1;
  const shared = workers > 2 ? `, of which each of ${workers} workers may get twice its part` : '';
  return {
    connections: Math.ceil(connectionsAtBothSides(users) * share),
    why: `${calculation(users)}${shared}`,
  };
}

/** Without a word of nginx's, it has what its unit lets it begin with; that may be more already. */
function raiseFiles(
  host: StepHost,
  wanted: ConnectionParameters,
  { files, why }: { readonly files: number; readonly why: string },
): void {
  const limits = fileLimitsOf(host, wanted.unit);
  const key = ['worker_rlimit_nofile'];
  const present = presentOf(host, wanted.path, key);
  if (present === undefined && limits.soft !== undefined && limits.soft >= files) return;
  if (present === undefined || Number(present.value) < files)
    refuseTooMany(host, { needed: files, most: limits.byItself, of: `${why}, each with a file,`, ...limits });
  raise(host, wanted, key, {
    to: files,
    from: limits.soft,
    why: 'twice as many as connections, for what nginx keeps in files on the way',
  });
}

/** `auto` is one for each processor. Source: ngx_core_module, worker_processes. */
function workersIn(host: StepHost, path: string, processors: number | undefined): number {
  const named = presentOf(host, path, ['worker_processes'])?.value ?? '1';
  if (named !== 'auto') return Number(named) || 1;
  return processors ?? (Number(host.answer(askProcessors)?.output?.trim()) || 1);
}

/** What is set today, and the file that says so: nginx's main file may include others, also in `events`. */
function presentOf(host: StepHost, path: string, key: readonly string[]) {
  const name = key.at(-1);
  const configuration = nginxOn(host, { usually: nginxFiles.read });
  const placed = configuration
    .shared(key.length > 1 ? 'events' : 'main')
    .find(({ directive }) => directive.name === name);
  const text = host.text(path) ?? '';
  const own = understand(host, path, text, () => nginxSetting.get(text, key));
  if (own !== undefined || placed === undefined || path !== mainFile)
    return own === undefined ? undefined : { file: path, value: String(own) };
  return { file: placed.file.path, value: placed.directive.args[0]?.text ?? '' };
}

function raise(
  host: StepHost,
  { path }: ConnectionParameters,
  key: readonly string[],
  { to, why, from }: { readonly to: number; readonly why: string; readonly from?: number | undefined },
): void {
  const present = presentOf(host, path, key);
  const isEnough = present !== undefined && Number(present.value) >= to;
  if (present !== undefined && present.file !== path) {
    if (isEnough) return;
    throw host.problem(
      'hardening-impossible',
      `hardening: connections: ${present.file} sets ${key.at(-1)} to ${present.value}, and ${to} are needed: ${why}`,
      `set it to ${to} there, or leave it to ${path}; nginx takes it only once`,
    );
  }
  const item = { path, format: nginxSetting.name, key };
  host.manage(item);
  if (isEnough) return;
  const text = host.text(path) ?? '';
  const after = understand(host, path, text, () => nginxSetting.set(text, key, to));
  host.write(path, after);
  host.edited(item, text, after);
  host.note(
    `${key.at(-1)} of nginx is raised from ${present?.value ?? from ?? 'what the system has'} to ${to}: ${why}`,
  );
}
