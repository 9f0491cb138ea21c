import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RunningNginx {
  /** its folder, in which its nginx.conf is */
  readonly folder: string;
  /** Sends a request, by default to the server that listens on `unix:FOLDER/front`. */
  get(path: string, headers?: Readonly<Record<string, string>>, at?: RequestOptions): Promise<NginxAnswer>;
  stop(): Promise<void>;
}

export interface NginxAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/**
 * A real nginx on sockets in a folder of its own; `http` receives that folder and returns the content of
 * `http { … }`.
 */
export async function startNginx(http: (folder: string) => string): Promise<RunningNginx> {
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'));
  mkdirSync(join(folder, 'logs'));
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name};`,
  );
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; ${user} worker_processes 1; pid ${folder}/pid; error_log ${folder}/logs/error.log;
events {}
http {
access_log off; ${temporary.join(' ')}
${http(folder)}
}
`,
  );
  const child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], { stdio: 'pipe' });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const socketPath = join(folder, 'front');
  // It is written once all sockets are listened on; that the first one is there says nothing of the others.
  while (!existsSync(join(folder, 'pid')) && child.exitCode === null)
    await new Promise((resolve) => setTimeout(resolve, 10));
  if (child.exitCode !== null) throw new Error(`nginx didn't start: ${stderr}`);
  return {
    folder,
    get: (path, headers = {}, at = { socketPath }) => ask(at, path, headers),
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

function ask(
  at: RequestOptions,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<NginxAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request({ agent: false, ...at, path, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
      );
    });
    asked.on('error', reject);
    asked.end();
  });
}
