import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { hostname } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ConfigurationFiles,
  type EffectiveServer,
  effectiveConfiguration,
  type Socket,
  socketAt,
  socketsOf,
} from '../../src/formats/nginx.ts';
import { realFiles } from '../support/nginx-files.ts';
import { withoutNginx } from '../support/nginx-oracle.ts';
import { long, seed } from '../support/random.ts';
import { type RunningNginx, startNginx } from '../support/running-nginx.ts';

/** Names of files, one after the other. */
const steps = (number: number) => Array.from({ length: number }, (_, index) => String(index));

/** A server block: its names, and where it listens, by number; see `addresses`. */
interface Drawn {
  readonly names: readonly string[];
  readonly listen: readonly number[];
}

/** Server blocks that share two ports, and which of them is the default of each address. */
interface Site {
  readonly servers: readonly Drawn[];
  readonly defaults: readonly number[];
}

const names = [
  'a.example.com',
  'A.Example.COM',
  'example.com',
  '.example.com',
  '*.example.com',
  '.a.example.com',
  '*.a.example.com',
  '*.b.a.example.com',
  '*.com',
  'a.*',
  'a.example.*',
  'example.*',
  '_',
  '""',
  '$hostname',
  String.raw`~^a\.`,
  String.raw`"~^(?:b|x)\.a\."`,
  '~EXAMPLE.ORG$',
  '"~^.{3,5}$"',
];
const asked = [
  'a.example.com',
  'A.EXAMPLE.com',
  'a.example.com.',
  'b.a.example.com',
  'c.b.a.example.com',
  'example.com',
  'x.example.com',
  'a.example.org',
  'a.example.co.uk',
  'example.org',
  'a',
  'a.b',
  'x.a.b',
  'com',
  'abcd',
  hostname(),
];
/** Of each site's own ports: a wildcard, two addresses, another port, IPv6, and a name. */
const addresses = [
  (port: number) => `${port}`,
  (port: number) => `127.0.0.1:${port}`,
  (port: number) => `127.0.0.2:${port}`,
  (port: number) => `*:${port + 1}`,
  (port: number) => `[::1]:${port}`,
  (port: number) => `0.0.0.0:${port}`,
];
const site: fc.Arbitrary<Site> = fc.record({
  servers: fc.array(
    fc.record({
      names: fc.uniqueArray(fc.constantFrom(...names), { maxLength: 3 }),
      // The last is the first in another writing, which nginx takes for the same within one block.
      listen: fc
        .uniqueArray(fc.nat(addresses.length - 1), { minLength: 1, maxLength: 3 })
        .filter((numbers) => !(numbers.includes(0) && numbers.includes(5))),
    }),
    { minLength: 1, maxLength: 5 },
  ),
  defaults: fc.array(fc.nat(5), { minLength: 4, maxLength: 4 }),
});

function blocksOf({ servers, defaults }: Site, number: number, port: number): readonly string[] {
  return servers.map(({ names: own, listen }, index) => {
    const lines = listen.map((address) => {
      // One default at most for each address, else nginx doesn't load it.
      const isDefault = defaults[address % 5] === index;
      return `listen ${addresses[address]?.(port)}${isDefault ? ' default_server' : ''};`;
    });
    const named = own.length === 0 ? '' : `server_name ${own.join(' ')};`;
    return `server { ${lines.join(' ')} ${named} location / { return 200 ${number}.${index}; } }`;
  });
}

/** Every second server block in a file of its own, in another order than they were drawn. */
function writeSites(folder: string, sites: readonly Site[], base: number): string {
  for (const name of ['conf.d', 'available', 'enabled']) mkdirSync(join(folder, name));
  const common = sites.flatMap((one, number) =>
    blocksOf(one, number, base + 2 * number).map((block, index) => {
      if (index % 2 === 0) return block;
      const name = `${number}-${(index * 7) % 5}.conf`;
      const isLinked = index === 1;
      writeFileSync(join(folder, isLinked ? 'available' : 'conf.d', name), `${block}\n`);
      if (isLinked) symlinkSync(`../available/${name}`, join(folder, 'enabled', name));
      return '';
    }),
  );
  return ['include conf.d/*.conf;', ...common, `include ${folder}/enabled/*;`].join('\n');
}

