import type { CommandResult } from './command.ts';
import type { Lab } from './lab.ts';

/** The API's index of a BigBlueButton host of the lab. */
export function apiOf(name: string): string {
  return `https://${name}.example.com/bigbluebutton/api`;
}

/** curl on this machine with the lab's names and authority; an HTTP error is not an error. */
export function fetchFrom(lab: Lab, url: string, options: readonly string[] = []): Promise<CommandResult> {
  return lab.run('curl', ['-sS', '--cacert', lab.authority.certificate, ...options, url]);
}

/** The body (with `-i` in the options, also the headers); an HTTP error is an error. */
export async function getText(lab: Lab, url: string, options: readonly string[] = []): Promise<string> {
  const { code, stdout, stderr } = await fetchFrom(lab, url, ['--fail', ...options]);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

/**
 * The status of a websocket handshake with that Origin; 101 means that it is accepted. The connection then
 * stays open for as long as curl may take: a second, or more where a busy machine hasn't answered by then.
 */
export async function websocketStatus(lab: Lab, url: string, origin: string): Promise<string> {
  const headers = [
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    `Origin: ${origin}`,
  ].flatMap((header) => ['-H', header]);
  for (const seconds of ['1', '5']) {
    const options = ['--http1.1', '--max-time', seconds, '-o', '/dev/null', '-w', '%{http_code}', ...headers];
    const { stdout } = await fetchFrom(lab, url, options);
    if (stdout !== '000') return stdout;
  }
  return '000';
}

/** Tries until it doesn't throw; after two minutes the last error is thrown. */
export async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
