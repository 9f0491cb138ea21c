import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { transact } from '../../src/host/transact.ts';
import type { Handler } from '../../src/model/handler.ts';
import type { PathState } from '../../src/model/snapshot.ts';
import { createConnector } from '../../src/ssh/connector.ts';
import { labAvailable } from '../lab/available.ts';
import type { LabHost } from '../lab/host.ts';
import { type Lab, startLab } from '../lab/lab.ts';
import { change, transaction } from './sample.ts';

const availability = await labAvailable();
if (!availability.available) console.warn(`Real hosts are skipped: ${availability.reason}`);

const path = '/etc/haproxy/haproxy.cfg';

const text = (port: number) => `defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
frontend lab
    bind :${port}
    http-request return status 200 content-type text/plain string "port ${port}"
`;

const file = (port: number): PathState => ({
  kind: 'file',
  content: Buffer.from(text(port)),
  mode: 0o644,
  user: 'root',
  group: 'root',
});

const reload: Handler = {
  id: 'reload-haproxy',
  validate: ['haproxy', '-c', '-f', path],
  actions: [{ kind: 'reload', unit: 'haproxy.service' }],
  checks: [{ kind: 'active', unit: 'haproxy.service' }, { kind: 'haproxy-workers' }],
  guards: [],
  timeout: 8,
  settle: 0,
  rewrites: [],
};

describe.skipIf(!availability.available)('a reload of HAProxy', () => {
  let lab: Lab;
  let host: LabHost;
  let number = 10;
  const { connect } = createConnector();

  beforeAll(async () => {
    lab = await startLab([
      { name: 'balancer', services: ['haproxy'], prepare: (fresh) => fresh.writeFile(path, text(8081)) },
    ]);
    host = lab.host('balancer');
  });
  afterAll(async () => {
    await lab?.destroy();
  });

  async function carry(from: number, to: number) {
    const machineId = (await host.readFile('/etc/machine-id')).toString().trim();
    const run = `20261128T0345${number++}Z-1ab1ab`;
    const target = {
      host: host.address,
      config: 'none' as const,
      user: 'root',
      identityFiles: [lab.sshKey],
      knownHostsFiles: [lab.knownHosts],
    };
    const planned = transaction([change(path, file(from), file(to))], [reload], {
      host: 'balancer',
      machineId,
      units: ['haproxy.service'],
      run,
    });
    return transact(() => connect(target), planned, {});
  }

  const answer = async (port: number) =>
    (await host.exec(['curl', '-s', '--max-time', '5', `http://127.0.0.1:${port}/`])).stdout;

  test('is done once the new process listens, also while somebody keeps the former one', async () => {
    await host.mustExec('systemd-run --unit=lab-slow sh -c "sleep 60 | nc 127.0.0.1 8081"');
    const result = await carry(8081, 8082);
    expect(result).toMatchObject({ state: 'committed', problem: undefined, warnings: [] });
    expect(await answer(8082)).toBe('port 8082');
  });

  test('that could not open a port is put back, although systemctl says yes', async () => {
    const result = await carry(8082, 22);
    expect(result).toMatchObject({ state: 'reverted', problem: { code: 'check-failed' } });
    expect(result.problem?.message).toContain('could not switch to the new configuration');
    expect(result.problem?.detail).toContain('cannot bind socket');
    expect(await answer(8082)).toBe('port 8082');
  });

  test('is put back where another HAProxy gets a part of the connections', async () => {
    await host.writeFile('/etc/haproxy/stray.cfg', text(8083));
    await host.mustExec('systemd-run --unit=lab-stray haproxy -db -f /etc/haproxy/stray.cfg');
    await host.mustExec('until curl -s -o /dev/null http://127.0.0.1:8083/; do sleep 0.1; done');
    const result = await carry(8082, 8083);
    expect(result).toMatchObject({ state: 'reverted', problem: { code: 'check-failed' } });
    expect(result.problem?.message).toMatch(
      /haproxy \(process \d+\) listens on port 8083 as well, and gets a part of the connections/,
    );
    await host.mustExec('systemctl stop lab-stray');
    expect(await carry(8082, 8083)).toMatchObject({ state: 'committed' });
    expect(await answer(8083)).toBe('port 8083');
  });
});
