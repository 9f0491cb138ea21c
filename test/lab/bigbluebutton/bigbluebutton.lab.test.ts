import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labAvailable } from '../available.ts';
import { apiOf, eventually, fetchFrom, getText, websocketStatus } from '../fetch.ts';
import type { LabHost } from '../host.ts';
import { type Lab, startLab } from '../lab.ts';
import { installBigBlueButton } from './install.ts';
import { type BigBlueButtonVersion, stockDirectory } from './versions.ts';

const availability = await labAvailable();
if (!availability.available) console.warn(`Tests of the stand-ins are skipped: ${availability.reason}`);

describe.skipIf(!availability.available)('BigBlueButton on lab hosts', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await startLab([
      { name: 'bbb-24', prepare: (host) => installBigBlueButton(host, '2.4') },
      { name: 'bbb-26', prepare: (host) => installBigBlueButton(host, '2.6') },
      { name: 'bbb-30', prepare: (host) => installBigBlueButton(host, '3.0') },
    ]);
    await Promise.all(NODES.map((name) => eventually(() => getText(lab, apiOf(name)))));
  });

  afterAll(async () => {
    await lab?.destroy();
  });

  it('shows effective values of bbb-web in the answer of the API', async () => {
    expect(await getText(lab, apiOf('bbb-24'))).toContain('<bbbVersion>2.4.9</bbbVersion>');
    expect(await getText(lab, apiOf('bbb-26'))).toContain('<bbbVersion>2.6.14</bbbVersion>');
    const answer = JSON.parse(await getText(lab, apiOf('bbb-30'), ['-H', 'Content-Type: application/json']));
    expect(answer.response).toMatchObject({
      returncode: 'SUCCESS',
      graphqlWebsocketUrl: 'wss://bbb-30.example.com/graphql',
      graphqlApiUrl: 'https://bbb-30.example.com/api/rest',
    });
  });

  it('checks checksums as BigBlueButton does', async () => {
    const host = lab.host('bbb-26');
    const salt = '639259d4-9dd8-4b25-bf01-95f9567eaf4b';
    await append(host, '/etc/bigbluebutton/bbb-web.properties', `\nsecuritySalt=${salt}\n`);
    await restartBbbWeb(lab, host);
    const ask = (checksum: string) =>
      getText(lab, `https://bbb-26.example.com/bigbluebutton/api/getMeetings?checksum=${checksum}`);
    for (const checksum of GET_MEETINGS_CHECKSUMS) expect(await ask(checksum)).toContain('noMeetings');
    expect(await ask('0'.repeat(40))).toContain('checksumError');
    expect(await ask('')).toContain('checksumError');

    await host.writeFile(
      '/var/lib/bbb-standin/meetings.xml',
      '<meeting><meetingID>class-7b</meetingID><participantCount>27</participantCount></meeting>',
    );
    expect(await ask(sha1(`getMeetings${salt}`))).toContain('<participantCount>27</participantCount>');
    await host.mustExec('rm /var/lib/bbb-standin/meetings.xml');

    // 2.4 has no list of algorithms, only sha1 and sha256.
    const old = 'sample-salt-this-is-not-a-secret';
    const ask24 = (algorithm: string) =>
      getText(lab, `${apiOf('bbb-24')}/getMeetings?checksum=${digest(algorithm, `getMeetings${old}`)}`);
    expect(await ask24('sha256')).toContain('noMeetings');
    expect(await ask24('sha512')).toContain('checksumError');
  });

  it('joins at defaultHTML5ClientUrl', async () => {
    const query = 'meetingID=a&password=b';
    const checksum = sha1(`join${query}sample-salt-this-is-not-a-secret`);
    const url = `${apiOf('bbb-30')}/join?${query}&checksum=${checksum}`;
    expect(await location(lab, url)).toBe('https://bbb-30.example.com/html5client?sessionToken=standin');
  });

  it('serves the Meteor client below the path of ROOT_URL only', async () => {
    const host = lab.host('bbb-26');
    expect(await getText(lab, 'https://bbb-26.example.com/html5client/join')).toContain('id="app"');
    await host.writeFile(
      '/etc/systemd/system/bbb-html5-frontend@.service.d/cluster.conf',
      '[Service]\nEnvironment=ROOT_URL=https://127.0.0.1/bbb-26/html5client\n',
    );
    await host.mustExec('systemctl daemon-reload && systemctl restart bbb-html5');
    const status = async (path: string) =>
      (await host.exec(`curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:4100${path}`)).stdout;
    await eventually(async () => expect(await status('/bbb-26/html5client/join')).toBe('200'));
    expect(await status('/html5client/join')).toBe('404');
  });

  it('serves the static client, its locales and its wasm', async () => {
    expect(await getText(lab, 'https://bbb-30.example.com/html5client/?x=1')).toContain(
      '<title>BigBlueButton',
    );
    const locales = JSON.parse(await getText(lab, 'https://bbb-30.example.com/html5client/locales/'));
    expect(locales.map((it: { name: string }) => it.name)).toEqual(['de.json', 'en.json']);
    const head = await fetchFrom(lab, 'https://bbb-30.example.com/html5client/wasm/vision.wasm', ['-I']);
    expect(head.stdout).toContain('Content-Type: application/wasm');
    expect((await fetchFrom(lab, 'https://bbb-30.example.com/html5client/join', ['-f'])).code).not.toBe(0);
  });

  it('answers websocket handshakes by the Origin that the middleware was told', async () => {
    const host = lab.host('bbb-30');
    const handshake = (origin: string) => websocketStatus(lab, 'https://bbb-30.example.com/graphql', origin);
    expect(await handshake('https://bbb-30.example.com')).toBe('101');
    expect(await handshake('https://bbb-proxy.example.com')).toBe('403');
    const path = '/etc/bigbluebutton/bbb-graphql-middleware.yml';
    await host.writeFile(path, "server:\n  authorized_cross_origin: 'bbb-proxy.example.com'\n");
    await host.mustExec('systemctl restart bbb-graphql-middleware');
    await eventually(async () => expect(await handshake('https://bbb-proxy.example.com')).toBe('101'));
    await host.writeFile(path, "server:\n  authorized_cross_origin: 'https://bbb-proxy.example.com'\n");
    await host.mustExec('systemctl restart bbb-graphql-middleware');
    await eventually(async () => expect(await handshake('https://bbb-proxy.example.com')).toBe('403'));
  });

  it('sends CORS headers only to the origins of the JDK options, and not at all on Java 8', async () => {
    const origin = 'https://bbb-proxy.example.com';
    const options = `JDK_JAVA_OPTIONS=-Dgrails.cors.enabled=true -Dgrails.cors.allowedOrigins=${origin}`;
    const host = lab.host('bbb-30');
    const header = async (name: string, from: string) =>
      (await fetchFrom(lab, apiOf(name), ['-i', '-H', `Origin: ${from}`])).stdout;
    expect(await header('bbb-30', origin)).not.toContain('Access-Control-Allow-Origin');
    for (const name of ['bbb-24', 'bbb-30']) {
      await lab
        .host(name)
        .writeFile(
          '/etc/systemd/system/bbb-web.service.d/cors.conf',
          `[Service]\nEnvironment="${options}"\n`,
        );
      await lab.host(name).mustExec('systemctl daemon-reload');
      await restartBbbWeb(lab, lab.host(name));
    }
    expect(await header('bbb-30', origin)).toContain(`Access-Control-Allow-Origin: ${origin}`);
    expect(await header('bbb-30', 'https://elsewhere.example.org')).toContain('403 Forbidden');
    expect(await header('bbb-24', origin)).not.toContain('Access-Control-Allow-Origin');
    // systemd's order of files doesn't matter: an EnvironmentFile takes precedence over Environment=.
    await append(host, '/etc/default/bbb-web', 'JDK_JAVA_OPTIONS=""\n');
    await restartBbbWeb(lab, host);
    expect(await header('bbb-30', origin)).not.toContain('Access-Control-Allow-Origin');
  });

  it('stops akka and etherpad on broken files', async () => {
    const host = lab.host('bbb-30');
    const good = await host.readFile('/etc/bigbluebutton/bbb-html5.yml');
    await host.writeFile('/etc/bigbluebutton/bbb-html5.yml', 'public:\n\tapp: [\n');
    await host.writeFile('/etc/bigbluebutton/etherpad.json', '{"cluster_proxies": [,]}');
    await host.mustExec('systemctl restart bbb-apps-akka etherpad');
    for (const unit of ['bbb-apps-akka', 'etherpad']) {
      await eventually(async () => {
        const { stdout } = await host.exec(`systemctl show -P NRestarts -P Result ${unit}`);
        expect(stdout).not.toMatch(/^0\nsuccess$/m);
      });
    }
    await host.writeFile('/etc/bigbluebutton/bbb-html5.yml', good);
    await host.writeFile(
      '/etc/bigbluebutton/etherpad.json',
      '{"cluster_proxies": ["https://bbb-proxy.example.com"]}',
    );
    await host.mustExec('systemctl reset-failed && systemctl restart bbb-apps-akka etherpad');
    const pad = (origin: string) =>
      getText(lab, 'https://bbb-30.example.com/pad/', ['-i', '-H', `Origin: ${origin}`]);
    await eventually(async () =>
      expect(await pad('https://bbb-proxy.example.com')).toContain(
        'Access-Control-Allow-Origin: https://bbb-proxy',
      ),
    );
    expect(await pad('https://bbb-proxy.example.org')).not.toContain('Access-Control-Allow-Origin');
  });

  it('has services that crash or never listen when a test wants it', async () => {
    const host = lab.host('bbb-24');
    const state = async () => (await host.exec('systemctl is-active bbb-web')).stdout.trim();
    const listens = async () => (await host.exec('curl -s http://127.0.0.1:8090/')).code === 0;
    await host.writeFile('/var/lib/bbb-standin/dead', '');
    await host.mustExec('systemctl restart bbb-web');
    expect(await state()).toBe('active');
    expect(await listens()).toBe(false);
    await host.mustExec('mv /var/lib/bbb-standin/dead /var/lib/bbb-standin/crash; systemctl restart bbb-web');
    await eventually(async () => expect(await state()).toBe('activating'));
    await host.mustExec('rm /var/lib/bbb-standin/crash; echo 1 > /var/lib/bbb-standin/delay');
    await host.mustExec('systemctl restart bbb-web');
    expect(await listens()).toBe(false);
    await eventually(async () => expect(await listens()).toBe(true));
    await host.mustExec('rm /var/lib/bbb-standin/delay');
  });

  it('has a bbb-conf that appends logoutURL on any call and restarts everything', async () => {
    for (const name of NODES) {
      const host = lab.host(name);
      const starts = async () =>
        (await host.readFile('/var/lib/bbb-standin/starts.log')).toString().split('\n').length;
      const before = await starts();
      expect(await host.mustExec('bbb-conf --secret')).toContain('Secret: ');
      const properties = (await host.readFile('/etc/bigbluebutton/bbb-web.properties')).toString();
      expect(properties).toMatch(/\nbigbluebutton\.web\.logoutURL=default\n$/);
      expect((await host.exec('bbb-conf --restart')).code).toBe(0);
      expect(await starts()).toBeGreaterThan(before + 2);
      expect(await getText(lab, apiOf(name))).toContain('SUCCESS');
    }
  });

  it('runs every layout that has a sample', async () => {
    const versions: BigBlueButtonVersion[] = ['3.0-meteor', '3.0.28', '4.0', '4.1'];
    await lab.addHosts(
      versions.map((version) => ({
        name: `sample-${version.replaceAll('.', '')}`,
        prepare: (host) => installBigBlueButton(host, version),
      })),
    );
    for (const name of ['sample-30-meteor', 'sample-3028', 'sample-40', 'sample-41']) {
      await eventually(() => getText(lab, apiOf(name)));
      const client = name === 'sample-30-meteor' ? 'html5client/join' : 'html5client/';
      await eventually(() => getText(lab, `https://${name}.example.com/${client}`));
      const slide = `https://${name}.example.com/bigbluebutton/presentation/meeting/meeting/slides/svg/1`;
      expect(await getText(lab, slide)).toContain('<svg');
      const { stdout } = await lab.host(name).exec('nginx -t 2>&1 && systemctl is-system-running --wait');
      expect(stdout).toMatch(/successful\nrunning\n$/);
    }
  });

  it.skipIf(stockDirectory('3.0') === undefined)(
    'runs the stock files of 2.4, 2.6 and 3.0 unmodified (skipped where they are not on this machine)',
    async () => {
      const names = ['2.4', '2.6', '3.0'] as const;
      const added = await lab.addHosts(
        names.map((version) => ({ name: `stock-${version.replace('.', '')}` })),
      );
      for (const [index, version] of names.entries()) {
        const host = added[index];
        if (host === undefined) throw new Error('a host is missing');
        await installBigBlueButton(host, version, { files: 'stock' });
        expect(await getText(lab, apiOf(host.name))).toContain('SUCCESS');
        const client = version === '3.0' ? '/html5client/' : '/html5client/join';
        expect(await getText(lab, `https://${host.name}.example.com${client}`)).toContain('BigBlueButton');
        expect((await host.exec('systemctl is-system-running')).stdout.trim()).toBe('running');
      }
      expect(await lab.host('bbb-24').mustExec('getent hosts stock-30')).toContain(added[2]?.address);
    },
  );
});

