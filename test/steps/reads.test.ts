import { describe, expect, it } from 'vitest';
import { stepModules } from '../../src/steps/registry.ts';

/**
 * As a step is before its host was looked at: templates over facts are empty texts, and defaults are not
 * filled in.
 */
const unfinished: Readonly<Record<string, object>> = {
  properties: { path: '/etc/x', set: '' },
  yaml: { path: '/etc/x', set: '' },
  json: { path: '/etc/x', set: '' },
  'shell-env': { path: '/etc/x', set: '' },
  'systemd-dropin': { unit: 'x.service', environment: '' },
  leftovers: { path: '/etc/x', keys: '' },
  file: { path: '/etc/x', content: '' },
  'own-name': { files: ['/etc/x'], hosts: '', hostname: '' },
  'nginx-prefix': { sources: '', path: '/etc/x', variables: '', redirects: '', prefix: '' },
  'nginx-locations': { path: '/etc/x', nodes: '', trusted_certificate: 'x' },
  'nginx-server': { path: '/etc/x', server_name: 'a.example.com', certificate: 'x', http2: '' },
  'nginx-challenges': { path: '/etc/x', hosts: '' },
  'nginx-include': { path: '/etc/x' },
  'nginx-status': { path: '/etc/x', port: '' },
  'caddy-locations': { path: '/etc/x', nodes: '', trusted_certificate: 'x' },
  'caddy-server': { path: '/etc/x', hostname: 'a.example.com', certificate: 'x' },
  'caddy-import': { path: '/etc/x' },
  'caddy-metrics': { path: '/etc/x', port: '' },
  package: { names: ['/etc/x'], provides: '' },
  unit: { name: '/etc/x', enabled: '' },
  archive: { directory: '/etc/x', url: '', sha256: '' },
  certbot: { name: 'x', names: '' },
  'etc-services': { path: '/etc/x', port: '' },
  'xinetd-service': { directory: '/etc', name: 'x', hosts: '' },
  'socket-service': { name: 'x', hosts: '' },
  keepalived: { name: 'x', hosts: '', address: '' },
  haproxy: { path: '/etc/x', frontends: '', backends: [{ hosts: '', servers: '' }] },
  'haproxy-state': { unit: 'x.service' },
  'haproxy-locations': { path: '/etc/x', nodes: '', trusted_certificate: 'x' },
  'haproxy-frontend': { path: '/etc/x', certificate: '' },
  'haproxy-rules': { path: '/etc/x' },
  hardening: { caddyfile: '/etc/x', items: ['slow_clients'] },
  'nginx-connections': { path: '/etc/x' },
  'haproxy-connections': { path: '/etc/x' },
  'open-files': { unit: 'x.service', name: 'x.conf' },
  backlog: { path: '/etc/x' },
  untracked: { path: '/etc/x', unit: 'x.service' },
  'haproxy-metrics': { path: '/etc/x', port: '' },
  'pem-bundle': { path: '/etc/x', certificates: '', key: '' },
};

const elsewhere: Readonly<Record<string, string>> = {
  'systemd-dropin': '/etc/systemd/system/x.service',
  'haproxy-state': '/etc/systemd/system/x.service',
  'open-files': '/etc/systemd/system/x.service.d/x.conf',
  certbot: '/etc/letsencrypt/live/x/fullchain.pem',
  'socket-service': '/etc/systemd/system/x.socket',
  keepalived: '/etc/keepalived/clusterproxy/x.conf',
};

/** What is always filled in by the time a step runs. */
const finished = { mode: 'own-file', name: 'zz-clusterproxy.conf', directory: '/etc' };
const written: Readonly<Record<string, readonly string[]>> = {
  'systemd-dropin': ['/etc/systemd/system/x.service.d/zz-clusterproxy.conf'],
  'haproxy-state': ['/etc/systemd/system/x.service.d/zz-clusterproxy.conf'],
  'caddy-server': ['/etc/x', '/etc/caddy/Caddyfile'],
  'open-files': ['/etc/systemd/system/x.service.d/x.conf'],
  'caddy-metrics': ['/etc/x', '/etc/caddy/Caddyfile'],
  unit: ['unit:/etc/x'],
  'xinetd-service': ['/etc/x'],
  keepalived: ['/etc/keepalived/clusterproxy/x.conf', '/etc/keepalived/keepalived.conf'],
  untracked: [
    '/etc/x',
    '/etc/systemd/system/x.service',
    '/etc/systemd/system/multi-user.target.wants/x.service',
  ],
  'socket-service': [
    '/etc/systemd/system/x.socket',
    '/etc/systemd/system/x@.service',
    '/etc/systemd/system/sockets.target.wants/x.socket',
  ],
  // These do something else, or nothing.
  ...{ 'own-name': [], package: [], hardening: [], archive: [], certbot: [] },
};

/** It does nothing on hosts. */
const doing = [...stepModules.values()].filter(({ name }) => name !== 'relays-by-hand');

describe.each(doing)('$name', (module) => {
  it('tells what it reads before all of its parameters are known', () => {
    const reads = module.reads((unfinished[module.name] ?? {}) as never);
    const { paths = [], units = [], packages = [] } = reads;
    expect([...paths, ...units, ...packages]).toContain(elsewhere[module.name] ?? '/etc/x');
  });

  it('tells what it writes', () => {
    const given = { ...finished, ...unfinished[module.name] };
    const own = written[module.name] ?? ['/etc/x'];
    expect(module.writes?.(given as never) ?? [], module.name).toEqual(own);
  });
});
