import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseLedger } from '../../src/host/ledger-file.ts';
import type { FirstTouch } from '../../src/model/ledger.ts';
import { itemHash, itemValue } from '../../src/plan/items.ts';
import type { ExecResult } from '../../src/ssh/contract.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import { builtInItemFormats } from '../../src/steps/item-formats.ts';
import { clusterName, machineIdOf } from './names.ts';
import type { Original } from './originals.ts';

/** An answer, with what has to be another for each host and each time. */
interface Recorded {
  readonly answer: ExecResult;
  readonly original: string;
  readonly machineId: string;
  /** values that name the host, by their hash in the ledger */
  readonly hashes: ReadonlyMap<string, FirstTouch>;
}

/** What hosts of one kind answer: asked of the original once, and replayed for all that are like it. */
export class Recordings {
  readonly #answers = new Map<string, Promise<Recorded>>();

  /** The answer of `name`, which is a host like `original`, to a command and its input. */
  async answer(original: Original, name: string, command: string, input: Buffer): Promise<ExecResult> {
    const asked = input.toString('latin1');
    const nonce = nonceIn(asked);
    const request = asked.replaceAll(nonce, noNonce).replaceAll(name, original.name);
    const key = createHash('sha256').update(`${original.name}\n${command}\n${request}`).digest('hex');
    let recorded = this.#answers.get(key);
    if (recorded === undefined) {
      recorded = record(original, command, request);
      this.#answers.set(key, recorded);
    }
    return replayed(await recorded, name, nonce);
  }

  /** To be called when the originals have changed. */
  forget(): void {
    this.#answers.clear();
  }
}

/** As long as a real one. */
const noNonce = '0'.repeat(32);

/** Of the line that begins what is sent to a host; see `framed` in src/host/program.ts. */
function nonceIn(asked: string): string {
  return /^clusterproxy ([0-9a-f]{32}) /.exec(asked)?.[1] ?? noNonce;
}

async function record({ name, host }: Original, command: string, request: string): Promise<Recorded> {
  const connection = await connect(host.target);
  try {
    const answer = await connection.exec(command, Buffer.from(request, 'latin1'), {
      timeout: 300,
      maximumOutput: 64 * 1024 * 1024,
    });
    const machineId = (await readFile(join(host.root, 'etc/machine-id'), 'latin1')).trim();
    return { answer, original: name, machineId, hashes: await hashesOf(name, host.root) };
  } finally {
    await connection.close();
  }
}

/** The ledger tells of what is managed as hashes, of which those of a name are others on each host. */
async function hashesOf(name: string, root: string): Promise<ReadonlyMap<string, FirstTouch>> {
  const read = async (path: string) => {
    const content = await readFile(join(root, path)).catch(() => undefined);
    if (content === undefined) return { kind: 'absent' } as const;
    return { kind: 'file', content, mode: 0o644, user: 'root', group: 'root' } as const;
  };
  const path = `/var/lib/clusterproxy/clusters/${clusterName}/ledger.json`;
  const items = parseLedger(await read(path), name, path)?.items ?? [];
  const values = await Promise.all(
    items.map(async (item) => itemValue(item, await read(item.path), builtInItemFormats)),
  );
  return new Map(
    values.filter((value) => JSON.stringify(value).includes(name)).map((value) => [itemHash(value), value]),
  );
}

function replayed(
  { answer, original, machineId, hashes }: Recorded,
  name: string,
  nonce: string,
): ExecResult {
  let text = answer.stdout
    .toString('latin1')
    .replaceAll(noNonce, nonce)
    .replaceAll(machineId, machineIdOf(name))
    .replace(/(\x1f\/proc\/self\/\.\x1f"[^\x1f]*"\x1f)\d+/, `$1${Math.floor(Date.now() / 1_000)}`);
  if (name !== original) {
    for (const [hash, value] of hashes)
      text = text.replaceAll(hash, itemHash(renamed(value, original, name)));
    text = text.replaceAll(original, name);
  }
  return { ...answer, stdout: Buffer.from(text, 'latin1') };
}

function renamed(value: FirstTouch, from: string, to: string): FirstTouch {
  return JSON.parse(JSON.stringify(value).replaceAll(from, to)) as FirstTouch;
}
