import type { LabHost } from './host.ts';

const socket = '/run/haproxy/admin.sock';

/** One row of `show stat`, by column name. */
export interface ServerStatus {
  readonly pxname?: string;
  readonly svname?: string;
  /** UP, DOWN, DRAIN, MAINT, … */
  readonly status?: string;
  readonly weight?: string;
  readonly addr?: string;
  readonly agent_status?: string;
  /** the agent's last message */
  readonly last_agt?: string;
}

/** Sends a command to HAProxy's runtime API on a host of the lab. */
export function tellHaproxy(host: LabHost, command: string): Promise<string> {
  return host.mustExec(['curl', '-s', '--max-time', '5', '--unix-socket', socket, 'telnet://haproxy'], {
    input: `${command}\n`,
  });
}

/** HAProxy's status of a server. */
export async function serverStatus(host: LabHost, backend: string, server: string): Promise<ServerStatus> {
  const [head = '', ...rows] = (await tellHaproxy(host, 'show stat')).split('\n');
  const columns = head.replace(/^# /, '').split(',');
  for (const row of rows) {
    const cells = row.split(',');
    const status: ServerStatus = Object.fromEntries(
      columns.map((column, index) => [column, cells[index] ?? '']),
    );
    if (status.pxname === backend && status.svname === server) return status;
  }
  throw new Error(`HAProxy has no server ${backend}/${server}:\n${rows.join('\n')}`);
}

/** Waits until HAProxy's status of a server has these values. */
export async function untilStatus(
  host: LabHost,
  [backend, server]: readonly [string, string],
  expected: { readonly [Column in keyof ServerStatus]: string | RegExp },
): Promise<ServerStatus> {
  const deadline = Date.now() + 120_000;
  for (;;) {
    const status = await serverStatus(host, backend, server);
    const holds = Object.entries(expected).every(([column, wanted]) => {
      const value = status[column as keyof ServerStatus] ?? '';
      return typeof wanted === 'string' ? value === wanted : wanted.test(value);
    });
    if (holds) return status;
    if (Date.now() > deadline) {
      throw new Error(`${server} never had ${Object.entries(expected).join(' ')}: ${JSON.stringify(status)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
