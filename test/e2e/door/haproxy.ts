import type { LabHost } from '../../lab/host.ts';
import { CERTIFICATE } from '../../lab/prepare-host.ts';
import { operatorsText, type ProxySoftware } from './software.ts';

const { fullchain, privateKey } = CERTIFICATE;

const main = `# ours
global
    log /dev/log local0
    user haproxy
    group haproxy
    stats socket /run/haproxy/admin.sock mode 660 level admin

defaults
    mode http
    timeout connect 5s
    timeout client 50s
    timeout server 50s

frontend own
    bind :8404
    http-request return status 200 content-type text/plain string "${operatorsText}"
`;

const route = (node: string) => `    use_backend ours if { path_beg /${node}/html5client/ }\n`;

export const haproxy: ProxySoftware = {
  name: 'haproxy',
  unit: 'haproxy.service',
  vars: { proxy_software: 'haproxy' },
  main: { path: '/etc/haproxy/haproxy.cfg', text: main },
  prepare: bundle('/etc/haproxy/by-hand.pem'),
  broken: { path: '/etc/haproxy/haproxy.cfg', text: '\nfrontend broken\n    no-directive on\n' },
  reloadKeepsSockets: true,
  respellsPaths: false,
  startsWithoutName: true,
  keepsAddresses: true,
  breaks: ['chunked-bodies', 'two-clusters'],
  byHand: {
    vars: { proxy_server: 'include' },
    path: '/etc/haproxy/haproxy.cfg',
    text: (_hostname, node) => `${main}
frontend https
    bind :443 ssl crt /etc/haproxy/by-hand.pem
    http-request return status 200 content-type text/plain string "${operatorsText}" if { path /own }
${route(node)}
backend ours
    http-request set-header Host ${node}.example.com
    server ours ${node}.example.com:443 ssl sni str(${node}.example.com) verify none
`,
    route,
    found: (node) => new RegExp(`/etc/haproxy/haproxy\\.cfg:\\d+: .*/${node}/html5client/`),
  },
};

/** HAProxy wants certificate and key in one file. */
function bundle(path: string): (host: LabHost) => Promise<void> {
  return async (host) => {
    await host.mustExec(['sh', '-c', 'cat "$1" "$2" > "$3"', 'sh', fullchain, privateKey, path]);
    await host.mustExec(['chmod', '0600', path]);
  };
}
