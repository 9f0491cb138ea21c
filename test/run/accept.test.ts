import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inventoryName } from '../../src/demo/cluster.ts';
import { buildProgram, clusterproxy } from '../cli/program.ts';
import { problems, startCluster, type TestCluster } from './cluster.ts';

/** One cluster for all tests of this file, which follow one another. */
let cluster: TestCluster;
beforeAll(async () => {
  [cluster] = await Promise.all([startCluster(), buildProgram()]);
}, 120_000);
afterAll(() => cluster.close());

const path = '/etc/bigbluebutton/bbb-web.properties';
const key = 'defaultGuestWaitURL';
const inventory = () => join(cluster.folder, inventoryName);
const beside = () => inventory().replace(/\.yaml$/, '.accepted.yaml');
const run = (...words: readonly string[]) => clusterproxy([...words, '-i', inventory()]);
const why = ['--reason', 'exams', '--until', '14d'];

describe('accepted differences on hosts', { timeout: 240_000 }, () => {
  it('are refused where there is nothing to accept', async () => {
    const result = await cluster.apply(await cluster.inventory());
    expect(problems(result)).toEqual([]);
    const refused = async (...words: readonly string[]) => {
      const { status, stderr } = await run('accept', ...words);
      expect(status, stderr).toBe(1);
      return /error ([\w-]+):/.exec(stderr)?.[1];
    };
    expect(await refused('bbb-09', path, key, ...why)).toBe('limit-unknown');
    expect(await refused('bbb-02', '/etc/hosts', ...why)).toBe('accepted-not-managed');
    expect(await refused('bbb-02', path, 'other', ...why)).toBe('accepted-not-managed');
    expect(await refused('bbb-02', path, key, ...why)).toBe('accepted-no-difference');
    expect(await refused('bbb-02', path, ...why)).toBe('accepted-no-difference');
    expect(await refused('bbb-02', path, key, '--reason', 'exams')).toBe('usage');
    expect(await refused('bbb-02', path, key, '--reason', 'x', '--until', '2001-01-01')).toBe('usage');
    expect(await refused('bbb-02', path, key, '--reason', 'x', '--until', '500d')).toBe('usage');
    expect(await refused('--end', 'bbb-02', path)).toBe('nothing-accepted');
    expect(existsSync(beside())).toBe(false);
  });

  it('are no drift, and stay while everything else is changed', async () => {
    cluster.edit('bbb-02', path, (text) => text.replace(new RegExp(`^${key}=.*$`, 'm'), `${key}=by-hand`));
    expect((await run('check')).status).toBe(2);
    const accepted = await run('accept', 'bbb-02', key, ...why);
    expect([accepted.status, accepted.stderr]).toEqual([0, expect.anything()]);
    expect(accepted.stdout.replace(/\s+/g, ' ')).toContain(`bbb-02: ${key} in ${path} is accepted until`);
    expect(readFileSync(beside(), 'utf8')).not.toContain('by-hand');
    const check = await run('check');
    expect(check.status, check.stdout).toBe(0);
    expect(check.stdout.replace(/\s+/g, ' ')).toContain(`accepted: ${key} in ${path}`);
    const applied = await run('apply', '--yes', '--now');
    expect(applied.status, applied.stdout).toBe(0);
    expect(cluster.text('bbb-02', path)).toContain(`${key}=by-hand\n`);
    expect((await run('accept', '--list')).stdout).toContain('exams');
  });

  it('are drift again once the value changes, and once they are ended', async () => {
    cluster.edit('bbb-02', path, (text) => text.replace(`${key}=by-hand`, `${key}=again`));
    const changed = await run('check');
    expect(changed.status).toBe(2);
    expect(changed.stdout.replace(/\s+/g, ' ')).toContain('it has changed again since');
    expect((await run('accept', 'bbb-02', path, key, ...why)).status).toBe(0);
    expect((await run('check')).status).toBe(0);
    writeFileSync(
      beside(),
      readFileSync(beside(), 'utf8').replace(/until: '[^']*'/, "until: '2026-01-02T00:00:00Z'"),
    );
    const over = await run('check');
    expect([over.status, over.stdout.replace(/\s+/g, ' ')]).toEqual([
      2,
      expect.stringContaining('that time is over'),
    ]);
    writeFileSync(beside(), `# asked for by the faculty\n${readFileSync(beside(), 'utf8')}`);
    const ended = await run('accept', '--end', 'bbb-02', path);
    expect([ended.status, ended.stdout.replace(/\s+/g, ' ')]).toEqual([
      0,
      expect.stringContaining('is no longer accepted'),
    ]);
    expect(readFileSync(beside(), 'utf8')).toMatch(
      /^# asked for by the faculty\n# Differences.*\naccepted: \[\]\n$/,
    );
  });

  it('refuse a saved plan if other differences are accepted by then', async () => {
    const plan = join(cluster.folder, 'plan.json');
    expect((await run('plan', '--out', plan)).status).toBe(0);
    expect((await run('accept', 'bbb-02', path, key, ...why)).status).toBe(0);
    const refused = await run('apply', '--plan', plan, '--yes', '--now');
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('plan-differs')]);
  });

  it('warn of a host that the inventory does not have, and refuse a broken file', async () => {
    const text = readFileSync(beside(), 'utf8');
    writeFileSync(beside(), text.replace("'bbb-02'", "'bbb-99'").replace('host: bbb-02', 'host: bbb-99'));
    const validated = await run('validate');
    expect(`${validated.stdout}${validated.stderr}`.replace(/\s+/g, ' ')).toContain(
      'on bbb-99, which is not in',
    );
    writeFileSync(beside(), 'accepted: [{host: bbb-02}]\n');
    expect((await run('validate')).status).toBe(1);
  });
});
