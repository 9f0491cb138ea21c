import { describe, expect, it } from 'vitest';
import { stepModules } from '../../src/steps/registry.ts';

/** As a step is before its host was looked at: templates over facts are empty texts, and defaults are not filled in. */
const unfinished: Readonly<Record<string, object>> = {
  properties: { path: '/etc/x', set: '' },
  yaml: { path: '/etc/x', set: '' },
  json: { path: '/etc/x', set: '' },
  'shell-env': { path: '/etc/x', set: '' },
  'systemd-dropin': { unit: 'x.service', environment: '' },
  file: { path: '/etc/x', content: '' },
  'nginx-prefix': { sources: '', path: '/etc/x', variables: '', redirects: '', prefix: '' },
  'nginx-locations': { path: '/etc/x', nodes: '', trusted_certificate: 'x' },
  'nginx-server': { path: '/etc/x', server_name: 'a.example.com', certificate: 'x', http2: '' },
  'nginx-include': { path: '/etc/x' },
};

describe.each([...stepModules.values()])('$name', (module) => {
  it('tells what it reads before all of its parameters are known', () => {
    const reads = module.reads((unfinished[module.name] ?? {}) as never);
    expect(reads.paths).toContain(
      module.name === 'systemd-dropin' ? '/etc/systemd/system/x.service' : '/etc/x',
    );
  });
});
