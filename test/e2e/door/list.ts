import type { LabHost } from '../../lab/host.ts';
import { caddy } from './caddy.ts';
import { haproxy } from './haproxy.ts';
import { nginx } from './nginx.ts';
import type { ProxySoftware } from './software.ts';

/** Every one of them is a proxy host of its own in the table. */
export const softwares: readonly ProxySoftware[] = [nginx, haproxy, caddy];

/** The proxy host as its operator has it: only this software, with a page that has nothing to do with us. */
export async function installSoftware(host: LabHost, { unit, main, prepare }: ProxySoftware): Promise<void> {
  await host.mustExec('systemctl --quiet disable nginx.service');
  await host.writeFile(main.path, main.text);
  await prepare?.(host);
  await host.mustExec(['systemctl', '--quiet', 'enable', unit]);
}
