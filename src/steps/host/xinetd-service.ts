import { z } from 'zod';
import { services } from '../../formats/services.ts';
import { wholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { foundFiles } from '../shared/found-files.ts';
import { absolutePath, accountName, directoriesOf, plainWord } from '../shared/parameters.ts';
import type { StepModule } from '../step-module.ts';
import { allowedClients, clientAddresses, clientNames } from './allowed-clients.ts';

const mainFile = '/etc/xinetd.conf';
const servicesFile = '/etc/services';

const parameters = z.strictObject({
  // xinetd ignores files with a dot in their name or a tilde at its end: xinetd.conf(5), includedir.
  name: z
    .string()
    .regex(
      /^[A-Za-z0-9][A-Za-z0-9_+-]*$/,
      'expected letters, digits, - and _: xinetd ignores a file with a dot in its name',
    )
    .describe('name of the service and of its file'),
  directory: absolutePath.default('/etc/xinetd.d').describe('folder of the file, which xinetd must include'),
  port: z.int().min(1).max(65535).describe('TCP port'),
  listed: z
    .boolean()
    .default(false)
    .describe('the port comes from /etc/services, which must list it; otherwise the service is UNLISTED'),
  server: absolutePath.regex(/^\S+$/, 'expected a path without blanks').describe('the program'),
  server_args: z.array(plainWord).default([]).describe('its arguments'),
  user: accountName.default('nobody').describe('the account that runs it'),
  ...allowedClients,
  instances: z.int().min(1).default(50).describe('how many instances may run at once'),
  per_source: z.int().min(1).default(10).describe('how many instances may run at once for one address'),
  connections_per_second: z
    .int()
    .min(1)
    .default(100)
    .describe('with more connections than this in a second, the service pauses for two seconds'),
});

type XinetdParameters = z.infer<typeof parameters>;

/**
 * A service of xinetd, in its own file. Nothing of xinetd's environment is passed on, since a locale that
 * isn't installed makes some shells write a warning into the connection before the program's output. Source:
 * xinetd.conf(5).
 */
export const xinetdService: StepModule<XinetdParameters> = {
  name: 'xinetd-service',
  description: 'a TCP service that xinetd starts',
  parameters,
  reads: ({ directory = '/etc/xinetd.d', name, ...wanted }) => ({
    paths: [
      `${directory}/${name}`,
      `${directory}/*`,
      ...directoriesOf(`${directory}/${name}`),
      mainFile,
      servicesFile,
    ],
    names: clientNames(wanted),
  }),
  writes: ({ directory, name }) => [`${directory}/${name}`],
  apply: (host, wanted) => {
    const path = `${wanted.directory}/${wanted.name}`;
    checkIncluded(host, wanted.directory);
    checkPort(host, wanted, path);
    host.manage(wholePath(path));
    host.write(path, render(host.step, wanted, clientAddresses(host, wanted)), { mode: 0o644 });
  },
};

function render(step: string, wanted: XinetdParameters, allowed: readonly string[]): string {
  const attributes = {
    ...(wanted.listed ? {} : { type: 'UNLISTED' }),
    disable: 'no',
    socket_type: 'stream',
    protocol: 'tcp',
    port: String(wanted.port),
    wait: 'no',
    user: wanted.user,
    server: wanted.server,
    ...(wanted.server_args.length === 0 ? {} : { server_args: wanted.server_args.join(' ') }),
    only_from: allowed.join(' '),
    instances: String(wanted.instances),
    per_source: String(wanted.per_source),
    cps: `${wanted.connections_per_second} 2`,
    passenv: '',
    env: 'PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C',
    // A balancer asks every few seconds, and a line for each request would fill the log.
    log_on_success: '',
    log_on_failure: 'HOST',
  };
  const lines = Object.entries(attributes).map(([name, value]) =>
    `    ${name.padEnd(14)} = ${value}`.trimEnd(),
  );
  return [
    `# Written by clusterproxy, step ${step}: edits get lost.`,
    `service ${wanted.name}`,
    '{',
    ...lines,
    '}',
    '',
  ].join('\n');
}

function checkIncluded(host: StepHost, directory: string): void {
  const text = host.text(mainFile);
  if (text === undefined) {
    throw host.problem(
      'file-missing',
      `${mainFile} does not exist`,
      'install xinetd on this host, then plan again',
    );
  }
  const included = [...text.matchAll(/^\s*includedir\s+(\S+?)\/?\s*$/gm)].map(([, path]) => path);
  if (included.includes(directory)) return;
  throw host.problem(
    'xinetd-not-included',
    `${mainFile} doesn't include ${directory}, so xinetd wouldn't read the service`,
    `add the line "includedir ${directory}" to ${mainFile}, or set "directory" to the folder that it includes`,
  );
}

function checkPort(host: StepHost, { name, directory, port, listed }: XinetdParameters, path: string): void {
  const listedAt = services.get(host.text(servicesFile) ?? '', [name, 'tcp']);
  if (listed && listedAt !== String(port)) {
    throw host.problem(
      'service-unlisted',
      `${servicesFile} has ${listedAt === undefined ? `no port for ${name}` : `${listedAt} for ${name}, not ${port}`}: xinetd would start without the service and without an error`,
      'add it with a step etc-services before this one, or set "listed: false"',
    );
  }
  const other = foundFiles(host, `${directory}/*`)
    .filter((one) => one.path !== path && !/[.~]/.test(one.path.slice(directory.length)))
    // What an earlier run called this service.
    .filter((one) => !host.isManaged(wholePath(one.path)) || host.left(one.path) === undefined)
    .find((one) => takesPort(one.text, port))?.path;
  if (other === undefined) return;
  throw host.problem(
    'port-taken',
    `${other} already has a service on port ${port}`,
    `choose another port for ${name}, or set "disable = yes" there`,
  );
}

function takesPort(text: string, port: number): boolean {
  return text
    .split(/^\s*service\s/m)
    .slice(1)
    .some(
      (service) =>
        new RegExp(`^\\s*port\\s*=\\s*${port}\\s*$`, 'm').test(service) &&
        !/^\s*disable\s*=\s*yes\s*$/m.test(service) &&
        !/^\s*protocol\s*=\s*udp\s*$/m.test(service),
    );
}
