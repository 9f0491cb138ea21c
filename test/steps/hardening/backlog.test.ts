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

function run(values: readonly number[], file?: string, writable = 0) {
  return runStep(
    'backlog',
    { path },
    {
      files: file === undefined ? {} : { [path]: file },
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
  const write = (...all: readonly string[]) =>
    writeFileSync(at('file'), `# c\n${all.map((line) => `${line}\n`).join('')}`);
  const apply = () => {
    const [program, ...args] = handler.command.slice(0, 4);
    const env = { PATH: `${folder}:${process.env.PATH}` };
    const { status, stderr } = spawnSync(program, [...args, at('file'), at('kept/before')], {
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
    rmSync(at('file'));
    apply();
    expect([value('net.a'), value('net.b')]).toEqual(['128', '1']);
    expect(existsSync(at('kept/before'))).toBe(false);
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
    rmSync(at('file'));
    apply();
    expect(value('net.a')).toBe('128');
  });

  it('lowers nothing, and leaves alone what somebody else has changed since', () => {
    set('net.b', '5');
    write('net.a = 4096', 'net.b = 1');
    apply();
    expect(value('net.b')).toBe('5');
    set('net.a', '9000');
    rmSync(at('file'));
    apply();
    expect([value('net.a'), value('net.b')]).toEqual(['9000', '5']);
  });
});
