import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runStep } from '../../support/run-step.ts';
import { hostname } from './doors.ts';

const path = '/etc/sysctl.d/60-clusterproxy-prod.conf';
const keys = ['net.ipv4.tcp_syncookies', 'net.core.somaxconn', 'net.ipv4.tcp_max_syn_backlog'];

const other = '/etc/sysctl.d/60-clusterproxy-town.conf';

function run(values: readonly number[], file?: string, writable = 0, theirs?: string, software = 'nginx') {
  return runStep(
    'backlog',
    { path, others: '/etc/sysctl.d/60-clusterproxy-*.conf', software },
    {
      files: {
        ...(file === undefined ? {} : { [path]: file }),
        ...(theirs === undefined ? {} : { [other]: theirs }),
      },
      answers: keys.flatMap((key, index) => [
        [
          { kind: 'command', args: ['sysctl', '-n', key] },
          { status: 0, output: `${values[index]}\n` },
        ],
        [
          { kind: 'command', args: ['test', '-w', `/proc/sys/${key.replaceAll('.', '/')}`] },
          { status: writable, output: '' },
        ],
      ]),
    },
  );
}

const lines = (text: string | undefined) => (text ?? '').split('\n').filter((line) => /^net/.test(line));

describe('backlog', () => {
  it('raises what is lower, and nothing that is as high', () => {
    const { text, notes } = run([1, 128, 512]);
    expect(lines(text(path))).toEqual(['net.core.somaxconn = 4096', 'net.ipv4.tcp_max_syn_backlog = 8192']);
    expect(notes).toEqual([
      'net.core.somaxconn is raised from 128 to 4096',
      'net.ipv4.tcp_max_syn_backlog is raised from 512 to 8192',
    ]);
    expect(run([1, 4096, 8192], text(path)).changed).toEqual([]);
    expect(run([2, 4096, 100_000]).changed).toEqual([]);
    expect(lines(run([0, 4096, 8192]).text(path))).toEqual(['net.ipv4.tcp_syncookies = 1']);
  });

  it('says where the proxy takes it only with a restart, if there is anything to take', () => {
    expect(run([1, 128, 512], undefined, 0, undefined, 'haproxy').notes.at(-1)).toBe(
      'HAProxy lets as many wait from its next restart on, as a reload passes its sockets on as they are',
    );
    expect(run([1, 4096, 512], undefined, 0, undefined, 'haproxy').notes).toHaveLength(1);
    expect(run([1, 4096, 8192], undefined, 0, undefined, 'caddy').notes).toEqual([]);
  });

  it('has in its file what is high by the file of another cluster alone, which may leave', () => {
    const theirs = run([1, 128, 512]).text(path);
    const { text, notes } = run([1, 4096, 8192], undefined, 1, theirs);
    expect(lines(text(path))).toEqual(lines(theirs));
    expect(notes).toEqual([]);
    expect(run([1, 4096, 8192], text(path), 1, theirs).changed).toEqual([]);
    expect(run([1, 4096, 8192], undefined, 1, 'net.core.somaxconn = 128\n').changed).toEqual([]);
  });

  it('refuses a container that can set nothing, where something is lower', () => {
    expect(() => run([1, 128, 512], undefined, 1)).toThrow(/somaxconn can't be set on this host/);
    expect(run([1, 4096, 8192], undefined, 1).changed).toEqual([]);
  });

  it('lets one value go that somebody else has raised further', () => {
    const { text } = run([1, 128, 512]);
    expect(lines(run([1, 9000, 8192], text(path)).text(path))).toEqual([
      'net.ipv4.tcp_max_syn_backlog = 8192',
    ]);
  });

  it('has our server block of nginx let more wait, unless another one speaks for the socket', () => {
    const server = (site: string) =>
      runStep(
        'nginx-server',
        {
          ...{ path: '/etc/nginx/conf.d/z.conf', server_name: hostname, include: '/etc/nginx/x/*.conf' },
          hardening: { items: ['backlog'], cluster: 'prod' },
        },
        {
          files: {
            '/etc/nginx/nginx.conf': 'events {}\nhttp { include /etc/nginx/conf.d/*.conf; }\n',
            '/etc/nginx/conf.d/a.conf': site,
          },
        },
      );
    const listens = (text: string | undefined) => text?.match(/^ *listen .*$/gm)?.map((line) => line.trim());
    expect(listens(server('').text('/etc/nginx/conf.d/z.conf'))).toEqual([
      ...['listen 80 backlog=4096;', 'listen [::]:80 backlog=4096;'],
      ...['listen 443 ssl http2 backlog=4096;', 'listen [::]:443 ssl http2 backlog=4096;'],
    ]);
    const beside = server('server {\n  listen 443 ssl reuseport;\n  server_name other.example.com;\n}\n');
    expect(listens(beside.text('/etc/nginx/conf.d/z.conf'))).toContain('listen 443 ssl http2;');
    expect(beside.warnings.join('\n')).toContain(
      '/etc/nginx/conf.d/a.conf:1 says how the socket of port 443 listens',
    );
  });
});

/** The playbook's own command, with a sysctl(8) that keeps values in files. */
describe('what applies the values', () => {
  const playbook = parse(
    readFileSync(join(import.meta.dirname, '../../../playbooks/bigbluebutton.yaml'), 'utf8'),
  );
  const handler = playbook.roles.proxy.handlers.find(({ id }: { id: string }) => id === 'apply-sysctl');
  let folder = '';
  const at = (name: string) => join(folder, name);
  const value = (key: string) => readFileSync(at(`values/${key}`), 'utf8').trim();
  const set = (key: string, to: string) => writeFileSync(at(`values/${key}`), `${to}\n`);
  const file = (cluster = 'prod') => at(`60-clusterproxy-${cluster}.conf`);
  const kept = (cluster = 'prod') => at(`clusters/${cluster}/sysctl-before`);
  const writeFor = (cluster: string, ...all: readonly string[]) =>
    writeFileSync(file(cluster), `# c\n${all.map((line) => `${line}\n`).join('')}`);
  const write = (...all: readonly string[]) => writeFor('prod', ...all);
  const apply = (cluster = 'prod') => {
    const [program, ...args] = handler.command.slice(0, 4);
    const env = { PATH: `${folder}:${process.env.PATH}` };
    const { status, stderr } = spawnSync(program, [...args, file(cluster), kept(cluster)], {
      env,
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([0, '']);
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sysctl-'));
    mkdirSync(at('values'));
    const program = `#!/bin/sh
case $1 in
  -n) cat "${folder}/values/$2" ;;
  -q) printf '%s\\n' "\${3#*=}" >"${folder}/values/\${3%%=*}" ;;
esac
`;
    writeFileSync(at('sysctl'), program, { mode: 0o755 });
    set('net.a', '128');
    set('net.b', '1');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('raises them, and puts them back as they were once the file is gone', () => {
    write('net.a = 4096', 'net.b = 1');
    apply();
    apply();
    expect([value('net.a'), value('net.b')]).toEqual(['4096', '1']);
    rmSync(file());
    apply();
    expect([value('net.a'), value('net.b')]).toEqual(['128', '1']);
    expect(existsSync(kept())).toBe(false);
    apply();
    expect(value('net.a')).toBe('128');
  });

  it('puts back the one that has left the file, and follows another value', () => {
    set('net.b', '0');
    write('net.a = 4096', 'net.b = 1');
    apply();
    write('net.a = 8192');
    apply();
    expect([value('net.a'), value('net.b')]).toEqual(['8192', '0']);
    rmSync(file());
    apply();
    expect(value('net.a')).toBe('128');
  });

  it('lowers nothing, and leaves alone what somebody else has changed since', () => {
    set('net.b', '5');
    write('net.a = 4096', 'net.b = 1');
    apply();
    expect(value('net.b')).toBe('5');
    set('net.a', '9000');
    rmSync(file());
    apply();
    expect([value('net.a'), value('net.b')]).toEqual(['9000', '5']);
  });

  it('leaves what another cluster needs, and that one puts it back as it was before both', () => {
    for (const [first, last] of [
      ['prod', 'town'],
      ['town', 'prod'],
    ] as const) {
      for (const cluster of ['prod', 'town']) {
        writeFor(cluster, 'net.a = 4096');
        apply(cluster);
      }
      rmSync(file(first));
      apply(first);
      expect(value('net.a')).toBe('4096');
      expect(existsSync(kept(first))).toBe(false);
      apply(last);
      expect(value('net.a')).toBe('4096');
      rmSync(file(last));
      apply(last);
      expect(value('net.a')).toBe('128');
      expect(existsSync(kept(last))).toBe(false);
    }
  });

  it('leaves a lower value to another cluster that needs no more', () => {
    writeFor('prod', 'net.a = 4096');
    apply();
    writeFor('town', 'net.a = 1024');
    apply('town');
    rmSync(file());
    apply();
    expect(value('net.a')).toBe('1024');
    rmSync(file('town'));
    apply('town');
    expect(value('net.a')).toBe('128');
  });
});
