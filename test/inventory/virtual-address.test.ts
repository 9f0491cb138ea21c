import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { virtualAddressMistake } from '../../src/inventory/virtual-address.ts';
import { canonicalAddress } from '../../src/model/interface-addresses.ts';
import { OperatorErrors } from '../../src/model/operator-error.ts';
import { packageRoot } from '../../src/package-root.ts';
import { baseContext } from '../../src/playbook/resolve/contexts.ts';
import { readText } from '../../src/playbook/resolve/load-inventory.ts';

/** An inventory with this virtual address and these proxies. */
function inventory(virtual: string, proxies = two, playbook = 'bigbluebutton'): string {
  return `playbook: ${playbook}
cluster: {name: prod, hostname: bbb.example.com, virtual_address: ${virtual}}
hosts:
  proxy:
${proxies.map((proxy) => `    - {${proxy}}\n`).join('')}  node:
    - {name: bbb-01, hostname: bbb-01.example.com}
`;
}

const two = ['name: proxy-1, address: 192.0.2.5', 'name: proxy-2, address: 192.0.2.6'];

function read(text: string, file = `${packageRoot()}/inventory.yaml`) {
  return readText({ file, text });
}

async function problemsOf(text: string, file?: string) {
  try {
    await read(text, file);
  } catch (error) {
    if (error instanceof OperatorErrors) return error.problems;
    throw error;
  }
  return [];
}

