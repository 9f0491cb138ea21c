import { readdirSync, readFileSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { reportSchema } from '../../src/report/document/schema.ts';
import { buildProgram, clusterproxy, withFile } from './program.ts';

beforeAll(buildProgram);

const inventory = `playbook: bigbluebutton
cluster: {name: prod, hostname: bbb.example.com}
ssh: {user: ops, become: sudo, config: none, known_hosts: [./known_hosts]}
hosts:
  proxy: [{name: proxy, address: 192.0.2.1}]
  node:
    - {name: n1, hostname: n1.example.com, address: 192.0.2.2}
    - {name: n2, hostname: n2.example.com, address: 192.0.2.3, ssh: {user: root, transport: openssh}}
`;

describe('config', () => {
  it('tells of each setting its value and why, without a host', async () => {
    const variables = {
      HTTPS_PROXY: 'http://me:geheim7@proxy:3128',
      OTEL_EXPORTER_OTLP_HEADERS: 'k=geheim8',
    };
    const [file, { status, stdout }] = await withFile(inventory, async (path) => [
      path,
      await clusterproxy(['config', '--json', '-i', path], variables),
    ]);
    expect(status).toBe(0);
    expect(stdout).not.toMatch(/geheim/);
    const { settings = [], inventoryFile } = reportSchema.parse(JSON.parse(stdout));
    expect(inventoryFile).toEqual({ path: file, from: 'option' });
    const of = (topic: string, name: string) =>
      settings
        .filter((one) => one.topic === topic && one.name === name)
        .map(({ value, why }) => [value, why]);
    expect(of('inventory', 'file')).toEqual([[file, 'named by --inventory']]);
    expect(of('inventory', 'cluster')).toEqual([['prod', '3 hosts, bbb.example.com']]);
    expect(of('ssh', 'user')).toEqual([
      ['ops', 'proxy and n1; then root by sudo'],
      ['root', 'n2; then root by sudo'],
    ]);
    expect(of('ssh', 'transport')).toEqual([
      ['node', 'proxy and n1; because it is the default'],
      ['openssh', 'n2; because the inventory sets it'],
    ]);
    expect(of('ssh', 'configuration')).toEqual([[undefined, 'ssh.config of the inventory: none']]);
    expect(of('ssh', 'known_hosts')).toEqual([[file.replace('prod.yaml', 'known_hosts'), 'all hosts']]);
    expect(of('variables', 'OTEL_EXPORTER_OTLP_HEADERS')).toEqual([
      ['set; not shown', 'sent along with traces'],
    ]);
    expect(of('network', 'HTTPS_PROXY')).toEqual([
      [expect.stringContaining('@proxy:3128'), expect.stringContaining('not used')],
    ]);
  });

  it('says why an inventory would be refused, or can not be used, and ends well', async () => {
    const words = (argv: readonly string[], more: Record<string, string> = {}) =>
      clusterproxy(['config', ...argv], more).then(({ status, stdout }) => [
        status,
        stdout.replace(/\s+/g, ' '),
      ]);
    await withFile(inventory, async (file) => {
      await chmod(file, 0o666);
      expect(await words([], { CLUSTERPROXY_INVENTORY: file })).toEqual([
        0,
        expect.stringMatching(/file: none \(inventory-exposed: .* can be written by anybody \(mode 0666\)/),
      ]);
    });
    await withFile('playbook: bigblue\n', async (file) =>
      expect(await words(['-i', file])).toEqual([
        0,
        expect.stringContaining(`cluster: none (it can't be used: missing-key: `),
      ]),
    );
  });

  it('names every variable that the program reads', async () => {
    const root = join(import.meta.dirname, '../../src');
    const read = new Set(
      readdirSync(root, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.endsWith('.ts') && !file.startsWith('demo/'))
        .flatMap((file) => [
          ...readFileSync(join(root, file), 'utf8').matchAll(/(?:\benv|\bvariables)\.([A-Z][A-Z_]{3,})\b/g),
        ])
        .map(([, name]) => name ?? ''),
    );
    const { stdout } = await clusterproxy(['config', '--json']);
    const { settings = [] } = reportSchema.parse(JSON.parse(stdout));
    const told = settings.filter(({ topic }) => topic === 'variables').map(({ name }) => name);
    expect(read.size).toBeGreaterThan(8);
    expect([...read].filter((name) => !told.includes(name))).toEqual([]);
  });
});
