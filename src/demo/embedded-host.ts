import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  access,
  chmod,
  constants,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ssh2, { type AuthContext, type Connection, type ServerChannel } from 'ssh2';
import { packageRoot } from '../package-root.ts';
import { fingerprint } from '../ssh/host-keys/known-hosts.ts';
import { plainTarget } from '../ssh/resolve-target.ts';
import type { SshTarget } from '../ssh/target.ts';
import { endProcessesOf } from './processes.ts';

export interface EmbeddedHostOptions {
  readonly name: string;
  /** the folder that is the host's root */
  readonly root: string;
  /** a folder for the server's own files (keys, links to the stand-ins); a temporary one if left out */
  readonly work?: string;
  /** units that are active when the host starts */
  readonly units?: readonly string[];
  /** what a login script would print before each command */
  readonly greeting?: string;
  /** the shell that runs commands; `sh` if left out */
  readonly shell?: readonly string[];
}

/**
 * An ssh server on a loopback port that uses a folder as a host's root: it needs no root rights, no systemd
 * and no network.
 */
export interface EmbeddedHost {
  readonly name: string;
  readonly root: string;
  readonly port: number;
  readonly target: SshTarget;
  /** `SHA256:…` of its host key */
  readonly hostKey: string;
  /** number of logins so far */
  readonly connections: number;
  /** number of commands so far */
  readonly commands: readonly string[];
  /** Runs a program as the host itself would, and returns its output. */
  run(program: string, ...args: readonly string[]): Promise<string>;
  /** Drops all connections without notice, as a broken line would; what runs on the host continues. */
  cut(): void;
  /** Refuses new logins until called with `false`. */
  unplug(unplugged: boolean): void;
  /** Switches the host off: everything that runs on it has ended then, and nothing writes below its root. */
  close(): Promise<void>;
}

/** Starts the server. Log in with the key in `target.identityFiles`. */
export async function startEmbeddedHost(options: EmbeddedHostOptions): Promise<EmbeddedHost> {
  const work = options.work ?? (await mkdtemp(join(tmpdir(), 'clusterproxy-host-')));
  const programs = await linkStandIns(work);
  const hostKeys = newKeys();
  const clientKeys = newKeys();
  const identity = join(work, 'id_ed25519');
  await writeFile(identity, clientKeys.private, { mode: 0o600 });
  const accepted = publicKeyOf(clientKeys.public);
  const environment = {
    PATH: `${programs}:${process.env.PATH ?? '/usr/bin:/bin'}`,
    CLUSTERPROXY_ROOT: options.root,
    HOME: options.root,
    STAND_IN_SHELL: (options.shell ?? ['sh']).join(' '),
  };
  const sockets = new Set<Connection>();
  const commands: string[] = [];
  let connections = 0;
  let unplugged = false;

  const server = new ssh2.Server({ hostKeys: [hostKeys.private] }, (client) => {
    if (unplugged) {
      client.on('error', () => {});
      destroy(client);
      return;
    }
    connections++;
    sockets.add(client);
    client.on('error', () => {});
    client.on('close', () => sockets.delete(client));
    client.on('authentication', (context) => authenticate(context, accepted));
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec, _reject, info) => {
        commands.push(info.command);
        execute(acceptExec(), info.command, options, environment);
      });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const hostKey = fingerprint(publicKeyOf(hostKeys.public));
  const host: EmbeddedHost = {
    name: options.name,
    root: options.root,
    port,
    hostKey,
    target: plainTarget({
      host: '127.0.0.1',
      port,
      user: 'root',
      identityFiles: [identity],
      hostKeys: [hostKey],
      knownHostsFiles: [],
      // Both sides of the handshake are this process, which may be busy with the hosts' programs.
      connectTimeout: 60,
    }),
    get connections() {
      return connections;
    },
    commands,
    run: (program, ...args) => runHere(program, args, environment),
    cut: () => {
      for (const client of sockets) destroy(client);
    },
    unplug: (value) => {
      unplugged = value;
    },
    close: async () => {
      for (const client of sockets) destroy(client);
      await promisify(server.close.bind(server))().catch(() => {});
      endProcessesOf(options.root);
      if (options.work === undefined) await rm(work, { recursive: true, force: true });
    },
  };
  // How a program detects that systemd runs a host: sd_booted(3).
  await mkdir(join(options.root, 'run/systemd/system'), { recursive: true });
  for (const unit of options.units ?? []) await host.run('systemctl', 'start', unit);
  return host;
}

