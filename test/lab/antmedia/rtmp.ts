import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { LabHost } from '../host.ts';
import { onProcessEnd } from '../process-end.ts';

export const rtmpModule = '/usr/lib/nginx/modules/ngx_rtmp_module.so';

/** Why real RTMP can't be tested on this machine; undefined if it can. */
export const withoutRtmp = !existsSync(rtmpModule)
  ? "nginx's RTMP module is not installed on this machine (Debian: libnginx-mod-rtmp)"
  : spawnSync('ffmpeg', ['-version']).status !== 0
    ? 'ffmpeg is not installed on this machine'
    : undefined;

/** What ffmpeg publishes: a small moving picture, until it is stopped. */
export class Publisher {
  readonly #child: ChildProcess;
  readonly #forget: () => void;
  #said = '';
  ended = false;

  /** `url`: `rtmp://…` or `rtmps://…`; its certificate isn't checked here */
  constructor(url: string) {
    const picture = ['-f', 'lavfi', '-i', 'testsrc=size=128x72:rate=10'];
    const args = ['-nostdin', '-loglevel', 'error', '-re', ...picture, '-c:v', 'flv', '-f', 'flv', url];
    this.#child = spawn('ffmpeg', args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr?.on('data', (data) => (this.#said += data));
    this.#child.on('close', () => (this.ended = true));
    this.#child.on('error', () => (this.ended = true));
    this.#forget = onProcessEnd(() => this.#child.kill('SIGKILL'));
  }

  /** Its output, if something went wrong. */
  get said(): string {
    return this.#said;
  }

  stop(): void {
    this.#forget();
  }
}

/**
 * Bytes that a node has received of a stream that is being published there now; undefined if there is none.
 */
export async function bytesReceived(node: LabHost, stream: string): Promise<number | undefined> {
  const page = await node.mustExec(['curl', '-s', '--max-time', '5', 'http://127.0.0.1:8090/']);
  const part = page.split('<stream>').find((text) => text.includes(`<name>${stream}</name>`));
  if (!part?.includes('<publishing/>')) return undefined;
  return Number(/<bytes_in>(\d+)<\/bytes_in>/.exec(part)?.[1]);
}

/** The node that receives a stream, once more than `more` bytes have arrived. */
export async function untilReceived(
  nodes: readonly LabHost[],
  stream: string,
  { more = 0, publisher }: { more?: number; publisher: Publisher },
): Promise<{ readonly node: LabHost; readonly bytes: number }> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    for (const node of nodes) {
      const bytes = await bytesReceived(node, stream);
      if (bytes !== undefined && bytes > more) return { node, bytes };
    }
    if (publisher.ended || Date.now() > deadline) {
      throw new Error(`the stream ${stream} doesn't arrive: ${publisher.said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
