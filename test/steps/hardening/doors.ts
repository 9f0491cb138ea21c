import { createSocket } from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setManagedBlock } from '../../../src/formats/nginx.ts';
import { selfSigned } from '../../support/certificates.ts';
import { runStep } from '../../support/run-step.ts';
import { globalOptions, startCaddy } from '../../support/running-caddy.ts';
import { freePorts, startHaproxy } from '../../support/running-haproxy.ts';
import { startNginx } from '../../support/running-nginx.ts';

export const hostname = 'proxy.example.com';

/** A real program with what its step writes, before a node that tells its version and has its own HSTS. */
export interface Door {
  readonly secure: number;
  readonly plain: number;
  /** what the program has logged so far of requests */
  logged(): Promise<string>;
  stop(): Promise<void>;
}

interface Node {
  readonly port: number;
  stop(): Promise<void>;
}

async function startNode(): Promise<Node> {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      response.writeHead(200, { Server: 'node/1.2.3', 'Strict-Transport-Security': 'max-age=1' });
      response.end('of the node');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Folder with the certificate, in the forms that the programs want. */
function certificates(): { readonly folder: string; readonly pem: string; readonly key: string } {
  const folder = mkdtempSync(join(tmpdir(), 'hardened-'));
  const pair = selfSigned(hostname, { algorithm: 'rsa' });
  const [pem, key] = [join(folder, 'proxy.pem'), join(folder, 'proxy.key')];
  writeFileSync(pem, pair.certificate + pair.key);
  writeFileSync(key, pair.key);
  return { folder, pem, key };
}

export const nginxFile = '/etc/nginx/conf.d/clusterproxy-prod.conf';
const nginxMain = 'events {}\nhttp { include /etc/nginx/conf.d/*.conf; }\n';

export function nginxText(hardening: object, main = nginxMain): string {
  const { text } = runStep(
    'nginx-server',
    {
      ...{ path: nginxFile, server_name: hostname, include: '/etc/nginx/clusterproxy/prod/*.conf' },
      ...{ certificate: '/etc/ssl/proxy.pem', certificate_key: '/etc/ssl/proxy.key', hardening },
    },
    { files: { '/etc/nginx/nginx.conf': main } },
  );
  return text(nginxFile) ?? '';
}

export async function nginxDoor(hardening: object): Promise<Door> {
  const { folder, pem, key } = certificates();
  const node = await startNode();
  const [secure = 0, plain = 0] = await freePorts(2);
  const nginx = await startNginx((own) =>
    nginxText(hardening)
      .replace(/^ *listen \[::\].*\n/gm, '')
      .replace('listen 443', `listen 127.0.0.1:${secure}`)
      .replace('listen 80', `listen 127.0.0.1:${plain}`)
      .replaceAll('/etc/ssl/proxy.pem', pem)
      .replaceAll('/etc/ssl/proxy.key', key)
      .replaceAll('/var/log/nginx/', `${own}/logs/`)
      .replace(
        /^ *include .*$/m,
        `location ^~ /bbb-01/ { proxy_pass http://127.0.0.1:${node.port}; proxy_http_version 1.1; }`,
      ),
  );
  return {
    ...{ secure, plain },
    logged: async () => readFileSync(join(nginx.folder, 'logs/access.log'), 'utf8'),
    stop: async () => {
      await nginx.stop();
      await node.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

const haproxyFile = '/etc/haproxy/haproxy.cfg';

export function haproxyText(hardening: object, text = 'global\n    daemon\n', backends = ''): string {
  const certificate = '/etc/haproxy/certs/proxy.pem';
  const whole = backends === '' ? text : setManagedBlock(text, 'prod/bbb-01', backends);
  const wanted = { cluster: 'prod', hostname, certificate, ipv6: false, hardening };
  const outcome = runStep('haproxy-frontend', wanted, {
    files: { [haproxyFile]: whole, [certificate]: 'there' },
  });
  return outcome.text(haproxyFile) ?? '';
}

export async function haproxyDoor(hardening: object): Promise<Door> {
  const { folder, pem } = certificates();
  const node = await startNode();
  const [secure = 0, plain = 0] = await freePorts(2);
  const backend = [
    'backend clusterproxy:node:prod:bbb-01',
    '    mode http',
    '    timeout connect 4s',
    '    timeout server 60s',
    '    acl is_path1 path_beg /bbb-01/',
    `    server node 127.0.0.1:${node.port}`,
    '',
  ].join('\n');
  const syslog = createSocket('udp4');
  let logged = '';
  syslog.on('message', (message) => {
    logged += `${message.toString()}\n`;
  });
  await new Promise<void>((resolve) => syslog.bind(0, '127.0.0.1', resolve));
  const global = `global\n    log 127.0.0.1:${syslog.address().port} local0\n`;
  const text = haproxyText(hardening, global, backend)
    .replaceAll('/etc/haproxy/certs/proxy.pem', pem)
    .replace('*:443', `127.0.0.1:${secure}`)
    .replace('*:80', `127.0.0.1:${plain}`);
  const proxy = await startHaproxy(text, secure);
  return {
    ...{ secure, plain },
    logged: async () => logged,
    stop: async () => {
      await proxy.stop();
      syslog.close();
      await node.stop();
      rmSync(folder, { recursive: true });
    },
  };
}

const caddyFile = '/etc/caddy/clusterproxy/prod.caddy';

export function caddyText(hardening: object): string {
  const { text } = runStep(
    'caddy-server',
    {
      ...{ path: caddyFile, hostname, import: '/etc/caddy/clusterproxy/prod/*.caddy' },
      ...{ certificate: '/etc/caddy/proxy.pem', certificate_key: '/etc/caddy/proxy.key', hardening },
    },
    { files: { '/etc/caddy/Caddyfile': '' } },
  );
  return text(caddyFile) ?? '';
}

export async function caddyDoor(hardening: object): Promise<Door> {
  const { folder, pem, key } = certificates();
  const node = await startNode();
  const caddy = await startCaddy((place) => ({
    Caddyfile: `${globalOptions(place)}import site.caddy\n`,
    'site.caddy': caddyText(hardening)
      .replaceAll('/etc/caddy/proxy.pem', pem)
      .replaceAll('/etc/caddy/proxy.key', key)
      .replace(/^\timport .*$/m, `\thandle /bbb-01/* {\n\t\treverse_proxy 127.0.0.1:${node.port}\n\t}`),
  }));
  return {
    ...{ secure: caddy.https, plain: caddy.http },
    logged: async () => caddy.said(),
    stop: async () => {
      await caddy.stop();
      await node.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
