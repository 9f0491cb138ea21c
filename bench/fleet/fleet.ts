import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import { clusterName, hostnameOf, loopbackAddress, nodeName } from './names.ts';
import { clusterHostname, type Original, originalOf, proxyName, startOriginals } from './originals.ts';
import { Recordings } from './recordings.ts';
import { slowLine } from './slow-line.ts';

/** How the hosts behave from now on. */
export interface Manner {
  /** of each round trip to a host; milliseconds */
  readonly latency: number;
  /** how many nodes, the last ones, take their time before they answer a command, and how long; seconds */
  readonly slow: { readonly nodes: number; readonly seconds: number };
  /** how many nodes, those before them, refuse connections */
  readonly dead: number;
}

/** One process that answers as a cluster of many hosts does. */
export interface Fleet {
  /** where all hosts are simulated */
  readonly inventory: string;
  /** the same cluster, where those whose answers are recorded are the originals themselves */
  readonly originals: string;
  /** the names of those */
  readonly names: readonly string[];
  behave(manner: Manner): void;
  /** The originals have changed: from now on the others have changed as well. */
  forget(): void;
  close(): Promise<void>;
}

/**
 * Starts a cluster of a proxy and `nodes` nodes; what it writes is below `folder`. The port is the same for
 * all, as the address tells them apart.
 */
export async function startFleet(folder: string, nodes: number, port = 2222): Promise<Fleet> {
  const originals = await startOriginals(folder, nodes);
  const recordings = new Recordings();
  const [proxy] = originals;
  if (proxy === undefined) throw new Error('there is no proxy');
  let manner: Manner = { latency: 0, slow: { nodes: 0, seconds: 0 }, dead: 0 };
  const identity = keyPair();
  const accepted = Buffer.from(identity.public.split(' ')[1] ?? '', 'base64');
  await writeFile(join(folder, 'id_ed25519'), identity.private, { mode: 0o600 });
  const hosts = [
    { name: proxyName, original: proxy, isSlow: () => false, isDead: () => false },
    ...Array.from({ length: nodes }, (_, index) => ({
      name: nodeName(index),
      original: originalOf(index, originals),
      isSlow: () => index >= nodes - manner.slow.nodes,
      isDead: () => index < nodes - manner.slow.nodes && index >= nodes - manner.slow.nodes - manner.dead,
    })),
  ];
  const servers: Server[] = [];
  const known: string[] = [];
  const sockets = new Set<Socket>();
  for (const [index, { name, original, isSlow, isDead }] of hosts.entries()) {
    const hostKey = keyPair();
    const address = loopbackAddress(index);
    known.push(`[${address}]:${port} ${hostKey.public.split(' ').slice(0, 2).join(' ')}\n`);
    const ssh = new ssh2.Server({ hostKeys: [hostKey.private] }, (client) =>
      serve(client, accepted, async (channel, command) => {
        const input = await all(channel);
        if (isSlow()) await new Promise((resolve) => setTimeout(resolve, manner.slow.seconds * 1_000));
        const { code, stdout, stderr } = await recordings.answer(original, name, command, input);
        channel.stderr.write(stderr);
        channel.write(stdout);
        channel.exit(code ?? 1);
        channel.end();
      }),
    );
    const server = createServer({ noDelay: true }, (socket) => {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      if (isDead()) return socket.on('error', () => {}).destroy();
      ssh.injectSocket(manner.latency === 0 ? socket : (slowLine(socket, () => manner.latency) as Socket));
    });
    server.listen(port, address);
    await once(server, 'listening');
    servers.push(server);
  }
  await writeFile(join(folder, 'known_hosts'), known.join(''));
  const written = async (file: string, own: readonly Original[]) => {
    await writeFile(
      join(folder, file),
      JSON.stringify(inventoryOf(folder, { hosts, own, port }), undefined, 1),
    );
    return join(folder, file);
  };
  return {
    inventory: await written('inventory.yaml', []),
    originals: await written('originals.yaml', originals),
    names: originals.map(({ name }) => name),
    behave: (now) => {
      manner = now;
    },
    forget: () => recordings.forget(),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      for (const server of servers) server.close();
      await Promise.all(originals.map(({ host }) => host.close()));
    },
  };
}

interface Written {
  readonly hosts: readonly { readonly name: string }[];
  /** those that are reached at their originals */
  readonly own: readonly Original[];
  readonly port: number;
}

function inventoryOf(folder: string, { hosts, own, port }: Written): object {
  const [proxy, ...nodes] = hosts.map(({ name }, index) => {
    const host = own.find((one) => one.name === name)?.host;
    const ssh =
      host === undefined
        ? { address: loopbackAddress(index) }
        : {
            ...{ address: '127.0.0.1', port: host.port, host_keys: [host.hostKey] },
            identity_files: host.target.identityFiles,
          };
    return { name, ...(name === proxyName ? {} : { hostname: hostnameOf(name) }), ssh };
  });
  return {
    playbook: 'bigbluebutton',
    cluster: { name: clusterName, hostname: clusterHostname },
    windows: 'anytime',
    ssh: {
      ...{ user: 'root', config: 'none', port, connect_timeout: 30 },
      ...{ identity_files: [join(folder, 'id_ed25519')], known_hosts: [join(folder, 'known_hosts')] },
    },
    vars: { ask_itself: false },
    hosts: { proxy: [proxy], node: nodes },
  };
}

type Execute = (channel: ServerChannel, command: string) => Promise<void>;

function serve(client: Connection, accepted: Buffer, execute: Execute): void {
  client.on('error', () => {});
  client.on('authentication', (context) => {
    if (context.method === 'publickey' && context.key.data.equals(accepted)) context.accept();
    else context.reject(['publickey']);
  });
  client.on('session', (accept) => {
    accept().on('exec', (acceptExec, _reject, { command }) => {
      const channel = acceptExec();
      channel.on('error', () => {});
      execute(channel, command).catch((error: Error) => {
        channel.stderr.write(`${error.stack}\n`);
        channel.exit(1);
        channel.end();
      });
    });
  });
}

/** Not by iteration, which would close the channel at its end. */
async function all(channel: ServerChannel): Promise<Buffer> {
  const chunks: Buffer[] = [];
  channel.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(channel, 'end');
  return Buffer.concat(chunks);
}

/** ssh2 1.17.0 generates about one key in 150 that it can't read itself. */
function keyPair(): { readonly private: string; readonly public: string } {
  for (;;) {
    const keys = ssh2.utils.generateKeyPairSync('ed25519');
    if (!(ssh2.utils.parseKey(keys.private) instanceof Error)) return keys;
  }
}
