import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { hardeningItems } from '../../../src/steps/hardening/items.ts';
import { nginxTest, withoutNginx } from '../../support/nginx-oracle.ts';
import { runStep } from '../../support/run-step.ts';
import { freePorts } from '../../support/running-haproxy.ts';
import { type RunningNginx, startNginx } from '../../support/running-nginx.ts';

/** Proxies that answer ACME challenges for each other, with the real nginx. */
const path = '/etc/nginx/conf.d/clusterproxy-prod-acme.conf';
const main = '/etc/nginx/nginx.conf';
const PROXY = 'bbb.example.com';
const start = '/.well-known/acme-challenge/';
const debian =
  'events {}\nhttp {\n  include /etc/nginx/conf.d/*.conf;\n  include /etc/nginx/sites-enabled/*;\n}\n';

const proxies = (...addresses: readonly string[]) =>
  addresses.map((address, index) => ({ name: `proxy-${index + 1}`, address, state: 'active' }));

function fileOf(
  own: string,
  hosts: readonly object[],
  files: Record<string, string> = {},
  more: object = {},
): string {
  const parameters = {
    ...{ path, cluster: 'prod', server_name: PROXY, webroot: '/var/www/clusterproxy-prod', own, hosts },
    ...more,
  };
  return (
    runStep('nginx-challenges', parameters, { files: { [main]: debian, ...files }, names: [] }).text(path) ??
    ''
  );
}

