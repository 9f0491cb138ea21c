import { z } from 'zod';
import type { Query } from '../../model/reads.ts';
import { wholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { absolutePath, directoriesOf } from '../shared/parameters.ts';
import type { StepModule } from '../step-module.ts';

const parameters = z.strictObject({
  path: absolutePath.describe('our own file in /etc/sysctl.d'),
  queue: z.int().min(128).default(4096).describe('how many connections may wait to be taken up'),
  half_open: z.int().min(128).default(8192).describe('how many may have begun, and not be there yet'),
});

type BacklogParameters = z.infer<typeof parameters>;

/**
 * Lets more connections wait in a moment of many, and has the kernel answer floods of beginnings by cookies.
 * Values that are higher already stay, and aren't in the file. Sources: tcp(7), listen(2), sysctl.d(5).
 */
export const backlog: StepModule<BacklogParameters> = {
  name: 'backlog',
  description: 'on a proxy: how many connections may wait, by sysctl',
  parameters,
  reads: ({ path }) => ({
    paths: [path, ...directoriesOf(path)],
    queries: Object.keys(wantedOf({})).flatMap((key) => [ask(key), askWritable(key)]),
  }),
  writes: ({ path }) => [path],
  apply: (host, wanted) => {
    const lines = Object.entries(wantedOf(wanted)).flatMap(([key, value]) =>
      lineOf(host, wanted.path, key, value),
    );
    if (lines.length === 0) return;
    host.manage(wholePath(wanted.path));
    host.write(
      wanted.path,
      `# Written by clusterproxy, step ${host.step}: edits get lost.\n${lines.join('\n')}\n`,
      { mode: 0o644 },
    );
  },
};

function wantedOf({ queue = 4096, half_open: halfOpen = 8192 }: Partial<BacklogParameters>) {
  return {
    // 1: only once the queue is full. 2 would be always.
    'net.ipv4.tcp_syncookies': 1,
    'net.core.somaxconn': queue,
    'net.ipv4.tcp_max_syn_backlog': halfOpen,
  };
}

/** The line of a key that is lower today, or that our file has raised already. */
function lineOf(host: StepHost, path: string, key: string, value: number): readonly string[] {
  const line = `${key} = ${value}`;
  const present = presentOf(host, key);
  const isOurs = host.text(path)?.split('\n').includes(line) ?? false;
  if (present === undefined) return isOurs ? [line] : [];
  if (present > value || (present === value && !isOurs)) return [];
  if (present < value && host.answer(askWritable(key))?.status === 1) {
    throw host.problem(
      'hardening-impossible',
      `hardening: backlog: ${key} can't be set on this host, which is the case in most containers`,
      `set it on the machine that the container runs on (${value} or more), or take backlog out of \`hardening\``,
    );
  }
  if (present < value && !isOurs) host.note(`${key} is raised from ${present} to ${value}`);
  return [line];
}

function presentOf(host: StepHost, key: string): number | undefined {
  const { status, output = '' } = host.answer(ask(key)) ?? {};
  return status === 0 && /^\d+$/.test(output.trim()) ? Number(output.trim()) : undefined;
}

function ask(key: string): Query {
  return { kind: 'command', args: ['sysctl', '-n', key] };
}

function askWritable(key: string): Query {
  return { kind: 'command', args: ['test', '-w', `/proc/sys/${key.replaceAll('.', '/')}`] };
}
