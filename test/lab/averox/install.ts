import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { finishNode, STAND_INS } from '../bigbluebutton/install.ts';
import { stage } from '../bigbluebutton/stage.ts';
import type { LabHost } from '../host.ts';

const SAMPLE = fileURLToPath(new URL('../../../playbooks/samples/averox/3.0', import.meta.url));
const SAMPLE_HOSTNAME = 'avx-01.example.com';

/**
 * Turns a lab host into an Averox host before its first boot: the samples, and BigBlueButton's stand-ins
 * under the names of Averox's services, just as Averox itself was made.
 */
export async function installAverox(host: LabHost): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'averox-'));
  try {
    const hostname = host.hostnames[0] ?? host.name;
    await stage(directory, { version: '3.0-meteor', files: 'sample', hostname });
    await cp(STAND_INS, directory, { recursive: true });
    await renameAll(directory);
    await cp(SAMPLE, directory, { recursive: true, verbatimSymlinks: true });
    await eachFile(directory, (text) => text.replaceAll(SAMPLE_HOSTNAME, hostname));
    const units = await readdir(join(directory, 'usr/lib/systemd/system'));
    await host.copyTree(directory);
    await finishNode(host, hostname, { user: 'averox', properties: '/etc/averox/avx-web.properties' });
    const services = units.filter((unit) => /\.(service|target)$/.test(unit) && !unit.includes('@'));
    await host.mustExec(['systemctl', '--quiet', 'enable', 'nginx.service', ...services]);
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Resolves when the API and the Meteor client answer on the host itself; rejects after a minute. */
export async function untilAveroxServes(host: LabHost): Promise<void> {
  const deadline = Date.now() + 120_000;
  for (const place of ['8090/averox/api', '4100/']) {
    while ((await host.exec(['curl', '-s', '-o', '/dev/null', `http://127.0.0.1:${place}`])).code !== 0) {
      if (Date.now() > deadline) {
        const { stdout } = await host.exec('systemctl --failed --no-legend; journalctl -n 40 --no-pager');
        throw new Error(`${host.name}: nothing answers at port ${place}\n${stdout}`);
      }
      await sleep(100);
    }
  }
}

/** The folder for the stand-ins' state keeps its name, which tests use. */
function averoxName(text: string): string {
  return text
    .replaceAll('BigBlueButton', 'Averox')
    .replaceAll('bigbluebutton', 'averox')
    .replace(/bbb(?!-standin)/g, 'avx');
}

async function renameAll(directory: string): Promise<void> {
  await eachFile(directory, averoxName);
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  // Deepest first: a folder's own name comes after the names in it.
  const deepest = entries
    .map(({ parentPath, name }) => ({ parentPath, name }))
    .sort((one, other) => other.parentPath.length - one.parentPath.length);
  for (const { parentPath, name } of deepest) {
    const renamed = averoxName(name);
    if (renamed !== name) await rename(join(parentPath, name), join(parentPath, renamed));
  }
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true }))
    if (entry.isSymbolicLink()) await rm(join(entry.parentPath, entry.name));
}

async function eachFile(directory: string, edit: (text: string) => string): Promise<void> {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const text = await readFile(path, 'latin1');
    const edited = edit(text);
    if (edited !== text) await writeFile(path, Buffer.from(edited, 'latin1'));
  }
}
