import { createServer, type Server } from 'node:http';
import { mustRun } from '../../lab/command.ts';
import type { LabHost } from '../../lab/host.ts';

/**
 * What a cloud does with an address: it leads to the host that its API says, whatever the hosts say among
 * themselves. Here, this machine knows by its own table of neighbours, and asks nobody, to whom it leads.
 */
export class Cloud {
  readonly address: string;
  readonly token = 'a-token-of-the-hosts';
  /** by name: who has it */
  owner = '';
  /** the API refuses whatever is asked of it */
  refuses = false;
  /** by whom it was claimed, in order */
  readonly claims: string[] = [];
  readonly #hosts: readonly LabHost[];
  readonly #server: Server;

  private constructor(address: string, hosts: readonly LabHost[]) {
    this.address = address;
    this.#hosts = hosts;
    this.#server = createServer((request, response) => {
      const isAllowed = !this.refuses && request.headers.authorization === `Bearer ${this.token}`;
      const name = request.url?.split('/').at(-1) ?? '';
      const answer = (status: number, text: string) => response.writeHead(status).end(text);
      if (!isAllowed) answer(403, 'forbidden\n');
      else if (request.method === 'GET') answer(200, `${this.owner}\n`);
      else {
        this.claims.push(name);
        this.lead(name).then(
          () => answer(200, ''),
          (error: unknown) => answer(500, String(error)),
        );
      }
    });
  }

  static async start(address: string, hosts: readonly LabHost[]): Promise<Cloud> {
    const cloud = new Cloud(address, hosts);
    const here = address.replace(/\d+$/, '1');
    await new Promise<void>((resolve) => cloud.#server.listen(0, here, resolve));
    return cloud;
  }

  /** The programs that an operator puts on the hosts, with the token in a file of their own. */
  async install(): Promise<void> {
    const at = this.#server.address();
    const url = `http://${this.address.replace(/\d+$/, '1')}:${typeof at === 'object' ? at?.port : ''}`;
    const curl = 'curl -fsS --max-time 5 -H "Authorization: Bearer $(cat /etc/cloud-token)"';
    for (const host of this.#hosts) {
      await host.writeFile('/etc/cloud-token', this.token, 0o600);
      const claim = `#!/bin/sh\n${curl} -X PUT "${url}/owner/$(hostname -s)"\n`;
      await host.writeFile('/usr/local/sbin/cloud-claim', claim, 0o755);
      await host.writeFile('/usr/local/sbin/cloud-owner', `#!/bin/sh\n${curl} ${url}/owner\n`, 0o755);
    }
  }

  /** Leads the address to a host, as the API does, or as somebody does on the cloud's web page. */
  async lead(name: string): Promise<void> {
    const host = this.#hosts.find((one) => one.name === name);
    if (host === undefined) throw new Error(`there is no ${name}`);
    const link = await host.mustExec(['ip', '-o', 'link', 'show', 'dev', 'host0']);
    const hardware = /link\/ether (\S+)/.exec(link)?.[1] ?? '';
    const route = await mustRun('ip', ['route', 'get', host.address]);
    const device = / dev (\S+)/.exec(route)?.[1] ?? '';
    await mustRun('ip', [
      ...['neigh', 'replace', this.address, 'lladdr', hardware, 'nud', 'permanent', 'dev', device],
    ]);
    this.owner = name;
  }

  end(): void {
    this.#server.close();
  }
}
