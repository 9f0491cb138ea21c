import { z } from 'zod';
import { parseMaxUnavailable } from '../model/rollout.ts';
import { busyPolicies } from '../model/when-busy.ts';
import { secretSetting } from '../secrets/reference.ts';
import { isProxyJump } from '../ssh/config/proxy-jump.ts';
import { checkedText } from './checked-text.ts';
import {
  addressMistake,
  clusterNameMistake,
  clusterNamePattern,
  fingerprintPattern,
  hostNameMistake,
  hostNamePattern,
  hostnameMistake,
  hostnamePattern,
  idleTimeMistake,
  timeZoneMistake,
  userPattern,
} from './names.ts';
import { notifySchema } from './notify-schema.ts';
import { hooksSchema, ownPrograms } from './own-programs.ts';
import { upgradeCommand } from './upgrade-schema.ts';
import { virtualAddressSchema } from './virtual-address.ts';
import { windowSchema } from './window-schema.ts';

const hostname = checkedText({
  code: 'invalid-hostname',
  mistake: hostnameMistake,
  pattern: hostnamePattern,
  description: 'public DNS name, lower case, without scheme, port or path',
});

const address = checkedText({
  code: 'invalid-address',
  mistake: addressMistake,
  description: 'DNS name, IPv4 or IPv6 address, without user or port',
});

const fileName = z.string().min(1);

const sshSettings = {
  port: z
    .int()
    .min(1)
    .max(65535)
    .optional()
    .meta({ description: "port of the host's sshd; default: that of your ssh configuration, or else 22" }),
  user: checkedText({
    code: 'invalid-user',
    mistake: (text) =>
      userPattern.test(text)
        ? undefined
        : { message: `'${text}' is not a user name`, next: 'write the name that `ssh -l` takes' },
    pattern: userPattern,
    description:
      'the account that logs in; default: that of your ssh configuration, or else your local user name',
  }).optional(),
  become: z
    .enum(['sudo', 'none'])
    .optional()
    .meta({ description: 'sudo: run as root through sudo; none: run as the account that logs in' }),
  identity_files: z.array(fileName).optional().meta({
    description:
      'private keys; default: those of your ssh configuration, or else the usual ones. ~ and paths relative to the inventory are resolved',
  }),
  host_keys: z
    .array(
      checkedText({
        code: 'invalid-host-key',
        mistake: (text) =>
          fingerprintPattern.test(text)
            ? undefined
            : {
                message: 'expected a SHA-256 fingerprint: SHA256: and 43 base64 characters',
                next: 'print it on the host: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub',
              },
        pattern: fingerprintPattern,
        description: 'fingerprint of a host key as printed by `ssh-keygen -lf`',
      }),
    )
    .optional()
    .meta({ description: 'the only host keys to accept; without any, known_hosts decides' }),
  known_hosts: z.array(fileName).optional().meta({
    description: 'known_hosts files; default: those of your ssh configuration, or else the usual ones',
  }),
  connect_timeout: z
    .number()
    .min(1)
    .max(600)
    .optional()
    .meta({ description: 'seconds from the first packet to the end of the login; default: 10' }),
  password: secretSetting
    .optional()
    .meta({ description: 'password for hosts that ask for one: a secret reference' }),
  passphrase: secretSetting.optional().meta({
    description:
      'passphrase of encrypted private keys: a secret reference; default: asked for on the terminal',
  }),
  sudo_password: secretSetting.optional().meta({ description: 'password for sudo: a secret reference' }),
  proxy_jump: checkedText({
    code: 'proxy-jump-invalid',
    mistake: (text) =>
      isProxyJump(text)
        ? undefined
        : {
            message: `'${text}' is not a list of jump hosts`,
            next: 'write user@host:port, or several separated by commas in the order from here to the host, or none to connect directly',
          },
    description:
      'hosts to go through, as in ProxyJump of ssh_config(5); replaces that of your ssh configuration',
  }).optional(),
  config: fileName.optional().meta({
    description:
      'ssh configuration to read in place of your own (~/.ssh/config); none: read no configuration',
  }),
  transport: z.enum(['auto', 'node', 'openssh']).optional().meta({
    description:
      "node: the ssh library of this program; openssh: the system's ssh; auto: the system's ssh if a host needs it",
  }),
};

const vars = z
  .record(z.string(), z.unknown())
  .optional()
  .meta({ description: "values of the playbook's variables" });

