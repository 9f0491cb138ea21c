import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { BigBlueButtonVersion } from '../lab/bigbluebutton/versions.ts';
import { apiOf, fetchFrom, getText, websocketStatus } from '../lab/fetch.ts';
import type { LabHost } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import type { Cluster } from './cluster.ts';

/**
 * What a browser does in a cluster, with certificates checked: it joins on a node, is sent to the cluster's
 * address, loads the client, an asset and the locales from there, and then talks to the node, whose answers
 * carry the cluster's origin.
 */
export async function expectServed(cluster: Cluster, host: LabHost, version: BigBlueButtonVersion) {
  const { lab, url: proxy } = cluster;
  const path = `${proxy}/${host.name}/html5client`;
  const node = `https://${host.name}.example.com`;
  const meteor = version.startsWith('2.');

  const page = await joined(lab, host);
  expect(page).toBe(`${path}/${meteor ? 'join' : ''}?sessionToken=standin`);
  const client = await getText(lab, page);
  expect(client).toContain('<title>BigBlueButton</title>');
  if (meteor) {
    expect(client).toContain(`"basename": "/${host.name}/html5client"`);
    expect(client).toContain(`"ddp": "${node}/${host.name}/html5client"`);
    expect(await getText(lab, `${path}/resources/images/avatar.png`)).toContain('not really a picture');
    expect(await getText(lab, `${path}/locales/de.json`)).toContain('Ihre Präsentation');
    expect(await redirect(lab, `${node}/html5client/locale?locale=de`)).toBe(
      `${node}/${host.name}/html5client/locale?locale=de`,
    );
  } else {
    expect(await getText(lab, `${path}/bundle.js`)).toContain('console.log');
    const locales = JSON.parse(await getText(lab, `${path}/locales/`));
    expect(locales.map((it: { name: string }) => it.name)).toEqual(['de.json', 'en.json']);
    // Without the slash: the redirect keeps the query and doesn't leave the cluster's address.
    expect(await redirect(lab, `${path}?sessionToken=abc`)).toBe(`${path}/?sessionToken=abc`);
    const wasm = await fetchFrom(lab, `${path}/wasm/vision.wasm`, ['-sI']);
    expect(wasm.stdout.toLowerCase()).toContain('content-type: application/wasm');
    await expectGraphql(cluster, host);
  }
  await expectOrigin(cluster, host, version);
}

async function expectGraphql({ lab, url: proxy }: Cluster, host: LabHost): Promise<void> {
  const node = `${host.name}.example.com`;
  const index = await getText(lab, `${proxy}/${host.name}/bigbluebutton/api`, [
    '-H',
    'Content-Type: application/json',
  ]);
  expect(JSON.parse(index).response).toMatchObject({
    returncode: 'SUCCESS',
    graphqlWebsocketUrl: `wss://${node}/graphql`,
    graphqlApiUrl: `https://${node}/api/rest`,
  });
  expect(await websocketStatus(lab, `https://${node}/graphql`, proxy)).toBe('101');
  expect(await websocketStatus(lab, `https://${node}/graphql`, 'https://elsewhere.example.org')).toBe('403');
  const settings = `https://${node}/api/rest/clientSettings?sessionToken=standin`;
  expect(await allowedOrigins(lab, settings, proxy)).toEqual([proxy]);
  expect(await getText(lab, settings)).toContain(`"basename": "/${host.name}/html5client"`);
}

/**
 * The page comes from the cluster's origin, so every answer of the node that a script reads has to allow it.
 */
async function expectOrigin({ lab, url: proxy }: Cluster, host: LabHost, version: BigBlueButtonVersion) {
  const node = `https://${host.name}.example.com`;
  expect(await getText(lab, apiOf(host.name))).toContain('SUCCESS');
  expect(await allowedOrigins(lab, `${node}/bigbluebutton/api/stuns`, proxy)).toContain(proxy);
  if (version === '2.4') {
    // Java 8 doesn't know the options for CORS, and Etherpad's plugin came later.
  } else {
    expect(await allowedOrigins(lab, apiOf(host.name), proxy)).toEqual([proxy]);
    // From 4.0 on there is no Etherpad.
    if (!version.startsWith('4.')) {
      expect(await allowedOrigins(lab, `${node}/pad/`, proxy)).toEqual([proxy]);
      expect(await allowedOrigins(lab, `${node}/pad/`, 'https://elsewhere.example.org')).toEqual([]);
    }
  }
  if (version === '3.0') return; // before 3.0.28 nginx sends none for slides
  const slide = `${node}/bigbluebutton/presentation/meeting/meeting/slides/svg/1`;
  expect(await allowedOrigins(lab, slide, proxy)).toEqual([proxy]);
}

/** Where a join on the node sends the browser. */
async function joined(lab: Lab, host: LabHost): Promise<string> {
  const secret = await host.mustExec("sed -n 's/^securitySalt=//p' /etc/bigbluebutton/bbb-web.properties");
  const query = 'meetingID=a&password=b';
  const checksum = createHash('sha1').update(`join${query}${secret.trim()}`).digest('hex');
  return redirect(lab, `${apiOf(host.name)}/join?${query}&checksum=${checksum}`);
}

async function redirect(lab: Lab, url: string): Promise<string> {
  return (await fetchFrom(lab, url, ['-o', '/dev/null', '-w', '%{redirect_url}'])).stdout;
}

async function allowedOrigins(lab: Lab, url: string, origin: string): Promise<readonly string[]> {
  const { stdout } = await fetchFrom(lab, url, ['-o', '/dev/null', '-D', '-', '-H', `Origin: ${origin}`]);
  return [...stdout.matchAll(/^access-control-allow-origin: (.*?)\r?$/gim)].map((match) => match[1] ?? '');
}
