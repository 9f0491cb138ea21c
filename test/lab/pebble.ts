import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { LabHost } from './host.ts';
import { CERTIFICATE } from './prepare-host.ts';

/** An ACME server for tests; Debian's package pebble. */
const pebble = '/usr/bin/pebble';

/** Whether this machine has none that a host could run. */
export const withoutPebble = !existsSync(pebble);

/** The directory of the one that runs on the host of that name. */
export const pebbleDirectory = (host: string) => `https://${host}:14000/dir`;

/** Its addresses are for everybody; its own certificate is one that all hosts trust. */
export async function installPebble(host: LabHost): Promise<void> {
  await host.writeFile('/usr/local/bin/pebble', await readFile(pebble), 0o755);
  const config = {
    listenAddress: '0.0.0.0:14000',
    managementListenAddress: '127.0.0.1:15000',
    certificate: CERTIFICATE.fullchain,
    privateKey: CERTIFICATE.privateKey,
    httpPort: 80,
    tlsPort: 443,
    ocspResponderURL: '',
  };
  await host.writeFile('/etc/pebble.json', JSON.stringify({ pebble: config }));
  await host.writeFile(
    '/etc/systemd/system/pebble.service',
    `[Service]
Environment=PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=0 PEBBLE_AUTHZREUSE=0
ExecStart=/usr/local/bin/pebble -config /etc/pebble.json
[Install]
WantedBy=multi-user.target
`,
  );
  await host.mustExec('systemctl enable pebble.service');
}

/** The authority that signs what it issues, PEM; a new one after each start of it. */
export function rootOf(host: LabHost): Promise<string> {
  return host.mustExec(
    'curl -q --silent --insecure --fail --retry 30 --retry-connrefused https://127.0.0.1:15000/roots/0',
  );
}
