import { z } from 'zod';
import { wholePath } from '../../virtual/managed.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { dropInPath, dropInReads, otherDropIns, unitFile } from '../host/drop-ins.ts';
import { absolutePath, directoriesOf } from '../shared/parameters.ts';
import type { StepModule } from '../step-module.ts';

const name = 'zz-clusterproxy.conf';
const plainPath = absolutePath.regex(/^[^\s"'\\$%#]+$/, 'expected a path without blanks');

const parameters = z.strictObject({
  unit: z
    .string()
    .regex(/^[A-Za-z0-9:_.-]+\.service$/, 'expected the name of a service')
    .default('haproxy.service')
    .describe('the unit that runs HAProxy'),
  program: plainPath.describe('haproxy-save-state.sh'),
  config: plainPath.default('/etc/haproxy/haproxy.cfg').describe('haproxy.cfg'),
  admin_socket: plainPath.default('/run/haproxy/admin.sock').describe('the socket on which HAProxy answers'),
  path: plainPath
    .regex(/^\/run\/[^/]+\/[^/]+$/, 'expected a file in a folder of /run: it must not outlive HAProxy')
    .describe('the file for the state; server_state_file of the step haproxy'),
});

type StateParameters = z.infer<typeof parameters>;

/**
 * Makes every reload of HAProxy, whoever requests it, keep what the running process knows about its servers:
 * drains, weights, and which are down. The unit's own commands stay as they are; ours comes before the one
 * that tells the process to reload. The file is removed when HAProxy stops, so that an old drain doesn't come
 * back. Source: systemd.service(5), ExecReload=.
 */
export const haproxyState: StepModule<StateParameters> = {
  name: 'haproxy-state',
  description: "on a balancer: the servers' states survive a reload of HAProxy",
  parameters,
  reads: ({ unit = 'haproxy.service' }) => ({
    paths: [...dropInReads(unit, name), ...directoriesOf(dropInPath(unit, name))],
  }),
  writes: ({ unit }) => [dropInPath(unit, name)],
  apply: (host, wanted) => {
    const path = dropInPath(wanted.unit, name);
    const text = render(host.step, wanted, reloadCommands(host, wanted.unit));
    host.manage(wholePath(path));
    host.write(path, text, { mode: 0o644 });
  },
};

function render(step: string, wanted: StateParameters, commands: readonly string[]): string {
  const { program, config, admin_socket: socket, path } = wanted;
  const at = commands.findIndex((command) => /\bkill\b/.test(command));
  const save = `-${program} save ${config} ${socket} ${path}`;
  const all = commands.toSpliced(at === -1 ? 0 : at, 0, save);
  return [
    `# Written by clusterproxy, step ${step}: edits get lost.`,
    '[Service]',
    `RuntimeDirectory=${path.split('/')[2]}`,
    `ExecStartPre=-${program} clear ${path}`,
    'ExecReload=',
    ...all.map((command) => `ExecReload=${command}`),
    '',
  ].join('\n');
}

/** What the unit does at a reload without us; an empty assignment resets those before it. */
function reloadCommands(host: StepHost, unit: string): readonly string[] {
  const file = unitFile(host, unit);
  if (file === undefined) {
    throw host.problem(
      'unit-missing',
      `there is no ${unit} on this host`,
      'install HAProxy in an earlier stage of the playbook, or name its unit',
    );
  }
  const texts = [file, ...otherDropIns(host, unit, name)].map(({ text }) => text);
  const commands = texts
    .flatMap((text) => text.replace(/\\\n\s*/g, ' ').split('\n'))
    .map((line) => /^\s*ExecReload\s*=\s*(.*?)\s*$/.exec(line)?.[1])
    .filter((command) => command !== undefined);
  const found = commands.slice(commands.lastIndexOf('') + 1);
  if (found.length > 0) return found;
  throw host.problem(
    'unit-without-reload',
    `${file.path} has no ExecReload=, so HAProxy could only be restarted, which ends all sessions`,
    "install the distribution's package of HAProxy, or give the unit an ExecReload=",
  );
}
