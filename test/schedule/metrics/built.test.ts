import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { buildProgram, clusterproxy } from '../../cli/program.ts';

beforeAll(buildProgram);

it('the program as it is bundled can write metrics', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'clusterproxy-metrics-'));
  try {
    const [inventory, file] = [join(folder, 'prod.yaml'), join(folder, 'prod.prom')];
    writeFileSync(inventory, 'hosts: [');
    const { status, stderr } = await clusterproxy(['check', '-i', inventory, '--metrics', file]);
    expect(status).toBe(1);
    expect(stderr).not.toContain('unexpected');
    expect(readFileSync(file, 'utf8')).toContain('clusterproxy_last_run_success{cluster=""} 0\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
