import { describe, expect, it } from 'vitest';
import { candidateIn, judgeMedia } from '../../../src/verify/browser/judge-media.ts';
import type { Seen } from '../../../src/verify/browser/seen-page.ts';

const way = (address: string, type = 'host') => `1 1 udp 2130706431 ${address} 16384 typ ${type}`;
const places = new Map([
  ['proxy.example.com', ['192.0.2.5', '2001:db8::5']],
  ['a.example.com', ['192.0.2.11']],
  ['b.example.com', ['192.0.2.12']],
]);
const servers = {
  own: new Set(['a.example.com', 'proxy.example.com']),
  others: new Set(['b.example.com:443']),
  ...{ second: true, places },
};

/** What is said of a client with these connections, each a list of ways to the other side. */
const judged = (
  peers: readonly (readonly string[])[],
  {
    given = [],
    sockets = [],
    at = servers,
  }: { given?: string[]; sockets?: string[]; at?: typeof servers } = {},
) =>
  judgeMedia(
    'https://proxy.example.com',
    {
      peers: peers.map((candidates) => ({ candidates, servers: given })),
      ownSockets: sockets.map((url) => ({ url, error: '' })),
    } as unknown as Seen,
    at,
  );

describe('media in a browser', () => {
  it('go to the node', () => {
    expect(judged([[way('192.0.2.11')]])).toMatchObject({
      outcome: 'passed',
      found: 'media go to 192.0.2.11',
    });
  });

  it('may go to an address that only the node knows, as behind a NAT', () => {
    expect(judged([[way('10.1.2.3'), way('203.0.113.9', 'srflx')]])).toMatchObject({
      ...{ outcome: 'passed', found: 'media go to 10.1.2.3, 203.0.113.9' },
    });
  });

  it.each([
    ['192.0.2.5', 'media go to the proxy (192.0.2.5, udp)'],
    ['2001:DB8::5', 'media go to the proxy (2001:db8::5, udp)'],
    ['192.0.2.12', 'media go to another node (192.0.2.12, udp)'],
  ])('do not go to %s', (address, found) => {
    expect(judged([[way('192.0.2.11')], [way(address)]])).toMatchObject({ outcome: 'failed', found });
  });

  it('go by a relay wherever its operator wants it', () => {
    const given = ['turn:proxy.example.com:443?transport=tcp', 'stun:a.example.com', 'turn:user:password@x'];
    expect(judged([[way('192.0.2.5', 'relay')]], { given })).toMatchObject({
      outcome: 'passed',
      found:
        'media go by relays alone; it was given turn:proxy.example.com:443?transport=tcp, stun:a.example.com',
    });
  });

  it('go where all have one address, as behind one NAT with ports for each', () => {
    const shared = new Map([...places.keys()].map((name) => [name, ['203.0.113.9']]));
    expect(judged([[way('203.0.113.9')]], { at: { ...servers, places: shared } })).toMatchObject({
      outcome: 'passed',
    });
  });

  it('are signalled at the node as well', () => {
    const sockets = [
      'wss://proxy.example.com/bbb-webrtc-sfu?sessionToken=s3cret',
      'wss://a.example.com/graphql',
    ];
    expect(judged([[way('192.0.2.11')]], { sockets })).toMatchObject({
      outcome: 'failed',
      found: 'wss://proxy.example.com/bbb-webrtc-sfu?sessionToken=… goes to the proxy',
    });
  });

  it('are signalled at no other node', () => {
    const at = { ...servers, others: new Set(['b.example.com']) };
    expect(judged([[way('192.0.2.11')]], { sockets: ['wss://b.example.com/livekit'], at })).toMatchObject({
      ...{ outcome: 'failed', found: 'wss://b.example.com/livekit goes to another node' },
    });
  });

  it('are never green where nothing is shown', () => {
    expect(judged([])).toMatchObject({
      ...{ outcome: 'not-applicable', found: 'the client makes no connection for media' },
    });
    expect(judged([[]], { given: ['stun:a.example.com'] })).toMatchObject({
      outcome: 'not-applicable',
      found:
        'the client makes a connection for media, and no way to the node is offered to it; it was given stun:a.example.com',
    });
  });

  it.each([
    ['1 1 UDP 1 192.0.2.1 9 typ host', [{ type: 'host', address: '192.0.2.1', transport: 'udp' }]],
    [
      '1 1 tcp 1 a1b2.local 9 typ host tcptype passive',
      [{ type: 'host', address: 'a1b2.local', transport: 'tcp' }],
    ],
    ['', []],
    ['1 1 udp 1 <b> 9 typ host', []],
    ['1 1 \u001b[31m 1 192.0.2.1 9 typ host', []],
  ])('are read from what a page was given: %j', (text, found) => {
    expect(candidateIn(text)).toEqual(found);
  });
});
