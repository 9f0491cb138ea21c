import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildProgram, clusterproxy } from '../cli/program.ts';
import { startCluster, type TestCluster } from './cluster.ts';

let cluster: TestCluster;
/** An operator's own ssh configuration: where each host of the cluster is, and by which key it is entered. */
let config: string;
let known: string;
let folder: string;

beforeAll(async () => {
  [cluster] = await Promise.all([startCluster(), buildProgram()]);
  [config, known] = [join(cluster.folder, 'ssh_config'), join(cluster.folder, 'known_hosts')];
  const entries = [...cluster.demo.hosts.values()].map(
    ({ name, port, target }) =>
      `Host ${name}\n  HostName 127.0.0.1\n  Port ${port}\n  User root\n  IdentityFile ${target.identityFiles[0]}\n`,
  );
  const always = `Host *\n  UserKnownHostsFile ${known}\n  IdentitiesOnly yes\n  IdentityAgent none\n`;
  writeFileSync(config, entries.join('') + always);
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clusterproxy-init-'));
  writeFileSync(known, '');
});
afterAll(() => cluster?.close());

const nodes = 'bbb-01=bbb-01.example.com,bbb-02.example.com,bbb-03.example.com';
const init = (...more: readonly string[]) =>
  clusterproxy([
    ...['init', '-i', join(folder, 'prod.yaml'), '--ssh-config', config],
    ...['--playbook', 'bigbluebutton', '--hostname', 'bbb-proxy.example.com'],
    ...more,
  ]);
const text = () => readFileSync(join(folder, 'prod.yaml'), 'utf8');

