import { readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { fileURLToPath } from 'node:url';
import type { LabHost } from '../host.ts';

const root = fileURLToPath(new URL('root', import.meta.url));

/**
 * Installs a stand-in for Web Call Server on a host that isn't running yet; its service starts with the host.
 */
export async function installWebCallServer(host: LabHost): Promise<void> {
  await host.copyTree(root);
  // Like the real installer since build 5.2.801, which runs the server under this account.
  await host.mustExec(
    'useradd --system --user-group flashphoner; chown -R flashphoner: /usr/local/FlashphonerWebCallServer',
  );
  await host.writeFile('/var/lib/wcs-standin/stat', page({}));
  await host.mustExec(['systemctl', 'enable', '--quiet', 'webcallserver.service']);
}

/** Sets the content of a host's statistics page. */
export function setStatistics(host: LabHost, figures: Readonly<Record<string, number>>): Promise<void> {
  return host.writeFile('/var/lib/wcs-standin/stat', page(figures));
}

function page(figures: Readonly<Record<string, number>>): string {
  const streams = { streams_webrtc_in: 0, streams_webrtc_out: 0, streams_hls: 0, ...figures };
  const lines = Object.entries(streams).map(([key, value]) => `${key}=${value}\n`);
  return `-----Connection Stats-----\nconnections=0\n-----Stream Stats-----\n${lines.join('')}`;
}

/** A client's WebSocket through a balancer; after the handshake the stand-in echoes what it receives. */
export class WebSocketClient {
  readonly #socket: Socket;
  #received = '';
  closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (data) => (this.#received += data));
    socket.on('close', () => (this.closed = true));
    socket.on('error', () => (this.closed = true));
  }

  /** `cookie`: as in a Cookie header, `SERVERID=wcs-01`. */
  static async open(
    address: string,
    {
      port = 80,
      secure = false,
      cookie,
      header,
    }: { port?: number; secure?: boolean; cookie?: string; header?: string } = {},
  ): Promise<WebSocketClient> {
    // The certificate is checked elsewhere.
    const socket = secure
      ? connectSecurely({ host: address, port, rejectUnauthorized: false })
      : connect({ host: address, port });
    const client = new WebSocketClient(socket);
    const lines = [
      'GET / HTTP/1.1',
      `Host: ${address}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...(cookie === undefined ? [] : [`Cookie: ${cookie}`]),
      ...(header === undefined ? [] : [header]),
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    await client.until(/\r\n\r\n.*\n/s);
    return client;
  }

  /** Status line and headers. */
  get head(): string {
    return this.#received.split('\r\n\r\n')[0] ?? '';
  }

  /** The host that answered. */
  get node(): string {
    return this.greeting.split(' ')[0] ?? '';
  }

  /** The client's address as the host saw it. */
  get clientAddress(): string {
    return this.greeting.split(' ')[1] ?? '';
  }

  private get greeting(): string {
    return this.#received.split('\r\n\r\n')[1]?.split('\n')[0] ?? '';
  }

  /** Whether the stand-in still echoes. */
  async echoes(text: string): Promise<boolean> {
    if (this.closed) return false;
    this.#socket.write(`${text}\n`);
    return this.until(new RegExp(`${text}\\n`)).then(
      () => true,
      () => false,
    );
  }

  close(): void {
    this.#socket.destroy();
  }

  private async until(pattern: RegExp): Promise<void> {
    const deadline = Date.now() + 120_000;
    while (!pattern.test(this.#received)) {
      if (this.closed || Date.now() > deadline) throw new Error(`the WebSocket ended: ${this.#received}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

/** The agent's program. */
export function agentProgram(): Promise<Buffer> {
  return readFile(fileURLToPath(new URL('../../../playbooks/files/haproxy-agent-check.sh', import.meta.url)));
}
