// Measures what the door costs: requests a second for the client's first page through nginx as clusterproxy
// sets it up, compared with a plain nginx by the public guide, with few nodes and with many; and how many
// bytes the nodes send to the proxy for a class, with `client_cache` and without:
//
//   npm run bench:door -- [--few 3] [--many 100] [--rounds 40] [--requests 150] [--class 30] [--write]
//
// Real nginx on loopback, one worker each: one stands for all nodes, with TLS, a page of 4 kB and 24 files.
// The four proxies take short turns, so that whatever else the machine does concerns all of them. Prints
// medians, that of the rounds' own ratios too, the load of the machine beside them, and how long the proxy's
// processor worked for a request, which depends less on that load. `--write` puts the tables into
// docs/traffic.md.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { createServer } from 'node:net';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { loadTypeScript } from './load-typescript.mjs';

const { values } = parseArgs({
  options: {
    few: { type: 'string', default: '3' },
    many: { type: 'string', default: '100' },
    rounds: { type: 'string', default: '40' },
    requests: { type: 'string', default: '150' },
    class: { type: 'string', default: '30' },
    write: { type: 'boolean', default: false },
  },
});
const hostname = 'bbb.example.com';
const page = fileURLToPath(new URL('../docs/traffic.md', import.meta.url));
const program = await loadTypeScript(fileURLToPath(new URL('./door.ts', import.meta.url)));
const { carriedOut, inventoryOf, planOf, sampleNode, selfSigned, snapshotsOf, startNginx } = program;

const folder = mkdtempSync(join(tmpdir(), 'door-'));
const [certificate, key] = [join(folder, 'pem'), join(folder, 'key')];
const pair = selfSigned('*.example.com');
writeFileSync(certificate, pair.certificate);
writeFileSync(key, pair.key);
const tls = `ssl_certificate ${certificate}; ssl_certificate_key ${key};`;

const connections = 8;
const started = [];
try {
  const nodes = await startNodes();
  const tables = [await speed(nodes), await bytes(nodes)].join('\n');
  console.log(tables);
  if (values.write) write(tables);
} finally {
  for (const one of started) await one.stop();
  rmSync(folder, { recursive: true });
}

async function start(http) {
  const port = await freePort();
  const nginx = await startNginx((at) => http(at, port));
  started.push(nginx);
  return { port, folder: nginx.folder, worker: await workerOf(nginx.folder) };
}

/** All nodes are one nginx that knows their names; it counts what it sends, and keeps no list of requests. */
async function startNodes() {
  const root = join(folder, 'client');
  mkdirSync(root);
  const files = clientFiles();
  for (const [name, content] of files) writeFileSync(join(root, name), content);
  const nginx = await start(
    (at, port) => `log_format sent "$bytes_sent"; server {
      listen unix:${at}/front; listen 127.0.0.1:${port} ssl; ${tls}
      access_log ${at}/logs/sent.log sent;
      types { text/html html; application/javascript js; text/css css; application/json json; }
      root ${root}; index index.html;
      location / { rewrite ^/bbb-[0-9]+/html5client/$ /index.html break; rewrite ^/bbb-[0-9]+/html5client/(.*)$ /$1 break; }
    }`,
  );
  return { ...nginx, names: files.map(([name]) => name), size: sizeOf(files) };
}

/** Names as bundlers give them: 20 that have a hash, and 4 that keep theirs. */
function clientFiles() {
  const hashed = Array.from({ length: 20 }, (_, index) => {
    const hash = createHash('sha256').update(String(index)).digest('hex').slice(0, 20);
    return [`chunk.${hash}.js`, Buffer.alloc(150_000, `${index};`)];
  });
  const plain = ['en.json', 'compatibility.js', 'fonts.css', 'de.json'].map((name) => [
    name,
    Buffer.alloc(30_000, ' '),
  ]);
  return [['index.html', Buffer.alloc(4_000, '<p>')], ...hashed, ...plain];
}

function sizeOf(files) {
  return files.reduce((sum, [, content]) => sum + content.length, 0);
}

async function speed(nodes) {
  const doors = [];
  for (const count of [Number(values.few), Number(values.many)]) {
    doors.push({ kind: 'guide', count, nginx: await startDoor(guide(count, nodes.port)) });
    doors.push({ kind: 'ours', count, nginx: await startDoor(await ours(count, nodes.port)) });
  }
  const rates = doors.map(() => []);
  const costs = doors.map(() => []);
  const loads = [];
  for (let round = -1; round < Number(values.rounds); round++) {
    for (const [index, { count, nginx }] of doors.entries()) {
      const measured = await load(nginx, count, round < 0 ? 200 : Number(values.requests));
      // The first time, caches fill, and TLS learns to resume.
      if (round < 0) continue;
      rates[index].push(measured.rate);
      costs[index].push(measured.cost);
      loads.push(loadavg()[0]);
    }
  }
  const rows = [0, 2].map((at) => {
    const [guides, own] = [rates[at], rates[at + 1]];
    const ratio = median(own.map((rate, round) => rate / guides[round]));
    const cells = [doors[at].count, Math.round(median(guides)), Math.round(median(own)), ratio.toFixed(2)];
    return `| ${[...cells, mean(costs[at]), mean(costs[at + 1])].join(' | ')} |`;
  });
  return `Requests a second for the client's first page, and milliseconds of the proxy's processor for each:
medians of ${values.rounds} rounds of ${values.requests} requests over ${connections} connections, in turns, on ${cpus().length} processors with a load of ${median(loads).toFixed(0)}
beside it. The ratio is the median of the rounds' own.

| nodes | by the guide | as set up here | ratio | ms by the guide | ms as set up here |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}

async function bytes(nodes) {
  const count = Number(values.class);
  const found = [];
  for (const cache of [false, true]) {
    const door = await startDoor(await ours(3, nodes.port, cache));
    const before = sentBy(nodes);
    for (const name of nodes.names)
      await Promise.all(Array.from({ length: count }, () => get(door, `/bbb-01/html5client/${name}`)));
    found.push(sentBy(nodes) - before);
  }
  const [without, kept] = found;
  const megabytes = (number) => `${(number / 1e6).toFixed(1)} MB`;
  return `What the node sends to the proxy while ${count} people load a client of ${nodes.names.length} files with ${megabytes(nodes.size)}, of
which 20 have a hash in their names, with browsers that have nothing of it yet:

| \`client_cache: false\` | \`client_cache: true\` | ratio |
| --- | --- | --- |
| ${megabytes(without)} | ${megabytes(kept)} | ${(kept / without).toFixed(2)} |
`;
}

