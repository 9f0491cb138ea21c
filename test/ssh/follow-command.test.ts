import { PassThrough, Writable } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { followCommand } from '../../src/ssh/follow-command.ts';
import { plainTarget } from '../../src/ssh/resolve-target.ts';

const megabyte = 1024 * 1024;

it('keeps nothing of a large input that has been written', async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  let taken = 0;
  const stdin = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      taken += chunk.length;
      setImmediate(done);
    },
  });
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  let held = Number.POSITIVE_INFINITY;
  async function* input() {
    for (let count = 0; count < 64; count++) yield Buffer.alloc(megabyte, count);
    // What other tests of the same process have left may be freed meanwhile as well, or later.
    for (let look = 0; look < 20; look++) {
      collect();
      held = Math.min(held, process.memoryUsage().arrayBuffers);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
  collect();
  const before = process.memoryUsage().arrayBuffers;
  stdin.on('finish', finish);
  const command = {
    ...{ stdin, stdout: new PassThrough(), stderr: new PassThrough(), finished },
    abandon: () => {},
  };
  const target = plainTarget({ host: '127.0.0.1', port: 22, user: 'root' });
  await followCommand(target, command, input(), { timeout: 60, maximumOutput: 1 });
  expect(taken).toBe(64 * megabyte);
  expect(held - before).toBeLessThan(24 * megabyte);
});
