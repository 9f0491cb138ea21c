import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabHost } from '../../lab/host.ts';

/** Bytes of the large file. */
export const bigLength = 24 * 1024 * 1024;

/** What `/secret` says. */
export const secretText = "nobody's page but the node's";

const log = '/var/log/nginx/door.log';
const site = '/etc/nginx/sites-available/bigbluebutton';

/**
 * Lays pages of the test (see pages.py) below both paths that a proxy asks a node of 3.0 for, a large file
 * beside them, and `/secret`, which no proxy has to do with. Before the node's first boot. They stand in a
 * file that no step looks at.
 */
export async function layPages(host: LabHost): Promise<void> {
  await host.writeFile('/usr/lib/door/pages.py', await readFile(join(import.meta.dirname, 'pages.py')));
  await host.writeFile(
    '/etc/systemd/system/door-pages.service',
    `[Service]
Environment=PYTHONPATH=/usr/lib/bbb-standin
ExecStart=python3 /usr/lib/door/pages.py
[Install]
WantedBy=multi-user.target
`,
  );
  await host.writeFile('/etc/nginx/conf.d/door.conf', `log_format door '$remote_addr $request';\n`);
  await host.writeFile('/etc/nginx/door/door.inc', pages(host.name));
  const include = '0,/include \\/etc\\/bigbluebutton/s//include \\/etc\\/nginx\\/door\\/door.inc;\\n    &/';
  await host.mustExec(['sed', '-i', include, site]);
  await host.mustExec(
    `systemctl --quiet enable door-pages.service && mkdir /var/lib/door && seq 9999999 | head -c ${bigLength} > /var/lib/door/big`,
  );
}

function pages(name: string): string {
  const toProgram = `
    client_max_body_size 8m;
    proxy_pass http://127.0.0.1:8097;
    proxy_http_version 1.1;
    proxy_buffering off;
    proxy_redirect off;
    proxy_read_timeout 10m;
    proxy_set_header Host $http_host;
    proxy_set_header Upgrade $http_upgrade;
    proxy_set_header Connection $http_connection;
    proxy_set_header X-Door-Server-Name $ssl_server_name;
    proxy_set_header X-Door-Protocol $server_protocol;
`;
  return `access_log ${log} door;
location = /secret { return 200 "${secretText}\\n"; }
location = /${name}/html5client/door/big { alias /var/lib/door/big; }
location ^~ /${name}/html5client/door/ {${toProgram}}
location ^~ /bigbluebutton/api/door/ {${toProgram}}
`;
}

/** The bytes of the large file from `start` on, until before `end`. */
export function bigFile(start = 0, end = bigLength): Buffer {
  whole ??= Buffer.from(Array.from({ length: 3_400_000 }, (_, index) => `${index + 1}\n`).join(''));
  return whole.subarray(start, Math.min(end, bigLength));
}
let whole: Buffer | undefined;

/** What the page `echo` says. */
interface Arrived {
  readonly line: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly length: number;
  readonly sha256: string;
}

export function arrivedIn(body: Buffer): Arrived {
  return JSON.parse(body.toString());
}

export function header({ headers }: Arrived, name: string): readonly string[] {
  return headers.filter(([one]) => one === name).map(([, value]) => value);
}

export function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The request lines that came to a node from an address, in nginx's spelling, the first `skip` left out. */
export async function requestsFrom(host: LabHost, address: string, skip = 0): Promise<readonly string[]> {
  const lines = (await host.readFile(log)).toString().split('\n');
  return lines
    .filter((line) => line.startsWith(`${address} `))
    .map((line) => line.slice(address.length + 1))
    .slice(skip);
}
