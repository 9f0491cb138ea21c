import { isIP } from 'node:net';
import { z } from 'zod';
import { canonicalAddress } from '../model/interface-addresses.ts';
import { checkedText } from './checked-text.ts';
import type { Mistake } from './names.ts';

/**
 * Who moves the cluster's address: keepalived, which the playbook sets up; a command of the operator's, of
 * which keepalived decides where it runs; or somebody else.
 */
export const movers = ['keepalived', 'command', 'external'] as const;

/** An address that one of several hosts has at a time; people reach the cluster by it. */
export interface VirtualAddress {
  /** IPv4 or IPv6, as the operating system writes it */
  readonly address: string;
  readonly by: (typeof movers)[number];
  /** the commands of `by: command`: the one that gets the address for its host, and who has it */
  readonly command: { readonly claim: string; readonly owner: string } | undefined;
  /** undefined: the one on which the host has its own address */
  readonly interface: string | undefined;
  /** 1 to 255; undefined: made from the address */
  readonly routerId: number | undefined;
  /** the first host of the inventory takes it back as soon as it works again */
  readonly preempt: boolean;
}

const address = checkedText({
  code: 'invalid-virtual-address',
  mistake: virtualAddressMistake,
  description: 'IPv4 or IPv6 address that no host has as its own',
});

/** Names of interfaces as in ip-link(8): at most 15 bytes, no slash and no blank; `:` is for aliases. */
const interfaceName = /^(?!\.\.?$)[^\s/:@"'#!$%\p{Cc}]{1,15}$/u;

/** Words without a shell: nothing in them would have to be quoted for systemd, sh or keepalived. */
const commandLine = /^\/[\w./:=@+,-]+(?: [\w./:=@+,-]+)*$/;

function command(description: string) {
  return checkedText({
    code: 'wrong-value',
    mistake: (text) =>
      commandLine.test(text)
        ? undefined
        : {
            message: `'${text}' is no program with its full path, and arguments separated by single spaces`,
            next: 'put whatever needs a shell, or a secret, into a program on the proxies, and name that',
          },
    pattern: commandLine,
    description,
  });
}

const settings = z
  .strictObject({
    address,
    by: z.enum(movers).optional().meta({
      description:
        'who moves it: keepalived, which is set up on the hosts; command, so that keepalived decides which host has it and `claim` moves it; or external, so that nothing is set up and verify looks where it is; default: keepalived',
    }),
    interface: checkedText({
      code: 'wrong-value',
      mistake: (text) =>
        interfaceName.test(text)
          ? undefined
          : {
              message: `'${text}' is not the name of a network interface`,
              next: 'write a name that `ip -br link` shows',
            },
      pattern: /^[^\s/:@"'#!$%]{1,15}$/,
      description: 'network interface that gets it; default: the one on which the host has its own address',
    }).optional(),
    router_id: z.int().min(1).max(255).optional().meta({
      description:
        'number of the virtual router (VRRP), the same for nobody else in that network; default: made from the address',
    }),
    preempt: z.boolean().optional().meta({
      description:
        'true: the first host of the inventory takes it back as soon as it works again; default: false, so that it moves no more often than it must',
    }),
    claim: command(
      'with by: command, the program on the proxies, with arguments, that gets the address for the host on which it runs; it may be run again and again',
    ).optional(),
    owner: command(
      'with by: command, the program on the proxies, with arguments, that prints which host has the address: its name or an address of it, as in the inventory',
    ).optional(),
  })
  .superRefine((given, context) => {
    for (const key of ['claim', 'owner'] as const) {
      if ((given[key] !== undefined) === (given.by === 'command')) continue;
      const isMissing = given.by === 'command';
      context.addIssue({
        code: 'custom',
        path: isMissing ? [] : [key],
        message: isMissing ? `\`by: command\` needs \`${key}\`` : `\`${key}\` is for \`by: command\` alone`,
        params: isMissing
          ? {
              code: 'missing-key',
              next: 'write claim: and owner:, each a program on the proxies; docs/pair.md says what they have to do',
            }
          : { next: `remove it, or write by: command` },
      });
    }
  });

export const virtualAddressSchema = z.union([address, settings]).meta({
  description:
    'the address by which people reach a pair of hosts, of which one has it: an IP address, or {address, by, claim, owner, interface, router_id, preempt}',
});

export function virtualAddressOf(
  data: z.infer<typeof virtualAddressSchema> | undefined,
): VirtualAddress | undefined {
  if (data === undefined) return undefined;
  const given = typeof data === 'string' ? { address: data } : data;
  return {
    address: canonicalAddress(given.address),
    by: given.by ?? 'keepalived',
    command:
      given.claim === undefined || given.owner === undefined
        ? undefined
        : { claim: given.claim, owner: given.owner },
    interface: given.interface,
    routerId: given.router_id,
    preempt: given.preempt ?? false,
  };
}

/** Why a text can't be an address that moves from one host to another. */
export function virtualAddressMistake(text: string): Mistake | undefined {
  const wanted = 'expected an IP address that moves between hosts, such as 192.0.2.10';
  const [bare = '', length] = text.split('/');
  if (length !== undefined && isIP(bare) !== 0) {
    return { message: `${wanted}, found '${text}' with a prefix length`, next: `write ${bare}` };
  }
  if (isIP(text) === 0) {
    return {
      message: `${wanted}, found '${text}'`,
      next: "write the address that the DNS has for the cluster's hostname",
    };
  }
  const kind = kindOf(canonicalAddress(text));
  if (kind === undefined) return undefined;
  return {
    message: `${wanted}, found ${text}, which is ${kind}`,
    next: 'write an address of the network that the hosts are in',
  };
}

/** What an address is that no host can have for others; RFC 6890 and RFC 4291, 2.5 and 2.7. */
function kindOf(text: string): string | undefined {
  if (text.includes('%') || /^fe[89ab]/i.test(text)) return 'for one link alone';
  if (text === '::' || text.startsWith('0.')) return 'no address of a host';
  if (text === '::1' || text.startsWith('127.')) return "a host's address for itself";
  if (/^ff/i.test(text) || /^(?:22[4-9]|2[345]\d)\./.test(text)) return 'for groups of hosts';
  return undefined;
}
