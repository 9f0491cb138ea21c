import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { LabHost } from '../host.ts';
import { rtmpModule } from './rtmp.ts';

const root = fileURLToPath(new URL('root', import.meta.url));

/**
 * Lays a stand-in for Ant Media Server on a host that doesn't run yet; its service starts with the host. RTMP is real where
 * this machine has nginx's module for it, of the same release of Debian as the lab's hosts.
 */
export async function installAntMedia(host: LabHost): Promise<void> {
  await host.copyTree(root);
  await host.mustExec(['systemctl', 'enable', '--quiet', 'antmedia.service']);
  if (!existsSync(rtmpModule)) return;
  await host.writeFile(rtmpModule, await readFile(rtmpModule));
  await host.mustExec('mv /etc/nginx/rtmp.conf /etc/nginx/nginx.conf && nginx -t -q');
  await host.mustExec(['systemctl', 'enable', '--quiet', 'nginx.service']);
}
