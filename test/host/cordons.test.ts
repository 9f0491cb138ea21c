import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type CordonAnswer,
  type CordonedNode,
  type CordonRequest,
  cordon,
  releaseCordon,
} from '../../src/host/cordon.ts';
import { forget } from '../../src/host/forget.ts';
import type { Connection } from '../../src/ssh/contract.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import { machineId, type Sample, sampleHost } from './sample.ts';

/** A balancer in files: the state of each node, and how well it is. */
const program = `
balancer=$ROOT/balancer
case $1 in
  state)
    [ ! -e "$balancer/leaves" ] || { setsid sleep 3 & }
    [ ! -e "$balancer/talks" ] || yes | head -c 300000000
    printf 'state\\037%s\\n' "$(cat "$balancer/$2")"
    printf 'health\\037%s\\n' "$(cat "$balancer/health")"
    printf 'others\\0372\\n'
    ;;
  cordon) echo cordoned >"$balancer/$2" ;;
  enable) echo enabled >"$balancer/$2" ;;
esac
`;

let sample: Sample;
beforeEach(async () => {
  sample = await sampleHost();
  mkdirSync(sample.path('balancer'));
  for (const node of ['c', 'b-c']) put(node, 'enabled');
  put('health', 'online');
});
afterEach(() => sample.close());

const put = (name: string, text: string) => writeFileSync(sample.path(`balancer/${name}`), `${text}\n`);
const state = (node: string) => readFileSync(sample.path(`balancer/${node}`), 'utf8').trim();

async function over<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
  const connection = await connect(sample.host.target);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}
const named = (cluster: string, node: string, run = 'run-1'): CordonedNode => ({
  ...{ cluster, node, run, machineId },
});
const takeOut = (node: CordonedNode, more: Partial<CordonRequest> = {}): Promise<CordonAnswer> =>
  over((connection) =>
    cordon(connection, {
      ...{ ...node, program, args: [node.node], holder: 'alice from laptop', answers: [], seconds: 3_600 },
      ...more,
    }),
  );
const release = (node: CordonedNode, seconds = 0) =>
  over((connection) => releaseCordon(connection, node, seconds));
const record = ({ cluster, node }: CordonedNode) =>
  sample.path(`var/lib/clusterproxy/cordons/${cluster}/${node}/record`);

describe('cordons of several clusters on a host', () => {
  it('have a timer each, whatever their names', async () => {
    const [one, other] = [named('a', 'b-c'), named('a-b', 'c')];
    await takeOut(one);
    await takeOut(other);
    await release(other);
    const units = readdirSync(sample.path('etc/systemd/system'));
    expect(units.filter((name) => name.endsWith('.timer'))).toEqual(['clusterproxy-cordon-a:b-c.timer']);
    expect(state('b-c')).toBe('cordoned');
  });

  it('stay when what another cluster has there is removed', async () => {
    const node = named('a', 'c');
    await takeOut(node);
    await over((connection) => forget(connection, { machineId, cluster: 'other', managed: 'leave' }));
    expect(existsSync(record(node))).toBe(true);
    expect(await release(node)).toMatchObject({ verdict: 'released' });
  });
});

describe('a node that was given back, but is not online yet', () => {
  it('is taken out by another run meanwhile, which keeps its record and its timer', async () => {
    const node = named('a', 'c');
    await takeOut(node);
    put('health', 'offline');
    const first = release(node, 10);
    while (state('c') === 'cordoned') await sleep(50);
    await sleep(500);
    await release(node);
    expect(await takeOut(named('a', 'c', 'run-2'))).toMatchObject({ verdict: 'cordoned' });
    put('health', 'online');
    await first;
    expect(state('c')).toBe('cordoned');
    expect(existsSync(record(node))).toBe(true);
  });
});

describe('a program that talks', () => {
  it('is heard no longer than anybody needs', async () => {
    put('talks', '');
    expect(await takeOut(named('a', 'c'))).toMatchObject({
      ...{ verdict: 'failed', words: expect.stringContaining('does not say in which state') },
    });
  });

  it('may leave something running that keeps its output open', async () => {
    put('leaves', '');
    const start = Date.now();
    expect(await takeOut(named('a', 'c'))).toMatchObject({ verdict: 'cordoned' });
    expect(Date.now() - start).toBeLessThan(20_000);
  });

  it('may end its lines as Windows does', async () => {
    put('c', 'enabled\r');
    expect(await takeOut(named('a', 'c'))).toMatchObject({ verdict: 'cordoned' });
  });
});
