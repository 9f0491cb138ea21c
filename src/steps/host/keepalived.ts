import { isIP } from 'node:net';
import { z } from 'zod';
import { askAddresses } from '../../model/interface-addresses.ts';
import { wholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { absolutePath, accountName, directoriesOf, isAddress, plainWord } from '../shared/parameters.ts';
import type { StepModule } from '../step-module.ts';
import { knownAddresses, ownAddress } from './keepalived-addresses.ts';
import { hasOthers, keepalivedInclude } from './keepalived-include.ts';
import { priorityOf, renderVrrp, routerIdOf } from './keepalived-render.ts';
import { isProgram, programOf, warnOfMissing } from './operators-programs.ts';

const mainFile = '/etc/keepalived/keepalived.conf';
const folder = '/etc/keepalived/clusterproxy';

const parameters = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'expected letters, digits, -, _ and .')
    .describe('name of the instance and of its file; `{{ cluster.name }}` will do'),
  address: z
    .string()
    .refine(isAddress, 'expected an IP address')
    .describe('the address that one of the hosts has; `{{ cluster.virtual_address }}` will do'),
  own: z.string().min(1).describe('which of the hosts this one is; `{{ host.name }}` will do'),
  hosts: z
    .array(z.looseObject({ name: z.string(), address: z.string() }))
    .min(2, 'expected at least two hosts')
    .describe('between which the address moves, such as `{{ hosts.proxy }}`; the first comes first'),
  vrrp: z
    .strictObject({
      interface: z.string().default(''),
      router_id: z.int().min(0).max(255).default(0),
      preempt: z.boolean().default(false),
    })
    .prefault({})
    .describe(
      "`interface` that gets the address (empty: that of the host's own address), `router_id` (0: made from the address), and `preempt` (whether the first host takes the address back); `{{ cluster.vrrp }}` will do",
    ),
  program: absolutePath
    .regex(/^[^\s"'\\$%#!]+$/, 'expected a path without blanks')
    .describe(
      'what tells whether this host should have the address, by exit status 0; it gets `args`, the own address of this host, and those of the others',
    ),
  args: z.array(plainWord).default([]).describe('its first arguments'),
  on_master: z
    .string()
    .regex(/^(?:\/[^"\\$%#!]+)?$/, 'expected an absolute path, with arguments')
    .default('')
    .describe('what root runs once the host gets the address, and does not wait for; empty: nothing'),
  operators: z
    .array(z.string().regex(/^\/[^\s"']+(?: [^"']+)?$/, 'expected an absolute path, with arguments'))
    .default([])
    .describe(
      'commands by which the operator has the network lead the address to this host; a warning tells of one whose program is not there, or can not be executed',
    ),
  user: accountName.default('nobody').describe('the account that runs it'),
});

type KeepalivedParameters = z.infer<typeof parameters>;

/**
 * An address that one of several hosts has at a time: an instance of VRRP in a file of its own, which one
 * line includes in keepalived's main file. Advertisements go to the others' own addresses, since few clouds
 * and not every switch pass on multicast. Source: keepalived.conf(5), RFC 9568.
 */
export const keepalived: StepModule<KeepalivedParameters> = {
  name: 'keepalived',
  description: 'an address that moves between hosts (VRRP)',
  parameters,
  reads: ({ name, hosts, operators }) => ({
    paths: [ownFile(name), ...directoriesOf(ownFile(name)), mainFile],
    names: Array.isArray(hosts)
      ? hosts.map(({ address }) => address).filter((address) => isIP(address) === 0)
      : [],
    queries: [askAddresses, ...(Array.isArray(operators) ? operators.map(programOf).map(isProgram) : [])],
  }),
  itemFormats: [keepalivedInclude],
  writes: ({ name }) => [ownFile(name), mainFile],
  apply: (host, wanted) => {
    const path = ownFile(wanted.name);
    const main = host.text(mainFile);
    const line = { path: mainFile, format: keepalivedInclude.name, key: [path] };
    host.manage(wholePath(path));
    host.manage(line);
    host.write(path, textOf(host, wanted, !hasOthers(main ?? '', folder)), { mode: 0o644 });
    const after = keepalivedInclude.set(main ?? ours, [path], path);
    if (after !== main) host.write(mainFile, after);
    host.edited(line, main, after);
    const what = `the network does not lead ${wanted.address} here when this host is to have it, or nobody can tell`;
    warnOfMissing(host, wanted.operators, what);
  },
};

/** keepalived's main file on a host that has none; systemd doesn't start it then. */
const ours = '# Written by clusterproxy, which keeps its own lines alone here: yours stay.\n';

function ownFile(name: string): string {
  return `${folder}/${name}.conf`;
}

function textOf(host: StepHost, wanted: KeepalivedParameters, secure: boolean): string {
  const { address, hosts, vrrp } = wanted;
  const place = hosts.findIndex(({ name }) => name === wanted.own);
  const self = hosts[place];
  if (self === undefined) {
    throw host.problem(
      'host-not-listed',
      `${wanted.own} is not among the hosts that ${address} moves between`,
      'name this host in "own", and its whole role in "hosts"',
    );
  }
  const own = ownAddress(host, self, address);
  // One that leaves is a peer until it is taken out of the inventory: it would take the address once it hears
  // nothing, and the others stay as they are while it goes.
  const peers = hosts.filter((one) => one !== self).flatMap((other) => peerAddresses(host, other, address));
  return renderVrrp({
    ...{ step: host.step, name: `clusterproxy-${wanted.name}`, address, own, peers, secure },
    interface: vrrp.interface === '' ? own.interface : vrrp.interface,
    routerId: vrrp.router_id === 0 ? routerIdOf(address) : vrrp.router_id,
    priority: priorityOf(place),
    preempt: vrrp.preempt,
    program: [wanted.program, ...wanted.args, own.address, ...peers],
    user: wanted.user,
    onMaster: wanted.on_master,
  });
}

function peerAddresses(
  host: StepHost,
  other: KeepalivedParameters['hosts'][number],
  virtual: string,
): readonly string[] {
  const family = isIP(virtual);
  const addresses = knownAddresses(host, other, family).filter((address) => address !== virtual);
  if (addresses.length > 0) return addresses;
  throw host.problem(
    'peer-address-unknown',
    `${other.name} has the address ${other.address} in the inventory, and that is no IPv${family} address on this host`,
    `give ${other.name} an IPv${family} address in \`address\`, or a name that resolves to one on this host`,
  );
}
