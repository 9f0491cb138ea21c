import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The agent as it is installed. */
export const agentFile = `${import.meta.dirname}/../../playbooks/files/haproxy-agent-check.sh`;

/** The shells that can stand behind /bin/sh, of those that this machine has. */
export const shells: readonly (readonly [string, ...string[]])[] = (
  [['dash'], ['bash', '--posix'], ['busybox', 'sh']] as const
).filter(([program]) => spawnSync(program, ['true']).error === undefined);

/**
 * A line that HAProxy takes for what it says, and that keeps to what this agent may say. Source: agent-check
 * in HAProxy's configuration manual, and tcpcheck_agent_expect_reply in src/tcpcheck.c: `#` must begin a
 * word, the line must end.
 */
export const grammar = /^up (?:\d|[1-9]\d|100)%(?: #[ -~]+)?\n$/;

export type Respond = (request: IncomingMessage, response: ServerResponse) => void;

/** A statistics page whose answer a test sets. */
export class StatisticsPage {
  respond: Respond = (_, response) => response.end('');
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<StatisticsPage> {
    const server = createServer();
    const page = new StatisticsPage(server);
    server.on('request', (request, response) => {
      page.respond(request, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return page;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/?action=stat`;
  }

  /** Answer with these figures, in the form of the real page. */
  show(figures: Readonly<Record<string, number | string>>): void {
    const lines = Object.entries(figures).map(([key, value]) => `${key}=${value}`);
    this.send(
      ['-----Connection Stats-----', 'connections=1', '-----Stream Stats-----', ...lines, ''].join('\n'),
    );
  }

  send(body: string | Buffer): void {
    this.respond = (_, response) => response.end(body);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** A made-up host for the agent: its /proc, its configuration and its state. */
export class AgentHost {
  readonly folder = mkdtempSync(join(tmpdir(), 'agent-'));
  readonly #conf: Record<string, string>;

  constructor(conf: Readonly<Record<string, string>>) {
    const proc = join(this.folder, 'proc');
    // The machine may be busy: only a test in which the page never answers is about how long the agent waits.
    this.#conf = { proc, state_directory: join(this.folder, 'run'), statistics_timeout: '20', ...conf };
    this.put('run/.keep', '');
    this.put('proc/stat', 'cpu  1 2 3\ncpu0 1 2 3\ncpu1 1 2 3\nintr 5\n');
    this.put(
      'proc/net/route',
      'Iface\tDestination\tGateway\neth0\t00000000\t0100000A\neth1\t0000000A\t00000000\n',
    );
    this.load(0.5);
    this.traffic({ uptime: 1000, received: 1_000_000, sent: 2_000_000 });
  }

  /** Load average of the last minute; there are two processors. */
  load(average: number): void {
    this.put('proc/loadavg', `${average.toFixed(2)} 0.10 0.05 1/234 5678\n`);
  }

  /** What eth0, which has the default route, has counted; lo, eth1 and docker0 count much more. */
  traffic({ uptime, received, sent }: { uptime: number; received: number; sent: number }): void {
    this.put('proc/uptime', `${uptime.toFixed(2)} 12345.67\n`);
    const line = (name: string, one: number, other: number) =>
      `${name.padStart(6)}: ${one} 10 0 0 0 0 0 0 ${other} 20 0 0 0 0 0 0\n`;
    this.put(
      'proc/net/dev',
      'Inter-|   Receive  |  Transmit\n face |bytes packets |bytes packets\n' +
        line('lo', uptime * 1e9, uptime * 1e9) +
        line('eth0', received, sent) +
        line('eth1', uptime * 1e9, uptime * 1e9) +
        line('docker0', uptime * 1e9, uptime * 1e9),
    );
  }

  put(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  /** A PATH with these programs and nothing else. */
  programs(names: readonly string[]): string {
    const folder = join(this.folder, 'bin');
    mkdirSync(folder, { recursive: true });
    for (const name of names) {
      const found = execFileSync('sh', ['-c', 'command -v "$1"', 'sh', name], { encoding: 'utf8' }).trim();
      symlinkSync(found, join(folder, name));
    }
    return folder;
  }

  /**
   * What the agent answers, with what it wrote to standard error behind it, where it should write nothing.
   */
  async ask(
    shell: readonly [string, ...string[]],
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const conf = Object.entries(this.#conf).map(([key, value]) => `${key}=${value}\n`);
    this.put('agent.conf', conf.join(''));
    chmodSync(agentFile, 0o755);
    const [program, ...options] = shell;
    const child = spawn(program, [...options, agentFile, '-c', join(this.folder, 'agent.conf'), ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return outputOf(child);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function outputOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (data: Buffer) => (stdout += data.toString('latin1')));
    child.stderr?.on('data', (data: Buffer) => (stderr += data.toString('latin1')));
    child.once('error', reject);
    child.once('close', () => resolve(stdout + stderr));
  });
}