const NODES = ['bbb-24', 'bbb-26', 'bbb-30'];

/** sha1, sha256, sha384 and sha512 of `getMeetings` and the salt in BigBlueButton's own example. */
const GET_MEETINGS_CHECKSUMS = [
  '2027baa7771026e9e93392f55031535d1444c41f',
  'a5370c5f3d97d56d53b435684cdbc429c2898a3bf9f435518b4279e1e0dbfc8c',
  'a2caf6ab7a9296f621a58d55f299b6dbd023afcf7ccf4ddfb4245a04eb87a0bc7797ea193baa41f81346330145bd3199',
  '456defa5035a4194b8590216805aa0f3b7a7508c2cb74a28bd750d4d2f43d851467acd9b8961cb7f6ffdab0c27e4e83655be9108d4a20ad8702958d6b01a48f4',
];

async function location(lab: Lab, url: string): Promise<string> {
  return (await fetchFrom(lab, url, ['-o', '/dev/null', '-w', '%{redirect_url}'])).stdout;
}

async function append(host: LabHost, path: string, text: string): Promise<void> {
  await host.mustExec(['sh', '-c', 'cat >> "$1"', 'sh', path], { input: text });
}

async function restartBbbWeb(lab: Lab, host: LabHost): Promise<void> {
  await host.mustExec('systemctl restart bbb-web');
  await eventually(async () => {
    expect((await host.exec('curl -s http://127.0.0.1:8090/')).code).toBe(0);
  });
  // nginx may have marked the service as dead meanwhile.
  await eventually(() => getText(lab, apiOf(host.name)));
}

function sha1(text: string): string {
  return digest('sha1', text);
}

function digest(algorithm: string, text: string): string {
  return createHash(algorithm).update(text).digest('hex');
}