export const hostSchema = z.strictObject({
  name: checkedText({
    code: 'invalid-name',
    mistake: hostNameMistake,
    pattern: hostNamePattern,
    description:
      'name in the cluster and path on the proxy; unique; must not change while the host is in use',
  }),
  hostname: hostname.optional(),
  address: address
    .optional()
    .meta({ description: 'where ssh and the other hosts reach it; default: its hostname, or else its name' }),
  recipe: z.string().min(1).optional().meta({
    description:
      'use this recipe regardless of the facts found on the host; put it in quotes if it is a number',
  }),
  state: z.enum(['active', 'off', 'retired']).optional().meta({
    description:
      'off: it may be switched off, and is changed when it answers; retired: take the host out of the cluster and restore its files; default: active',
  }),
  vars,
  upgrade_command: upgradeCommand
    .optional()
    .meta({ description: 'how its product is upgraded, where that differs from the others of its role' }),
  ssh: z
    .strictObject({
      address: address
        .optional()
        .meta({ description: 'where ssh connects to, if that differs from address' }),
      ...sshSettings,
    })
    .optional()
    .meta({ description: 'how to reach this host; what is left out here is taken from the top-level ssh' }),
});

export const sshSchema = z.strictObject(sshSettings);

const maxUnavailable = z.union([
  z.int().min(1),
  checkedText({
    code: 'wrong-value',
    mistake: (text) =>
      text.endsWith('%') && parseMaxUnavailable(text) !== undefined
        ? undefined
        : { message: `'${text}' is not a number of hosts`, next: 'write 2, or a share from 1% to 100%' },
    pattern: /^\d{1,3}%$/,
    description: 'a share, such as 20%; rounded down, but at least 1 host',
  }),
]);

const busyPolicy = z.enum(busyPolicies);

/** The schema of an inventory. Its contents are checked against its playbook in check.ts. */
export const inventorySchema = z.strictObject({
  playbook: z.string().min(1).meta({
    description:
      'name of a playbook that comes with clusterproxy, or path of your own, relative to this file',
  }),
  cluster: z.strictObject({
    name: checkedText({
      code: 'invalid-name',
      mistake: clusterNameMistake,
      pattern: clusterNamePattern,
      description: 'name of the cluster, kept on every host; safe as a file name',
    }),
    hostname: hostname.meta({ description: 'the one DNS name that browsers use' }),
    time_zone: checkedText({
      code: 'unknown-time-zone',
      mistake: timeZoneMistake,
      description:
        'time zone of the people who use the cluster, by its name in the IANA database, e.g. Europe/Berlin: its clocks decide about windows; default: the time zone of the machine where clusterproxy runs',
    }).optional(),
    virtual_address: virtualAddressSchema.optional(),
  }),
  max_unavailable: z
    .union([maxUnavailable, z.record(z.string(), maxUnavailable)])
    .optional()
    .meta({
      description:
        'how many hosts of a role may be out of service at once while they are changed, including those that are down; for all roles, or by role; default: 10%',
    }),
  windows: z
    .union([z.literal('anytime'), z.array(windowSchema).min(1)])
    .optional()
    .meta({
      description:
        'when people may be interrupted by restarts and the like: a list of windows, or anytime; default: not on weekdays from 07:00 to 18:00, unless the operator says so',
    }),
  when_busy: z
    .union([busyPolicy, z.record(z.string(), busyPolicy)])
    .optional()
    .meta({
      description:
        'what a run does with a host on which people are, for all roles, or by role: refuse (put it off), wait (until they have gone), drain (send no more people there, and wait), later (leave it to change itself once nobody is there), force (interrupt them); default: refuse',
    }),
  idle_for: checkedText({
    code: 'invalid-time',
    mistake: idleTimeMistake,
    description:
      'for how long nobody may have been on a host, without a break, before it changes itself (when_busy: later), such as 20m; default: 20m',
  }).optional(),
  upgrade_command: upgradeCommand.optional().meta({
    description: 'how the product is upgraded on a host, by clusterproxy upgrade',
  }),
  upgrade_commands: z
    .record(z.string(), upgradeCommand)
    .optional()
    .meta({ description: 'the same by role, where roles differ' }),
  snapshot_command: z.array(z.string().min(1)).min(1).optional().meta({
    description:
      'a program on this machine, and its arguments, that saves a host before it is upgraded; {{ host.name }} and {{ host.address }} are filled in, and CLUSTERPROXY_HOST and CLUSTERPROXY_ADDRESS are set',
  }),
  policies: ownPrograms.optional().meta({
    description:
      'programs on this machine, each alone or with its arguments, that get every plan as JSON on standard input and may refuse it; relative to the inventory',
  }),
  hooks: hooksSchema.optional().meta({
    description:
      'programs on this machine, each alone or with its arguments, that are called while a run is carried out, with the report document on standard input; relative to the inventory',
  }),
  notify: notifySchema.optional().meta({
    description: 'who is told what scheduled runs find, on change only',
  }),
  ssh: sshSchema.optional().meta({ description: 'how to reach the hosts' }),
  vars,
  hosts: z
    .record(z.string(), z.union([z.literal('external'), z.array(hostSchema)]))
    .meta({ description: "the hosts by the playbook's roles; external: they are run by somebody else" }),
});

export type InventoryData = z.infer<typeof inventorySchema>;
export type HostData = z.infer<typeof hostSchema>;
export type SshData = NonNullable<HostData['ssh']>;
