import { createHash, createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Lab } from './lab.ts';

/** One of the servers to which a balancer sends meetings. */
export interface BalancedServer {
  readonly url: string;
  readonly secret: string;
  readonly state: 'enabled' | 'cordoned' | 'disabled';
  readonly online: boolean;
  /** of b3scale: how many seconds ago it heard the node's agent */
  readonly silentFor?: number;
}

export interface MeetingBalancer {
  readonly url: string;
  servers: readonly BalancedServer[];
  /** the secret that it takes: LOADBALANCER_SECRET of Scalelite, B3SCALE_API_JWT_SECRET of b3scale */
  secret: string;
  /** what it was asked, as `METHOD PATH` */
  readonly asked: string[];
  stop(): void;
}

/**
 * A stand-in for the balancers of meetings, on this machine, over TLS. It answers as their sources say and
 * checks who asks as they do: Scalelite v1.8.5 (app/controllers/api/servers_controller.rb,
 * app/controllers/concerns/api_helper.rb: the digest is told by the length of the checksum), b3scale 7b7e385
 * (pkg/http/api/backends.go, pkg/store/backend_state.go, pkg/http/auth/jwt.go: HS384, `scope`), bbblb e3da5e2
 * (bbblb/web/bbblbapi.py: servers sign with their own secrets, and may not list servers).
 */
export async function startMeetingBalancer(lab: Lab): Promise<MeetingBalancer> {
  const [host] = lab.hosts;
  if (host === undefined) throw new Error('the lab has no hosts yet');
  const address = host.address.replace(/\.\d+$/, '.1');
  const files = await lab.authority.issue(['balancer.test'], [address]);
  const [cert, key] = await Promise.all([readFile(files.certificate), readFile(files.privateKey)]);
  const server = createServer({ cert, key }, (request, response) => {
    const url = new URL(request.url ?? '/', `https://${address}`);
    balancer.asked.push(`${request.method} ${url.pathname}`);
    const authorization = request.headers.authorization ?? '';
    const ways: Readonly<Record<string, () => readonly [number, string]>> = {
      '/scalelite/api/getServers': () => scalelite(balancer, url.searchParams.get('checksum') ?? ''),
      '/api/v1/backends': () => b3scale(balancer, authorization),
      '/bbblb/api/v1/server': () => bbblb(balancer, authorization),
    };
    const [status, body] = ways[url.pathname]?.() ?? [404, '{"message":"Not Found"}'];
    response.writeHead(status, {
      'Content-Type': body.startsWith('<') ? 'application/xml' : 'application/json',
    });
    response.end(body);
  });
  await new Promise<void>((done) => server.listen(0, address, done));
  const balancer: MeetingBalancer = {
    ...{ url: `https://${address}:${(server.address() as AddressInfo).port}`, servers: [], asked: [] },
    secret: 'a-secret-of-nobody',
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return balancer;
}

function scalelite({ servers, secret }: MeetingBalancer, checksum: string): readonly [number, string] {
  const digest = { 40: 'sha1', 64: 'sha256', 128: 'sha512' }[checksum.length];
  const sum = digest && createHash(digest).update(`getServers${secret}`).digest('hex');
  if (sum === undefined || sum !== checksum) {
    const message = 'You did not pass the checksum security check';
    return [
      200,
      `<?xml version="1.0"?>\n<response>\n  <returncode>FAILED</returncode>\n  <messageKey>checksumError</messageKey>\n  <message>${message}</message>\n</response>\n`,
    ];
  }
  if (servers.length === 0) return [404, JSON.stringify({ error: 'No servers are configured' })];
  const entries = servers.map(({ url, secret: own, state, online }, index) => ({
    ...{ id: `server-${index}`, url, secret: own, tag: '', bbb_version: '3.0', state },
    load: online && state !== 'disabled' ? '1.0' : 'unavailable',
    ...{ load_multiplier: '1.0', online: online ? 'online' : 'offline' },
  }));
  return [200, JSON.stringify(entries)];
}

function b3scale({ servers, secret }: MeetingBalancer, authorization: string): readonly [number, string] {
  const [header = '', claims = '', signature] = authorization.replace(/^Bearer /, '').split('.');
  const wanted = createHmac('sha384', secret).update(`${header}.${claims}`).digest('base64url');
  const isCurrent = Number(read(claims).exp) > Date.now() / 1000;
  if (signature !== wanted || read(header).alg !== 'HS384' || !isCurrent) {
    return [401, JSON.stringify({ message: 'invalid or expired jwt' })];
  }
  if (!String(read(claims).scope).split(' ').includes('b3scale:admin')) {
    return [403, JSON.stringify({ message: 'b3scale:admin scope required' })];
  }
  const now = new Date().toISOString();
  const entries = servers.map(({ url, secret: own, state, online, silentFor = 0 }, index) => ({
    id: `65959a9d-0d1d-476b-ad7a-f665feb63d0${index}`,
    node_state: online ? 'ready' : 'error',
    admin_state: state === 'enabled' ? 'ready' : 'stopped',
    agent_heartbeat: new Date(Date.now() - silentFor * 1000).toISOString(),
    ...{ agent_ref: `node-${index}`, last_error: online ? null : 'checksumError: Checksums do not match' },
    ...{ latency: 92546636, meetings_count: 0, attendees_count: 0, load_factor: 1 },
    bbb: { host: url.endsWith('/') ? url : `${url}/`, secret: own },
    ...{ settings: {}, created_at: now, updated_at: now, synced_at: now },
  }));
  return [200, JSON.stringify(entries)];
}

function bbblb({ servers }: MeetingBalancer, authorization: string): readonly [number, string] {
  const denied = (message: string) => [401, JSON.stringify({ error: 'Access denied', message })] as const;
  const [header = '', claims = '', signature] = authorization.replace(/^Bearer /, '').split('.');
  const domain = String(read(header).kid).replace(/^bbb:/, '');
  const server = servers.find(({ url }) => new URL(url).hostname === domain);
  if (server === undefined) return denied('Unknown server in key identifier');
  const wanted = createHmac('sha256', server.secret).update(`${header}.${claims}`).digest('base64url');
  return denied(signature === wanted ? 'This API is protected' : 'Invalid token signature');
}

function read(part: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(part, 'base64url').toString() || '{}');
}
