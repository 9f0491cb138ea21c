import { CERTIFICATE } from '../../lab/prepare-host.ts';
import { operatorsText, type ProxySoftware } from './software.ts';

const { fullchain, privateKey } = CERTIFICATE;

/** Caddy runs as an account of its own, which can't read the key of root's. */
const readable = { certificate: '/etc/caddy/chain.pem', certificate_key: '/etc/caddy/key.pem' };

const main = `# ours
:8404 {
	respond "${operatorsText}"
}
`;

const route = (node: string) => `	handle /${node}/html5client/* {
		reverse_proxy https://${node}.example.com {
			header_up Host ${node}.example.com
		}
	}
`;

export const caddy: ProxySoftware = {
  name: 'caddy',
  unit: 'caddy.service',
  vars: { proxy_software: 'caddy', ...readable },
  main: { path: '/etc/caddy/Caddyfile', text: main },
  prepare: async (host) => {
    const { certificate, certificate_key: key } = readable;
    await host.mustExec(['install', '-o', 'caddy', '-g', 'caddy', '-m', '0644', fullchain, certificate]);
    await host.mustExec(['install', '-o', 'caddy', '-g', 'caddy', '-m', '0600', privateKey, key]);
  },
  broken: { path: '/etc/caddy/Caddyfile', text: '\n:8405 {\n\tno_directive on\n}\n' },
  reloadKeepsSockets: false,
  respellsPaths: false,
  startsWithoutName: true,
  keepsAddresses: false,
  breaks: ['marks'],
  byHand: {
    vars: { proxy_server: 'include', server_file: '/etc/caddy/Caddyfile' },
    path: '/etc/caddy/Caddyfile',
    text: (hostname, node) => `${main}
${hostname} {
	tls ${readable.certificate} ${readable.certificate_key}
${route(node)}	respond /own "${operatorsText}"
}
`,
    route,
    found: (node) => new RegExp(`/etc/caddy/Caddyfile:\\d+: .*/${node}/html5client/`),
  },
};
