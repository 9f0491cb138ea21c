import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ReportCheck, ReportDocument } from '../../src/report/document/schema.ts';
import { type Cluster, hostOf, startCluster, statuses } from '../e2e/cluster.ts';
import { noLab, useLab } from '../e2e/lab.ts';
import { installSfu } from '../lab/bigbluebutton/sfu.ts';
import { eventually } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import { chromiumHere } from './browser/chromium.ts';
import { documented } from './fault-table.ts';

interface Fault {
  readonly name: string;
  readonly host: (cluster: Cluster) => LabHost;
  readonly make: string;
  readonly mend: string;
  /** the checks in the browser that fail, as NODE CHECK; nothing else does */
  readonly found: readonly (readonly [node: 1 | 2, check: string])[];
  /** what is said about one of them */
  readonly words: RegExp;
  /** what it takes to find it */
  readonly args?: readonly string[];
}

const proxy = (cluster: Cluster) => cluster.proxy;
const modern = (cluster: Cluster) => cluster.node(2);

/** A header that an operator adds to all pages of the proxy. */
function header(name: string, value: string): Pick<Fault, 'make' | 'mend'> {
  const file = '/etc/nginx/conf.d/zz-own.conf';
  const line = `add_header ${name} "${value}" always;`;
  return { make: `echo '${line}' > ${file} && nginx -s reload`, mend: `rm ${file} && nginx -s reload` };
}

/** A file with a mistake, and the service that reads it restarted. */
function mistake(path: string, script: string, unit: string): Pick<Fault, 'make' | 'mend'> {
  const again = `systemctl daemon-reload && systemctl restart ${unit}`;
  return {
    make: `cp -a ${path} /root/kept && sed -i '${script}' ${path} && ${again}`,
    mend: `cp -a /root/kept ${path} && ${again}`,
  };
}

const faults: readonly Fault[] = [
  {
    name: 'a header of the operator forbids the camera',
    host: proxy,
    ...header('Permissions-Policy', 'camera=()'),
    found: [
      [1, 'browser-permissions'],
      [2, 'browser-permissions'],
    ],
    words: /camera: granted, but the page does not get it .*Permissions-Policy is 'camera=\(\)'/,
  },
  {
    name: 'a header of the operator forbids connections to the nodes',
    host: proxy,
    ...header('Content-Security-Policy', 'connect-src https://viewed.example.com'),
    found: [
      [1, 'browser-console'],
      [1, 'browser-sockets'],
      [2, 'browser-console'],
      [2, 'browser-sockets'],
    ],
    words: /forbidden by the page's Content-Security-Policy/,
  },
  {
    name: 'bbb-web lets pages of another origin in, so that the browser keeps its answers from the client',
    host: modern,
    ...mistake(
      '/etc/systemd/system/bbb-web.service.d/zz-clusterproxy.conf',
      's,allowedOrigins=[^ "]*,allowedOrigins=https://other.example.com,',
      'bbb-web',
    ),
    found: [[2, 'browser-console']],
    words: /bigbluebutton\/api: blocked by CORS/,
  },
  {
    name: "the client's sockets go to the proxy",
    host: modern,
    ...mistake(
      '/etc/bigbluebutton/bbb-web.properties',
      's,^graphqlWebsocketUrl=.*,graphqlWebsocketUrl=wss://viewed.example.com/graphql,',
      'bbb-web',
    ),
    found: [[2, 'browser-sockets']],
    words: /wss:\/\/viewed\.example\.com\/graphql goes to the proxy/,
  },
];

/** A media server that tells clients to send their media to the proxy, whatever that one's address is. */
const mediaToProxy: Fault = {
  name: 'media of a meeting go to the proxy',
  host: modern,
  make: "getent hosts viewed.example.com | cut -d' ' -f1 > /var/lib/bbb-standin/bbb-webrtc-sfu.address",
  mend: 'rm /var/lib/bbb-standin/bbb-webrtc-sfu.address',
  found: [[2, 'browser-media']],
  words: /^media go to the proxy \([\d.]+, udp\)$/,
  args: ['--with-meeting'],
};
/** As on a node that was made from another one's image. */
const mediaToOther: Fault = {
  name: 'media of a meeting go to another node',
  ...{ host: modern, mend: mediaToProxy.mend, found: mediaToProxy.found, args: ['--with-meeting'] },
  make: mediaToProxy.make.replace('viewed.example.com', 'viewed-01.example.com'),
  words: /^media go to another node \([\d.]+, udp\)$/,
};
const all = [...faults, mediaToProxy, mediaToOther];