describe('the server block for port 80', () => {
  it('asks nobody else where there is only one proxy', () => {
    const text = fileOf('proxy-1', proxies('192.0.2.5'));
    expect(text).not.toContain('proxy_pass');
    expect(text).toContain('root /var/www/clusterproxy-prod;');
  });

  it('asks the others, and none that has left', () => {
    const [first, second, third] = proxies('192.0.2.5', '2001:db8::6', '192.0.2.7');
    const text = fileOf('proxy-1', [first ?? {}, second ?? {}, { ...third, state: 'retired' }]);
    expect(text.match(/^ {4}server .*$/gm)).toEqual(['    server [2001:db8::6]:80 max_fails=0;']);
  });

  it('is refused where another one has the name on port 80', () => {
    const files = { '/etc/nginx/conf.d/own.conf': `server { listen 80; server_name ${PROXY}; }` };
    expect(() => fileOf('proxy-1', proxies('192.0.2.5'), files)).toThrow(/already has a server block/);
  });

  it('is refused where the address of another proxy is not known', () => {
    expect(() => fileOf('proxy-1', proxies('192.0.2.5', 'nowhere.example.com'))).toThrow(/can't resolve/);
  });
});

describe('the server block for port 80 that is hardened', () => {
  const all = hardeningItems.filter((item) => item !== 'backlog');
  const hardened = (items: readonly string[], cluster = 'prod') =>
    fileOf('proxy-1', proxies('192.0.2.5'), {}, { hardening: { items, cluster } });

  it('has what goes for port 80 of each item, and is as ever without any', () => {
    const text = hardened(all);
    for (const line of [
      'server_tokens off;',
      'client_header_timeout',
      'limit_req zone=',
      'client_max_body_size',
    ])
      expect(text).toContain(line);
    expect(text).toMatch(/access_log \/var\/log\/nginx\/access\.log .*clusterproxyacme_prod/);
    expect(text).not.toMatch(/ssl_|Strict-Transport/);
    expect(hardened([])).toBe(fileOf('proxy-1', proxies('192.0.2.5')));
  });

  it.skipIf(withoutNginx !== undefined)('is read by nginx, alone and beside that for port 443', () => {
    const server = runStep(
      'nginx-server',
      {
        ...{ path: '/etc/nginx/conf.d/clusterproxy-prod.conf', server_name: PROXY, redirect_http: false },
        ...{ include: '/etc/nginx/clusterproxy/prod/*.conf', hardening: { items: all, cluster: 'prod' } },
      },
      { files: { [main]: debian } },
    );
    const plain = hardened(all);
    // Certificates are none of this test.
    const secure = (server.text('/etc/nginx/conf.d/clusterproxy-prod.conf') ?? '')
      .replace(/^.*ssl_certificate.*\n/gm, '')
      .replaceAll('443 ssl', '443');
    const { host } = server;
    // nginx has no room for long names of variables.
    for (const cluster of ['a'.repeat(15), 'a'.repeat(16), 'a-b.c_d'.repeat(9)])
      expect(nginxTest({ http: hardened(all, cluster), host })).toBe('');
    for (const http of [plain, `${plain}\n${secure}`, `${secure}\n${plain}`])
      expect(nginxTest({ http, host })).toBe('');
  });
});

it('takes the place of a block for port 80 that an earlier run has left, and of nothing else', () => {
  const server = '/etc/nginx/conf.d/clusterproxy-prod.conf';
  const secure = `server {\n    listen 443 ssl;\n    server_name ${PROXY};\n}\n`;
  const left = `# ours\n\nserver {\n    listen 80 backlog=4096;\n    listen [::]:80;\n    server_name ${PROXY};\n}\n\n${secure}`;
  const ledger = {
    items: [{ path: server, format: 'file', key: [], step: 'server-block', activated: '', original: '' }],
  };
  const trimmed = (more: object) =>
    runStep(
      'nginx-challenges',
      {
        ...{ path, cluster: 'prod', server_name: PROXY, webroot: '/var/www/clusterproxy-prod' },
        server_file: server,
      },
      { files: { [main]: debian, [server]: left }, ...more },
    );
  expect(trimmed({ ledger }).text(server)).toBe(`# ours\n\n\n${secure}`);
  expect(() => trimmed({})).toThrow(/already has a server block/);
});

const running: RunningNginx[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

/** Proxies at addresses of this machine; each with its folder, and what it was asked. */
async function startProxies(count: number) {
  const [port = 0] = await freePorts(1);
  const hosts = proxies(...Array.from({ length: count }, (_, index) => `127.0.1.${index + 1}`));
  for (const { name, address } of hosts) {
    const text = fileOf(name, hosts)
      .replace('listen [::]:80;', '')
      .replace('listen 80;', `listen ${address}:${port};`)
      .replaceAll(':80 max', `:${port} max`);
    running.push(
      await startNginx(
        (folder) =>
          `access_log ${folder}/asked;\n${text.replaceAll('/var/www/clusterproxy-prod', `${folder}/own`).replaceAll('/var/www/html', `${folder}/usual`)}`,
      ),
    );
  }
  return { hosts, port };
}

function lay(proxy: number, folder: string, token: string): void {
  const to = join(running[proxy]?.folder ?? '', folder, start);
  mkdirSync(to, { recursive: true });
  writeFileSync(join(to, token), `${token}.key`);
}

async function ask(address: string, port: number, target: string): Promise<string> {
  const url = `http://${address}:${port}${target}`;
  const answer = await running[0]?.get(target, { Host: PROXY }, { host: address, port });
  return answer === undefined ? url : `${answer.status} ${answer.status === 200 ? answer.body : ''}`.trim();
}

describe.skipIf(withoutNginx !== undefined)('proxies with nginx', () => {
  it('answer the challenge of any, whichever is asked', async () => {
    const { hosts, port } = await startProxies(3);
    for (const number of [0, 1, 2]) lay(number, number === 1 ? 'usual' : 'own', `token-${number}`);
    for (const { address } of hosts)
      for (const number of [0, 1, 2])
        expect(await ask(address, port, `${start}token-${number}`)).toBe(`200 token-${number}.key`);
  });

  it('answer although another one is down', async () => {
    const { port } = await startProxies(3);
    lay(2, 'own', 'token');
    await running.splice(1, 1)[0]?.stop();
    expect(await ask('127.0.1.1', port, `${start}token`)).toBe('200 token.key');
  });

  it('ask each other once where none has it, and not for anything else', async () => {
    const { port } = await startProxies(3);
    expect(await ask('127.0.1.1', port, `${start}token`)).toBe('404');
    const asked = running.map(
      ({ folder }) => readFileSync(`${folder}/asked`, 'utf8').trim().split('\n').length,
    );
    expect(asked).toEqual([1, 1, 1]);
    for (const target of ['', 'token/', 'token/more', 'a%20b', '..%2fnginx.conf'])
      expect(await ask('127.0.1.1', port, start + target), target).toBe('301');
  });
});
