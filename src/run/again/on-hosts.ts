import pLimit from 'p-limit';
import { type Problem, problemsOf } from '../../model/operator-error.ts';
import type { AgreedHost } from '../../plan/saved/agreement.ts';
import type { Connection } from '../../ssh/contract.ts';
import type { RunOptions } from '../options.ts';

/** Undertakes something on hosts of the agreement; the answer, or why there is none. */
export async function onHosts(
  agreed: readonly AgreedHost[],
  { inventory, connect, parallel }: RunOptions,
  work: (connection: Connection, host: AgreedHost) => Promise<boolean>,
): Promise<readonly (boolean | Problem)[]> {
  const limit = pLimit(parallel);
  return Promise.all(
    agreed.map((one) =>
      limit(async () => {
        const host = inventory.hosts.find(({ name }) => name === one.host);
        if (host === undefined)
          return { code: 'abort-failed', message: `${one.host} is not in the inventory` };
        try {
          const connection = await connect(host.ssh, {});
          try {
            return await work(connection, one);
          } finally {
            connection.close().catch(() => undefined);
          }
        } catch (error) {
          const [problem] = problemsOf(error);
          if (problem === undefined) throw error;
          return problem;
        }
      }),
    ),
  );
}
