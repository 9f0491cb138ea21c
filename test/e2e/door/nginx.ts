import { CERTIFICATE } from '../../lab/prepare-host.ts';
import { operatorsText, type ProxySoftware } from './software.ts';

const { fullchain, privateKey } = CERTIFICATE;

const route = (node: string) => `    location /${node}/html5client/ {
        proxy_pass https://${node}.example.com/${node}/html5client/;
        proxy_http_version 1.1;
    }
`;

export const nginx: ProxySoftware = {
  name: 'nginx',
  unit: 'nginx.service',
  vars: {},
  main: {
    path: '/etc/nginx/conf.d/own.conf',
    text: `# ours
server {
    listen 8404;
    location / { return 200 "${operatorsText}"; }
}
`,
  },
  broken: { path: '/etc/nginx/conf.d/zz-broken.conf', text: 'no_directive on;\n' },
  reloadKeepsSockets: true,
  respellsPaths: true,
  startsWithoutName: false,
  keepsAddresses: true,
  breaks: [],
  byHand: {
    vars: { proxy_server: 'include', server_file: '/etc/nginx/conf.d/by-hand.conf' },
    path: '/etc/nginx/conf.d/by-hand.conf',
    text: (hostname, node) => `# our cluster
server {
    listen 443 ssl;
    server_name ${hostname};
    ssl_certificate ${fullchain};
    ssl_certificate_key ${privateKey};
${route(node)}    location = /own { return 200 "${operatorsText}"; }
}
`,
    route,
    found: (node) => new RegExp(`/etc/nginx/conf\\.d/by-hand\\.conf:7: location /${node}/html5client/`),
  },
};
