import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rtmpModule } from '../../lab/antmedia/rtmp.ts';

export interface RunningRtmp {
  readonly port: number;
  /** names of the streams that are published there now */
  published(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** A real server of RTMP on the loopback address: nginx with its module; `application` is said of each. */
export async function startRtmp(applications: Readonly<Record<string, string>>): Promise<RunningRtmp> {
  for (let attempts = 3; ; attempts -= 1) {
    const running = await tryStart(applications);
    if (running !== undefined) return running;
    // Somebody else has got the port meanwhile.
    if (attempts === 1) throw new Error("nginx doesn't start with its RTMP module");
  }
}

async function tryStart(applications: Readonly<Record<string, string>>): Promise<RunningRtmp | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'rtmp-'));
  const port = await freePort();
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const all = Object.entries(applications).map(([name, text]) => `application ${name} { live on; ${text} }`);
  writeFileSync(
    join(folder, 'nginx.conf'),
    `load_module ${rtmpModule}; daemon off; ${user} worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log;
events {}
rtmp { access_log off; server { listen 127.0.0.1:${port}; ${all.join(' ')} } }
http { access_log off; ${temporary.join(' ')} server { listen unix:${folder}/stat; location / { rtmp_stat all; } } }
`,
  );
  const child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'ignore' });
  const ended = once(child, 'close');
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true });
  };
  while (child.exitCode === null) {
    if (await answers(port)) return { port, published: () => publishedAt(join(folder, 'stat')), stop };
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  rmSync(folder, { recursive: true });
  return undefined;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

async function publishedAt(socketPath: string): Promise<readonly string[]> {
  const { request } = await import('node:http');
  const page = await new Promise<string>((resolve, reject) => {
    const asked = request({ socketPath, path: '/', agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (body += part));
      response.on('end', () => resolve(body));
    });
    asked.on('error', reject);
    asked.end();
  });
  return page
    .split('<stream>')
    .filter((part) => part.includes('<publishing/>'))
    .map((part) => /<name>([^<]*)<\/name>/.exec(part)?.[1] ?? '');
}
