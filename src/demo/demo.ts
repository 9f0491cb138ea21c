import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, realpath, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reasonOf } from '../document/reason.ts';
import { OperatorError, problemsOf } from '../model/operator-error.ts';
import { exitStatus } from '../model/result.ts';
import { errorDocument } from '../report/document/problem.ts';
import { renderProblems } from '../report/terminal/problem.ts';
import { makeStyle } from '../report/terminal/style.ts';
import { type DemoCluster, inventoryName, makeCluster } from './cluster.ts';
import { endProcessesBelow } from './processes.ts';
import { sshConfigOf } from './ssh-config.ts';
import { Stage, type StageOptions } from './stage.ts';
import { tellStory } from './story.ts';

/** What ssh takes to reach the hosts by their names, in the demo's folder. */
const sshConfigName = 'ssh_config';

export interface DemoOptions extends Omit<StageOptions, 'folder'> {
  /** leave the hosts running after the story, until interrupted */
  readonly keep: boolean;
}

/**
 * Plays the story against simulated hosts in a temporary folder, and returns the exit status: 3 if one of its
 * commands ended differently than expected, 130 if it was interrupted. Everything is removed however it ends,
 * even by process.exit().
 */
export async function runDemo(options: DemoOptions): Promise<number> {
  const missing = missingHere();
  if (missing !== undefined) throw notPossible(missing);
  const folder = await makeFolder();
  // What its commands keep goes with it.
  const variables = { ...options.variables, XDG_STATE_HOME: join(folder, 'state') };
  const stage = new Stage({ ...options, variables, folder });
  let cluster: DemoCluster | undefined;
  const removeAtOnce = () => {
    stage.kill();
    endProcessesBelow(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  // The terminal was closed: process.exit() triggers removeAtOnce.
  const hangUp = () => process.exit(exitStatus.interrupted);
  process.once('exit', removeAtOnce);
  process.once('SIGHUP', hangUp);
  try {
    cluster = await makeCluster(folder);
    await introduce(stage, folder);
    const status = await play(stage, folder, options);
    if (options.keep && !options.signal.aborted) {
      await keepRunning(stage, folder, { ...options, cluster });
      return status;
    }
    if (status === exitStatus.done) await sayWhatNext(stage);
    return options.signal.aborted ? exitStatus.interrupted : status;
  } catch (error) {
    if (options.signal.aborted) return exitStatus.interrupted;
    throw error;
  } finally {
    await cluster?.close();
    removeAtOnce();
    process.removeListener('exit', removeAtOnce);
    process.removeListener('SIGHUP', hangUp);
  }
}

async function makeFolder(): Promise<string> {
  try {
    return await realpath(await mkdtemp(join(tmpdir(), 'clusterproxy-demo-')));
  } catch (error) {
    throw new OperatorError({
      code: 'demo-not-possible',
      message: `no temporary folder can be created: ${reasonOf(error)}`,
      next: 'set TMPDIR to a folder that you can write to',
    });
  }
}

async function introduce(stage: Stage, folder: string): Promise<void> {
  stage.heading('A cluster proxy for three BigBlueButton servers, in nine steps');
  await stage.say(
    'Four simulated hosts run on this machine: a proxy, and nodes with BigBlueButton 2.4, 2.6 and 3.0. Each is an ssh server on a port of 127.0.0.1, and a folder with the configuration files of such a host. Connections, files and the actions of clusterproxy are real; systemctl, nginx and BigBlueButton itself are stand-ins.',
  );
  await stage.say(`Everything is below ${folder}, where the commands run.`);
}

/** Tells the story; a step that ends differently than expected is reported here. */
async function play(stage: Stage, folder: string, options: DemoOptions): Promise<number> {
  try {
    await tellStory(stage, folder);
    return exitStatus.done;
  } catch (error) {
    if (options.signal.aborted || !(error instanceof OperatorError)) throw error;
    const { output, color } = options;
    const style = makeStyle({ columns: output.messages.columns, color, verbose: false });
    output.messages.write(`\n${renderProblems(problemsOf(error).map(errorDocument), style).join('\n')}\n`);
    return exitStatus.failed;
  }
}

async function sayWhatNext(stage: Stage): Promise<void> {
  stage.heading('End of the story');
  await stage.say(
    'The hosts are now being removed. To experiment with them, run the demo with --keep. For your own hosts, begin with clusterproxy init, which writes an inventory, and plan, which shows what would change; neither changes anything there.',
  );
}

async function keepRunning(
  stage: Stage,
  folder: string,
  { program, signal, cluster }: DemoOptions & { readonly cluster: DemoCluster },
): Promise<void> {
  const configuration = sshConfigOf(cluster.hosts.values(), join(folder, 'known_hosts'));
  await writeFile(join(folder, sshConfigName), configuration);
  stage.heading('The hosts stay until you press Ctrl-C here');
  await stage.say('In another terminal:');
  stage.list(
    `cd ${quoted(folder)}`,
    `alias clusterproxy=${quoted(program.map(quoted).join(' '))}`,
    `clusterproxy plan --inventory ${inventoryName}`,
    `clusterproxy apply --inventory ${inventoryName}`,
  );
  await stage.say("The hosts' files are below hosts/. To start and end a meeting on bbb-02:");
  stage.list(
    "echo '28 Biology 7b' > hosts/bbb-02/run/stand-in/meetings",
    'rm hosts/bbb-02/run/stand-in/meetings',
  );
  await stage.say(
    'Names such as bbb-proxy.example.com lead nowhere from here, which is what verify and doctor find. init reaches the hosts by their names in the cluster, such as bbb-02:',
  );
  stage.list(`clusterproxy init --ssh-config ${sshConfigName} --user root --inventory mine.yaml`);
  // The servers alone would keep the process alive; a timer makes the intention clear.
  const timer = setInterval(() => undefined, 60_000);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  clearInterval(timer);
}

/** Quoted for a shell. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** What the simulated hosts need but this machine lacks. */
function missingHere(): string | undefined {
  if (process.platform !== 'linux') return `Linux, and this is ${process.platform}`;
  // BusyBox has most of these programs too, but not with these options.
  const tried = spawnSync('sh', [
    '-c',
    'stat --version && flock --version && setsid --version && sed --version',
  ]);
  return tried.status === 0
    ? undefined
    : 'GNU coreutils, GNU sed and util-linux, which nearly all distributions have';
}

function notPossible(missing: string): OperatorError {
  return new OperatorError({
    code: 'demo-not-possible',
    message: `the demo's hosts need ${missing}`,
    next: 'run it in a Debian-based container: the image of Node.js, such as node:22, has everything that is needed',
  });
}
