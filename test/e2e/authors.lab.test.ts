import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { LabHost } from '../lab/host.ts';
import { becomeRedHat } from '../lab/packages.ts';
import { buildPackage } from '../support/build-package.ts';
import { hostOf, statuses } from './cluster.ts';
import { noLab, useLab } from './lab.ts';
import { clusterproxy, clusterproxyJson } from './program.ts';

// Who changed something, by the real dpkg, the real sudo and systemd's journal: this host has no syslog.

const [stock, byHand, diverted] = ['stock', 'by-hand', 'diverted'].map(
  (name) => `/usr/share/demo/${name}.properties`,
) as [string, string, string];
/** A configuration file, of which dpkg asks where both sides have changed it. */
const asked = '/etc/demo/asked.properties';
const paths = [stock, byHand, diverted, asked];
const playbook = `
name: demo
description: files, for tests
roles:
  server:
    description: a host
    steps:
${paths
  .map((path, index) => `      - {id: file-${index + 1}, properties: {path: ${path}, set: {ours: 'yes'}}}\n`)
  .join('')}`;

describe.skipIf(noLab)('who changed it on a real host', () => {
  const lab = useLab();
  let host: LabHost;
  let rhel: LabHost;
  let inventory: string;

  async function inventoryFor({ name }: LabHost): Promise<string> {
    const folder = join(lab().directory, `authors-${name}`);
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'playbook.yaml'), playbook);
    const file = join(folder, 'inventory.yaml');
    const text = {
      playbook: './playbook.yaml',
      cluster: { name: 'authors', hostname: 'demo.example.com' },
      windows: 'anytime',
      ssh: { user: 'ops', become: 'sudo', identity_files: [lab().sshKey], known_hosts: [lab().knownHosts] },
      hosts: { server: [{ name, hostname: `${name}.example.com` }] },
    };
    await writeFile(file, JSON.stringify(text));
    return file;
  }

  /** Installs a version of the package with the real dpkg. */
  async function install(version: string, answer: 'old' | 'new' = 'old'): Promise<void> {
    const isNew = (path: string) => path === stock || path === asked;
    const files = Object.fromEntries(
      paths.map((path) => [path, `stock=${isNew(path) ? version : 'same'}\n`]),
    );
    const built = { name: 'demo-app', version, files, conffiles: [asked] };
    const file = buildPackage(join(lab().directory, 'built'), built);
    await host.writeFile(`/srv/demo-${version}.deb`, await readFile(file));
    await host.mustExec(`dpkg --force-conf${answer} -i /srv/demo-${version}.deb`);
  }

  /** As a person who logs in, and has to give a password to sudo. */
  async function deputy(command: string): Promise<void> {
    const ssh = ['-i', lab().sshKey, '-o', `UserKnownHostsFile=${lab().knownHosts}`, '-o', 'BatchMode=yes'];
    const typed = `echo lab-password | sudo -S -p '' ${command}`;
    const { code, stderr } = await lab().run('ssh', [...ssh, `deputy@${host.name}`, typed]);
    expect([code, stderr]).toEqual([0, expect.anything()]);
  }

  /** What changes in the second in which a run ended isn't told from what the run wrote. */
  const nextSecond = (where = host) => where.mustExec('sleep 1.1');

  const check = async (where = host, file = inventory) => {
    const result = await clusterproxyJson(lab(), ['check', '-i', file]);
    const { changes, error } = hostOf(result.document, where.name);
    expect(error).toBeUndefined();
    return { ...result, authors: Object.fromEntries(changes.map(({ path, author }) => [path, author])) };
  };

  beforeAll(async () => {
    if (noLab) return;
    const redHat = (rpmHost: LabHost) =>
      becomeRedHat(
        rpmHost,
        ['1.5', '2.0'].map((version) => ({
          ...{ name: 'demo-app', version },
          files: Object.fromEntries(paths.map((path) => [path, `stock=${version}\n`])),
        })),
      );
    [host, rhel] = (await lab().addHosts([{ name: 'deb-1' }, { name: 'rhel-1', prepare: redHat }])) as [
      LabHost,
      LabHost,
    ];
    inventory = await inventoryFor(host);
    await install('1.5');
    const applied = await clusterproxyJson(lab(), ['apply', '-i', inventory, '--yes']);
    expect([applied.code, statuses(applied.document)]).toEqual([0, { [host.name]: 'changed' }]);
    await nextSecond();
  });

  it('is a package that an upgrade has put back, with its version; a file kept from it is not', async () => {
    expect((await check()).code).toBe(0);
    await host.mustExec(`dpkg-divert --local --no-rename --divert ${diverted}.distrib --add ${diverted}`);
    await install('2.0');
    const { code, authors } = await check();
    expect(code).toBe(2);
    expect(Object.keys(authors).sort()).toEqual([byHand, stock]);
    expect(authors[stock]).toMatchObject({ kind: 'package', name: 'demo-app', version: '2.0' });
    const { stdout } = await clusterproxy(lab(), ['check', '-i', inventory]);
    expect(stdout.replace(/\s+/g, ' ')).toContain('changed by package demo-app 2.0, ');
    const applied = await clusterproxyJson(lab(), ['apply', '-i', inventory, '--yes']);
    expect([applied.code, statuses(applied.document)]).toEqual([0, { [host.name]: 'changed' }]);
    expect((await check()).authors).toEqual({});
  });

  it("is a package whose configuration file was taken when dpkg asked, and none where it wasn't", async () => {
    expect(await host.mustExec('grep -F conffile /var/log/dpkg.log')).toContain(`conffile ${asked} keep`);
    expect(await host.mustExec(`cat ${asked}.dpkg-dist`)).toBe('stock=2.0\n');
    await nextSecond();
    await install('3.0', 'new');
    const { authors } = await check();
    for (const path of [stock, asked])
      expect([path, authors[path]]).toEqual([
        path,
        expect.objectContaining({ kind: 'package', name: 'demo-app', version: '3.0' }),
      ]);
    expect(Object.keys(authors).sort()).toEqual([asked, byHand, stock]);
    const applied = await clusterproxyJson(lab(), ['apply', '-i', inventory, '--yes']);
    expect([applied.code, statuses(applied.document)]).toEqual([0, { [host.name]: 'changed' }]);
  });

  it('is the person whose sudo it was, and nothing that they typed', async () => {
    await nextSecond();
    await deputy(`sed -i s/ours=yes/ours=typed-by-deputy/ ${byHand}`);
    const { stdout, authors } = await check();
    expect(authors).toEqual({
      [byHand]: expect.objectContaining({ kind: 'person', name: 'deputy', evidence: "sudo's log" }),
    });
    expect(stdout).not.toContain('s/ours');
    const shown = await clusterproxy(lab(), ['check', '-i', inventory]);
    expect(shown.stdout.replace(/\s+/g, ' ')).toContain('changed by deputy, ');
  });

  it('is unknown where nothing tells it: without sudo, and by somebody who only looked', async () => {
    await deputy(`cat ${stock}`);
    await host.mustExec(`sed -i s/ours=yes/ours=x/ ${stock}`);
    const { authors } = await check();
    expect(authors[stock]).toMatchObject({ kind: 'unknown' });
    expect(authors[byHand]).toMatchObject({ kind: 'person', name: 'deputy' });
  });

  it('is a package of rpm that an upgrade has put back, with its version', async () => {
    const file = await inventoryFor(rhel);
    await rhel.mustExec('dnf -q -y install demo-app-1.5 >&2');
    const applied = await clusterproxyJson(lab(), ['apply', '-i', file, '--yes']);
    expect([applied.code, statuses(applied.document)]).toEqual([0, { [rhel.name]: 'changed' }]);
    await nextSecond(rhel);
    await rhel.mustExec('dnf -q -y upgrade demo-app >&2');
    const { authors } = await check(rhel, file);
    // A configuration file that was changed is left alone, as %config(noreplace) says.
    expect(Object.keys(authors).sort()).toEqual([byHand, diverted, stock]);
    for (const author of Object.values(authors))
      expect(author).toMatchObject({ kind: 'package', name: 'demo-app', version: '2.0-1' });
    await rhel.mustExec(`sed -i s/stock=2.0/stock=x/ ${stock}`);
    expect((await check(rhel, file)).authors[stock]).toMatchObject({ kind: 'unknown' });
  });
});
