import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ParsedKey } from 'ssh2';
import { OperatorError } from '../../model/operator-error.ts';
import { remembered } from '../remembered.ts';
import type { SshTarget } from '../target.ts';
import { type AgentServer, startAgentServer } from './agent-server.ts';
import type { OpenSshVersion } from './arguments.ts';
import { createPrivateDirectory } from './private-directory.ts';
import { noProgram } from './problems.ts';
import { sshVersion } from './version.ts';
import { localProgram, startWatchdog, type Watchdog } from './watchdog.ts';

/** What all processes of ssh(1) in a run share: a folder, and a watchdog that cleans up after them. */
export interface Workshop {
  readonly version: OpenSshVersion | undefined;
  readonly watchdog: Watchdog;
  /** An unused path in the folder. */
  path(kind: string): string;
  /** The path of a program from `local/`, for ssh to run. */
  program(name: 'askpass' | 'known-keys' | 'note-key'): Promise<string>;
  /** The socket of an agent that has these keys as well as those of the agent at `behind`. */
  agent(keys: readonly ParsedKey[], behind: string | undefined): Promise<string>;
  close(): Promise<void>;
}

/** Throws an OperatorError `ssh-missing`. */
export async function openWorkshop(target: SshTarget): Promise<Workshop> {
  const version = await sshVersion();
  if (version === 'missing') throw new OperatorError(noProgram(target));
  const directory = await createPrivateDirectory();
  const watchdog = await startWatchdog(directory);
  const programs = new Map<string, Promise<string>>();
  const agents = new Map<string, Promise<AgentServer>>();
  let count = 0;
  const path = (kind: string) => join(directory, `${kind}${++count}`);
  return {
    version,
    watchdog,
    path,
    program: (name) =>
      remembered(programs, name, async () => {
        const file = join(directory, name);
        await writeFile(file, await localProgram(name), { mode: 0o700 });
        return file;
      }),
    async agent(keys, behind) {
      const id = [behind ?? '', ...keys.map((key) => key.getPublicSSH().toString('base64'))].join(' ');
      const server = await remembered(agents, id, () => startAgentServer(path('agent'), keys, behind));
      return server.socket;
    },
    async close() {
      const servers = await Promise.allSettled(agents.values());
      await Promise.all(servers.map((one) => (one.status === 'fulfilled' ? one.value.close() : undefined)));
      await watchdog.close();
    },
  };
}
