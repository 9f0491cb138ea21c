import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { OperatorError } from '../../src/model/operator-error.ts';
import { type Connector, createConnector } from '../../src/ssh/connector.ts';
import type { Connection, ExecResult } from '../../src/ssh/contract.ts';
import { type KeptConnector, keepConnections } from '../../src/ssh/kept-connections.ts';
import type { SshSettings } from '../../src/ssh/settings.ts';
import { type Sample, sampleHost } from '../host/sample.ts';

let sample: Sample;
let settings: SshSettings;
let kept: KeptConnector;
/** how many connectors are in use, of all that were made */
let open: number;
/** seconds */
let now: number;
beforeEach(async () => {
  vi.stubEnv('SSH_AUTH_SOCK', '');
  sample = await sampleHost({ units: [] });
  const { host, port, user, identityFiles, hostKeys } = sample.host.target;
  settings = { host, port, user, identityFiles, hostKeys, config: 'none' };
  open = 0;
  now = 0;
  kept = keepConnections(
    () => {
      const connector: Connector = createConnector();
      open += 1;
      const close = async () => {
        open -= 1;
        await connector.close();
      };
      return { ...connector, close };
    },
    () => now,
  );
});
afterEach(async () => {
  await kept.close();
  expect(open).toBe(0);
  await sample.close();
  vi.unstubAllEnvs();
});

const limits = { timeout: 20, maximumOutput: 1_000 };
const say = async (connection: Connection, command = 'echo here') =>
  (await connection.exec(command, Buffer.alloc(0), limits)).stdout.toString();
/** Connects as a look does, and closes it again. */
async function look(given: SshSettings = settings): Promise<string> {
  const connection = await kept.connect(given);
  const said = await say(connection);
  await connection.close();
  return said;
}

test('one connection serves all looks, however often the inventory was read', async () => {
  for (let round = 0; round < 4; round += 1) expect(await look({ ...settings })).toBe('here\n');
  expect(sample.host.connections).toBe(1);
  expect(kept.idle).toBe(1);
});

test('two at the same time have one each, and as many are kept as are needed at the same time', async () => {
  const [one, other] = await Promise.all([kept.connect(settings), kept.connect(settings)]);
  expect(await Promise.all([say(one), say(other)])).toEqual(['here\n', 'here\n']);
  await Promise.all([one.close(), other.close(), one.close()]);
  expect(kept.idle).toBe(2);
  expect(sample.host.connections).toBe(2);
  expect(await look()).toBe('here\n');
  expect(sample.host.connections).toBe(2);
});

test('of many at the same time a few are kept', async () => {
  const all = await Promise.all([1, 2, 3, 4, 5, 6].map(() => kept.connect(settings)));
  await Promise.all(all.map((one) => one.close()));
  expect(kept.idle).toBe(4);
});

test('a host that was cut off, or restarted, is connected to anew', async () => {
  await look();
  sample.host.cut();
  expect(await look()).toBe('here\n');
  expect(sample.host.connections).toBe(2);
});

test('a connection on which something went wrong, or is still at work, is not kept', async () => {
  const wrong = await kept.connect(settings);
  await expect(wrong.exec('yes', Buffer.alloc(0), limits)).rejects.toMatchObject({ code: 'output-too-long' });
  await wrong.close();
  expect(kept.idle).toBe(0);
  const busy = await kept.connect(settings);
  let running: Promise<ExecResult> | undefined;
  const begun = new Promise<void>((resolve) => {
    running = busy.exec('echo begun; sleep 60', Buffer.alloc(0), {
      ...{ ...limits, timeout: 60 },
      onOutput: () => resolve(),
    });
  });
  await begun;
  await busy.close();
  expect(await running).toMatchObject({ code: null });
  expect(kept.idle).toBe(0);
});

test('an interruption cuts those that are in use, and leaves those that wait', async () => {
  const ending = new AbortController();
  await (await kept.connect(settings, { signal: ending.signal })).close();
  ending.abort();
  expect(kept.idle).toBe(1);
  expect(await look()).toBe('here\n');
  expect(sample.host.connections).toBe(1);
  const another = new AbortController();
  const connection = await kept.connect(settings, { signal: another.signal });
  const running = connection.exec('echo begun; sleep 60', Buffer.alloc(0), {
    ...{ ...limits, timeout: 60 },
    onOutput: () => another.abort(),
  });
  expect(await running).toMatchObject({ code: null });
  await connection.close();
  expect(kept.idle).toBe(0);
  await expect(kept.connect(settings, { signal: another.signal })).rejects.toMatchObject({
    code: 'interrupted',
  });
});

test('learning anew keeps what is open, and ends what nobody needs', async () => {
  await look();
  for (let round = 0; round < 3; round += 1) kept.relearn();
  expect(await look()).toBe('here\n');
  expect(sample.host.connections).toBe(1);
  // The first, which has the connection, and the last.
  expect(open).toBe(2);
  sample.host.cut();
  await look();
  expect(open).toBe(1);
});