function sentBy({ folder: at }) {
  const lines = readFileSync(join(at, 'logs', 'sent.log'), 'utf8')
    .trim()
    .split('\n');
  return lines.reduce((sum, line) => sum + Number(line), 0);
}

function startDoor({ http, locations }) {
  return start(
    (at, port) => `${http.replaceAll('/var/cache', at)}
    server { listen unix:${at}/front; listen 127.0.0.1:${port} ssl; server_name ${hostname}; ${tls}
    ${locations} }`,
  );
}

/** As the guide has it, one location for each node. Source: BigBlueButton's page on cluster proxies. */
function guide(count, port) {
  const locations = namesOf(count).map(
    (name) => `location /${name}/html5client/ {
      proxy_pass https://127.0.0.1:${port}/${name}/html5client/;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "Upgrade";
    }`,
  );
  return { http: '', locations: locations.join('\n') };
}

/** What a plan writes on a proxy; of the nodes' names only the addresses are others. */
async function ours(count, port, cache = false) {
  const names = namesOf(count);
  const inventory = await inventoryOf(
    JSON.stringify({
      playbook: 'bigbluebutton',
      cluster: { name: 'bench', hostname },
      windows: 'anytime',
      vars: { client_cache: cache, trusted_certificate: certificate },
      hosts: {
        proxy: [{ name: 'proxy-1', address: '192.0.2.5' }],
        node: names.map((name) => ({ name, hostname: `${name}.example.com` })),
      },
    }),
  );
  const proxy = {
    folders: ['playbooks/samples/bigbluebutton/proxy'],
    units: ['nginx.service'],
    files: { [certificate]: pair.certificate },
  };
  const nodes = names.map((name) => [name, sampleNode('2.6', name)]);
  const plans = planOf(inventory, snapshotsOf(inventory, { 'proxy-1': proxy, ...Object.fromEntries(nodes) }));
  const after = carriedOut(plans).get('proxy-1');
  const text = (path) => after?.paths.get(path)?.content?.toString() ?? '';
  const locations = text('/etc/nginx/clusterproxy/bench/nodes.conf');
  if (!locations.includes(`location ^~ /${names.at(-1)}/`))
    throw new Error(`no locations were planned: ${JSON.stringify(plans.map(({ problem }) => problem))}`);
  return {
    http: text('/etc/nginx/conf.d/clusterproxy-bench-cache.conf'),
    locations: locations.replaceAll(/https:\/\/bbb-\d+\.example\.com/g, `https://127.0.0.1:${port}`),
  };
}

function namesOf(count) {
  return Array.from({ length: count }, (_, index) => `bbb-${String(index + 1).padStart(2, '0')}`);
}

/** So many requests, to each node in turn. */
async function load(door, count, requests) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections, rejectUnauthorized: false });
  const [begun, worked] = [performance.now(), processorOf(door.worker)];
  let next = 0;
  const one = async () => {
    while (next < requests) {
      const node = namesOf(count)[next++ % count];
      await get(door, `/${node}/html5client/`, agent);
    }
  };
  await Promise.all(Array.from({ length: connections }, one));
  const seconds = (performance.now() - begun) / 1000;
  agent.destroy();
  return { rate: requests / seconds, cost: (processorOf(door.worker) - worked) / requests };
}

function get({ port }, path, agent) {
  const options = {
    host: '127.0.0.1',
    port,
    servername: hostname,
    path,
    rejectUnauthorized: false,
    agent: agent ?? false,
  };
  return new Promise((resolve, reject) => {
    const asked = request({ ...options, headers: { Host: hostname } }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${path}: status ${response.statusCode}`));
      response.resume().on('end', resolve);
    });
    asked.on('error', reject).end();
  });
}

/** Milliseconds: fields 14 and 15 of proc_pid_stat(5), in ticks of 10 ms. */
function processorOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Its first child. nginx has made its file of the pid by now, and may be about to write into it. */
async function workerOf(at) {
  for (;;) {
    const pid = readFileSync(join(at, 'pid'), 'utf8').trim();
    const children = pid === '' ? '' : readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    if (children !== '') return children.split(' ')[0];
    await sleep(10);
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** A round has too few ticks for a median. */
function mean(numbers) {
  return (numbers.reduce((sum, one) => sum + one, 0) / numbers.length).toFixed(2);
}

function median(numbers) {
  const sorted = [...numbers].sort((first, second) => first - second);
  return sorted[Math.floor(sorted.length / 2)];
}

function write(tables) {
  const [begin, end] = ['<!-- measured by bench/door.mjs -->\n', '<!-- until here -->\n'];
  const text = readFileSync(page, 'utf8');
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from === -1 || to === -1) throw new Error(`${page} has no place for the tables`);
  writeFileSync(page, `${text.slice(0, from + begin.length)}\n${tables}\n${text.slice(to)}`);
}
