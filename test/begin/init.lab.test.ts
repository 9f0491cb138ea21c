import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ReportDocument } from '../../src/report/document/schema.ts';
import { noLab, useLab } from '../e2e/lab.ts';
import { main } from '../e2e/program.ts';
import { installBigBlueButton, installProxy, untilServing } from '../lab/bigbluebutton/install.ts';
import type { LabHost } from '../lab/host.ts';
import { CERTIFICATE } from '../lab/prepare-host.ts';
import { closeTerminals, openTerminal, type Terminal } from '../terminal/terminal.ts';

/** Real hosts as somebody has them who installs clusterproxy: nothing is pinned, and ops is who logs in. */
describe.skipIf(noLab)('init on real hosts', () => {
  const lab = useLab();
  const versions = { 'init-01': '2.6', 'init-02': '3.0' } as const;
  const names = Object.keys(versions) as (keyof typeof versions)[];

  beforeAll(async () => {
    if (noLab) return;
    await lab().addHosts([
      {
        name: 'init-proxy',
        hostnames: ['init-proxy.example.com', 'init.example.com'],
        prepare: async (host) => {
          await installProxy(host);
          // As certbot leaves it.
          const live = '/etc/letsencrypt/live/init.example.com';
          await host.mustExec(`mkdir -p ${live} && cp -p ${Object.values(CERTIFICATE).join(' ')} ${live}`);
        },
      },
      ...names.map((name) => ({
        name,
        prepare: (host: LabHost) => installBigBlueButton(host, versions[name]),
      })),
    ]);
    await Promise.all(names.map((name) => untilServing(lab().host(name), versions[name])));
  });
  afterEach(closeTerminals);

  /** A folder with an ssh configuration that knows the key, and no host. */
  async function folderFor(name: string): Promise<string> {
    const folder = join(lab().directory, name);
    await mkdir(folder);
    const config = [
      'Host *',
      `IdentityFile ${lab().sshKey}`,
      'IdentitiesOnly yes',
      'IdentityAgent none',
      `UserKnownHostsFile ${join(folder, 'known_hosts')}`,
      'GlobalKnownHostsFile /dev/null',
    ];
    await writeFile(join(folder, 'ssh_config'), `${config.join('\n  ')}\n`);
    return folder;
  }

  const variables = () => ({ HOME: lab().directory, XDG_STATE_HOME: join(lab().directory, 'state') });

  function on(folder: string, line: readonly string[]): Terminal {
    const [program, ...words] = lab().wordsFor(process.execPath, [main, ...line]);
    return openTerminal(program, words, { cwd: folder, variables: variables() });
  }

  async function run(folder: string, ...line: readonly string[]) {
    const { PATH = '' } = process.env;
    return lab().run(process.execPath, [main, ...line], { cwd: folder, env: { PATH, ...variables() } });
  }

  /** Which commands take the inventory as it is, and what a plan over all hosts says of them. */
  async function expectUsable(folder: string): Promise<void> {
    const before = await readFile(join(folder, 'clusterproxy.yaml'), 'utf8');
    const validated = await run(folder, 'validate');
    expect([validated.code, validated.stdout]).toEqual([
      0,
      expect.stringContaining('cluster init, playbook bigbluebutton, proxy: 1, node: 2'),
    ]);
    const planned = await run(folder, 'plan', '--json');
    const { hosts } = JSON.parse(planned.stdout) as ReportDocument;
    expect([planned.code, hosts.flatMap(({ error }) => error ?? [])]).toEqual([0, []]);
    expect(hosts).toMatchObject([
      { name: 'init-proxy', status: 'would-change' },
      { name: 'init-01', status: 'would-change' },
      { name: 'init-02', status: 'would-change' },
    ]);
    expect(await readFile(join(folder, 'clusterproxy.yaml'), 'utf8')).toBe(before);
  }

  it('asks on a terminal, and what it writes is taken by validate and plan as it is', async () => {
    const folder = await folderFor('asked');
    const terminal = on(folder, ['init', '--ssh-config', 'ssh_config']);
    const answer = async (question: string | RegExp, keys: string) => {
      await terminal.shows(question);
      terminal.type(keys);
    };
    const enter = '\r';
    const pinned = (times: number) =>
      new RegExp(Array.from({ length: times }, () => 'Pin 2 keys of 1 host').join('[\\s\\S]*'));
    await answer('What do the nodes have?', enter);
    await answer('Who logs in to the hosts?', `ops${enter}`);
    await answer(/A proxy:/, `init-proxy.example.com${enter}`);
    await answer(pinned(1), `y${enter}`);
    await answer(/A node: a\s+BigBlueButton server/, `init-01${enter}`);
    await answer(pinned(2), `y${enter}`);
    // What its own nginx answers for.
    await answer(/The public DNS name of init-01\s[\s\S]*init-01\.example\.com/, enter);
    await answer('empty: that was the last', `init-02.example.com${enter}`);
    await answer(pinned(3), `y${enter}`);
    await answer(/init-02 \(node\)[\s\S]*empty: that was the last/, enter);
    // Its certificate has more names than that by which it was named.
    await answer('The DNS name that browsers see', `${'\x7f'.repeat(40)}init.example.com${enter}`);
    await answer('The name of the cluster', enter);
    await answer('Write this to clusterproxy.yaml?', enter);
    expect(await terminal.ended()).toBe(0);
    const said = (await terminal.everything()).join('\n');
    expect(said).toContain('init-01 (node): a BigBlueButton server, version 2.6');
    expect(said).toContain('init-02 (node): a BigBlueButton server, version 3.0');
    expect(
      await readFile(join(folder, 'clusterproxy.yaml'), 'utf8'),
    ).toBe(`# yaml-language-server: $schema=./inventory-bigbluebutton.schema.json
playbook: bigbluebutton
cluster: {name: init, hostname: init.example.com}
ssh: {user: ops, become: sudo, config: ssh_config}
hosts:
  proxy:
    - {name: init-proxy, hostname: init-proxy.example.com}
  node:
    - {name: init-01, hostname: init-01.example.com, address: init-01}
    - {name: init-02, hostname: init-02.example.com}
`);
    await expectUsable(folder);
  });

  it('takes options in place of answers', async () => {
    const folder = await folderFor('given');
    const { code, stdout, stderr } = await run(
      folder,
      ...['init', '--ssh-config', 'ssh_config', '--user', 'ops', '--playbook', 'bigbluebutton', '--yes'],
      ...['--hostname', 'init.example.com', '--proxy', 'init-proxy'],
      ...['--node', `init-01,${lab().host('init-02').address}`],
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('init-01 (node): a BigBlueButton server, version 2.6');
    // Those that were named by nothing that is a public name have it from their own settings.
    const text = await readFile(join(folder, 'clusterproxy.yaml'), 'utf8');
    expect(text.match(/- \{name: .*/g)).toEqual([
      '- {name: init-proxy}',
      '- {name: init-01, hostname: init-01.example.com, address: init-01}',
      `- {name: init-02, hostname: init-02.example.com, address: ${lab().host('init-02').address}}`,
    ]);
    await expectUsable(folder);
  });
});
