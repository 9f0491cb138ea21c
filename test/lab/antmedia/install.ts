import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { LabHost } from '../host.ts';
import { offerDebianPackages } from '../packages.ts';
import { rtmpModule } from './rtmp.ts';

const root = fileURLToPath(new URL('root', import.meta.url));

/**
 * Installs a stand-in for Ant Media Server on a host that isn't running yet; its service starts with the
 * host. RTMP is real if this machine has nginx's module for it, from the same Debian release as the lab's
 * hosts.
 */
export async function installAntMedia(host: LabHost): Promise<void> {
  await host.copyTree(root);
  await host.mustExec(['systemctl', 'enable', '--quiet', 'antmedia.service']);
  if (!existsSync(rtmpModule)) return;
  await host.writeFile(rtmpModule, await readFile(rtmpModule));
  await host.mustExec('mv /etc/nginx/rtmp.conf /etc/nginx/nginx.conf && nginx -t -q');
  await host.mustExec(['systemctl', 'enable', '--quiet', 'nginx.service']);
}

/** nginx's module for UDP and TCP, from Debian's package libnginx-mod-stream. */
const streamModule = '/usr/lib/nginx/modules/ngx_stream_module.so';

/** Why nginx can't forward UDP in the lab; undefined if it can. */
export const withoutStream = existsSync(streamModule)
  ? undefined
  : "nginx's stream module is not installed on this machine (Debian: libnginx-mod-stream)";

/**
 * Lets apt-get on the host find the package of nginx's stream module; the module itself is this machine's.
 */
export async function offerStreamModule(host: LabHost): Promise<void> {
  if (withoutStream !== undefined) return;
  await host.writeFile(streamModule, await readFile(streamModule));
  const load = 'load_module modules/ngx_stream_module.so;\n';
  await offerDebianPackages(host, [
    { name: 'libnginx-mod-stream', files: { '/etc/nginx/modules-enabled/50-mod-stream.conf': load } },
  ]);
}
