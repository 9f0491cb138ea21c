// Measures how long `clusterproxy verify` waits on a cluster of many nodes, compared with one node: with the
// checks that each really has, the limits to questions at once, and servers that take some time to answer.
// Hosts and network are simulated, since twenty real hosts on one machine measure that machine's processors:
//
//   npm run bench:verify -- [--nodes 20] [--rounds 5] [--answer 100] [--look 1000] [--assets 40]
//                           [--parallel 32]
//
// Milliseconds: what each answer and each look at a host take. `--assets` is how many files a client's page
// loads. Prints the median of each, and the ratio; the goal is 3.
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pLimit from 'p-limit';
import { loadTypeScript } from './load-typescript.mjs';

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '5' },
    answer: { type: 'string', default: '100' },
    look: { type: 'string', default: '1000' },
    assets: { type: 'string', default: '40' },
    parallel: { type: 'string', default: '32' },
  },
});
const program = await loadTypeScript(fileURLToPath(new URL('./verify.ts', import.meta.url)));
const { askCheck, carriedOut, inventoryOf, isAsked, planOf } = program;
const { questionLimits, resolveOutsideChecks, sampleNode, snapshotsOf, viewCluster } = program;

const many = await clusterOf(Number(values.nodes));
const one = await clusterOf(1);
const times = { one: [], many: [] };
for (let round = 0; round < Number(values.rounds); round++) {
  times.one.push(await timeOf(one));
  times.many.push(await timeOf(many));
}
const [a, b] = [median(times.one), median(times.many)];
console.log(`1 node, ${one.count} checks: median ${Math.round(a)} ms`);
console.log(`${values.nodes} nodes, ${many.count} checks: median ${Math.round(b)} ms`);
console.log(`${values.nodes} nodes take ${(b / a).toFixed(2)} times as long, over ${values.rounds} rounds`);

/** The checks of a proxy and so many nodes of 3.0, each with what the look at it knows. */
async function clusterOf(count) {
  const names = Array.from({ length: count }, (_, index) => `bbb-${String(index + 1).padStart(2, '0')}`);
  const inventory = await inventoryOf(
    JSON.stringify({
      playbook: 'bigbluebutton',
      cluster: { name: 'bench', hostname: 'bbb.example.com' },
      windows: 'anytime',
      hosts: {
        proxy: [{ name: 'proxy-1', address: '192.0.2.5' }],
        node: names.map((name) => ({ name, hostname: `${name}.example.com` })),
      },
    }),
  );
  const proxy = { folders: ['playbooks/samples/bigbluebutton/proxy'], units: ['nginx.service'] };
  const nodes = names.map((name) => [name, sampleNode('3.0', name)]);
  const fresh = snapshotsOf(inventory, { 'proxy-1': proxy, ...Object.fromEntries(nodes) });
  const snapshots = carriedOut(planOf(inventory, fresh));
  const cluster = viewCluster(inventory, snapshots);
  const hosts = inventory.hosts.map(({ name }) => ({
    snapshot: snapshots.get(name),
    checks: resolveOutsideChecks(cluster, name).checks.filter((check) => isAsked(check) && !check.during),
  }));
  return { hosts, count: hosts.reduce((sum, { checks }) => sum + checks.length, 0) };
}

/** As src/run/verify-run.ts: all hosts are looked at, and then everything is asked. */
async function timeOf({ hosts }) {
  const start = performance.now();
  const looking = pLimit(Number(values.parallel));
  await Promise.all(hosts.map(() => looking(() => sleep(Number(values.look)))));
  const begin = questionLimits();
  const asking = { network: network(), now: Date.now, signal: new AbortController().signal };
  await Promise.all(
    hosts.flatMap(({ checks, snapshot }) =>
      checks.map((check) => begin(check.question, () => askCheck(check, { ...asking, snapshot }))),
    ),
  );
  return performance.now() - start;
}

/** A network on which everything answers after a while, and each page loads as many files. */
function network() {
  const assets = Array.from({ length: Number(values.assets) }, (_, index) => `<script src="${index}.js">`);
  const body = `<html>${assets.join('</script>')}</script></html>`;
  const answering = (answer) => async (request) => {
    await sleep(Number(values.answer));
    return answer(request);
  };
  const page = ({ url }) => ({
    ...{ kind: 'answer', status: 200, headers: { 'content-type': 'text/html' } },
    body: url.endsWith('.js') ? '' : body,
  });
  return {
    get: answering(page),
    upgrade: answering(() => ({ kind: 'answer', status: 101, headers: {}, body: '' })),
    certificate: answering(() => ({ kind: 'certificate', validFrom: 0, validTo: Date.now() + 1e10 })),
    addresses: answering(() => ({ kind: 'addresses', addresses: ['192.0.2.1'] })),
    talk: answering(() => ({ received: Buffer.alloc(0), from: '192.0.2.1' })),
  };
}

function median(numbers) {
  const sorted = [...numbers].sort((first, second) => first - second);
  return sorted[Math.floor(sorted.length / 2)];
}
