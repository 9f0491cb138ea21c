import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/package-root.ts';
import { handOverOf } from '../../../src/playbook/resolve/hand-over.ts';
import { readText } from '../../../src/playbook/resolve/load-inventory.ts';

async function handOver(playbook: string, virtual: string, role = 'proxy') {
  const inventory = await readText({
    file: `${packageRoot()}/inventory.yaml`,
    text: `playbook: ${playbook}
cluster: {name: prod, hostname: bbb.example.com${virtual}}
hosts:
  proxy:
    - {name: proxy-1, address: 192.0.2.5}
    - {name: proxy-2, address: 192.0.2.6}
  node:
    - {name: bbb-01, hostname: bbb-01.example.com}
`,
  });
  const host = inventory.hosts.find((one) => one.role === role);
  return host && handOverOf(inventory, host);
}

describe.each(['bigbluebutton', 'averox'])(
  '%s: what a proxy hands over before it is interrupted',
  (playbook) => {
    it.each([
      ['keepalived', ', virtual_address: 192.0.2.10'],
      [
        'a command',
        ', virtual_address: {address: 192.0.2.10, by: command, claim: /opt/claim, owner: /opt/owner}',
      ],
    ])('is the address that %s moves', async (_, virtual) => {
      expect(await handOver(playbook, virtual)).toMatchObject({
        ...{ args: ['prod'], address: '192.0.2.10', what: "the cluster's address" },
        program: expect.stringContaining('/run/clusterproxy-away'),
      });
      expect(await handOver(playbook, virtual, 'node')).toBeUndefined();
    });

    it.each([
      ['there is none', ''],
      ['somebody else moves it', ', virtual_address: {address: 192.0.2.10, by: external}'],
    ])('is nothing where %s', async (_, virtual) => {
      expect(await handOver(playbook, virtual)).toBeUndefined();
    });
  },
);

describe.each([
  ['wcs', 'vars: {sticky_cookie: SERVERID}'],
  ['antmedia', 'vars: {certificate_from: none}'],
])('%s: what a balancer hands over before it is interrupted', (playbook, vars) => {
  const ofBalancer = async (virtual: string) => {
    const inventory = await readText({
      file: `${packageRoot()}/inventory.yaml`,
      text: `playbook: ${playbook}
cluster: {name: prod, hostname: media.example.com${virtual}}
${vars}
hosts:
  balancer:
    - {name: lb-1, address: 192.0.2.5}
    - {name: lb-2, address: 192.0.2.6}
  node:
    - {name: node-01, address: 192.0.2.11}
`,
    });
    const host = inventory.hosts.find(({ role }) => role === 'balancer');
    return host && handOverOf(inventory, host);
  };

  it('is the address that keepalived moves', async () => {
    expect(await ofBalancer(', virtual_address: 192.0.2.10')).toMatchObject({
      ...{ args: ['prod'], address: '192.0.2.10', what: "the cluster's address" },
      program: expect.stringContaining('/run/clusterproxy-away'),
    });
  });

  it('is nothing where there is none, or somebody else moves it', async () => {
    expect(await ofBalancer('')).toBeUndefined();
    expect(await ofBalancer(', virtual_address: {address: 192.0.2.10, by: external}')).toBeUndefined();
  });
});