function authenticate(context: AuthContext, accepted: Buffer): void {
  if (isAccepted(context, accepted)) context.accept();
  else context.reject(['publickey']);
}

/** Without a signature the client only asks whether the key is acceptable. */
function isAccepted(context: AuthContext, accepted: Buffer): boolean {
  if (context.method !== 'publickey' || !context.key.data.equals(accepted)) return false;
  if (context.signature === undefined || context.blob === undefined) return true;
  const key = ssh2.utils.parseKey(`${context.key.algo} ${context.key.data.toString('base64')}`);
  return !(key instanceof Error) && key.verify(context.blob, context.signature, context.hashAlgo) === true;
}

/** As with sshd, the command continues if the connection is lost, but without input and output. */
function execute(
  channel: ServerChannel,
  command: string,
  options: EmbeddedHostOptions,
  environment: NodeJS.ProcessEnv,
): void {
  const [shell = 'sh', ...shellArguments] = options.shell ?? ['sh'];
  const line = command.replace(/^exec sh /, `exec ${[shell, ...shellArguments].join(' ')} `);
  const child = spawn(shell, [...shellArguments, '-c', line], { env: environment, cwd: '/', detached: true });
  if (options.greeting !== undefined) channel.write(options.greeting);
  channel.on('error', () => {});
  channel.on('close', () => {
    child.stdin.end();
    child.stdout.destroy();
    child.stderr.destroy();
  });
  child.stdin.on('error', () => {});
  channel.pipe(child.stdin);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  child.on('error', () => {
    channel.exit(127);
    channel.end();
  });
  child.on('close', (code, signal) => {
    if (channel.destroyed) return;
    if (code !== null) channel.exit(code);
    else channel.exit(signal ?? 'KILL');
    channel.end();
  });
}

/** The stand-ins have the names of the programs that they replace; their shared code is beside them. */
async function linkStandIns(work: string): Promise<string> {
  const source = join(packageRoot(), 'src/demo/stand-ins');
  const folder = join(work, 'bin');
  await mkdir(folder, { recursive: true });
  for (const file of await readdir(source)) {
    const name = file === 'common.sh' ? file : file.replace(/\.sh$/, '');
    await linkProgram(join(source, file), join(folder, name));
  }
  return folder;
}

/** A copy, where the file system of the program itself lets nothing be run (noexec, see mount(8)). */
async function linkProgram(file: string, link: string): Promise<void> {
  const runs = await access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
  await (runs || file.endsWith('/common.sh') ? symlink(file, link) : copyExecutable(file, link)).catch(
    ignoreExisting,
  );
}

async function copyExecutable(file: string, copy: string): Promise<void> {
  await copyFile(file, copy);
  await chmod(copy, 0o755);
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}

async function runHere(
  name: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<string> {
  const child = spawn(name, [...args], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
  await once(child, 'close');
  return Buffer.concat(output).toString('utf8');
}

/** ssh2 1.17.0 generates about one key in 150 that it can't read itself. */
function newKeys(): { readonly private: string; readonly public: string } {
  for (;;) {
    const keys = ssh2.utils.generateKeyPairSync('ed25519');
    if (!(ssh2.utils.parseKey(keys.private) instanceof Error)) return keys;
  }
}

function publicKeyOf(text: string): Buffer {
  return Buffer.from(text.split(' ')[1] ?? '', 'base64');
}

/** ssh2 has no public way to drop a client without saying goodbye. */
function destroy(client: Connection): void {
  const { _sock: socket } = client as unknown as { _sock?: { destroy(): void } };
  socket?.destroy();
}
