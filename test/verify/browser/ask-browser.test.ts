import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { BrowserCheck, CheckResult } from '../../../src/model/outside-check.ts';
import {
  askBrowser,
  type BrowserAnswers,
  type BrowserOptions,
  type HostInBrowser,
} from '../../../src/verify/browser/ask-browser.ts';
import { loadPlaywright } from '../../../src/verify/browser/start.ts';
import { createAuthority } from '../../lab/authority.ts';
import { selfSigned } from '../../support/certificates.ts';
import { chromiumHere } from './chromium.ts';
import { credentials, node, type Page, type Site, serving } from './pages.ts';

const program = chromiumHere();

describe.skipIf(program === undefined)('askBrowser, with a real browser', () => {
  let folder: string;
  let cluster: Site;
  let first: Site;
  let second: Site;
  let untrusted: Site;
  let options: BrowserOptions;
  let answers: BrowserAnswers;

  const origin = () => `https://localhost:${cluster.port}`;
  const at = ({ port }: Site) => `127.0.0.1:${port}`;

  /** What the cluster serves below its address, by the name of the host whose client it is. */
  const pages = (): Readonly<Record<string, Page>> => ({
    '/sound': { script: `new WebSocket('wss://${at(first)}/socket'); fetch('https://${at(first)}/api')` },
    '/second': {
      script: "console.error('there is no meeting at https://x.example.com/?sessionToken=s3cret')",
    },
    '/camera': { headers: { 'Permissions-Policy': 'camera=(), microphone=(self)' } },
    '/csp': { headers: { 'Content-Security-Policy': "connect-src 'self'" } },
    '/cors': { script: `fetch('https://${at(first)}/closed?sessionToken=s3cret')` },
    '/mixed': {},
    '/names': {},
    '/proxied': { script: "new WebSocket('wss://' + location.host + '/socket')" },
    '/swapped': { script: `new WebSocket('wss://${at(second)}/socket')` },
    '/shut': {},
    '/dead': {},
    '/foreign': { script: "fetch('https://statistics.invalid/')" },
    '/leaves': { script: "location.href = 'about:blank'" },
    '/redirected': { status: 302, headers: { Location: `https://${at(first)}/` } },
    '/gone': { status: 404 },
    '/join': { status: 302, headers: { Location: '/meeting?sessionToken=s3cret' } },
    '/meeting': { script: offering({ inAnswer: way('192.0.2.7') }) },
    '/download': { headers: { 'Content-Disposition': 'attachment' } },
    '/join-another': { status: 302, headers: { Location: '/another?sessionToken=s3cret' } },
    '/another': { script: offering({ later: way('192.0.2.8') }) },
  });

  /** Offers a connection, which is answered by another one of the same page: `way` says where to. */
  const offering = (way: { readonly inAnswer?: string; readonly later?: string }) => `(async () => {
    const servers = [{ urls: ['turn:127.0.0.1:9?transport=udp'], username: 'a', credential: 's3cret' }];
    const [peer, other] = [new RTCPeerConnection({ iceServers: servers }), new RTCPeerConnection()];
    if (!(peer instanceof RTCPeerConnection)) throw new Error('the page notices a difference');
    peer.createDataChannel('some');
    await peer.setLocalDescription();
    await other.setRemoteDescription(peer.localDescription);
    await other.setLocalDescription();
    const sdp = other.localDescription.sdp.replace(/a=candidate.*\\r\\n/g, '');
    const { inAnswer, later } = ${JSON.stringify(way)};
    const more = inAnswer === undefined ? '' : 'a=' + inAnswer + '\\r\\n';
    await peer.setRemoteDescription({ type: 'answer', sdp: sdp + more });
    if (later !== undefined) await peer.addIceCandidate({ candidate: later, sdpMid: '0' });
  })()`;
  const way = (address: string) => `candidate:1 1 udp 2130706431 ${address} 9 typ host`;

  /** The four checks of a page, as a playbook declares them. */
  function host(
    name: string,
    given: { page?: string; own?: string; sockets?: string[]; reads?: string[] } = {},
  ) {
    const own = `https://${given.own ?? at(first)}`;
    const question: Omit<BrowserCheck['question'], 'shows'> = {
      ...{ kind: 'browser', page: given.page ?? `${origin()}/${name}`, elsewhere: undefined },
      ...{ sockets: [], protocol: '', reads: [] },
    };
    const check = (
      shows: BrowserCheck['question']['shows'],
      more: Partial<BrowserCheck['question']> = {},
    ): BrowserCheck => ({
      ...{ id: `browser-${shows}`, title: shows, fix: 'do something' },
      question: { ...question, ...more, shows },
    });
    const checks = [
      check('origin'),
      check('permissions', { elsewhere: `${own}/` }),
      check('sockets', { sockets: given.sockets ?? [`wss://${given.own ?? at(first)}/socket`] }),
      check('console', { reads: given.reads ?? [`${own}/api`] }),
    ];
    return { host: name, role: 'node', checks } satisfies HostInBrowser;
  }

  /** A client in a meeting, whose way in nobody may see. */
  function inMeeting(name: string, join: string): HostInBrowser {
    const page = `${origin()}/${name}`;
    const asked = { elsewhere: undefined, sockets: [], protocol: '', reads: [] };
    const question = { ...asked, kind: 'browser', shows: 'media', page } as const;
    return {
      ...{ host: name, role: 'node' },
      meeting: { enter: `${origin()}/${join}?checksum=s3cret`, others: [] },
      checks: [{ id: 'browser-media', title: 'media', fix: 'do something', question }],
    };
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'browser-'));
    const authority = await createAuthority(join(folder, 'authority'));
    const trusted = credentials(await authority.issue(['localhost'], ['127.0.0.1']));
    const own = selfSigned('localhost', { algorithm: 'ec' });
    [cluster, first, second, untrusted] = await Promise.all([
      serving(trusted, pages),
      node(trusted, origin),
      node(trusted, origin),
      serving(own, () => ({ '/page': {} })),
    ]);
    options = {
      program: program ?? '',
      playwright: await loadPlaywright(),
      context: createSecureContext({ ca: readFileSync(authority.certificate) }),
      signal: new AbortController().signal,
      patience: 30_000,
      screenshots: folder,
    };
    answers = await askBrowser(
      [
        host('sound'),
        host('second', { own: at(second) }),
        host('camera'),
        host('csp'),
        host('cors'),
        host('mixed', { reads: ['http://mixed.invalid/'], sockets: [] }),
        host('names', { reads: ['https://nowhere.invalid/'] }),
        host('proxied'),
        host('swapped'),
        host('shut', { sockets: [`wss://${at(first)}/another`] }),
        host('dead', { reads: [`https://${at(first)}/bad-gateway`] }),
        host('foreign'),
        host('leaves'),
        host('redirected'),
        host('gone'),
        host('self-signed', { page: `https://localhost:${untrusted.port}/page` }),
        host('nobody', { page: 'https://localhost:1/' }),
        inMeeting('meeting', 'join'),
        inMeeting('another', 'join-another'),
        inMeeting('download', 'download'),
      ],
      options,
    );
  });
  afterAll(() => {
    for (const { server } of [cluster, first, second, untrusted]) {
      server.closeAllConnections();
      server.close();
    }
    rmSync(folder, { recursive: true });
  });

  const of = (name: string) => answers.checks.filter(({ host: its }) => its === name);
  const one = (name: string, shows: string): CheckResult | undefined =>
    of(name).find(({ id }) => id === `browser-${shows}`);
  const outcomes = (name: string) => of(name).map(({ outcome }) => outcome);
  const all = (outcome: string) => Array(4).fill(outcome);

  it('finds nothing wrong with two sound clients of one origin', () => {
    expect(outcomes('sound')).toEqual(all('passed'));
    expect(outcomes('second')).toEqual(all('passed'));
    expect(one('second', 'origin')?.found).toBe(`the page's origin is ${origin()}`);
    expect(one('second', 'permissions')?.found).toBe(
      `granted for ${origin()}, while https://${at(second)} would have to ask for them`,
    );
    expect(one('sound', 'sockets')?.found).toContain(`the page opens 1 at ${at(first)}`);
    expect(answers.warnings).toEqual([]);
    expect(answers.browser).toMatchObject({ program, version: expect.stringMatching(/^\d+\./) });
  });

  it('sees what the connections for media in a meeting are given, and keeps what is secret', () => {
    const given = 'it was given turn:127.0.0.1:9?transport=udp';
    expect(of('meeting')).toMatchObject([{ outcome: 'passed', found: `media go to 192.0.2.7; ${given}` }]);
    expect(of('another')).toMatchObject([{ outcome: 'passed', found: `media go to 192.0.2.8; ${given}` }]);
    expect(of('download')).toMatchObject([{ outcome: 'not-asked' }]);
    expect(JSON.stringify(answers)).not.toContain('s3cret');
  });

  it('tells what the page itself says, without the session in it, and does not judge it', () => {
    expect(one('second', 'console')?.found).toContain(
      'there is no meeting at https://x.example.com/?sessionToken=…',
    );
  });

  const faults: readonly (readonly [
    fault: string,
    host: string,
    shows: readonly string[],
    found: RegExp,
    fix: RegExp,
  ])[] = [
    [
      'a policy that forbids the camera',
      'camera',
      ['permissions'],
      /camera: .*'camera=\(\), /,
      /Permissions-Policy/,
    ],
    ['a policy that forbids connections', 'csp', ['sockets', 'console'], /Content-Security-Policy/, /./],
    [
      'an answer for no other origin',
      'cors',
      ['console'],
      /\/closed\?sessionToken=…: blocked by CORS/,
      /Access-Control-Allow-Origin: https:\/\/localhost/,
    ],
    [
      'an address without TLS',
      'mixed',
      ['console'],
      /http:\/\/mixed\.invalid\/: .*mixed content/,
      /https: or wss:/,
    ],
    ['a name that does not resolve', 'names', ['console'], /ERR_NAME_NOT_RESOLVED/, /DNS/],
    ['a socket to the proxy', 'proxied', ['sockets'], /goes to the proxy/, /./],
    ['a socket to another node', 'swapped', ['sockets'], /goes to another node/, /./],
    ['a socket that is refused', 'shut', ['sockets'], /\/another: .*403/, /./],
    ['a gateway whose server is down', 'dead', ['console'], /answers 502/, /error log/],
    ['a redirect to the node', 'redirected', ['origin'], /sends the browser to https:\/\/127/, /./],
    ['a page that is not there', 'gone', ['origin', 'console'], /answers 404/, /./],
  ];
  it.each(faults)('finds %s', (_, name, shows, found, fix) => {
    const failed = of(name).filter(({ outcome }) => outcome === 'failed');
    expect(failed.map(({ id }) => id)).toEqual(shows.map((what) => `browser-${what}`));
    expect(failed[0]?.found).toMatch(found);
    expect(failed[0]?.fix).toMatch(fix);
  });

  it.each([
    ['whose certificate is self-signed', 'self-signed', /ERR_CERT_AUTHORITY_INVALID/],
    ['where nothing listens', 'nobody', /ERR_(?:CONNECTION_REFUSED|UNSAFE_PORT)/],
  ])('tells of a page %s, and asks it nothing more', (_, name, found) => {
    expect(outcomes(name)).toEqual(['failed', 'not-asked', 'not-asked', 'not-asked']);
    expect(of(name)[0]?.found).toMatch(found);
  });

  it("names a third party's failures, and finds nothing wrong with the cluster", () => {
    expect(outcomes('foreign')).toEqual(all('passed'));
    expect(one('foreign', 'console')?.found).toContain('not of the cluster: https://statistics.invalid/');
  });

  it('looks at a client that goes away by itself, because it has no meeting', () => {
    expect(outcomes('leaves')).toEqual(all('passed'));
  });

  it('leaves pictures that nobody else can read', () => {
    const file = answers.screenshots.find(({ host: its }) => its === 'sound')?.file ?? '';
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file).subarray(1, 4).toString()).toBe('PNG');
    expect(answers.screenshots.map(({ host: its }) => its)).not.toContain('self-signed');
  });

  it('says what one client cannot show', async () => {
    const { checks, warnings } = await askBrowser([host('sound')], { ...options, screenshots: undefined });
    expect(checks.map(({ outcome }) => outcome)).toEqual(all('passed'));
    expect(warnings).toEqual([expect.stringContaining('only the client of sound was opened')]);
    expect(checks[1]?.found).toContain('no second client was opened');
  });

  it('asks nothing where the browser does not start, and says why', async () => {
    const { checks } = await askBrowser([host('sound')], { ...options, program: '/bin/false' });
    expect(checks.map(({ outcome }) => outcome)).toEqual(all('not-asked'));
    expect(checks[0]?.found).toMatch(/^\/bin\/false did not start: /);
  });

  it('closes the browser when it is interrupted, and leaves no profile behind', async () => {
    const interrupting = new AbortController();
    // Other tests' browsers have theirs in the usual place.
    const own = mkdtempSync(join(folder, 'profiles-'));
    vi.stubEnv('TMPDIR', own);
    const silent = await serving(selfSigned('localhost', { algorithm: 'ec' }), () => ({}));
    silent.server.removeAllListeners('request');
    silent.server.on('request', () => interrupting.abort());
    try {
      const trusting = createSecureContext({ ca: selfSigned('localhost', { algorithm: 'ec' }).certificate });
      const { checks } = await askBrowser([host('x', { page: `https://localhost:${silent.port}/` })], {
        ...{ ...options, context: trusting, signal: interrupting.signal, screenshots: undefined },
      });
      expect(checks.map(({ outcome, found }) => [outcome, found])).toEqual(
        Array(4).fill(['not-asked', 'interrupted']),
      );
      expect(readdirSync(own)).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
      silent.server.closeAllConnections();
      silent.server.close();
    }
  });
});