test('after an hour a host is found anew, as its name may lead to another machine by then', async () => {
  await look();
  now = 3_599;
  await look();
  expect(sample.host.connections).toBe(1);
  now = 3_601;
  await look();
  expect(sample.host.connections).toBe(2);
  expect(open).toBe(1);
  now = 7_000;
  await look();
  expect(sample.host.connections).toBe(2);
});

test('what is not to be retained is closed, at once or when it is given back', async () => {
  const connection = await kept.connect(settings);
  await look();
  await kept.retain([{ ...settings, password: async () => 'a secret is no difference' }]);
  expect(kept.idle).toBe(1);
  await kept.retain([{ ...settings, user: 'somebody-else' }]);
  expect(kept.idle).toBe(0);
  await connection.close();
  expect(kept.idle).toBe(0);
  expect(open).toBe(1);
  await look();
  expect(sample.host.connections).toBe(3);
  expect(kept.idle).toBe(0);
});

test('hosts that do not answer are known until they do, and those that refuse us are none of them', async () => {
  sample.host.unplug(true);
  await expect(look()).rejects.toMatchObject({ code: 'connection-lost' });
  expect(kept.away).toEqual([settings]);
  expect(kept.hasRefused).toBe(false);
  sample.host.unplug(false);
  await look();
  expect(kept.away).toEqual([]);
  const stranger = { ...settings, identityFiles: ['/nonexistent'] };
  await expect(look(stranger)).rejects.toMatchObject({ code: 'authentication-failed' });
  expect(kept.away).toEqual([]);
  expect(kept.hasRefused).toBe(true);
  kept.relearn();
  expect(kept.hasRefused).toBe(false);
});

test('a connection that is used for long keeps nothing of what was said on it', async () => {
  const held: WeakRef<Buffer>[] = [];
  for (let round = 0; round < 20; round += 1) {
    const connection = await kept.connect(settings);
    const { stdout } = await connection.exec('head -c 100000 /dev/zero', Buffer.alloc(0), {
      ...{ ...limits, maximumOutput: 200_000 },
      onOutput: (chunk) => held.push(new WeakRef(chunk)),
    });
    expect(stdout.length).toBe(100_000);
    await connection.close();
  }
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  // What was said last may still be on its way through the streams.
  await expect
    .poll(
      () => {
        collect();
        return held.slice(0, held.length / 2).filter((one) => one.deref() !== undefined).length;
      },
      { timeout: 10_000 },
    )
    .toBe(0);
  expect(sample.host.connections).toBe(1);
});

/** Connections of a stand-in, all of which do the same. */
function standIn(exec: Connection['exec']): KeptConnector {
  const nobody = () => Promise.reject(new Error('nobody asks'));
  return keepConnections(() => ({
    ...{ resolve: nobody, scan: nobody, close: async () => undefined },
    connect: async () => ({ exec, close: async () => undefined }),
  }));
}

test('what sudo refuses is learned anew, as its verdict is kept with what was known of the host', async () => {
  const refusing = standIn(() =>
    Promise.reject(new OperatorError({ code: 'sudo-password-refused', message: 'no', next: 'mend it' })),
  );
  const connection = await refusing.connect(settings);
  await expect(say(connection)).rejects.toMatchObject({ code: 'sudo-password-refused' });
  await connection.close();
  expect(refusing.hasRefused).toBe(true);
  expect(refusing.idle).toBe(0);
  expect(refusing.away).toEqual([]);
});

test('a host that goes down in the midst of a look is away, and one whose program was killed is not', async () => {
  const connection = await kept.connect(settings);
  const running = connection.exec('echo begun; sleep 60', Buffer.alloc(0), {
    ...{ ...limits, timeout: 60 },
    onOutput: () => sample.host.cut(),
  });
  expect(await running).toMatchObject({ code: null });
  await connection.close();
  expect(kept.away).toEqual([settings]);
  await look();
  expect(kept.away).toEqual([]);

  const empty = Buffer.alloc(0);
  const cutOff = { code: null, stdout: empty, stderr: empty };
  const killing = standIn(async (command) => (command === 'true' ? { ...cutOff, code: 0 } : cutOff));
  const other = await killing.connect(settings);
  await say(other);
  await other.close();
  expect(killing.away).toEqual([]);
  expect(killing.idle).toBe(0);
});

test('what an interruption cuts is not away', async () => {
  const ending = new AbortController();
  const connection = await kept.connect(settings, { signal: ending.signal });
  const running = connection.exec('echo begun; sleep 60', Buffer.alloc(0), {
    ...{ ...limits, timeout: 60 },
    onOutput: () => ending.abort(),
  });
  expect(await running).toMatchObject({ code: null });
  await connection.close();
  expect(kept.away).toEqual([]);
});

test('a host that is away stays so where nobody waits for its answer', async () => {
  sample.host.unplug(true);
  await expect(look()).rejects.toMatchObject({ code: 'connection-lost' });
  const impatient = { signal: AbortSignal.abort() };
  await expect(kept.connect(settings, impatient)).rejects.toMatchObject({ code: 'interrupted' });
  expect(kept.away).toEqual([settings]);
  expect(kept.hasRefused).toBe(false);
});
