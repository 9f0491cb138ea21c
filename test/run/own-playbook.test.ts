import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadInventory } from '../../src/playbook/resolve/load-inventory.ts';
import { applyRun } from '../../src/run/apply-run.ts';
import { planRun } from '../../src/run/plan-run.ts';
import { resultOfPlan } from '../../src/run/result-of-plan.ts';
import { group, type Sample, sampleHost } from '../host/sample.ts';
import { writeGuide } from '../support/guide.ts';
import { applyOptions, problems, statuses } from './cluster.ts';

let sample: Sample;
beforeEach(async () => {
  sample = await sampleHost({ name: 'turn-1' });
}, 60_000);
afterEach(() => sample.close());

const put = (path: string, content: string) => {
  mkdirSync(dirname(sample.path(path)), { recursive: true });
  writeFileSync(sample.path(path), content);
};
/** A program that the host has in place of this machine's. */
const program = (name: string, text: string) => {
  const file = join(dirname(sample.root), 'work/bin', name);
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
};

describe('docs/your-own-playbook.md', () => {
  it('leads to hosts that are as it says', { timeout: 120_000 }, async () => {
    const folder = join(dirname(sample.root), 'guide');
    await writeGuide(folder);
    // No account comes with the stand-in of the package.
    const playbook = readFileSync(join(folder, 'turn.yaml'), 'utf8').replace('turnserver\n', `${group}\n`);
    writeFileSync(join(folder, 'turn.yaml'), playbook);
    const inventory = parse(readFileSync(join(folder, 'prod.yaml'), 'utf8'));
    const { port, hostKey, target } = sample.host;
    const ssh = { address: '127.0.0.1', port, host_keys: [hostKey], identity_files: target.identityFiles };
    inventory.hosts.turn = [{ ...inventory.hosts.turn[0], ssh: { ...ssh, user: 'root' } }];
    writeFileSync(join(folder, 'prod.yaml'), JSON.stringify(inventory));
    put('run/stand-in/repository/coturn/version', '4.6.1');
    put('run/stand-in/repository/coturn/files/usr/lib/systemd/system/coturn.service', '[Service]\n');
    put('run/stand-in/repository/coturn/files/etc/turnserver.conf', '# stock\n');
    put(
      'proc/net/tcp6',
      '   0: 00000000:0D96 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 1 1\n',
    );
    program('sysctl', 'echo "$*" >>"$CLUSTERPROXY_ROOT/run/stand-in/journal"');
    program('ss', 'true');

    const options = applyOptions(await loadInventory(join(folder, 'prod.yaml')));
    const result = await applyRun(await planRun(options), options);
    expect(problems(result)).toEqual([]);
    expect(statuses(result)).toEqual({ 'turn-1': 'changed' });
    expect(result.hosts.flatMap(({ ran }) => ran)).toEqual(['read-kernel-settings', 'restart-coturn']);
    const configuration = readFileSync(sample.path('etc/turnserver.conf'), 'utf8');
    expect(configuration).toContain('static-auth-secret=change-me\nmin-port=49152\nmax-port=65535\n');
    expect(configuration).toContain('# turn-1 is one of 1\n');
    expect(readFileSync(sample.path('etc/sysctl.d/90-clusterproxy-turn.conf'), 'utf8')).toContain(
      'net.core.rmem_max = 4194304\n',
    );
    const { plan: again } = await planRun(options);
    expect(statuses(resultOfPlan(again, 'plan'))).toEqual({ 'turn-1': 'in-sync' });

    // Somebody calls.
    program('ss', 'echo "0 0 203.0.113.5:3478 198.51.100.7:40000"');
    writeFileSync(
      join(folder, 'prod.yaml'),
      JSON.stringify({ ...inventory, vars: { ...inventory.vars, realm: 'example.org' } }),
    );
    const busy = applyOptions(await loadInventory(join(folder, 'prod.yaml')));
    const planned = await planRun(busy);
    expect(planned.plan.hosts[0]?.guards).toEqual([
      {
        guard: 'calls',
        description: 'running calls',
        state: 'busy',
        sessions: [{ participants: 1 }],
      },
    ]);
    const putOff = await applyRun(planned, busy);
    expect(statuses(putOff)).toEqual({ 'turn-1': 'deferred' });
    expect(putOff.hosts[0]?.problem).toMatchObject({
      code: 'busy',
      message: 'running calls: 1, with 1 person',
      detail: undefined,
    });
    expect(readFileSync(sample.path('etc/turnserver.conf'), 'utf8')).toBe(configuration);
  });
});
