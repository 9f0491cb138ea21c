import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where a Caddy of a test is: its folder and the ports that it may use, all on 127.0.0.1. */
export interface CaddyPlace {
  readonly folder: string;
  readonly http: number;
  readonly https: number;
  readonly admin: number;
}

export interface RunningCaddy extends CaddyPlace {
  /** Has it read its files anew, as `systemctl reload` does. Rejects with what it says if it refuses. */
  reload(): Promise<void>;
  /** what it has said so far */
  said(): string;
  stop(): Promise<void>;
}

/** Ports that nobody uses now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/**
 * A real Caddy in a folder of its own. `files` gives the Caddyfile's sites and other files by their names
 * below the folder; a site of the name `proxy.example.com` is served at the ports of the place.
 */
export async function startCaddy(
  files: (place: CaddyPlace) => Readonly<Record<string, string>>,
): Promise<RunningCaddy> {
  const folder = mkdtempSync(join(tmpdir(), 'caddy-'));
  const [http = 0, https = 0, admin = 0] = await freePorts(3);
  const place = { folder, http, https, admin };
  for (const [path, text] of Object.entries(files(place))) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const caddyfile = join(folder, 'Caddyfile');
  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  const child = spawn('caddy', ['run', '--config', caddyfile, '--adapter', 'caddyfile'], { env });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  while (!said.includes('serving initial configuration') && child.exitCode === null) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (child.exitCode !== null) throw new Error(`caddy didn't start: ${said}`);
  return {
    ...place,
    said: () => said,
    reload: () => reload(place, env),
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

/** What a Caddyfile for such a place begins with. */
export function globalOptions({ http, https, admin }: CaddyPlace, more = ''): string {
  return `{
	admin 127.0.0.1:${admin}
	http_port ${http}
	https_port ${https}
	default_bind 127.0.0.1
	skip_install_trust
	${more}
}
`;
}

function reload({ folder, admin }: CaddyPlace, env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(
    'caddy',
    [
      ...['reload', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile', '--force'],
      ...['--address', `127.0.0.1:${admin}`],
    ],
    { env },
  );
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on('close', (status) => (status === 0 ? resolve() : reject(new Error(said))));
  });
}
