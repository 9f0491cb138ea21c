import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Inventory } from '../../inventory/inventory.ts';
import { problemsOf } from '../../model/operator-error.ts';
import type { Setting } from '../../model/setting.ts';
import { configurationMatters } from '../../ssh/config/config-files.ts';
import { createConfigLookup } from '../../ssh/config/config-lookup.ts';
import { home } from '../../ssh/config/home.ts';
import { findInPath } from '../../ssh/find-in-path.ts';
import { listAgentKeys } from '../../ssh/keys/agent.ts';
import { createKeyring } from '../../ssh/keys/keyring.ts';
import { resolveTarget } from '../../ssh/resolve-target.ts';
import type { SshTarget } from '../../ssh/target.ts';

/** How hosts would be reached; no connection is made but to the agent on this machine. */
export async function sshSettings(inventory: Inventory | undefined): Promise<readonly Setting[]> {
  const program = await findInPath('ssh');
  const general = [
    of('program', program, program === undefined ? 'there is no ssh in PATH' : 'found in PATH'),
    ...(await configuration(inventory)),
    await agentSetting(process.env.SSH_AUTH_SOCK),
  ];
  return [...general, ...(inventory === undefined ? [] : await perHost(inventory))];
}

function of(name: string, value: string | undefined, why: string): Setting {
  return { topic: 'ssh', name, value, why };
}

async function configuration(inventory: Inventory | undefined): Promise<readonly Setting[]> {
  const named = new Set(inventory?.hosts.map(({ ssh }) => ssh.config) ?? [undefined]);
  return Promise.all(
    [...named].map(async (config) => {
      if (config === 'none') return of('configuration', undefined, 'ssh.config of the inventory: none');
      const matters = await configurationMatters(config);
      const effect = matters ? 'ssh is asked what it means' : 'nothing in it matters here';
      if (config !== undefined) return of('configuration', config, `ssh.config of the inventory; ${effect}`);
      const files = [join(home(), '.ssh/config'), '/etc/ssh/ssh_config'];
      const there = await Promise.all(
        files.map((file) =>
          stat(file).then(
            () => [file],
            () => [],
          ),
        ),
      );
      const value = there.flat().join(', ');
      return of('configuration', value === '' ? undefined : value, `your own and the system's; ${effect}`);
    }),
  );
}

async function agentSetting(socket: string | undefined): Promise<Setting> {
  if (socket === undefined || socket === '') return of('agent', undefined, 'SSH_AUTH_SOCK is not set');
  const keys = await listAgentKeys(socket).catch((error: Error) => error);
  const why = keys instanceof Error ? `it can't be asked: ${keys.message}` : `it has ${keys.length} keys`;
  return of('agent', socket, `SSH_AUTH_SOCK; ${why}`);
}

/** What hosts have in common is told once. */
async function perHost({ hosts }: Inventory): Promise<readonly Setting[]> {
  const lookup = createConfigLookup();
  const keyring = createKeyring();
  const resolved = await Promise.all(
    hosts.map(async ({ name, ssh }) => ({
      name,
      target: await resolveTarget(ssh, lookup, keyring).catch((error: unknown) => problemsOf(error)[0]),
    })),
  );
  const targets = resolved.flatMap(({ name, target }) =>
    target === undefined || 'code' in target ? [] : [{ name, target }],
  );
  const broken = resolved.flatMap(({ name, target }) =>
    target !== undefined && 'code' in target
      ? [of('hosts', undefined, `${name}: ${target.code}: ${target.message}`)]
      : [],
  );
  const common = (setting: string, pick: (target: SshTarget) => Value) =>
    grouped(targets, pick).map(([[value, why], names]) =>
      of(setting, value, [whichHosts(names, hosts.length), ...(why === undefined ? [] : [why])].join('; ')),
    );
  return [
    ...common('transport', (one) => [one.transport, `because ${one.transportReason}`]),
    ...common('user', (one) => [one.user, one.become === 'sudo' ? 'then root by sudo' : undefined]),
    ...common('keys', (one) => [one.identityFiles.join(', ') || undefined]),
    ...common('known_hosts', (one) => [one.knownHostsFiles.join(', ') || undefined]),
    ...broken,
  ];
}

type Value = readonly [value: string | undefined, why?: string | undefined];

function grouped(
  targets: readonly { readonly name: string; readonly target: SshTarget }[],
  pick: (target: SshTarget) => Value,
): readonly (readonly [Value, readonly string[]])[] {
  const groups = new Map<string, [Value, string[]]>();
  for (const { name, target } of targets) {
    const value = pick(target);
    const key = JSON.stringify(value);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value, [name]]);
    else group[1].push(name);
  }
  return [...groups.values()];
}

/** `all hosts`, `node-01 and 2 others` */
function whichHosts(names: readonly string[], all: number): string {
  if (names.length === all) return all === 1 ? `${names[0]}` : 'all hosts';
  const more = names.length - 2;
  return more > 0 ? `${names.slice(0, 2).join(', ')} and ${more} more` : names.join(' and ');
}