async function startWith(sites: readonly Site[]): Promise<{ nginx: RunningNginx; base: number }> {
  for (let attempt = 0; ; attempt++) {
    const base = 12_000 + ((seed * 97 + attempt * 1_013 + process.pid * 31) % 16_000);
    try {
      const nginx = await startNginx(
        (folder) => `server_names_hash_bucket_size 128;
${writeSites(folder, sites, base)}
server { listen unix:${folder}/front; return 204; }`,
      );
      return { nginx, base };
    } catch (error) {
      if (attempt > 20 || !String(error).includes('Address already in use')) throw error;
    }
  }
}

describe('which server block answers', () => {
  const property = fc.asyncProperty(fc.array(site, { minLength: 40, maxLength: 40 }), async (sites) => {
    const { nginx, base } = await startWith(sites);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      const main = join(nginx.folder, 'nginx.conf');
      const { servers, unread } = effectiveConfiguration(main, realFiles);
      expect(unread).toEqual([]);
      const sockets = socketsOf(servers, hostname());
      for (const [number] of sites.entries()) {
        for (const [address, offset] of [
          ['127.0.0.1', 0],
          ['127.0.0.2', 0],
          ['127.0.0.3', 0],
          ['127.0.0.1', 1],
          ['::1', 0],
        ] as const) {
          const at = { host: address, port: base + 2 * number + offset, agent };
          const socket = socketAt(sockets, { address, port: at.port });
          for (const name of asked) {
            const answer = await nginx.get('/', { host: name }, at).then(
              ({ body }) => body,
              () => 'nobody',
            );
            expect([at.port, address, name, labelOf(socket, name)]).toEqual([at.port, address, name, answer]);
          }
        }
      }
      expect(conflictsOf(sockets)).toEqual(conflictsSaid(main));
    } finally {
      agent.destroy();
      await nginx.stop();
    }
  });

  it.skipIf(withoutNginx)('is the one that the real nginx chooses', async () => {
    await fc.assert(property, { numRuns: long ? 20 : 1, seed, endOnFailure: true });
  });
});

function labelOf(socket: Socket | undefined, name: string): string {
  return socket === undefined ? 'nobody' : labelIn(socket.answer(name).server);
}

function labelIn({ directives }: EffectiveServer): string {
  const location = directives.find(({ name }) => name === 'location');
  return location?.block?.directives[0]?.args[1]?.text ?? '';
}

function conflictsOf(sockets: readonly Socket[]): readonly string[] {
  return sockets
    .flatMap(({ conflicts, port }) =>
      conflicts.map(({ name }) => `${(name === '$hostname' ? hostname() : name).toLowerCase()} ${port}`),
    )
    .sort();
}

/** What nginx says about names: in lower case, but for its own host's. */
function conflictsSaid(main: string): readonly string[] {
  const { stderr } = spawnSync('nginx', ['-t', '-p', join(main, '..'), '-c', main]);
  const said = stderr.toString().matchAll(/conflicting server name "(.*)" on \S*?:(\d+), ignored/g);
  return [...said].map(([, name = '', port]) => `${name.toLowerCase()} ${port}`).sort();
}

