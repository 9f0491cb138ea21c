// A controller that a test can kill: reads a transaction and a target from stdin, carries it out, prints what
// came of it.
import { deserialize } from 'node:v8';
import { transact } from '../../src/host/transact.ts';
import type { Transaction } from '../../src/model/transaction.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import type { SshTarget } from '../../src/ssh/target.ts';

const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
const { transaction, target, word } = deserialize(Buffer.concat(chunks)) as {
  transaction: Transaction;
  target: SshTarget;
  word: boolean;
};
const result = await transact(() => connect(target), transaction, { confirm: async () => word });
process.stdout.write(JSON.stringify(result));