const noBrowser = chromiumHere() === undefined;

describe.skipIf(noLab || noBrowser)('verify --browser on real hosts', () => {
  const lab = useLab();
  let cluster: Cluster;
  let pictures: string;

  beforeAll(async () => {
    pictures = join(mkdtempSync(join(tmpdir(), 'pictures-')), 'new');
    cluster = await startCluster(lab(), {
      ...{ name: 'viewed', nodes: ['2.6', '3.0.28'], hasty: true },
      prepareNode: installSfu,
    });
    const { code, stderr } = await cluster.run('apply', '--yes');
    expect([code, stderr.match(/error .*/)?.[0]]).toEqual([0, undefined]);
  });
  afterAll(() => rmSync(join(pictures, '..'), { recursive: true }));

  const often = process.env.CLUSTERPROXY_LONG ? 50 : 1;
  const look = (...args: readonly string[]) =>
    cluster.json('verify', '--browser', '--timeout', '60', ...args);

  it(`finds nothing wrong with a sound cluster, however often it looks (${often})`, async () => {
    for (let times = 0; times < often; times += 1) {
      const { code, document, stderr } = await look(
        ...['--with-meeting', '--screenshots', pictures, '--html', join(pictures, '../page.html')],
      );
      expect(JSON.stringify(document) + stderr).not.toMatch(/checksum=[\da-f]/);
      expect(wrong(document)).toEqual([]);
      expect(code).toBe(0);
      for (const node of cluster.nodes) {
        const own = (id: string) => found(document, node.name, id);
        expect(own('browser-origin')).toBe("the page's origin is https://viewed.example.com");
        // What an operator without a cluster proxy has: each node's address asks again.
        expect(own('browser-permissions')).toBe(
          `granted for https://viewed.example.com, while https://${node.name}.example.com would have to ask for them`,
        );
        expect(own('browser-sockets')).toMatch(
          `the page opens 1 at ${node.name}.example.com; accepted for it: wss://`,
        );
        expect(own('browser-console')).toBe('it blocks nothing');
        expect(own('browser-media')).toBe(
          `media go to ${node.address}; it was given stun:${node.name}.example.com:3478`,
        );
      }
      const { screenshots, version } = document.browser ?? { screenshots: [] };
      expect(version).toMatch(/^\d+\.\d+/);
      expect(screenshots.map(({ file }) => file)).toEqual(
        cluster.nodes.map(({ name }) => join(pictures, `${name}.png`)),
      );
      for (const { file } of screenshots) {
        expect(statSync(file).mode & 0o777).toBe(0o600);
        expect(readFileSync(file).subarray(1, 4).toString()).toBe('PNG');
      }
      expect(statSync(pictures).mode & 0o777).toBe(0o700);
      const shown = await opened(join(pictures, '../page.html'));
      expect(shown.asked).toEqual([]);
      // The same bytes, also without the files.
      expect(shown.pictures.toSorted()).toEqual(
        screenshots
          .map(({ file }) => `data:image/png;base64,${readFileSync(file).toString('base64')}`)
          .toSorted(),
      );
    }
  });

  /** What a browser asks for to show a page, and the pictures that it can show. */
  async function opened(file: string) {
    const executablePath = chromiumHere() ?? '';
    const browser = await chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 });
    try {
      const page = await browser.newPage();
      const { href } = pathToFileURL(file);
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      await page.goto(href);
      const pictures = (await page.evaluate(
        // Those out of sight aren't decoded.
        `Promise.all([...document.images].map(({ src }) => {
          const image = new Image();
          image.src = src;
          return image.decode().then(() => src, () => 'broken');
        }))`,
      )) as string[];
      return { pictures, asked: asked.filter((one) => one !== href && !one.startsWith('data:')) };
    } finally {
      await browser.close();
    }
  }

  it('says what one node cannot show', async () => {
    const { code, document } = await look('--limit', cluster.node(2).name);
    expect(code).toBe(0);
    expect(document.warnings).toEqual([expect.stringContaining('only the client of viewed-02 was opened')]);
  });

  describe('one fault at a time', () => {
    let mend: (() => Promise<void>) | undefined;
    afterEach(async () => {
      await mend?.();
      mend = undefined;
    });

    it.each(all)('$name', async ({ host, make, mend: back, found: expected, words, args = [] }) => {
      const at = host(cluster);
      mend = async () => {
        await at.mustExec(back);
      };
      await at.mustExec(make);
      const names = expected.map(([number, id]) => `${cluster.node(number).name} ${id}`).sort();
      await eventually(async () => {
        const hosts = [...new Set(expected.map(([number]) => cluster.node(number).name))];
        const { code, document } = await look('--limit', hosts.join(), ...args);
        expect(wrong(document).filter((one) => one.includes(' browser-'))).toEqual(names);
        const [[number, id] = [1, '']] = expected;
        expect(found(document, cluster.node(number).name, id)).toMatch(words);
        expect(code).toBe(4);
      });
    });
  });

  // The playbook gets a file for the proxy that no other check from outside minds.
  it('--confirm browser keeps what a browser likes, and puts back what it alone dislikes', async () => {
    const file = await cluster.copyPlaybook();
    const playbook = readFileSync(file, 'utf8');
    const apply = (timeout: string) =>
      cluster.json('apply', '--yes', '--confirm', 'browser', '--confirm-timeout', timeout);
    const withHeader = (value: string) => {
      const at = '      - id: server-block\n';
      expect(playbook).toContain(at);
      const header = `add_header Permissions-Policy "${value}" always;`;
      const step = { path: '/etc/nginx/conf.d/zz-header.conf', content: `${header}\n` };
      const text = `      - id: header\n        file: ${JSON.stringify(step)}\n        notify: reload-nginx\n${at}`;
      writeFileSync(file, playbook.replace(at, text));
    };
    withHeader('camera=*');
    const planned = await cluster.json('plan', '--confirm', 'browser');
    const inBrowser = (document: ReportDocument) =>
      (hostOf(document, cluster.proxy.name).deciding ?? []).filter(({ id }) => id.startsWith('browser-'));
    expect(inBrowser(planned.document)).toHaveLength(8);
    const kept = await apply('5m');
    expect([kept.code, kept.document.hosts.flatMap(({ error }) => error ?? [])]).toEqual([0, []]);
    expect(new Set(inBrowser(kept.document).map(({ outcome }) => outcome))).toEqual(new Set(['passed']));
    const before = cluster.manifests();
    withHeader('camera=()');
    // Put back however slow the browser is; but a page that it could not open in time shows nothing else.
    const times = ['50s', '100s'].values();
    await eventually(async () => {
      const { code, document } = await apply(times.next().value ?? '100s');
      expect([code, statuses(document)[cluster.proxy.name]]).toEqual([3, 'rolled-back']);
      expect(cluster.changedSince(before)).toEqual([]);
      const { error, deciding = [] } = hostOf(document, cluster.proxy.name);
      expect(error).toMatchObject({ code: 'outside-check-failed' });
      expect(deciding.filter(({ outcome }) => outcome === 'failed').map(({ id }) => id)).toEqual([
        ...['browser-permissions', 'browser-permissions'],
      ]);
    });
  });

  it('is written down for operators', () => {
    const rows = all.map(({ name, found: checks, args = [] }) => ({
      fault: name,
      found: checks.map(([, check]) => ['verify', ...args, check].join(' ')),
    }));
    documented('browser', rows);
  });
});

function wrong({ checks = [] }: ReportDocument): readonly string[] {
  const fine: readonly ReportCheck['outcome'][] = ['passed', 'not-applicable'];
  return checks
    .filter(({ outcome }) => !fine.includes(outcome))
    .map(({ host, id }) => `${host} ${id}`)
    .sort();
}

function found({ checks = [] }: ReportDocument, host: string, id: string): string | undefined {
  return checks.find((check) => check.host === host && check.id === id)?.found;
}
