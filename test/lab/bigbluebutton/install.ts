import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { LabHost } from '../host.ts';
import { CERTIFICATE } from '../prepare-host.ts';
import { stage } from './stage.ts';
import { type BigBlueButtonVersion, hasMeteorClient, PROXY_SAMPLE } from './versions.ts';

/** The stand-ins for the services, at the paths that the packages' units start. */
export const STAND_INS = fileURLToPath(new URL('./root', import.meta.url));

export interface BigBlueButtonOptions {
  /** `stock` puts the packages' unmodified files (`../shared/stock`) over the samples. Default: sample. */
  files?: 'sample' | 'stock';
}

/**
 * Turns a lab host into a BigBlueButton host, before its first boot or while it runs; on a running host, the
 * services are started and the call resolves when they answer.
 */
export async function installBigBlueButton(
  host: LabHost,
  version: BigBlueButtonVersion,
  options: BigBlueButtonOptions = {},
): Promise<void> {
  const hostname = host.hostnames[0] ?? host.name;
  const directory = await mkdtemp(join(tmpdir(), 'bigbluebutton-'));
  let services: string[];
  try {
    await stage(directory, { version, files: options.files ?? 'sample', hostname });
    const units = await readdir(join(directory, 'usr/lib/systemd/system'));
    services = units.filter((unit) => /\.(service|target)$/.test(unit) && !unit.includes('@'));
    await host.copyTree(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
  await host.copyTree(STAND_INS);
  await finishNode(host, hostname, {
    user: 'bigbluebutton',
    properties: '/etc/bigbluebutton/bbb-web.properties',
  });
  await host.mustExec(['systemctl', '--quiet', 'enable', 'nginx.service', ...services]);
  if (!host.isRunning()) return;
  await host.mustExec('systemctl daemon-reload');
  await host.mustExec(['systemctl', 'restart', ...services, 'nginx.service']);
  await untilServing(host, version);
}

/**
 * What an installer also sets up: certificates, and owners of secret files. `properties` is the file of
 * bbb-web.
 */
export async function finishNode(
  host: LabHost,
  hostname: string,
  { user, properties }: { readonly user: string; readonly properties: string },
): Promise<void> {
  const words = [hostname, CERTIFICATE.fullchain, CERTIFICATE.privateKey, user, properties];
  await host.mustExec(['sh', '-ceu', FINISH, 'sh', ...words]);
}

/**
 * Resolves when the API and, before 3.0 GA, the Meteor client answer on the host itself; rejects after a
 * minute.
 */
export async function untilServing(host: LabHost, version: BigBlueButtonVersion): Promise<void> {
  const deadline = Date.now() + 120_000;
  const ports = hasMeteorClient(version) ? ['8090/bigbluebutton/api', '4100/'] : ['8090/bigbluebutton/api'];
  for (const place of ports) {
    // Any answer will do: if the client's mount point was changed, / is a 404.
    while ((await host.exec(['curl', '-s', '-o', '/dev/null', `http://127.0.0.1:${place}`])).code !== 0) {
      if (Date.now() > deadline) {
        const { stdout } = await host.exec('systemctl --failed --no-legend; journalctl -n 40 --no-pager');
        throw new Error(`${host.name}: nothing answers at port ${place}\n${stdout}`);
      }
      await sleep(100);
    }
  }
}

/** A machine with a plain nginx (Debian's layout); its certificate is at the paths of `CERTIFICATE`. */
export async function installProxy(host: LabHost): Promise<void> {
  await host.copyTree(PROXY_SAMPLE);
  await host.mustExec(['systemctl', '--quiet', 'enable', 'nginx.service']);
  if (host.isRunning()) await host.mustExec(['systemctl', 'restart', 'nginx.service']);
}

const FINISH = `
install -D -m 0644 "$2" "/etc/letsencrypt/live/$1/fullchain.pem"
install -D -m 0600 "$3" "/etc/letsencrypt/live/$1/privkey.pem"
install -d -m 1777 /var/lib/bbb-standin
install -m 0666 /dev/null /var/lib/bbb-standin/starts.log
chown "$4:$4" "$5"
chmod 0640 "$5"
for secret in /etc/default/*-graphql-server /etc/default/*-graphql-server-admin-pass; do
  [ ! -e "$secret" ] || chmod 0600 "$secret"
done
`;
