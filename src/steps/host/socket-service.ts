import { z } from 'zod';
import { wholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { absolutePath, directoriesOf, plainWord } from '../shared/parameters.ts';
import type { StepModule } from '../step-module.ts';
import { allowedClients, clientAddresses, clientNames } from './allowed-clients.ts';

const folder = '/etc/systemd/system';

const parameters = z.strictObject({
  // The name is also that of a user while the program runs, hence at most 31 characters.
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,30}$/, 'expected at most 31 lower-case letters, digits and hyphens')
    .describe('name of the units, and of the user that systemd allocates for the program'),
  description: z
    .string()
    .regex(/^[^\p{Cc}%]+$/u, 'expected one line of text without %')
    .describe('description in a few words'),
  port: z.int().min(1).max(65535).describe('TCP port'),
  program: absolutePath.regex(/^[^\s"'\\$%]+$/, 'expected a path without blanks').describe('the program'),
  args: z.array(plainWord).default([]).describe('its arguments'),
  ...allowedClients,
  instances: z.int().min(1).default(50).describe('how many instances may run at once'),
  per_source: z.int().min(1).default(10).describe('how many instances may run at once for one address'),
});

type SocketParameters = z.infer<typeof parameters>;

/**
 * A TCP service that systemd starts once for each connection, as a user who owns only /run/NAME. systemd's
 * address filter drops packets from other addresses; since it is silently disabled if the kernel or a
 * container lacks it, the program also gets the addresses in ALLOWED_ADDRESSES, to compare with systemd's
 * REMOTE_ADDR. Source: systemd.socket(5), systemd.exec(5), systemd.resource-control(5).
 */
export const socketService: StepModule<SocketParameters> = {
  name: 'socket-service',
  description: 'a TCP service that systemd starts for each connection',
  parameters,
  reads: (wanted) => ({
    paths: pathsOf(wanted.name).flatMap((path) => [path, ...directoriesOf(path)]),
    names: clientNames(wanted),
  }),
  writes: ({ name }) => pathsOf(name),
  apply: (host, wanted) => {
    const [socket, service, enabled] = pathsOf(wanted.name);
    const allowed = clientAddresses(host, wanted);
    put(host, socket, socketUnit(host.step, wanted, allowed));
    put(host, service, serviceUnit(host.step, wanted, allowed));
    host.manage(wholePath(enabled));
    host.link(enabled, socket);
  },
};

function pathsOf(name: string): readonly [socket: string, service: string, enabled: string] {
  return [
    `${folder}/${name}.socket`,
    `${folder}/${name}@.service`,
    `${folder}/sockets.target.wants/${name}.socket`,
  ];
}

function put(host: StepHost, path: string, text: string): void {
  host.manage(wholePath(path));
  host.write(path, text, { mode: 0o644 });
}

function socketUnit(step: string, wanted: SocketParameters, allowed: readonly string[]): string {
  return `# Written by clusterproxy, step ${step}: edits get lost.
[Unit]
Description=${wanted.description}

[Socket]
ListenStream=${wanted.port}
Accept=yes
MaxConnections=${wanted.instances}
MaxConnectionsPerSource=${wanted.per_source}
# Without it, systemd would stop to listen for good after a burst of connections.
TriggerLimitIntervalSec=0
IPAddressDeny=any
IPAddressAllow=${allowed.join(' ')}

[Install]
WantedBy=sockets.target
`;
}

function serviceUnit(step: string, wanted: SocketParameters, allowed: readonly string[]): string {
  return `# Written by clusterproxy, step ${step}: edits get lost.
[Unit]
Description=${wanted.description}
CollectMode=inactive-or-failed

[Service]
ExecStart=-${[wanted.program, ...wanted.args].join(' ')}
StandardInput=null
StandardOutput=socket
StandardError=journal
Environment=LC_ALL=C
Environment="ALLOWED_ADDRESSES=${allowed.join(' ')}"
RuntimeMaxSec=10
# A line at each start and end, every few seconds, would fill the journal.
LogLevelMax=notice
DynamicUser=yes
User=${wanted.name}
RuntimeDirectory=${wanted.name}
RuntimeDirectoryMode=0700
RuntimeDirectoryPreserve=yes
CapabilityBoundingSet=
LockPersonality=yes
MemoryDenyWriteExecute=yes
PrivateDevices=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
SystemCallArchitectures=native
`;
}
