import { expect, it } from 'vitest';
import type { Inventory } from '../../src/inventory/inventory.ts';
import { OperatorError } from '../../src/model/operator-error.ts';
import { noReads } from '../../src/model/reads.ts';
import { look } from '../../src/run/look.ts';
import type { Connection } from '../../src/ssh/contract.ts';
import type { SshSettings } from '../../src/ssh/settings.ts';

const names = Array.from({ length: 20 }, (_, index) => `n${index}`);

it('looks at all others while a slow host lets it wait', async () => {
  const seen: string[] = [];
  let allOthers: () => void = () => {};
  const othersAreSeen = new Promise<void>((resolve) => {
    allOthers = resolve;
  });
  const connect = async ({ host }: SshSettings): Promise<Connection> => {
    // It answers only after all others: whoever waited for it would wait forever.
    if (host === 'n0') await othersAreSeen;
    throw new OperatorError({ code: 'unreachable', message: `${host} is away` });
  };
  const inventory = {
    cluster: { name: 'prod' },
    hosts: names.map((name) => ({ name, ssh: { host: name } })),
  };
  const looks = await look(
    {
      inventory: inventory as unknown as Inventory,
      ...{ parallel: 2, signal: new AbortController().signal, names: false, connect },
      progress: (event) => {
        if (event.kind !== 'looked') return;
        seen.push(event.host);
        if (seen.length === names.length - 1) allOthers();
      },
    },
    () => noReads,
  );
  expect(seen).toEqual([...names.slice(1), 'n0']);
  expect(looks.map(({ host }) => host.name)).toEqual(names);
});
