import { describe, expect, it } from 'vitest';
import { beginningOf } from '../../src/cli/picture.ts';
import type { Inventory } from '../../src/inventory/inventory.ts';

const port = (number: string, from: string, purpose: string, when = {}) => ({
  ...{ port: number, protocol: 'tcp', from: [from], purpose, when },
});

/** Nodes of which one variable decides on a port. */
function withSpare(...values: readonly boolean[]): Inventory {
  const inventory = nodes(...values.map(() => undefined));
  const [role] = inventory.playbook.roles;
  const ports = [port('8443', 'everyone', 'spare pages', { 'vars.spare': [true] })];
  return {
    ...inventory,
    vars: { spare: false },
    playbook: { ...inventory.playbook, roles: [{ ...role, ports }] },
    hosts: inventory.hosts.map((host, index) => ({ ...host, vars: { spare: values[index] } })),
  } as unknown as Inventory;
}

/** Nodes to which operators and browsers connect, with the ports for ssh that the inventory gives. */
function nodes(...ports: readonly (number | undefined)[]): Inventory {
  const node = {
    ...{ name: 'node', guards: [] },
    ports: [
      port('22', 'operators', 'ssh'),
      port('22', 'everyone', 'uploads'),
      port('443', 'everyone', 'pages'),
    ],
  };
  const hosts = ports.map((number, index) => ({
    ...{ name: `bbb-${index}`, role: 'node', state: 'active', vars: {}, ssh: { port: number } },
  }));
  const cluster = { name: 'prod', hostname: 'bbb.example.com' };
  const playbook = { name: 'bigbluebutton', roles: [node] };
  return {
    cluster,
    playbook,
    file: 'prod.yaml',
    hosts,
    external: new Map(),
    vars: {},
  } as unknown as Inventory;
}

/** `operators 22/tcp` for each way to the nodes */
function ways(inventory: Inventory): readonly string[] {
  return beginningOf(inventory).ways.flatMap(({ from, ports }) =>
    ports.map((one) => `${from} ${one.port}/${one.protocol} ${one.purpose}`),
  );
}

describe('what a report says of connections', () => {
  it('has the ports on which the inventory says that ssh listens', () => {
    expect(ways(nodes(35259, 35259))).toEqual([
      'everyone 22/tcp uploads',
      'everyone 443/tcp pages',
      'operators 35259/tcp ssh',
    ]);
  });

  it('has each of them once, and the usual port where nothing is said', () => {
    const ofOperators = (inventory: Inventory) =>
      ways(inventory).filter((way) => way.startsWith('operators'));
    expect(ofOperators(nodes(35259, undefined, 35259, 2200))).toEqual([
      'operators 22/tcp ssh',
      'operators 2200/tcp ssh',
      'operators 35259/tcp ssh',
    ]);
    expect(ofOperators(nodes(undefined))).toEqual(['operators 22/tcp ssh']);
  });

  it('leaves out what no host has switched on', () => {
    expect(ways(withSpare(false, false))).toEqual([]);
    expect(ways(withSpare(false, true))).toEqual(['everyone 8443/tcp spare pages']);
    expect(ways(withSpare())).toEqual([]);
  });
});
