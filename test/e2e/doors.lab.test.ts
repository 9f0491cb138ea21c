import { readFile } from 'node:fs/promises';
import { connect } from 'node:http2';
import { connect as connectSecurely } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../lab/fetch.ts';
import { Cluster, hostOf, startCluster, statuses } from './cluster.ts';
import {
  type Answer,
  type Asked,
  ask,
  Connection,
  type Door,
  parse,
  requestOf,
  values,
} from './door/connection.ts';
import { installSoftware, softwares } from './door/list.ts';
import {
  arrivedIn,
  bigFile,
  bigLength,
  header,
  layPages,
  requestsFrom,
  secretText,
  sha256,
} from './door/node.ts';
import {
  absoluteTargets,
  isInside,
  notRelayed,
  spellings,
  tricks,
  tricksWithParameters,
} from './door/paths.ts';
import { OpenSocket } from './door/socket.ts';
import { operatorsText, type ProxySoftware } from './door/software.ts';
import { noLab, useLab } from './lab.ts';
import type { Manifest } from './manifest.ts';
import { expectServed } from './served.ts';
import { temporaryFiles } from './services.ts';

describe.skipIf(noLab).concurrent.each(softwares)('$name as the proxy of a cluster', (software) => {
  describe.sequential('step by step', () => keepsItsPromises(software));
});

