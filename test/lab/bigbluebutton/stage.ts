import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type BigBlueButtonVersion, hasMeteorClient, sampleDirectory, stockDirectory } from './versions.ts';

/** The host name in the samples. */
const SAMPLE_HOSTNAME = 'bbb-01.example.com';

export interface StageOptions {
  version: BigBlueButtonVersion;
  files: 'sample' | 'stock';
  hostname: string;
}

/**
 * Lays out in `directory` the files that packages and installer put on a host: the sample, the stock files
 * over it if requested, edited only as the installer edits them (server name, TLS), and a client.
 */
export async function stage(directory: string, options: StageOptions): Promise<void> {
  await cp(sampleDirectory(options.version), directory, { recursive: true, verbatimSymlinks: true });
  if (options.files === 'stock') await layStock(directory, options.version);
  await renameHost(directory, options.hostname);
  await layClient(directory, options.version);
}

async function layStock(directory: string, version: BigBlueButtonVersion): Promise<void> {
  const stock = stockDirectory(version);
  if (stock === undefined) throw new Error(`there are no stock files of ${version} on this machine`);
  const options = { recursive: true, verbatimSymlinks: true };
  const nginx = version === '2.4' ? 'etc/bigbluebutton/nginx' : 'usr/share/bigbluebutton/nginx';
  await cp(stock, directory, {
    ...options,
    // In the folder of stock files, that link is a file that contains the name of its target.
    filter: (source) => !(version === '3.0' && source.endsWith('/bbb-html5.nginx')),
  });
  await rm(join(directory, 'lib'), { recursive: true, force: true });
  await cp(join(stock, 'lib'), join(directory, 'usr/lib'), options);
  // The package installs the API's locations under a name that the include of *.nginx matches.
  if (version !== '3.0') await rename(join(directory, nginx, 'web'), join(directory, nginx, 'web.nginx'));

  const site = join(directory, 'etc/nginx/sites-available/bigbluebutton');
  const text = await readFile(site, 'utf8');
  if (!text.includes('ssl_certificate')) await replaceFile(site, withTls(text));
}

/** How bbb-install edits the package's site file when it has a certificate. */
function withTls(site: string): string {
  const live = `/etc/letsencrypt/live/${SAMPLE_HOSTNAME}`;
  return site
    .replace(/server_name\s+\S+;/, `server_name ${SAMPLE_HOSTNAME};`)
    .replace(
      /( *)listen \[::\]:80;\n/,
      `$&$1listen 443 ssl;\n$1listen [::]:443 ssl;\n` +
        `$1ssl_certificate ${live}/fullchain.pem;\n$1ssl_certificate_key ${live}/privkey.pem;\n`,
    );
}

async function renameHost(directory: string, hostname: string): Promise<void> {
  if (hostname === SAMPLE_HOSTNAME) return;
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const text = await readFile(path, 'latin1');
    if (text.includes(SAMPLE_HOSTNAME)) {
      await replaceFile(path, Buffer.from(text.replaceAll(SAMPLE_HOSTNAME, hostname), 'latin1'));
    }
  }
}

/**
 * What the static client does: it learns from the API's index, relative to its own address, where GraphQL is,
 * and opens a WebSocket there. Once somebody joins the audio of a meeting, it asks for microphone and camera,
 * and offers them to the media server.
 */
const staticClient = `<!DOCTYPE html><html><head><title>BigBlueButton</title></head>
<body><script type="module">
const index = await fetch('../bigbluebutton/api', { headers: { 'Content-Type': 'application/json' } });
if (index.ok) {
  const { response } = await index.json();
  new WebSocket(response.graphqlWebsocketUrl, 'graphql-transport-ws');
  const token = new URLSearchParams(location.search).get('sessionToken');
  if (token !== null) await sendMedia(new URL(response.graphqlWebsocketUrl).host, token);
}
async function sendMedia(node, token) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  const peer = new RTCPeerConnection({ iceServers: [{ urls: 'stun:' + node + ':3478' }] });
  for (const track of stream.getTracks()) peer.addTrack(track, stream);
  await peer.setLocalDescription();
  const sfu = new WebSocket('wss://' + node + '/bbb-webrtc-sfu?sessionToken=' + token);
  sfu.onopen = () => sfu.send(peer.localDescription.sdp);
  sfu.onmessage = ({ data }) => peer.setRemoteDescription({ type: 'answer', sdp: data });
}
</script></body></html>
`;

async function layClient(directory: string, version: BigBlueButtonVersion): Promise<void> {
  const app = hasMeteorClient(version)
    ? 'usr/share/meteor/bundle/programs/web.browser/app'
    : 'usr/share/bigbluebutton/html5-client';
  const files: Record<string, string> = {
    'locales/en.json': '{"app.home.greeting": "Your presentation will begin shortly ..."}\n',
    'locales/de.json': '{"app.home.greeting": "Ihre Präsentation beginnt in Kürze ..."}\n',
    'resources/images/avatar.png': 'not really a picture\n',
    'wasm/vision.wasm': '\0asm\u0001\0\0\0',
  };
  if (!hasMeteorClient(version)) {
    files['index.html'] = staticClient;
    files['bundle.js'] = 'console.log("BigBlueButton");\n';
  }
  for (const [name, text] of Object.entries(files)) await put(join(directory, app, name), text);
  const slides = 'var/bigbluebutton/meeting/meeting/slides/svgs';
  await put(join(directory, slides, 'slide1.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>\n');
  await put(join(directory, 'var/www/bigbluebutton-default/assets/index.html'), '<h1>BigBlueButton</h1>\n');
  await put(join(directory, 'var/bigbluebutton/learning-dashboard/index.html'), '<h1>Dashboard</h1>\n');
}

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}

/** The folder of stock files is read-only, and so are copies of its files. */
async function replaceFile(path: string, content: string | Buffer): Promise<void> {
  await rm(path);
  await writeFile(path, content);
}
