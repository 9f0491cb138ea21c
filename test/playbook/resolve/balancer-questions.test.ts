import { describe, expect, it } from 'vitest';
import { viewCluster } from '../../../src/playbook/resolve/contexts.ts';
import { resolveOutsideChecks } from '../../../src/playbook/resolve/outside-checks.ts';
import { readsOf } from '../../../src/playbook/resolve/reads.ts';
import { inventoryOf, snapshotsOf } from '../../support/sample-cluster.ts';

const inventoryText = (playbook: string, vars: string, second = '') => `playbook: ${playbook}
cluster: {name: prod, hostname: media.example.com}
vars: {${vars}}
hosts:
  balancer: [{name: lb, address: 192.0.2.5}]
  node:
    - {name: m-1, address: 192.0.2.11}
    - {name: m-2, address: 192.0.2.12${second}}
    - {name: m-3, address: 192.0.2.13, state: retired}
`;

/** The checks of a host by their ids, and those that don't apply. */
async function checksOf(text: string, name: string, files: Readonly<Record<string, string>> = {}) {
  const inventory = await inventoryOf(text);
  const host = { folders: [], files: { ...files } };
  const hosts = { lb: { folders: [] }, 'm-1': host, 'm-2': host };
  const cluster = viewCluster(inventory, snapshotsOf(inventory, hosts));
  const { checks, notApplicable } = resolveOutsideChecks(cluster, name);
  return {
    questions: new Map(checks.map(({ id, question }) => [id, question])),
    left: notApplicable.map(({ id }) => id),
    inventory,
  };
}

describe('questions about balancers', () => {
  it('are filled in with the hosts that are to serve', async () => {
    const { questions } = await checksOf(inventoryText('wcs', ''), 'lb');
    expect(questions.get('servers')).toMatchObject({
      kind: 'haproxy-servers',
      backends: [{ name: 'wcs_back', servers: ['m-1', 'm-2'] }],
      queries: [
        {
          kind: 'command',
          args: ['sh', '-c', expect.any(String), 'sh', '/run/haproxy/admin.sock', 'wcs_back'],
        },
      ],
    });
    expect(questions.get('websocket')).toMatchObject({ url: 'wss://media.example.com:443/', servers: 2 });
  });

  it('ask of the host in the look what only it knows, by the very same queries', async () => {
    for (const [playbook, host] of [
      ['wcs', 'lb'],
      ['wcs', 'm-1'],
      ['antmedia', 'lb'],
    ] as const) {
      const { questions, inventory } = await checksOf(
        inventoryText(playbook, playbook === 'antmedia' ? 'statistics: true, statistics_password: x' : ''),
        host,
      );
      const found = inventory.hosts.find(({ name }) => name === host);
      if (found === undefined) throw new Error(`no ${host}`);
      const { queries } = readsOf(inventory, found, { guards: false, checks: 'all' });
      const asked = [...questions.values()].flatMap((one) => ('queries' in one ? one.queries : []));
      expect(asked.length).toBeGreaterThan(0);
      expect(queries).toEqual(expect.arrayContaining([...asked]));
      const without = readsOf(inventory, found, { guards: false }).queries;
      for (const query of asked) expect(without).not.toContainEqual(query);
    }
  });

  it('follow the thresholds that are on, with the keys that the operator gives', async () => {
    const vars = 'publishers: 10, band_in: 50, statistics_keys: {publishers: mine yours}';
    const { questions } = await checksOf(inventoryText('wcs', vars), 'm-1');
    expect(questions.get('agent')).toMatchObject({
      limits: { cpu: 90, publishers: 10, 'band-in': 50 },
      keys: { publishers: ['mine', 'yours'] },
    });
    expect(questions.get('agent-closed')).toMatchObject({ address: '192.0.2.11', clients: ['192.0.2.5'] });
  });

  it('do not apply without what they need', async () => {
    const off = await checksOf(inventoryText('wcs', ''), 'm-1');
    expect(off.left).toContain('sticky');
    const on = await checksOf(inventoryText('wcs', 'sticky_cookie: SERVERID'), 'm-1');
    expect(on.questions.get('sticky')).toMatchObject({ cookie: 'SERVERID', server: 'm-1', servers: 2 });
    const plain = await checksOf(inventoryText('antmedia', 'certificate_from: none'), 'lb');
    expect([...plain.questions.keys()]).toEqual([
      ...['servers', 'rtmp', 'rtmp-connect', 'rtmp-publish', 'rtmp-play', 'rtmp-nodes'],
    ]);
    expect(plain.questions.get('rtmp-connect')).toMatchObject({ application: undefined, servers: 2 });
  });

  it('go by groups, and by an application that is installed', async () => {
    const text = inventoryText('antmedia', '', ', vars: {group: edge}');
    const installed = {
      '/usr/local/antmedia/webapps/root/WEB-INF/red5-web.properties': 'webapp.contextPath=/\n',
      '/usr/local/antmedia/webapps/live/WEB-INF/red5-web.properties': 'webapp.contextPath=/live\n',
    };
    const { questions } = await checksOf(text, 'lb', installed);
    expect(questions.get('servers')).toMatchObject({
      backends: [
        { name: 'ams_origin', servers: ['m-1'] },
        { name: 'ams_edge', servers: ['m-1', 'm-2'] },
        { name: 'ams_rtmp', servers: ['m-1'] },
      ],
    });
    expect(questions.get('rtmp-publish')).toEqual({
      ...{ kind: 'rtmp-stream', shows: 'publish', application: 'live', servers: 1 },
      ...{ hostname: 'media.example.com', port: 1935, tls: false },
    });
    const edge = await checksOf(text, 'm-2', installed);
    expect([...edge.questions.keys()]).toEqual(['websocket-play', 'sticky-hls']);
    expect(edge.questions.get('websocket-play')).toMatchObject({
      url: 'wss://media.example.com:5443/live/websocket',
    });
    expect((await checksOf(text, 'm-2')).left).toEqual(['websocket', 'websocket-play', 'sticky-hls']);
  });
});
