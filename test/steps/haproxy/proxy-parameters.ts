/** Parameters and files for tests of HAProxy as the proxy of a cluster. */

export const path = '/etc/haproxy/haproxy.cfg';
export const certificate = '/etc/haproxy/certs/prod.pem';
export const packages = { 'ca-certificates': '20230311' };

/** As Debian's package has it, shortened. */
export const stockText = `global
    log /dev/log local0
    daemon

defaults
    log global
    mode http
    timeout connect 5000
    timeout client 50000
    timeout server 50000
`;

export interface Where {
  readonly port?: number;
  readonly address?: string;
}

export function nodeNamed(name: string, { port, address }: Where = {}, more: object = {}) {
  const hostname = `${name}.example.com`;
  const server = `https://${hostname}${port === undefined ? '' : `:${port}`}`;
  return {
    name,
    hostname,
    given_address: address ?? '192.0.2.11',
    state: 'active',
    known: true,
    recipe: {
      name: '3.0',
      verify: true,
      locations: [
        { path: `/${name}/html5client/`, target: `${server}/${name}/html5client/` },
        { path: `/${name}/bigbluebutton/api`, target: `${server}/bigbluebutton/api` },
      ],
    },
    ...more,
  };
}

export const hostname = 'bbb-proxy.example.com';

export const locations = { cluster: 'prod', hostname, nodes: [nodeNamed('bbb-01'), nodeNamed('bbb-02')] };
export const frontend = { cluster: 'prod', hostname, certificate };
