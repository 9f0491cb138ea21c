import { describe, expect, it } from 'vitest';
import type { InventoryHost } from '../../src/inventory/inventory.ts';
import type { OutsideCheck } from '../../src/model/outside-check.ts';
import { askInMeetings } from '../../src/run/verify-meeting.ts';
import type { Connection } from '../../src/ssh/contract.ts';
import type { Network } from '../../src/verify/network.ts';

const meeting: OutsideCheck = {
  ...{ id: 'meeting', title: 'a meeting', fix: 'look at its log' },
  question: {
    ...{ kind: 'meeting', program: 'exit', args: [], session: 'sessionToken' },
    client: ['https://proxy.example.com/a/html5client/'],
  },
};

/** A host whose program says these lines. */
function hostThatSays(lines: readonly string[]): Connection {
  return {
    exec: async (_, input, { onOutput }) => {
      for await (const part of input as AsyncIterable<Buffer>) {
        const [, nonce] = part.toString('latin1').split(' ');
        for (const line of [...lines, 'over']) onOutput?.(Buffer.from(`${nonce} ${line}\n`));
        break;
      }
      return { code: 0, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
    },
    close: async () => undefined,
  };
}

async function found(...lines: readonly string[]) {
  const host: InventoryHost = {
    ...{ name: 'a', role: 'node', hostname: undefined, address: 'a', recipe: undefined, state: 'active' },
    ...{ vars: {}, ssh: { host: 'a' } as InventoryHost['ssh'] },
  };
  const none = new AbortController().signal;
  const endings = await askInMeetings({ host, snapshot: undefined, problem: undefined } as never, [meeting], {
    ...{ connect: async () => hostThatSays(lines) as never, progress: () => undefined },
    ...{ network: {} as Network, now: Date.now, signal: none, leave: none },
  });
  return endings.get('meeting');
}

describe('a meeting', () => {
  it('that the API refused to create is not called one that could not be ended', async () => {
    const why = 'the API did not create it: checksumError';
    expect(await found(`failed\u001f${why}`, 'left\u001fthe API did not end it: checksumError')).toEqual({
      ...{ outcome: 'failed', expected: 'a meeting can be created', found: why, fix: 'look at its log' },
    });
  });

  it('that was created and could not be ended is told of as such', async () => {
    expect((await found('held', 'left\u001fthe API did not end it: no answer'))?.found).toBe(
      'the meeting could not be ended (the API did not end it: no answer); it ends by itself within minutes',
    );
  });
});
