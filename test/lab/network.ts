import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { mustRun } from './command.ts';
import { bridgeName, type LabRecord, namespacePrefix } from './state.ts';

/** 10.213.N.0/24: the machine is .1, and hosts start at .10. */
export function machineAddress(record: LabRecord): string {
  return `10.213.${record.number}.1`;
}

export function hostAddress(record: LabRecord, index: number): string {
  return `10.213.${record.number}.${10 + index}`;
}

export async function createBridge(record: LabRecord): Promise<void> {
  const bridge = bridgeName(record);
  await ip(
    `link add ${bridge} type bridge`,
    `address add ${machineAddress(record)}/24 dev ${bridge}`,
    `link set ${bridge} up`,
  );
}

/**
 * A network namespace with one interface on the lab's bridge. No default route: nothing else can be reached.
 */
export async function createHostNetwork(record: LabRecord, index: number, name: string): Promise<string> {
  const namespace = `${namespacePrefix(record)}${name}`;
  const outside = `${bridgeName(record)}h${index}`;
  await mustRun('ip', ['netns', 'add', namespace]);
  await ip(
    `link add ${outside} type veth peer name host0 netns ${namespace}`,
    `link set ${outside} master ${bridgeName(record)} up`,
  );
  await mustRun('ip', ['-netns', namespace, '-batch', '-'], {
    input: [
      `address add ${hostAddress(record, index)}/24 dev host0`,
      'link set host0 up',
      'link set lo up',
      '',
    ].join('\n'),
  });
  return namespace;
}

async function ip(...commands: string[]): Promise<void> {
  await mustRun('ip', ['-batch', '-'], { input: `${commands.join('\n')}\n` });
}

/** Resolves when a server at `port` greets with `SSH-`; rejects after `timeoutMs`. */
export async function waitForSsh(address: string, port: number, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await greets(address, port))) {
    if (Date.now() > deadline) throw new Error(`no sshd at ${address}:${port} after ${timeoutMs} ms`);
    await sleep(25);
  }
}

function greets(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: 1_000 });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (data) => done(data.toString('latin1').startsWith('SSH-')));
    socket.once('error', () => done(false));
    socket.once('timeout', () => done(false));
    socket.once('close', () => done(false));
  });
}
