import { Agent, request } from 'node:https';

export interface Reply {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

export interface Target {
  readonly address: string;
  readonly port: number;
  readonly hostname: string;
  readonly path: string;
}

/** Requests of one address, as quickly as they go over so many connections; certificates aren't checked. */
export async function manyRequests(
  { address, port, hostname, path }: Target,
  count: number,
  connections: number,
): Promise<readonly Reply[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections, rejectUnauthorized: false });
  const one = () =>
    new Promise<Reply>((resolve, reject) => {
      const options = { agent, host: address, port, servername: hostname, path };
      const asked = request({ ...options, headers: { Host: hostname } }, (response) => {
        response
          .resume()
          .on('end', () =>
            resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] }),
          );
      });
      asked.on('error', reject).end();
    });
  try {
    return await Promise.all(Array.from({ length: count }, one));
  } finally {
    agent.destroy();
  }
}