describe('an effective configuration', () => {
  it('compares with regular expressions as far as they can be tried, and else takes them for matching', () => {
    const answers = (name: string, host: string) => {
      const { servers } = of({
        '/etc/nginx/nginx.conf': `http { server { listen 80; server_name x; } server { listen 80; server_name ${name}; } }`,
      });
      return socketsOf(servers)[0]?.answer(host).by;
    };
    expect(answers(String.raw`"~^(?P<first>\\w+)\\.example\\.com$"`, 'a.example.com')).toBe(
      'regular expression',
    );
    expect(answers(String.raw`~^(?i)A\.example`, 'a.example.com')).toBe('regular expression');
    expect(answers(String.raw`~^b\.example`, 'a.example.com')).toBe('default');
    expect(answers('~^(?>b)', 'a.example.com')).toBe('regular expression');
  });

  const of = (files: Readonly<Record<string, string>>) => {
    const host: ConfigurationFiles = {
      file: (path) => (files[path] === undefined ? undefined : { path, text: files[path] }),
      glob: (pattern) =>
        pattern.startsWith('/unknown/')
          ? undefined
          : Object.keys(files).filter((path) => path.startsWith(pattern.split('*')[0] ?? '')),
    };
    return effectiveConfiguration('/etc/nginx/nginx.conf', host);
  };

  it('has the server blocks of http, wherever they are, and those of stream apart', () => {
    const { servers, streams, files } = of({
      '/etc/nginx/nginx.conf':
        'stream { include streams/*; }\nhttp { include more/*; upstream x { server 192.0.2.1; } }\nmail { server { listen 25; } }',
      '/etc/nginx/streams/a': 'server { listen 443; proxy_pass x; }',
      '/etc/nginx/more/b': 'server { include /opt/names; }',
      '/opt/names': 'listen 8443 ssl; server_name x y;',
      '/etc/nginx/other': 'server { listen 80; }',
    });
    expect(servers.map((one) => [one.file.path, one.names, one.listen.map(({ port }) => port)])).toEqual([
      ['/etc/nginx/more/b', ['x', 'y'], [8443]],
    ]);
    expect(streams.map(({ listen }) => listen[0]?.port)).toEqual([443]);
    expect([...files]).toContain('/opt/names');
    expect([...files]).not.toContain('/etc/nginx/other');
  });

  it('says what could not be read', () => {
    const { unread } = of({
      '/etc/nginx/nginx.conf': 'http { include missing; include /unknown/*; include self; }',
      '/etc/nginx/self': 'include self;',
    });
    expect(unread).toEqual(['/etc/nginx/missing', '/unknown/*', '/etc/nginx/self']);
  });

  it.each([
    ['each other', ['a', 'b'], (_: string) => 'include a;\ninclude b;\ninclude a;\n'],
    ['the next one twice', steps(60), (one: string) => `include ${Number(one) + 1};\n`.repeat(2)],
    [
      'all the others',
      steps(30),
      () =>
        steps(30)
          .map((one) => `include ${one};\n`)
          .join(''),
    ],
  ])('comes to an end where files include %s', (_, paths, textOf) => {
    const files = Object.fromEntries(paths.map((one) => [`/etc/nginx/${one}`, textOf(one)]));
    const { servers, unread } = of({
      '/etc/nginx/nginx.conf': `http { include ${paths[0]}; server { listen 443; } }`,
      ...files,
    });
    expect(servers.length).toBe(1);
    expect(unread.length).toBeGreaterThan(0);
  });

  it.each([
    ['80', 'ipv4 * 80'],
    ['*:81 default_server', 'ipv4 * 81 default'],
    ['192.0.2.1', 'ipv4 192.0.2.1 80'],
    ['[::]:443 ssl http2 ipv6only=off', 'ipv6 * 443 ssl both'],
    ['[2001:DB8:0::1]:443', 'ipv6 2001:db8::1 443'],
    ['unix:/run/x.sock proxy_protocol', 'unix /run/x.sock 0 proxy'],
    ['8000-8001', 'ipv4 * 8000,ipv4 * 8001'],
    ['localhost:80', 'ipv4 127.0.0.1 80,ipv6 ::1 80'],
    ['Name.example.com:80', 'name name.example.com 80'],
    ['443 quic reuseport', ''],
    ['[no]:1', ''],
  ])('understands listen %s', (listen, meaning) => {
    const { servers } = of({ '/etc/nginx/nginx.conf': `http { server { listen ${listen}; } }` });
    const words = servers[0]?.listen.map((one) =>
      [
        one.family,
        one.address,
        one.port,
        ...(one.isDefault ? ['default'] : []),
        ...(one.ssl ? ['ssl'] : []),
        ...(one.alsoIpv4 ? ['both'] : []),
        ...(one.proxyProtocol ? ['proxy'] : []),
      ].join(' '),
    );
    expect(words?.join()).toBe(meaning);
  });
});
