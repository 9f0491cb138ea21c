import { chownSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runs } from '../support/random.ts';
import { AgentHost, agentFile, grammar, StatisticsPage, shells } from './agent.ts';

const streams = {
  streams_webrtc_in: 3,
  streams_webrtc_out: 20,
  streams_rtmp_in: 2,
  streams_rtmp_out: 5,
  streams_rtsp_in: 1,
  streams_rtsp_out: 0,
  streams_hls: 7,
};

let page: StatisticsPage;
beforeAll(async () => {
  page = await StatisticsPage.start();
});
afterAll(() => page.stop());

let host: AgentHost;
beforeEach(() => {
  host = new AgentHost({ statistics_url: page.url });
  page.show(streams);
});
afterEach(() => host.remove());

it('is tried by every shell that may be behind /bin/sh', () => {
  expect(shells.map(([program]) => program)).toContain('dash');
});

describe.each(shells.map((shell) => ({ shell, name: shell.join(' ') })))(
  'haproxy-agent-check.sh under $name',
  ({ shell }) => {
    const ask = (...args: string[]) => host.ask(shell, args);

    it('says up 100% where nothing is near its threshold', async () => {
      expect(await ask('cpu', 'publishers', 'subscribers', 'hls')).toBe('up 100%\n');
    });

    it.each([
      ['cpu', '25', 'cpu 25 of 25'],
      ['publishers', '6', 'publishers 6 of 6'],
      ['subscribers', '25', 'subscribers 25 of 25'],
      ['hls', '7', 'hls 7 of 7'],
    ])('takes away new clients when %s reaches its threshold', async (name, limit, why) => {
      expect(await ask(name, limit)).toBe(`up 0% #${why}\n`);
      expect(await ask(name, String(Number(limit) * 2))).toBe('up 100%\n');
    });

    it('has the defaults of the guide', async () => {
      host.load(1.8);
      expect(await ask('cpu')).toBe('up 0% #cpu 90 of 90\n');
      host.load(0);
      page.show({ streams_webrtc_in: 99, streams_webrtc_out: 100, streams_hls: 100 });
      expect(await ask('publishers')).toBe('up 5% #publishers 99 of 100\n');
      expect(await ask('subscribers', 'cpu')).toBe('up 0% #subscribers 100 of 100\n');
      expect(await ask('hls')).toBe('up 0% #hls 100 of 100\n');
    });

    it('grades the weight from four fifths of a threshold on, by the one that is nearest', async () => {
      page.show({ streams_webrtc_in: 80, streams_webrtc_out: 90 });
      expect(await ask('publishers', '100')).toBe('up 100%\n');
      expect(await ask('publishers', '100', 'subscribers', '100')).toBe('up 50% #subscribers 90 of 100\n');
      host.load(1.99);
      expect(await ask('cpu', '100', 'subscribers', '100')).toBe(
        'up 2% #cpu 99.5 of 100; subscribers 90 of 100\n',
      );
    });

    it('names every threshold that is reached', async () => {
      expect(await ask('hls', '5', 'cpu', '90', 'publishers', '1')).toBe(
        'up 0% #hls 7 of 5; publishers 6 of 1\n',
      );
    });

    it('measures the bandwidth of the interface that leads out, over the time between two checks', async () => {
      const first = 'up 100% #band-in not measured yet; band-out not measured yet\n';
      expect(await ask('band-in', '10', 'band-out', '10')).toBe(first);
      host.traffic({ uptime: 1005, received: 1_000_000 + 5e6, sent: 2_000_000 + 6.25e6 });
      expect(await ask('band-in', '10', 'band-out', '10')).toBe('up 0% #band-out 10 of 10\n');
      // Another balancer asks a moment later: too short a time to measure anything by.
      host.traffic({ uptime: 1005.04, received: 1_000_000 + 5e6, sent: 2_000_000 + 6.25e6 });
      expect(await ask('band-in', '8')).toBe('up 0% #band-in 8 of 8\n');
    });

    it('begins anew after counters that went back and after a long pause', async () => {
      await ask('band-in');
      host.traffic({ uptime: 1005, received: 10, sent: 10 });
      expect(await ask('band-in')).toBe('up 100% #band-in not measured yet\n');
      host.traffic({ uptime: 2005, received: 1e12, sent: 1e12 });
      expect(await ask('band-in')).toBe('up 100% #band-in not measured yet\n');
    });

    it('takes bandwidth from the statistics page where keys are named', async () => {
      host.remove();
      host = new AgentHost({
        statistics_url: page.url,
        band_in_keys: 'mbit_in other',
        cpu_keys: 'system_cpu',
      });
      page.show({ mbit_in: '101.5', system_cpu: 12 });
      expect(await ask('band-in', 'cpu', '10')).toBe('up 0% #band-in 101.5 of 100; cpu 12 of 10\n');
    });

    it('reads thresholds from its file, as data', async () => {
      host.remove();
      host = new AgentHost({
        statistics_url: page.url,
        thresholds: `cpu 20 hls $(touch ${host.folder}-run) publishers 6`,
        interfaces: '`touch never`',
      });
      expect(await ask()).toBe(
        'up 0% #cpu 25 of 20; hls has no number above 0; no such threshold; publishers 6 of 6\n',
      );
      expect(existsSync(`${host.folder}-run`)).toBe(false);
    });

    it('says up 100% and why where a key is missing', async () => {
      page.show({ connections: 5 });
      expect(await ask('publishers', 'cpu')).toBe('up 100% #publishers unknown\n');
    });

    it('keeps the weight of the last answer for a minute when the page hangs, and never stays away for ever', async () => {
      host.remove();
      host = new AgentHost({ statistics_url: page.url, statistics_timeout: '1' });
      page.show({ ...streams, streams_hls: 95 });
      expect(await ask('hls', '100')).toBe('up 25% #hls 95 of 100\n');
      let asked = 0;
      page.respond = () => asked++;
      host.traffic({ uptime: 1030, received: 0, sent: 0 });
      // The page never answers: that there is an answer at all is what is shown.
      expect(await ask('hls', '100')).toBe(
        'up 25% #the statistics page does not answer; weight of 30 s ago\n',
      );
      expect(await ask('hls', '100', 'cpu', '25')).toBe(
        'up 0% #cpu 25 of 25; the statistics page does not answer\n',
      );
      host.traffic({ uptime: 1061, received: 0, sent: 0 });
      expect(await ask('hls', '100')).toBe('up 100% #the statistics page does not answer\n');
      expect(asked).toBe(3);
    });

    it.each<[string, (text: string) => void]>([
      ['an error', (text) => (page.respond = (_, response) => response.writeHead(500).end(text))],
      [
        'a redirect',
        (text) => (page.respond = (_, response) => response.writeHead(302, { location: '/' }).end(text)),
      ],
      [
        'an answer that is cut off within a number',
        (text) =>
          (page.respond = (_, response) => {
            response.writeHead(200, { 'content-length': 5000 });
            response.write(text.slice(0, -1));
          }),
      ],
      ['an answer that never ends', () => page.send('streams_hls=1\n'.repeat(400_000))],
      ['a line that never ends', () => page.send(`streams_hls=${'1'.repeat(3_000_000)}`)],
    ])('does not believe %s', async (_, arrange) => {
      host.remove();
      host = new AgentHost({ statistics_url: page.url, statistics_timeout: '1' });
      arrange('streams_hls=95');
      expect(await ask('hls', '10')).toBe('up 100% #the statistics page does not answer\n');
    });

    it('reads a page with CR LF, and one without an end of line', async () => {
      page.send('streams_hls=7\r\nstreams_rtmp_in=1');
      expect(await ask('hls', '7', 'publishers', '1')).toBe('up 0% #hls 7 of 7; publishers 1 of 1\n');
    });

    it('says so where the page is not there', async () => {
      host.remove();
      host = new AgentHost({ statistics_url: 'http://127.0.0.1:1/' });
      expect(await ask('hls')).toBe('up 100% #the statistics page does not answer\n');
    });

    it('works with wget in place of curl, and says so where neither is there', async () => {
      const common = ['awk', 'head', 'id', 'ls', 'mv', 'rm'];
      const withWget = host.programs([...common, 'wget', 'timeout']);
      const [program, ...options] = shell;
      const full = shellPath(program);
      expect(await host.ask([full, ...options], ['hls', '7'], { PATH: withWget })).toBe(
        'up 0% #hls 7 of 7\n',
      );
      rmSync(join(withWget, 'wget'));
      const without = await host.ask([full, ...options], ['hls', '7', 'cpu'], { PATH: withWget });
      expect(without).toBe(
        'up 100% #neither curl nor wget is installed; weight of 0 s ago\n'.replace('100%', '0%'),
      );
    });

    it('still answers where awk does not work', async () => {
      const bin = host.programs(['head', 'id', 'ls', 'curl']);
      writeFileSync(join(bin, 'awk'), '#!/bin/sh\nexit 2\n', { mode: 0o755 });
      symlinkSync('/bin/sh', join(bin, 'sh'));
      const [program, ...options] = shell;
      const answer = await host.ask([shellPath(program), ...options], ['cpu'], { PATH: bin });
      expect(answer).toBe('up #the agent itself does not work: awk failed\n');
    });

    it('writes numbers the same way whatever the locale', async () => {
      host.load(1.9);
      const answer = await host.ask(shell, ['cpu', '94.5'], {
        LC_ALL: 'de_DE.UTF-8',
        LC_NUMERIC: 'de_DE.UTF-8',
      });
      // bash speaks before it reads its program; xinetd's service passes no locale on.
      expect(answer.replace(/^bash: warning: setlocale.*\n/m, '')).toBe('up 0% #cpu 95 of 94.5\n');
    });

    it('asks the page itself, whatever proxy the environment names', async () => {
      const proxies = { http_proxy: 'http://127.0.0.1:1', all_proxy: 'http://127.0.0.1:1' };
      expect(await host.ask(shell, ['hls', '7'], proxies)).toBe('up 0% #hls 7 of 7\n');
    });

    it('answers all who ask at once, and leaves one whole state', async () => {
      const answers = await Promise.all(Array.from({ length: 12 }, () => ask('cpu', 'band-in')));
      for (const answer of answers) expect(answer).toMatch(grammar);
      const state = readFileSync(join(host.folder, 'run/state'), 'utf8');
      expect(state).toMatch(/^sampled 1000\.00 1000000 2000000 \S+ \S+\nweighed 1000\.00 100\n$/);
    });

    it('follows no link from its state, and uses no directory of somebody else', async () => {
      const precious = join(host.folder, 'precious');
      writeFileSync(precious, 'mine');
      symlinkSync(precious, join(host.folder, 'run/state'));
      await ask('band-in');
      expect(readFileSync(precious, 'utf8')).toBe('mine');
      if (process.getuid?.() !== 0) return;
      chownSync(join(host.folder, 'run'), 65534, 65534);
      rmSync(join(host.folder, 'run/state'));
      expect(await ask('band-in')).toBe('up 100% #band-in not measured yet\n');
      expect(existsSync(join(host.folder, 'run/state'))).toBe(false);
    });

    it('says one line of the grammar whatever page, state, arguments and host it meets', async () => {
      const word = fc.constantFrom(
        'cpu',
        'publishers',
        'hls',
        'band-in',
        'nonsense',
        '-1',
        '0',
        '1e9',
        '90',
        '%s',
        '#',
        '',
      );
      const line = fc.oneof(
        fc
          .tuple(fc.constantFrom('streams_hls', 'streams_webrtc_in', 'fetched'), fc.string())
          .map(([k, v]) => `${k}=${v}`),
        fc.string(),
      );
      const anything = fc.oneof(
        fc.array(line).map((lines) => Buffer.from(lines.join('\n'))),
        fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(word, { maxLength: 6 }),
          anything,
          anything,
          fc.string(),
          async (args, body, state, load) => {
            page.send(body);
            writeFileSync(join(host.folder, 'run/state'), state);
            writeFileSync(join(host.folder, 'proc/loadavg'), load);
            expect(await ask(...args)).toMatch(grammar);
          },
        ),
        runs(40),
      );
    });
  },
);