describe('cluster.virtual_address', () => {
  it('is an address, or an address with settings', async () => {
    const plain = await read(inventory('192.0.2.10'));
    expect(plain.cluster.virtualAddress).toEqual({
      ...{ address: '192.0.2.10', by: 'keepalived', interface: undefined, routerId: undefined },
      ...{ command: undefined, preempt: false },
    });
    const [host] = plain.hosts;
    expect(host && baseContext(plain, host).cluster).toMatchObject({
      virtual_address: '192.0.2.10',
      virtual_address_by: 'keepalived',
      vrrp: { interface: '', router_id: 0, preempt: false },
    });
    const whole = await read(
      inventory('{address: "2001:DB8:0:0::10", interface: eth1, router_id: 7, preempt: true}'),
    );
    expect(whole.cluster.virtualAddress).toEqual({
      ...{ address: '2001:db8::10', by: 'keepalived', interface: 'eth1', routerId: 7, preempt: true },
      command: undefined,
    });
  });

  it('is moved by commands of the operator, of which both are needed', async () => {
    const settings = (more: string) => inventory(`{address: 192.0.2.10, by: command${more}}`);
    const both = await read(settings(', claim: /opt/claim -a 7, owner: /opt/owner'));
    expect(both.cluster.virtualAddress?.command).toEqual({ claim: '/opt/claim -a 7', owner: '/opt/owner' });
    const [host] = both.hosts;
    expect(host && baseContext(both, host).cluster).toMatchObject({
      ...{ virtual_address_by: 'command', virtual_address_claim: '/opt/claim -a 7' },
      virtual_address_owner: '/opt/owner',
    });
    const [missing] = await problemsOf(settings(', claim: /opt/claim'));
    expect(missing).toMatchObject({ code: 'missing-key', message: '`by: command` needs `owner`' });
    const [unused] = await problemsOf(inventory('{address: 192.0.2.10, claim: /opt/claim}'));
    expect(unused?.message).toBe('`claim` is for `by: command` alone');
    for (const wrong of ['claim', '"/opt/claim $(id)"', '"/opt/claim  two"', '"/opt/claim; id"', "/opt/c'"]) {
      const [shell] = await problemsOf(settings(`, claim: ${wrong}, owner: /opt/owner`));
      expect(shell?.message, wrong).toMatch(/is no program with its full path/);
    }
  });

  it('is moved by nobody where there is none', async () => {
    const none = await read(inventory('192.0.2.10').replace(', virtual_address: 192.0.2.10', ''));
    const [host] = none.hosts;
    expect(host && baseContext(none, host).cluster).toMatchObject({
      virtual_address: '',
      virtual_address_by: 'nobody',
    });
  });

  it.each([
    ['bbb.example.com', /expected an IP address/],
    ['192.0.2.10/24', /prefix length/],
    ['127.0.0.1', /for itself/],
    ['"::1"', /for itself/],
    ['0.0.0.0', /no address of a host/],
    ['224.0.0.18', /for groups/],
    ['"ff02::12"', /for groups/],
    ['"fe80::1%eth0"', /one link/],
    ['169.254.1.1.1', /expected an IP address/],
  ])('is not %s', async (text, message) => {
    const problems = await problemsOf(inventory(text));
    expect(problems.map(({ code }) => code)).toEqual(['invalid-virtual-address']);
    expect(problems[0]?.message).toMatch(message);
    expect(problems[0]?.location).toMatchObject({ line: 2 });
    const settings = await problemsOf(inventory(`{address: ${text}}`));
    expect(settings.map(({ code }) => code)).toEqual(['invalid-virtual-address']);
  });

  it.each([
    ['{address: 192.0.2.10, interface: "two words"}', 'wrong-value'],
    ['{address: 192.0.2.10, router_id: 256}', 'wrong-value'],
    ['{address: 192.0.2.10, by: cloud}', 'wrong-value'],
    ['{address: 192.0.2.10, routerid: 7}', 'unknown-key'],
    ['{by: external}', 'missing-key'],
  ])('has no settings such as %s', async (text, code) => {
    expect((await problemsOf(inventory(text))).map((problem) => problem.code)).toEqual([code]);
  });

  it('needs two hosts to move between, of which one may be retired', async () => {
    const one = await problemsOf(inventory('192.0.2.10', two.slice(0, 1)));
    expect(one.map(({ code }) => code)).toEqual(['virtual-address-alone']);
    expect(one[0]?.message).toMatch(/the role proxy has only one/);
    expect(await problemsOf(inventory('192.0.2.10', [`${two[0]}, state: retired`, two[1] ?? '']))).toEqual(
      [],
    );
    expect(await problemsOf(inventory('{address: 192.0.2.10, by: external}', two.slice(0, 1)))).toEqual([]);
    const external = inventory('192.0.2.10').replace(
      / {2}proxy:[\s\S]*? {2}node/,
      '  proxy: external\n  node',
    );
    expect((await problemsOf(external)).map(({ code }) => code)).toEqual(['virtual-address-alone']);
  });

  it("is no host's own address, however that is written", async () => {
    const taken = await problemsOf(inventory('192.0.2.6'));
    expect(taken.map(({ code }) => code)).toEqual(['virtual-address-taken']);
    expect(taken[0]?.message).toBe('192.0.2.6 is the address of proxy-2 itself (line 6)');
    const hosts = [two[0] ?? '', 'name: proxy-2, address: "2001:db8:0::6"'];
    const six = await problemsOf(inventory('{address: "2001:db8::6"}', hosts));
    expect(six.map(({ code }) => code)).toEqual(['virtual-address-taken']);
    const ssh = [two[0] ?? '', 'name: proxy-2, address: 192.0.2.6, ssh: {address: 192.0.2.10}'];
    expect((await problemsOf(inventory('192.0.2.10', ssh))).map(({ code }) => code)).toEqual([
      'virtual-address-taken',
    ]);
  });

  it('is refused where the playbook would do nothing with it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'virtual-address-'));
    try {
      writeFileSync(
        join(folder, 'own.yaml'),
        `name: own
description: hosts between which no address moves
roles:
  balancer:
    description: a host
    hosts: {minimum: 1}
    steps:
      - {id: greeting, file: {path: /etc/greeting, content: hello}}
`,
      );
      const file = join(folder, 'inventory.yaml');
      const text = `playbook: ./own.yaml
cluster: {name: prod, hostname: own.example.com, virtual_address: 192.0.2.10}
hosts: {balancer: [{name: lb-1, address: 192.0.2.5}, {name: lb-2, address: 192.0.2.6}]}
`;
      const problems = await problemsOf(text, file);
      expect(problems.map(({ code }) => code)).toEqual(['virtual-address-not-used']);
      const moves = `      - id: address
        when: {cluster.virtual_address_by: keepalived}
        keepalived:
          name: x
          address: '{{ cluster.virtual_address }}'
          own: '{{ host.name }}'
          hosts: '{{ hosts.balancer }}'
          program: /bin/true
`;
      writeFileSync(join(folder, 'own.yaml'), moves, { flag: 'a' });
      expect(await problemsOf(text, file)).toEqual([]);
      const external = text.replace('192.0.2.10', '{address: 192.0.2.10, by: external}');
      expect(await problemsOf(external, file)).toMatchObject([
        {
          code: 'virtual-address-not-used',
          message: 'the playbook own does nothing with a virtual address that is moved by: external',
          next: 'write one of keepalived',
        },
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('an IP address', () => {
  it('is compared as the system writes it', () => {
    expect(canonicalAddress('2001:DB8::0:1')).toBe('2001:db8::1');
    expect(canonicalAddress('192.0.2.1')).toBe('192.0.2.1');
    expect(canonicalAddress('proxy-1.example.com')).toBe('proxy-1.example.com');
    expect(virtualAddressMistake('2001:db8::1')).toBeUndefined();
  });
});
