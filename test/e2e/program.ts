import { type ChildProcess, spawn } from 'node:child_process';
import type { ReportDocument } from '../../src/report/document/schema.ts';
import type { CommandResult } from '../lab/command.ts';
import type { Lab } from '../lab/lab.ts';
import { isServed, main } from '../support/built-program.ts';
import { long } from '../support/random.ts';
import { served } from './serving.ts';

export { buildProgram, hastyMain, main } from '../support/built-program.ts';

/** No run of these tests takes longer, unless it hangs. Milliseconds. */
const patience = long ? 900_000 : 280_000;

/**
 * What `clusterproxy ARGS`, of this program or another build of it, does from this machine, with no terminal
 * and without ssh's agent. By a process that has carried out others, unless CLUSTERPROXY_ANEW=1 wants each to
 * be started as users do; see also `startClusterproxy`.
 */
export function clusterproxy(lab: Lab, args: readonly string[], build = main): Promise<CommandResult> {
  const variables = environment({ NODE_EXTRA_CA_CERTS: lab.authority.certificate });
  if (process.env.CLUSTERPROXY_ANEW !== '1' && isServed(build))
    return served(lab, build, { argv: args, variables }, patience);
  return lab.run(process.execPath, [build, ...args], { timeoutMs: patience, env: variables });
}

/** The words of the command line by which `clusterproxy` is run. */
export function commandLine(lab: Lab, args: readonly string[]): readonly string[] {
  return lab.wordsFor(process.execPath, [main, ...args]);
}

/** As `clusterproxy`, with --json: the document besides the exit status. */
export async function clusterproxyJson(
  lab: Lab,
  args: readonly string[],
  build = main,
): Promise<CommandResult & { readonly document: ReportDocument }> {
  const result = await clusterproxy(lab, [...args, '--json'], build);
  try {
    return { ...result, document: JSON.parse(result.stdout) };
  } catch {
    throw new Error(`no JSON document (exit ${result.code}):\n${result.stdout}\n${result.stderr}`);
  }
}

/**
 * Starts `clusterproxy ARGS`, of this program or another build of it, and gives its process; `said` resolves
 * as soon as stderr holds the text.
 */
export function startClusterproxy(
  lab: Lab,
  args: readonly string[],
  build = main,
): {
  readonly child: ChildProcess;
  readonly said: (text: string) => Promise<void>;
  /** all that it has said by now, each part after the second of its life in which it came */
  readonly told: () => string;
} {
  const [program, ...words] = lab.wordsFor(process.execPath, [build, ...args]);
  const child = spawn(program, words, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: environment({ NODE_EXTRA_CA_CERTS: lab.authority.certificate }),
  });
  const begun = Date.now();
  let [stderr, timed] = ['', ''];
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    timed += `${Math.round((Date.now() - begun) / 1_000)} s: ${chunk.toString()}`;
  });
  const said = async (text: string) => {
    const deadline = Date.now() + patience;
    while (!stderr.includes(text)) {
      if (Date.now() > deadline || child.exitCode !== null) {
        throw new Error(`the program never said "${text}":\n${stderr}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { child, said, told: () => timed };
}

function environment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { SSH_AUTH_SOCK: _agent, ...rest } = { ...process.env, ...more };
  return Object.fromEntries(Object.entries(rest).flatMap(([key, value]) => (value ? [[key, value]] : [])));
}