/** One promise after the other, each on the hosts as the ones before left them. */
function keepsItsPromises(software: ProxySoftware): void {
  const lab = useLab();
  const secondHostname = `doors-${software.name}-second.example.com`;
  let cluster: Cluster;
  let door: Door;
  /** the disks before anything was done */
  let fresh: ReadonlyMap<string, Manifest>;
  /** once two nodes were set up */
  let two: ReadonlyMap<string, Manifest>;
  /** somebody who began a request at the start of the story, and never ends it */
  let slowSender: Connection;

  const nameOf = (number: number) => cluster.node(number).name;
  const client = (number: number, rest = '') => `/${nameOf(number)}/html5client/door/${rest}`;
  const api = (number: number, rest = '') => `/${nameOf(number)}/bigbluebutton/api/door/${rest}`;
  const get = (target: string, asked?: Asked) => ask(door, target, asked);
  const statusOf = async (target: string, asked?: Asked) => (await get(target, asked)).status;
  const echo = async (target: string, asked?: Asked) => {
    const answer = await get(target, asked);
    expect(answer.status, target).toBe(200);
    return arrivedIn(answer.body);
  };
  /** What came to a node from the proxy while that was done, once that was logged. */
  const arrivingAt = async (number: number, act: () => Promise<unknown>) => {
    const node = cluster.node(number);
    const { address } = cluster.proxy;
    const before = await requestsFrom(node, address);
    await act();
    const mark = `mark-${before.length}`;
    await get(client(number, `echo?${mark}`));
    return eventually(async () => {
      const since = await requestsFrom(node, address, before.length);
      if (!since.at(-1)?.includes(mark)) throw new Error(`${node.name} has not logged ${mark}`);
      return since.slice(0, -1);
    });
  };
  const applies = async (one = cluster) => {
    const { code, document, stderr } = await one.json('apply', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code, stderr).toBe(0);
    return document;
  };
  /** The nodes that are in the inventory, by number. */
  const withNodes = async (...numbers: readonly number[]) => {
    cluster.inventory.hosts.node = numbers.map((number) => ({
      name: nameOf(number),
      hostname: `${nameOf(number)}.example.com`,
    }));
    await cluster.save();
  };
  const expectPages = async (wanted: Readonly<Record<number, number>>) => {
    const found = await Promise.all(
      Object.keys(wanted).map(async (number) => [number, await statusOf(client(Number(number), 'echo'))]),
    );
    expect(Object.fromEntries(found)).toEqual(wanted);
  };
  const onProxy = (paths: readonly string[]) =>
    paths.filter((path) => path.startsWith(`${cluster.proxy.name}:`));
  const expectOperatorsPage = async () => {
    expect(await cluster.proxy.mustExec(['curl', '-s', 'http://127.0.0.1:8404/'])).toBe(operatorsText);
  };

  beforeAll(async () => {
    const name = `doors-${software.name}`;
    cluster = await startCluster(lab(), {
      name,
      nodes: ['3.0', '3.0', '3.0'],
      hostnames: [secondHostname],
      prepareNode: layPages,
      prepareProxy: (host) => installSoftware(host, software),
      vars: software.vars,
      hasty: true,
    });
    door = {
      address: cluster.proxy.address,
      hostname: cluster.inventory.cluster.hostname,
      ca: await readFile(lab().authority.certificate, 'utf8'),
    };
    fresh = cluster.manifests();
    await withNodes(1, 2);
  });

  it('is set up from nothing, is in sync then, and stays as it is', async () => {
    await applies();
    two = cluster.manifests();
    slowSender = await Connection.open(door);
    slowSender.listen().say(`GET ${client(1, 'echo')} HTTP/1.1\r\nHost: ${door.hostname}\r\nX-Slow: `);
    const check = await cluster.json('check');
    expect([...new Set(Object.values(statuses(check.document)))]).toEqual(['in-sync']);
    expect(check.code).toBe(0);
    const again = await applies();
    expect(again.summary).toMatchObject({ changes: 0, restarts: 0, reloads: 0 });
    expect(cluster.changedSince(two)).toEqual([]);
    for (const number of [1, 2]) await expectServed(cluster, cluster.node(number), '3.0');
    await expectOperatorsPage();
  });

  it('relays the paths of its nodes, in that case, and nothing else', async () => {
    const arrived = await arrivingAt(1, async () => {
      for (const target of [...notRelayed(nameOf(1)), client(3, 'echo')]) {
        expect(await statusOf(target), target).toBe(404);
      }
    });
    expect(arrived).toEqual([]);
    for (const query of ['', '?a=b%20c&d=/e/']) {
      const redirect = await get(`/${nameOf(1)}/html5client${query}`);
      expect(redirect.status).toBe(301);
      expect(values(redirect, 'location')).toEqual([`/${nameOf(1)}/html5client/${query}`]);
    }
    for (const number of [1, 2]) {
      expect((await echo(client(number, 'echo?a'))).line).toBe(`GET ${client(number, 'echo?a')} HTTP/1.1`);
      expect((await echo(api(number, 'echo?a'))).line).toBe('GET /bigbluebutton/api/door/echo?a HTTP/1.1');
    }
  });

  it('sends the rest of a path and the query as they came', async () => {
    for (const { sent, respelled, promise } of spellings) {
      const arrives = (software.respellsPaths && respelled) || sent;
      const lines = [await echo(`${client(1, 'echo')}${sent}`), await echo(`${api(2, 'echo')}${sent}`)];
      const wanted = [
        `GET ${client(1, 'echo')}${arrives} HTTP/1.1`,
        `GET /bigbluebutton/api/door/echo${arrives} HTTP/1.1`,
      ];
      const found = lines.map(({ line }) => line);
      if (promise !== undefined && software.breaks.includes(promise)) expect(found).not.toEqual(wanted);
      else expect(found).toEqual(wanted);
    }
  });

  it("asks a node by the node's name, and passes on who asks for what", async () => {
    const arrived = await echo(client(2, 'echo'), {
      method: 'POST',
      body: 'sent',
      headers: { Cookie: 'one=1; two="a b"', 'X-Own': 'a, b', 'Accept-Language': 'de' },
    });
    expect(arrived.line).toContain('POST ');
    expect(header(arrived, 'host')).toEqual([`${nameOf(2)}.example.com`]);
    expect(header(arrived, 'x-door-server-name')).toEqual([`${nameOf(2)}.example.com`]);
    expect(header(arrived, 'x-door-protocol')).toEqual(['HTTP/1.1']);
    expect(header(arrived, 'cookie')).toEqual(['one=1; two="a b"']);
    expect(header(arrived, 'x-own')).toEqual(['a, b']);
    expect(header(arrived, 'accept-language')).toEqual(['de']);
    expect(arrived.sha256).toBe(sha256(Buffer.from('sent')));
    expect(values(await get(api(1, 'cookies')), 'set-cookie')).toEqual([
      'one=1; Path=/; Secure; HttpOnly; SameSite=None',
      'two="a b"; Path=/bigbluebutton/; Max-Age=60',
    ]);
  });

  it("lets a node's redirect to itself lead through the proxy, and others where they lead", async () => {
    const [name, node] = [nameOf(1), `https://${nameOf(1)}.example.com`];
    const wanted = {
      [`${node}/${name}/html5client/next?a=b%20c`]: `/${name}/html5client/next?a=b%20c`,
      [`/${name}/html5client/next`]: `/${name}/html5client/next`,
      'next?a': 'next?a',
      'https://elsewhere.example.org/x': 'https://elsewhere.example.org/x',
    };
    for (const [said, comes] of Object.entries(wanted)) {
      const answer = await get(client(1, `redirect?${encodeURIComponent(said)}`));
      expect(answer.status).toBe(302);
      expect(values(answer, 'location'), said).toEqual([comes]);
    }
    const said = `${node}/bigbluebutton/api/next?a`;
    const answer = await get(api(1, `redirect?${encodeURIComponent(said)}`));
    expect(values(answer, 'location')).toEqual([`/${name}/bigbluebutton/api/next?a`]);
  });

  /**
   * What arrives at the first node while that is done, but for requests for the paths that the proxy relays.
   * Nothing of others is told to anybody, and no node is asked in vain.
   */
  const arrivingOutside = async (act: (seen: (answer: Answer) => void) => Promise<unknown>) => {
    const told: Answer[] = [];
    const arrived = await arrivingAt(1, () => act((answer) => told.push(answer)));
    const unwanted = told.filter(
      ({ status, body }) => [500, 502, 503, 504].includes(status) || body.includes(secretText),
    );
    expect(unwanted.map(({ status, body }) => `${status} ${body}`)).toEqual([]);
    return arrived.filter((line) => !isInside(line, nameOf(1)));
  };

  it('lets no path lead to another one of the node', async () => {
    const targets = [...tricks(nameOf(1)), ...absoluteTargets(nameOf(1), door.hostname)];
    const outside = await arrivingOutside(async (seen) => {
      for (const target of targets) seen(await get(target));
      seen(await get(`${nameOf(1)}.example.com:443`, { method: 'CONNECT' }));
      seen(await get('*', { method: 'OPTIONS' }));
      const bare = await Connection.open(door);
      seen(
        parse(
          await bare
            .listen()
            .say(`GET ${client(1, '../../../../secret')}\r\n`)
            .whole(),
        ),
      );
      // Two requests in one, for servers that don't agree where the first one ends.
      const smuggled = `0\r\n\r\nGET /secret HTTP/1.1\r\nHost: ${nameOf(1)}.example.com\r\n\r\n`;
      for (const coding of ['chunked', 'identity, chunked', ' chunked', 'xchunked', 'chunked\r\nX: y']) {
        const headers = { 'Transfer-Encoding': coding, 'Content-Length': String(smuggled.length) };
        seen(await get(client(1, 'echo'), { method: 'POST', headers, body: smuggled }));
      }
    });
    expect(outside).toEqual([]);
  });

  it('nor one with parameters', async () => {
    const targets = tricksWithParameters(nameOf(1));
    const outside = await arrivingOutside(async (seen) => {
      for (const target of targets) seen(await get(target));
    });
    expect(outside.length).toBe(software.breaks.includes('path-parameters') ? targets.length : 0);
  });

  it('nor over HTTP/2, which it speaks by ALPN', async () => {
    const { address: host, hostname: servername, ca } = door;
    const session = connect(`https://${servername}`, {
      createConnection: () => connectSecurely({ host, port: 443, servername, ca, ALPNProtocols: ['h2'] }),
    });
    await new Promise((resolve, reject) => session.once('connect', resolve).once('error', reject));
    const ask2 = (path: string, authority = door.hostname) =>
      new Promise<Answer>((resolve) => {
        const stream = session.request({ ':path': path, ':authority': authority });
        const parts: Buffer[] = [];
        let status = 0;
        stream.on('response', (headers) => {
          status = Number(headers[':status']);
        });
        stream.on('data', (data: Buffer) => parts.push(data));
        // A request that the proxy won't have at all is reset.
        stream.on('error', () => resolve({ status: 400, headers: [], body: Buffer.concat(parts) }));
        stream.on('close', () => resolve({ status, headers: [], body: Buffer.concat(parts) }));
      });
    try {
      const { status, body } = await ask2(client(1, 'echo?over=2'));
      expect(status).toBe(200);
      expect(session.alpnProtocol).toBe('h2');
      expect(arrivedIn(body).line).toBe(`GET ${client(1, 'echo?over=2')} HTTP/1.1`);
      expect(header(arrivedIn(body), 'host')).toEqual([`${nameOf(1)}.example.com`]);
      expect((await ask2(`/${nameOf(1).toUpperCase()}/html5client/door/echo`)).status).toBe(404);
      const big = await ask2(client(1, 'big'));
      expect([big.body.length, sha256(big.body)]).toEqual([bigLength, sha256(bigFile())]);
      const outside = await arrivingOutside(async (seen) => {
        // What can't be said in HTTP/2 is left out: it would end the session.
        const sayable = tricks(nameOf(1)).filter((target) => /^\/[\x21-\x7e]*$/.test(target));
        for (const target of sayable) seen(await ask2(target));
      });
      expect(outside).toEqual([]);
    } finally {
      session.destroy();
    }
  });

  it('passes parts of files, bodies of up to a megabyte, and what the node compressed', async () => {
    for (const [range, start, end] of [
      ['bytes=0-0', 0, 1],
      ['bytes=1000000-1999999', 1_000_000, 2_000_000],
      [`bytes=-1000`, bigLength - 1000, bigLength],
    ] as const) {
      const part = await get(client(1, 'big'), { headers: { Range: range } });
      expect(part.status).toBe(206);
      expect(values(part, 'content-range')).toEqual([`bytes ${start}-${end - 1}/${bigLength}`]);
      expect(part.body.equals(bigFile(start, end))).toBe(true);
    }
    expect(await statusOf(client(1, 'big'), { headers: { Range: `bytes=${bigLength}-` } })).toBe(416);
    const head = await get(client(1, 'big'), { method: 'HEAD' });
    expect([head.status, values(head, 'content-length'), head.body.length]).toEqual([
      200,
      [`${bigLength}`],
      0,
    ]);

    const body = Buffer.alloc(900_000, 'a body ');
    const arrived = await echo(client(1, 'echo'), { method: 'POST', body });
    expect([arrived.length, arrived.sha256]).toEqual([body.length, sha256(body)]);
    const refused = await arrivingAt(1, async () => {
      // Whoever knows the length needn't wait for the rest; Caddy waits for the first kilobyte.
      const large = {
        method: 'POST',
        body: body.subarray(0, 2_000),
        headers: { 'Content-Length': '2000000' },
      };
      expect(await statusOf(client(1, 'echo'), large)).toBe(413);
    });
    expect(refused).toEqual([]);

    const zipped = await get(client(1, 'gzip'), { headers: { 'Accept-Encoding': 'gzip, br' } });
    expect(values(zipped, 'content-encoding')).toEqual(['gzip']);
    expect(values(zipped, 'etag')).toEqual(['"of-the-node"']);
    expect(gunzipSync(zipped.body).toString()).toMatch(/^(a page that was compressed by the node\n){100}$/);
    expect(values(zipped, 'content-length')).toEqual([String(zipped.body.length)]);
  });

  it('passes no body of more than a megabyte whose length nobody tells', async () => {
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, 'a'), Buffer.from('\r\n')]);
    const connection = await Connection.open(door);
    const head = requestOf(door, client(1, 'echo'), {
      method: 'POST',
      headers: { 'Transfer-Encoding': 'chunked' },
    });
    const chunks = Array.from({ length: 17 }, () => chunk);
    connection.listen().say(Buffer.concat([head, ...chunks, Buffer.from('0\r\n\r\n')]));
    const { status } = parse(await connection.whole());
    if (software.breaks.includes('chunked-bodies')) expect(status).toBe(200);
    else expect(status).toBe(413);
  });

  it('goes on serving others while somebody reads or asks slowly', async () => {
    const reader = await Connection.open(door);
    reader.say(requestOf(door, client(1, 'big')));
    const waiting = get(client(1, 'waits'));
    const senders = await Promise.all(Array.from({ length: 50 }, () => Connection.open(door)));
    for (const sender of senders) sender.say(`GET ${client(1, 'echo')} HTTP/1.1\r\nX-Slow`);
    for (let round = 0; round < 20; round += 1) await expectPages({ 1: 200, 2: 200 });
    // Until somebody asks there, the page has nothing to wait with.
    await eventually(async () => {
      await get(client(1, 'release'));
      const page = await Promise.race([
        waiting,
        new Promise<undefined>((resolve) => setImmediate(resolve, undefined)),
      ]);
      if (page === undefined) throw new Error('the page still waits');
      expect(page.body.toString()).toBe('first\nlast.\n');
    });
    for (const sender of senders) sender.close();
    const { status, body } = parse(await reader.listen().whole());
    expect([status, body.length, sha256(body)]).toEqual([200, bigLength, sha256(bigFile())]);
  });

  it('serves another cluster beside it, whose node has the same name, and lets it go', async () => {
    const { proxies, inventory, file, program } = cluster;
    const [name, hostname] = [`${cluster.name}-second`, secondHostname];
    const node = { name: nameOf(1), hostname: `${nameOf(3)}.example.com` };
    const second = new Cluster(lab(), {
      name,
      proxies,
      nodes: [cluster.node(3)],
      versions: ['3.0'],
      inventory: {
        ...inventory,
        cluster: { name, hostname },
        hosts: { proxy: inventory.hosts.proxy, node: [node] },
      },
      file: file.replace('inventory.yaml', 'second.yaml'),
      program,
    });
    await second.save();
    if (software.breaks.includes('two-clusters')) {
      const { document } = await second.json('apply', '--yes');
      expect(hostOf(document, cluster.proxy.name).error?.code).toBe('port-taken');
      expect(cluster.changedSince(two)).toEqual([]);
      return;
    }
    await applies(second);
    const asked = async (at: Door) => header(arrivedIn((await ask(at, api(1, 'echo'))).body), 'host');
    const secondDoor = { ...door, hostname };
    expect(await asked(door)).toEqual([`${nameOf(1)}.example.com`]);
    expect(await asked(secondDoor)).toEqual([node.hostname]);
    expect((await ask(secondDoor, api(2, 'echo'))).status).toBe(404);
    for (const one of [cluster, second]) expect((await one.run('check')).code).toBe(0);
    await expectOperatorsPage();

    const leaving = { state: 'retired' };
    const proxy = [{ name: cluster.proxy.name, address: `${cluster.proxy.name}.example.com`, ...leaving }];
    second.inventory.hosts = { proxy, node: [{ ...node, ...leaving }] };
    await second.save();
    await applies(second);
    expect(onProxy(cluster.changedSince(two))).toEqual([]);
    await expectPages({ 1: 200, 2: 200 });
    expect((await cluster.run('check')).code).toBe(0);
  });

  it('opens WebSockets, and keeps them while a third node joins', async () => {
    const sockets = await Promise.all(
      [client(1, 'socket'), api(2, 'socket?token=a')].map((target) => OpenSocket.open(door, target)),
    );
    const echoing = (text: string) => Promise.all(sockets.map((socket) => socket.echoes(text)));
    expect(await echoing('before')).toEqual([true, true]);
    await withNodes(1, 2, 3);
    if (software.reloadKeepsSockets) {
      await applies();
      expect(await echoing('after')).toEqual([true, true]);
    } else {
      const { document } = await cluster.json('apply', '--yes');
      expect(hostOf(document, cluster.proxy.name).status).toBe('deferred');
      expect(await echoing('after')).toEqual([true, true]);
      for (const socket of sockets) socket.close();
      await eventually(() => applies());
    }
    await expectPages({ 1: 200, 2: 200, 3: 200 });
    for (const socket of sockets) socket.close();
  });

  it('answers for a node that is down at once, for the others as always, and needs nobody when it is back', async () => {
    const node = cluster.node(2);
    await node.mustExec('systemctl stop nginx');
    for (const target of [client(2, 'echo'), api(2, 'echo')]) {
      expect([502, 503, 504], target).toContain(await statusOf(target));
    }
    await expectPages({ 1: 200, 3: 200 });
    await node.mustExec('systemctl start nginx');
    await eventually(() => expectPages({ 1: 200, 2: 200, 3: 200 }));
  });

  it("refuses a node with another's certificate, or one that nobody vouches for", async () => {
    const node = cluster.node(2);
    const live = `/etc/letsencrypt/live/${node.name}.example.com`;
    const anothers = await lab().authority.issue([`other-than-${node.name}.example.com`]);
    const { length } = await requestsFrom(node, cluster.proxy.address);
    /** It is there, and the proxy doesn't ask it. */
    const expectRefused = async () => {
      await node.mustExec('systemctl restart nginx');
      const own = `https://${node.name}.example.com/secret`;
      expect(await node.mustExec(['curl', '-sS', '--fail', '--insecure', own])).toContain(secretText);
      expect(await statusOf(client(2, 'echo'))).toBeGreaterThanOrEqual(500);
      expect(await requestsFrom(node, cluster.proxy.address, length)).toEqual([]);
    };
    await node.mustExec(['cp', '--archive', live, '/root/live']);
    await node.writeFile(`${live}/fullchain.pem`, await readFile(anothers.certificate));
    await node.writeFile(`${live}/privkey.pem`, await readFile(anothers.privateKey), 0o600);
    await expectRefused();
    const subject = ['-subj', `/CN=${node.name}.example.com`];
    const names = ['-addext', `subjectAltName=DNS:${node.name}.example.com`];
    const files = ['-keyout', `${live}/privkey.pem`, '-out', `${live}/fullchain.pem`];
    const kind = ['-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
    await node.mustExec(['openssl', 'req', ...kind, ...subject, ...names, ...files]);
    await expectRefused();
    await expectPages({ 1: 200, 3: 200 });
    await node.mustExec(['sh', '-c', 'cp --archive /root/live/* "$1"', 'sh', live]);
    await node.mustExec('systemctl restart nginx');
    await eventually(() => expectPages({ 1: 200, 2: 200, 3: 200 }));
  });

  it('ends, at some time, a request whose headers never do', async () => {
    const said = parse(await slowSender.whole());
    expect([0, 400, 408]).toContain(said.status);
  });

  it('goes on when a name stops resolving, and says so in a plan', async () => {
    const { proxy } = cluster;
    const gone = { 1: 200, 2: expect.any(Number), 3: 200 };
    await proxy.mustExec('cp --archive /etc/hosts /root/hosts');
    await proxy.mustExec(['sed', '-i', `/${nameOf(2)}/d`, '/etc/hosts']);
    await expectPages(gone);
    if (software.keepsAddresses) await expectPages({ 2: 200 });
    const { document } = await cluster.json('plan');
    const told = hostOf(document, proxy.name);
    expect(told.warnings.join('\n')).toContain(`${nameOf(2)}.example.com does not resolve on this host`);
    expect(told.changes).toEqual([]);

    const restart = await proxy.exec(['systemctl', 'restart', software.unit]);
    expect(restart.code === 0).toBe(software.startsWithoutName);
    if (software.startsWithoutName) {
      await eventually(() => expectPages(gone));
      expect(await statusOf(client(2, 'echo'))).toBeGreaterThanOrEqual(500);
    }
    await proxy.mustExec('cp --archive /root/hosts /etc/hosts');
    await proxy.mustExec(['systemctl', 'restart', software.unit]);
    await eventually(() => expectPages({ 1: 200, 2: 200, 3: 200 }));
  });

  it('answers by IPv6, by no TLS before 1.2, and at port 80 with the way to https', async () => {
    const target = client(1, 'echo?by=6');
    const words = ['--resolve', `${door.hostname}:443:[::1]`, `https://${door.hostname}${target}`];
    const page = await cluster.proxy.mustExec(['curl', '-sS', '--fail', ...words]);
    expect(arrivedIn(Buffer.from(page)).line).toBe(`GET ${target} HTTP/1.1`);

    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const;
    await expect(Connection.open(door, old)).rejects.toThrow(/alert protocol version/);
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const answer = await ask(door, client(1, 'echo'), {}, { minVersion: version, maxVersion: version });
      expect(answer.status).toBe(200);
    }

    const redirect = await ask(door, `${client(1, 'echo')}?a=b%20c`, {}, { port: 80 });
    expect([301, 302, 307, 308]).toContain(redirect.status);
    expect(values(redirect, 'location')).toEqual([`https://${door.hostname}${client(1, 'echo')}?a=b%20c`]);
    // Whoever gets certificates answers there: files of certbot's, or a server that it starts for a moment.
    const challenge = await ask(door, '/.well-known/acme-challenge/token', {}, { port: 80 });
    expect([404, 503]).toContain(challenge.status);
  });

  it('serves the nodes under the name of the cluster alone', async () => {
    const hosts = ['elsewhere.example.org', `${nameOf(1)}.example.com`, door.address, 'localhost'];
    const answers = await Promise.all(hosts.map((host) => get(client(1, 'echo'), { host })));
    // Some have an empty page for hosts that they don't know.
    const served = answers.filter(({ body }) => body.includes('"line"')).length;
    expect(served).toBe(software.breaks.includes('another-host') ? hosts.length : 0);
    for (const host of [door.hostname.toUpperCase(), `${door.hostname}:443`]) {
      expect(await statusOf(client(1, 'echo'), { host }), host).toBe(200);
    }
  });

  it('is left as it was by a change that it refuses', async () => {
    const { proxy } = cluster;
    const { path, text } = software.broken;
    await proxy.mustExec(['sh', '-c', 'if [ -e "$1" ]; then cp --archive "$1" /root/broken; fi', 'sh', path]);
    await proxy.mustExec(['sh', '-c', 'cat >> "$1"', 'sh', path], { input: text });
    const before = cluster.manifests();
    cluster.inventory.vars.redirect_http = false;
    await cluster.save();
    const { code, document } = await cluster.json('apply', '--yes');
    expect(code).toBe(3);
    expect(hostOf(document, proxy.name)).toMatchObject({
      status: 'rolled-back',
      error: { code: 'validation-failed', detail: expect.stringMatching(/no[_-]directive/) },
    });
    expect(cluster.changedSince(before)).toEqual([]);
    expect(await temporaryFiles(proxy)).toBe('');
    await expectPages({ 1: 200, 2: 200, 3: 200 });
    await expectOperatorsPage();
    delete cluster.inventory.vars.redirect_http;
    await cluster.save();
    const putBack = 'if [ -e /root/broken ]; then mv /root/broken "$1"; else rm "$1"; fi';
    await proxy.mustExec(['sh', '-c', putBack, 'sh', path]);
    expect((await cluster.run('check')).code).toBe(0);
  });

  it('is rolled back to two nodes', async () => {
    await withNodes(1, 2, 3);
    const { code, document } = await cluster.json('rollback', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect(code).toBe(0);
    expect(onProxy(cluster.changedSince(two))).toEqual([]);
    await expectPages({ 1: 200, 2: 200, 3: 404 });
    await withNodes(1, 2);
    expect((await cluster.run('check')).code).toBe(0);
  });

  it('loses a node that retires, and no other', async () => {
    expect((await cluster.json('retire', nameOf(2), '--yes')).code).toBe(0);
    await expectPages({ 1: 200, 2: 404 });
    await expectServed(cluster, cluster.node(1), '3.0');
    await expectOperatorsPage();
  });

  it('is given back byte for byte when it retires itself', async () => {
    await withNodes(1);
    for (const host of [cluster.inventory.hosts.proxy, cluster.inventory.hosts.node].flat()) {
      if (typeof host === 'object') host.state = 'retired';
    }
    await cluster.save();
    await applies();
    expect(onProxy(cluster.changedSince(fresh))).toEqual([]);
    await expectOperatorsPage();
  });

  it('refuses what was set up by hand, with a list, and takes it over when asked', async () => {
    const { proxy, inventory } = cluster;
    const { vars, path, text, route, found } = software.byHand;
    const byHand = text(door.hostname, nameOf(1));
    await proxy.writeFile(path, byHand);
    await proxy.mustExec(['systemctl', 'restart', software.unit]);
    await expectPages({ 1: 200 });
    Object.assign(inventory.vars, vars);
    inventory.hosts.proxy = [{ name: proxy.name, address: `${proxy.name}.example.com` }];
    await withNodes(1);
    const before = cluster.manifests();
    const refused = await cluster.json('apply', '--yes');
    expect(refused.code).toBe(3);
    const { error } = hostOf(refused.document, proxy.name);
    expect(error).toMatchObject({ code: 'set-up-by-hand', next: expect.stringContaining('adopt: true') });
    expect(error?.message).toMatch(found(nameOf(1)));
    expect(cluster.changedSince(before)).toEqual([]);

    inventory.vars.adopt = true;
    await cluster.save();
    await applies();
    for (const target of [client(1, 'echo'), api(1, 'echo')]) expect(await statusOf(target)).toBe(200);
    expect((await get('/own')).body.toString()).toBe(operatorsText);
    expect((await cluster.run('check')).code).toBe(0);
    // Everything else of the operator's, in its order.
    const kept = (await proxy.readFile(path)).toString();
    const others = byHand.replace(route(nameOf(1)), '');
    expect(others).not.toBe(byHand);
    expect(kept).not.toContain(route(nameOf(1)));
    const missing = kept
      .split('\n')
      .reduce((rest, line) => (line === rest[0] ? rest.slice(1) : rest), others.split('\n'));
    expect(missing).toEqual([]);
    const { document } = await cluster.json('rollback', '--yes');
    expect(document.hosts.flatMap((host) => host.error ?? [])).toEqual([]);
    expect((await proxy.readFile(path)).toString()).toBe(byHand);
  });
}