describe('init by options alone', () => {
  it('looks at hosts, and writes an inventory that validate and plan take as it is', async () => {
    const { status, stdout, stderr } = await init('--proxy', 'proxy-1', '--node', nodes, '--yes');
    expect(status, stderr).toBe(0);
    expect(text()).toBe(`# yaml-language-server: $schema=./inventory-bigbluebutton.schema.json
playbook: bigbluebutton
cluster: {name: bbb-proxy, hostname: bbb-proxy.example.com}
ssh: {config: ${config}}
hosts:
  proxy:
    - {name: proxy-1}
  node:
    - {name: bbb-01, hostname: bbb-01.example.com}
    - {name: bbb-02, hostname: bbb-02.example.com}
    - {name: bbb-03, hostname: bbb-03.example.com}
`);
    expect(stdout).toContain('bbb-02 (node): a BigBlueButton server, version 2.6');
    expect(stdout).toContain(`next: clusterproxy plan -i ${join(folder, 'prod.yaml')}`);
    const file = ['-i', join(folder, 'prod.yaml')];
    expect(await clusterproxy(['validate', ...file])).toMatchObject({ status: 0 });
    const plan = await clusterproxy(['plan', ...file]);
    expect(plan.status, plan.stderr).toBe(0);
    expect(plan.stdout).toContain('4 hosts: 4 would change');
  });

  it('tells in JSON what it has found and written', async () => {
    const { status, stdout } = await init('--proxy', 'external', '--node', nodes, '--yes', '--json');
    expect(status).toBe(0);
    const { begun, command } = JSON.parse(stdout);
    expect(command).toBe('init');
    expect(begun.inventory).toMatchObject({ text: text(), written: true });
    expect(begun.hosts[1]).toMatchObject({
      ...{ name: 'bbb-02', role: 'node', reached: true, user: 'root', root: 'login' },
      product: { playbook: 'bigbluebutton', title: 'a BigBlueButton server' },
      publicNames: expect.arrayContaining(['bbb-02.example.com']),
    });
    expect(begun.hosts[1].problem).toBeUndefined();
  });

  it('pins no key without somebody’s word, and writes nothing then', async () => {
    const { status, stdout, stderr } = await init('--proxy', 'external', '--node', nodes);
    expect(status).toBe(1);
    expect(stdout).toMatch(/ssh-ed25519 {2}new\n {4}SHA256:\S{43}/);
    expect(stderr).toContain('error confirmation-needed: 3 keys of 3 hosts would be pinned');
    expect(stderr).toContain('--yes');
    expect(readFileSync(known, 'utf8')).toBe('');
    expect(text).toThrow('ENOENT');
  });

  it('takes the public name of a node from its own settings', async () => {
    const port = cluster.demo.hosts.get('bbb-03')?.port;
    const [key] = cluster.demo.hosts.get('bbb-03')?.target.identityFiles ?? [];
    const own = join(folder, 'config');
    writeFileSync(
      own,
      `Host 127.0.0.1\n  User root\n  IdentityFile ${key}\n  UserKnownHostsFile ${known}\n  IdentityAgent none\n`,
    );
    const { status, stderr } = await clusterproxy([
      ...['init', '-i', join(folder, 'prod.yaml'), '--ssh-config', own, '--yes'],
      ...['--playbook', 'bigbluebutton', '--hostname', 'bbb-proxy.example.com', '--name', 'prod'],
      ...['--proxy', 'external', '--node', `127.0.0.1:${port}`],
    ]);
    expect(status, stderr).toBe(0);
    expect(text()).toContain(
      `- {name: bbb-03, hostname: bbb-03.example.com, address: 127.0.0.1, ssh: {port: ${port}}}`,
    );
  });

  it('leaves out what is down unless that is wanted, and says what to do', async () => {
    const some = ['--proxy', 'external', '--node', 'bbb-01.example.com,bbb-09.example.com=root@127.0.0.1:9'];
    const refused = await init(...some, '--yes');
    expect(refused.status).toBe(3);
    expect(refused.stdout).toContain('bbb-09 (node): could not be looked at\n  error unreachable:');
    expect(refused.stderr).toContain('error init-unreached:');
    expect(text).toThrow('ENOENT');
    const written = await init(...some, '--anyway');
    expect(written.status, written.stderr).toBe(0);
    expect(text()).toContain(
      '- {name: bbb-09, hostname: bbb-09.example.com, address: 127.0.0.1, ssh: {port: 9',
    );
  });

  it('says which option is missing, all at once', async () => {
    const { status, stderr } = await clusterproxy(['init', '-i', join(folder, 'prod.yaml')]);
    expect(status).toBe(1);
    expect(stderr.match(/error init-incomplete/g)).toHaveLength(2);
    expect((await init('--node', nodes)).stderr).toMatch(
      /error init-incomplete: no proxy is named: .*\n.*\n? *give\s+--proxy/,
    );
    expect((await init('--proxy', 'external', '--node', '192.0.2.9', '--no-look')).stderr).toContain(
      'the public DNS name of 192.0.2.9',
    );
  });

  it('gives each host what was found on it, whatever order a list has them in', async () => {
    const list = join(folder, 'hosts.ini');
    const at = (name: string) => {
      const host = cluster.demo.hosts.get(name);
      return `ansible_host=127.0.0.1 ansible_port=${host?.port} ansible_user=root`;
    };
    const keys = [...cluster.demo.hosts.values()].map(
      ({ target }) => `  IdentityFile ${target.identityFiles[0]}\n`,
    );
    const own = join(folder, 'config');
    writeFileSync(own, `Host *\n${keys.join('')}  UserKnownHostsFile ${known}\n  IdentityAgent none\n`);
    writeFileSync(list, `[bbb]\nn3 ${at('bbb-03')}\nn1 ${at('bbb-01')}\n[bbb_lb]\np ${at('proxy-1')}\n`);
    const { status, stderr } = await clusterproxy([
      ...['init', '-i', join(folder, 'prod.yaml'), '--ssh-config', own, '--yes', '--from', list],
      ...['--playbook', 'bigbluebutton', '--hostname', 'bbb-proxy.example.com', '--color', 'never'],
    ]);
    expect(status, stderr).toBe(0);
    expect(text().match(/name: (?:p|n\d)[^}]*?(?=, address)/g)).toEqual([
      'name: p',
      'name: n3, hostname: bbb-03.example.com',
      'name: n1, hostname: bbb-01.example.com',
    ]);
  });

  it('takes hosts from the ssh configuration that it uses, by the names that they have there', async () => {
    const { status, stderr } = await init('--yes', '--from', config);
    expect(status, stderr).toBe(0);
    expect(text().match(/- \{name: .*/g)).toEqual([
      '- {name: proxy-1}',
      '- {name: bbb-01, hostname: bbb-01.example.com, address: bbb-01}',
      '- {name: bbb-02, hostname: bbb-02.example.com, address: bbb-02}',
      '- {name: bbb-03, hostname: bbb-03.example.com, address: bbb-03}',
    ]);
    const unused = await init('--yes', '--from', config, '--ssh-config', 'none', '--no-look', '--force');
    expect(unused.stderr.replace(/\s+/g, ' ')).toContain("says of keys and jump hosts isn't used");
  });

  it('takes hosts from lists that are there', async () => {
    const list = join(folder, 'proxy.conf');
    writeFileSync(
      list,
      `server {
  server_name bbb-proxy.example.com;
  location /bbb-01/html5client/ { proxy_pass https://bbb-01.example.com; }
  location /bbb-02/html5client/ { proxy_pass https://bbb-02.example.com; }
}
`,
    );
    const { status, stdout, stderr } = await clusterproxy([
      ...['init', '-i', join(folder, 'prod.yaml'), '--ssh-config', config, '--yes', '--json'],
      ...[
        '--playbook',
        'bigbluebutton',
        '--proxy',
        'proxy-1',
        '--node',
        'bbb-02=bbb-02.example.com',
        '--from',
        list,
      ],
    ]);
    expect(status, stderr).toBe(0);
    expect(JSON.parse(stdout).begun.read).toEqual([{ file: list, kind: 'nginx', hosts: 2 }]);
    expect(text()).toContain('cluster: {name: bbb-proxy, hostname: bbb-proxy.example.com}');
    expect(text().match(/name: bbb-0\d.*/g)).toEqual([
      'name: bbb-02, hostname: bbb-02.example.com}',
      'name: bbb-01, hostname: bbb-01.example.com}',
    ]);
    expect((await clusterproxy(['plan', '-i', join(folder, 'prod.yaml')])).status).toBe(0);
    writeFileSync(list, 'Dear all,\n');
    const refused = await init('--proxy', 'external', '--from', list);
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('error from-unknown:')]);
  });

  it('replaces no file unless told to', async () => {
    writeFileSync(join(folder, 'prod.yaml'), 'mine\n');
    const some = ['--proxy', 'external', '--node', nodes, '--no-look'];
    const refused = await init(...some);
    expect([refused.status, text()]).toEqual([1, 'mine\n']);
    expect(refused.stderr).toContain('error inventory-exists:');
    const { status, stdout } = await init(...some, '--force');
    expect(status).toBe(0);
    expect(text()).toContain('playbook: bigbluebutton');
    expect(stdout).toContain('next: clusterproxy trust -i');
  });

  it('warns of a product that is another playbook’s', async () => {
    const { status, stderr } = await clusterproxy([
      ...['init', '-i', join(folder, 'prod.yaml'), '--ssh-config', config, '--yes'],
      ...['--playbook', 'wcs', '--hostname', 'wcs.example.com', '--balancer', 'proxy-1', '--node', 'bbb-01'],
    ]);
    expect(status, stderr).toBe(0);
    expect(stderr.replace(/\s+/g, ' ')).toContain(
      'bbb-01 is a BigBlueButton server, which the playbook bigbluebutton is for, and not wcs',
    );
  });
});
