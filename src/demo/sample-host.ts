import { randomBytes } from 'node:crypto';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { packageRoot } from '../package-root.ts';
import { addLinks, listedLinks } from './sample-links.ts';

export interface SampleHost {
  readonly name: string;
  /** public name; the proxy's is the cluster's */
  readonly hostname: string;
  /** folder below playbooks/samples/bigbluebutton */
  readonly sample: string;
}

/** The host name in the samples. */
const sampleHostname = 'bbb-01.example.com';

const unitFolder = 'usr/lib/systemd/system';
const certificateFolder = 'etc/letsencrypt/live';

/**
 * Copies a sample to `root`, and adds what every installed host has as well: a machine id, a distribution,
 * names that resolve, nginx. Links stay links; files get the usual mode, whatever the umask.
 */
export async function makeSampleHost(
  root: string,
  host: SampleHost,
  hosts: readonly SampleHost[],
): Promise<void> {
  await cp(join(packageRoot(), 'playbooks/samples/bigbluebutton', host.sample), root, {
    recursive: true,
    verbatimSymlinks: true,
  });
  await addLinks(root, `bigbluebutton/${host.sample}`, await listedLinks());
  await rename(root, host.hostname);
  const live = `${certificateFolder}/${host.hostname}`;
  const files: Record<string, string> = {
    'etc/machine-id': `${randomBytes(16).toString('hex')}\n`,
    'etc/os-release': 'ID=ubuntu\nPRETTY_NAME="Ubuntu 22.04.5 LTS"\n',
    'etc/hosts': hosts.map(({ hostname }, index) => `192.0.2.${index + 1} ${hostname}\n`).join(''),
    // Trusted authorities, for the proxy's connections to the nodes.
    'etc/ssl/certs/ca-certificates.crt': '# none: nothing connects here\n',
    [`${live}/fullchain.pem`]: '# placeholder for a certificate\n',
    [`${live}/privkey.pem`]: '# placeholder for its key\n',
    'var/lib/dpkg/status':
      'Package: ca-certificates\nStatus: install ok installed\nVersion: 20230311ubuntu0.22.04.1\n',
    [`${unitFolder}/nginx.service`]: '[Service]\nExecStart=/usr/sbin/nginx\n',
  };
  for (const folder of ['etc/systemd/system', 'var/tmp'])
    await mkdir(join(root, folder), { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content, { mode: 0o644 });
  }
}

/** The services that run on a host once it has started: those for which it has unit files. */
export async function servicesOf(root: string): Promise<readonly string[]> {
  const files = await readdir(join(root, unitFolder));
  return files.filter((file) => file.endsWith('.service') && !file.endsWith('@.service'));
}

/** Replaces the sample's host name by the host's own. */
async function rename(root: string, hostname: string): Promise<void> {
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const text = await readFile(path, 'latin1');
    if (text.includes(sampleHostname)) {
      await writeFile(path, text.replaceAll(sampleHostname, hostname), 'latin1');
    }
  }
}
