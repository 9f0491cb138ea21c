import { describe, expect, it } from 'vitest';
import { salvage } from '../../src/inventory/salvage.ts';
import type { HostData } from '../../src/inventory/schema.ts';

type Given = Readonly<Record<string, unknown>>;

/** What is left of an inventory with a mistake in one of its hosts, or below `ssh`. */
function left(host: Given, ssh: Given = {}) {
  const cluster = { name: 'demo', hostname: 'bbb.example.com' };
  const hosts = { node: [{ name: 'bbb-01' }, { name: 'bbb-02', hostname: 'b.example.com', ...host }] };
  return salvage({ playbook: 'bigbluebutton', cluster, ssh, hosts }, undefined)?.data;
}
const nodes = (host: Given, ssh?: Given) => left(host, ssh)?.hosts.node as readonly HostData[] | undefined;
const names = (host: Given, ssh?: Given) => nodes(host, ssh)?.map(({ name }) => name);

describe('what is right of an inventory with mistakes', () => {
  it.each<[string, Given]>([
    ['its state', { state: 'retierd' }],
    ['its recipe', { recipe: 3 }],
    ['its variables', { vars: 3 }],
    ['how long to wait', { ssh: { port: 2222, connect_timeout: 'long' } }],
    ['a key that nobody knows', { nonsense: 1, ssh: { port: 2222, nonsense: 1 } }],
  ])('has a host without %s', (_, host) => {
    const found = nodes(host)?.[1];
    expect(found).toMatchObject({ name: 'bbb-02', hostname: 'b.example.com' });
    expect(found?.ssh).toEqual(host.ssh === undefined ? undefined : { port: 2222 });
  });

  // Port 22 of the same address may be another host, and a pinned key is the only one to be trusted.
  it.each<[string, Given]>([
    ['its address', { address: '192.0.2.1 or so' }],
    ['its name', { hostname: 'https://b.example.com' }],
    ['where ssh reaches it', { ssh: { address: 3 } }],
    ['its port', { ssh: { port: '2222x' } }],
    ['its keys', { ssh: { host_keys: ['MD5:00'] } }],
    ['its way', { ssh: { proxy_jump: 3 } }],
    ['its account', { ssh: { user: 'a b' } }],
    ['its settings for ssh', { ssh: 3 }],
  ])('has no host of which %s is wrong', (_, host) => {
    expect(names(host)).toEqual(['bbb-01']);
  });

  it('has no host where what holds for all of them is wrong', () => {
    expect(names({}, { proxy_jump: 3 })).toBeUndefined();
    expect(names({}, { nonsense: 1, connect_timeout: 'long' })).toEqual(['bbb-01', 'bbb-02']);
  });

  it('is not polluted by the names of its keys', () => {
    const text = '{"__proto__": [{"name": "a", "polluted": 1}], "constructor": [{"name": "toString"}]}';
    const cluster = { name: 'demo', hostname: 'bbb.example.com' };
    const found = salvage({ cluster, hosts: JSON.parse(text), vars: JSON.parse(text) }, undefined);
    expect(Object.keys(found?.data.hosts ?? {})).toEqual(['__proto__', 'constructor']);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });
});
