import type { LabHost } from '../../lab/host.ts';
import { CERTIFICATE } from '../../lab/prepare-host.ts';

/** What is known of one software for proxies; what isn't here is the same for all of them. */
export interface ProxySoftware {
  readonly name: string;
  readonly unit: string;
  /** in the inventory, beside the certificate */
  readonly vars: Readonly<Record<string, unknown>>;
  /** the file with what the operator has already, and its whole text; it answers at port 8404 */
  readonly main: { readonly path: string; readonly text: string };
  /** before the first boot, besides that file and the unit */
  readonly prepare?: (host: LabHost) => Promise<void>;
  /** the operator's edit that makes the configuration one that the software refuses */
  readonly broken: { readonly path: string; readonly text: string };
  /** Whether WebSockets outlive a reload; otherwise a run waits for them. */
  readonly reloadKeepsSockets: boolean;
  /** Whether it reads a path, and spells it in its own way when it passes it on. */
  readonly respellsPaths: boolean;
  /** Whether it starts although the name of a node doesn't resolve. */
  readonly startsWithoutName: boolean;
  /** Whether it goes on using the address of a name that no longer resolves. */
  readonly keepsAddresses: boolean;
  /** the promises that it doesn't keep, by their names below */
  readonly breaks: readonly Promised[];
  /** one node's client, set up without the program */
  readonly byHand: {
    readonly vars: Readonly<Record<string, unknown>>;
    readonly path: string;
    readonly text: (hostname: string, node: string) => string;
    /** what the program says that it found */
    readonly found: (node: string) => RegExp;
  };
}

type Promised = 'another-host' | 'path-parameters' | 'chunked-bodies';

const ownPage = 'of the operator';
const { fullchain, privateKey } = CERTIFICATE;

const nginx: ProxySoftware = {
  name: 'nginx',
  unit: 'nginx.service',
  vars: {},
  main: {
    path: '/etc/nginx/conf.d/own.conf',
    text: `# ours
server {
    listen 8404;
    location / { return 200 "${ownPage}"; }
}
`,
  },
  broken: { path: '/etc/nginx/conf.d/zz-broken.conf', text: 'no_directive on;\n' },
  reloadKeepsSockets: true,
  respellsPaths: true,
  startsWithoutName: false,
  keepsAddresses: true,
  breaks: ['another-host', 'path-parameters'],
  byHand: {
    vars: { proxy_server: 'include', server_file: '/etc/nginx/conf.d/by-hand.conf' },
    path: '/etc/nginx/conf.d/by-hand.conf',
    text: (hostname, node) => `# our cluster
server {
    listen 443 ssl;
    server_name ${hostname};
    ssl_certificate ${fullchain};
    ssl_certificate_key ${privateKey};
    location /${node}/html5client/ {
        proxy_pass https://${node}.example.com/${node}/html5client/;
        proxy_http_version 1.1;
    }
    location = /own { return 200 "${ownPage}"; }
}
`,
    found: (node) => new RegExp(`/etc/nginx/conf\\.d/by-hand\\.conf:7: location /${node}/html5client/`),
  },
};

const haproxyMain = `# ours
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
    http-request return status 200 content-type text/plain string "${ownPage}"
`;

const haproxy: ProxySoftware = {
  name: 'haproxy',
  unit: 'haproxy.service',
  vars: { proxy_software: 'haproxy' },
  main: { path: '/etc/haproxy/haproxy.cfg', text: haproxyMain },
  prepare: bundle('/etc/haproxy/by-hand.pem'),
  broken: { path: '/etc/haproxy/haproxy.cfg', text: '\nfrontend broken\n    no-directive on\n' },
  reloadKeepsSockets: true,
  respellsPaths: false,
  startsWithoutName: true,
  keepsAddresses: true,
  breaks: [],
  byHand: {
    vars: { proxy_server: 'include' },
    path: '/etc/haproxy/haproxy.cfg',
    text: (_hostname, node) => `${haproxyMain}
frontend https
    bind :443 ssl crt /etc/haproxy/by-hand.pem
    use_backend ours if { path_beg /${node}/html5client/ }
    http-request return status 200 content-type text/plain string "${ownPage}" if { path /own }

backend ours
    http-request set-header Host ${node}.example.com
    server ours ${node}.example.com:443 ssl sni str(${node}.example.com) verify none
`,
    found: (node) => new RegExp(`/etc/haproxy/haproxy\\.cfg:\\d+: .*/${node}/html5client/`),
  },
};

/** Caddy runs as an account of its own, which can't read the key of root's. */
const caddyCertificate = { certificate: '/etc/caddy/chain.pem', certificate_key: '/etc/caddy/key.pem' };

const caddyMain = `# ours
:8404 {
	respond "${ownPage}"
}
`;

const caddy: ProxySoftware = {
  name: 'caddy',
  unit: 'caddy.service',
  vars: { proxy_software: 'caddy', ...caddyCertificate },
  main: { path: '/etc/caddy/Caddyfile', text: caddyMain },
  prepare: async (host) => {
    const { certificate, certificate_key: key } = caddyCertificate;
    await host.mustExec(['install', '-o', 'caddy', '-g', 'caddy', '-m', '0644', fullchain, certificate]);
    await host.mustExec(['install', '-o', 'caddy', '-g', 'caddy', '-m', '0600', privateKey, key]);
  },
  broken: { path: '/etc/caddy/Caddyfile', text: '\n:8405 {\n\tno_directive on\n}\n' },
  reloadKeepsSockets: false,
  respellsPaths: false,
  startsWithoutName: true,
  keepsAddresses: false,
  breaks: [],
  byHand: {
    vars: { proxy_server: 'include', server_file: '/etc/caddy/Caddyfile' },
    path: '/etc/caddy/Caddyfile',
    text: (hostname, node) => `${caddyMain}
${hostname} {
	tls ${caddyCertificate.certificate} ${caddyCertificate.certificate_key}
	handle /${node}/html5client/* {
		reverse_proxy https://${node}.example.com {
			header_up Host ${node}.example.com
		}
	}
	respond /own "${ownPage}"
}
`,
    found: (node) => new RegExp(`/etc/caddy/Caddyfile:\\d+: .*/${node}/html5client/`),
  },
};

/** HAProxy wants certificate and key in one file. */
function bundle(path: string): (host: LabHost) => Promise<void> {
  return async (host) => {
    await host.mustExec(['sh', '-c', 'cat "$1" "$2" > "$3"', 'sh', fullchain, privateKey, path]);
    await host.mustExec(['chmod', '0600', path]);
  };
}

/** With CLUSTERPROXY_DOORS=all, those as well that the playbook has to learn yet. */
const learning = process.env.CLUSTERPROXY_DOORS === 'all' ? [haproxy, caddy] : [];

/** Every one of them is a proxy host of its own in the table. */
export const softwares: readonly ProxySoftware[] = [nginx, ...learning];

/** The proxy host as its operator has it: only this software, with a page that has nothing to do with us. */
export async function installSoftware(host: LabHost, { unit, main, prepare }: ProxySoftware): Promise<void> {
  await host.mustExec('systemctl --quiet disable nginx.service');
  await host.writeFile(main.path, main.text);
  await prepare?.(host);
  await host.mustExec(['systemctl', '--quiet', 'enable', unit]);
}

/** Of the operator's page. */
export const operatorsText = ownPage;