it.each(['mawk', 'gawk', 'busybox', 'original-awk'].filter(isInstalled))(
  'works with the awk of %s',
  async (awk) => {
    const bin = host.programs(['head', 'id', 'ls', 'mv', 'rm', 'curl']);
    symlinkSync(shellPath(awk), join(bin, 'awk'));
    const sh: readonly [string] = [shellPath('dash')];
    page.send(
      Buffer.concat([Buffer.from([0, 255, 10]), Buffer.from('streams_hls=90\r\nstreams_rtmp_in=1.5')]),
    );
    const args = ['hls', 'publishers', '3', 'cpu', '30', 'band-in'];
    const why = 'hls 90 of 100; cpu 25 of 30; band-in';
    expect(await host.ask(sh, args, { PATH: bin })).toBe(`up 50% #${why} not measured yet\n`);
    host.traffic({ uptime: 1010, received: 1_000_000 + 120e6, sent: 2_000_000 });
    expect(await host.ask(sh, args, { PATH: bin })).toBe(`up 20% #${why} 96 of 100\n`);
  },
);

it.each([
  ['192.0.2.5', '192.0.2.5', true],
  ['192.0.2.6', '192.0.2.5', false],
  ['192.0.2.77', '192.0.2.64/26', true],
  ['192.0.2.128', '192.0.2.64/26', false],
  ['10.0.0.1', '0.0.0.0/0', true],
  ['::ffff:192.0.2.5', '192.0.2.5', true],
  ['2001:db8::1', '2001:DB8:0:0::1', true],
  ['2001:db8:1::1', '2001:db8::/32', true],
  ['2001:db8:8000::1', '2001:db8::/33', false],
  ['::1', '127.0.0.0/8', false],
])('answers %s where %s may ask: %s', async (address, allowed, answers) => {
  const env = { REMOTE_ADDR: address, ALLOWED_ADDRESSES: `203.0.113.9 ${allowed}` };
  expect(await host.ask(['dash'], ['cpu'], env)).toBe(answers ? 'up 100%\n' : '');
});

it('holds nothing that the template language of playbooks would take for its own', () => {
  expect(readFileSync(agentFile, 'utf8')).not.toMatch(/\{\{|\{%/);
});

function isInstalled(program: string): boolean {
  return existsSync(shellPath(program));
}

function shellPath(program: string): string {
  const folder = ['/bin', '/usr/bin'].find((one) => existsSync(join(one, program)));
  return join(folder ?? '', program);
}
