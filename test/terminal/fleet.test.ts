import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../cli/program.ts';
import { startFleet, type TestFleet } from '../fleet/clusters.ts';
import { lockedKey } from './places.ts';
import { closeTerminals, clusterproxyOn, usual } from './terminal.ts';

let fleet: TestFleet;
beforeAll(async () => {
  [fleet] = await Promise.all([startFleet(['alpha', 'beta', 'gamma']), buildProgram()]);
  // The handler of this cluster's node doesn't end.
  fleet.write('beta', (text) => text.replace('bigbluebutton.yaml', 'slow.yaml'));
}, 120_000);
afterEach(closeTerminals);
afterAll(() => fleet?.close());

const on = (...argv: readonly string[]) =>
  clusterproxyOn(['fleet', ...argv], { cwd: fleet.folder, size: usual });
const inventories = ['-i', 'clusters/*.yaml'];
/** Whatever of a picture may be left behind. */
const pieces = /what is being done|^\d of 3 clusters done, \d put off/m;

describe('on a terminal of 80x24', () => {
  it('a plan is a table in lines that fit, and leaves nothing of the live picture behind', async () => {
    const terminal = on('plan', ...inventories, '--summary', '--no-pager');
    expect(await terminal.ended()).toBe(0);
    const text = await terminal.everything();
    expect(text.filter((line) => line.length > 80)).toEqual([]);
    expect(text.slice(0, 4)).toEqual([
      expect.stringMatching(/^cluster {2}hosts {11}changes {2}restarts {2}inventory$/),
      expect.stringMatching(/^alpha {4}2 would change {2}\d+ +2 {9}alpha\.yaml$/),
      expect.stringMatching(/^beta {5}2 would change /),
      expect.stringMatching(/^gamma {4}2 would change /),
    ]);
    expect(terminal.written).toMatch(/cluster +for +in all +what is being done/);
    expect(terminal.written).toMatch(/\d of 3 clusters done, 0 put off, 0 failed/);
    expect(text.join('\n')).not.toMatch(pieces);
  });

  describe('with an encrypted key', () => {
    const lock = () => {
      const cluster = fleet.clusters.get('alpha');
      if (cluster === undefined) throw new Error('there is no alpha');
      return lockedKey(cluster, 'proxy-1', 'some words');
    };
    const withKey = (key: string) => (text: string) =>
      text.replace(/identity_files: \[[^\]]*proxy-1[^\]]*\]/, `identity_files: [${key}]`);
    afterEach(() => {
      for (const name of ['alpha', 'beta']) fleet.write(name);
      fleet.write('beta', (text) => text.replace('bigbluebutton.yaml', 'slow.yaml'));
      rmSync(join(fleet.folder, 'delta.yaml'), { force: true });
    });

    it('its passphrase is asked for once, however many clusters it opens', async () => {
      const key = lock();
      fleet.write('alpha', withKey(key));
      fleet.write('alpha', (text) => withKey(key)(text).replace('name: alpha', 'name: delta'), '../delta');
      const terminal = on('check', '-i', 'clusters/alpha.yaml', 'delta.yaml', '--summary', '--no-pager');
      await terminal.shows(`Passphrase for ${key}:`);
      terminal.type('some words\r');
      expect(await terminal.ended()).toBe(2);
      const text = (await terminal.everything()).join('\n');
      expect(text.match(/Passphrase for/g)).toEqual(['Passphrase for']);
      expect(text).toMatch(/^alpha +2 would change /m);
      expect(text).toMatch(/^delta +2 would change /m);
    });

    it('nobody is asked for it while a program that looks up a secret has the terminal', async () => {
      const key = lock();
      const asking = 'printf "Word: " >/dev/tty; read -r word; sleep 2; echo thanks >/dev/tty; echo "$word"';
      fleet.write('alpha', withKey(key));
      fleet.write('beta', (text) =>
        text.replace('  user: root\n', `  user: root\n  passphrase: {command: [sh, -c, '${asking}']}\n`),
      );
      const terminal = on('check', ...inventories, '--cluster', 'alpha,beta', '--summary', '--no-pager');
      await terminal.shows('Word: ');
      terminal.type('a word\r');
      await terminal.shows(`Passphrase for ${key}:`);
      const text = (await terminal.everything()).join('\n');
      expect(text).toMatch(/thanks[\s\S]*Passphrase for/);
      terminal.type('some words\r');
      expect(await terminal.ended()).toBe(2);
    });
  });

  it('apply asks once with the sum of it all, and a no changes nothing', async () => {
    const terminal = on('apply', ...inventories, '--rings', '1,rest', '--summary');
    await terminal.shows('Apply these changes to 6 hosts in 3 clusters, in 2 rings? [y/N]');
    await terminal.shows(/^in all: 6 hosts in 3 clusters; /m);
    terminal.type('n\r');
    expect(await terminal.ended()).toBe(1);
    expect((await terminal.everything()).join('\n')).toContain('nothing was changed');
    expect(['alpha', 'beta', 'gamma'].map(fleet.isChanged)).toEqual([false, false, false]);
  });

  it('shows the cluster at work in a line, and Ctrl-C begins no further one', async () => {
    const terminal = on('apply', ...inventories, '--summary');
    await terminal.shows('[y/N]');
    terminal.type('y\r');
    const isAtWork = (lines: readonly string[]) =>
      /^1 of 3 clusters done, 0 put off, 0 failed$/.test(lines.at(-1) ?? '') &&
      /^beta +\d+:\d\d +\d+:\d\d +1 of 2 hosts done; bbb-01: restart-bbb-web/.test(lines.at(-2) ?? '');
    await expect
      .poll(async () => isAtWork(await terminal.screen()), { timeout: 60_000, interval: 50 })
      .toBe(true);
    expect((await terminal.screen()).every((line) => line.length <= 80)).toBe(true);
    terminal.type('\x03');
    await terminal.shows('no further host is started');
    terminal.type('\x03');
    expect(await terminal.ended()).toBe(130);
    const text = (await terminal.everything()).join('\n');
    expect(text).not.toMatch(pieces);
    expect(text).toMatch(/^alpha +2 changed /m);
    expect(text).toMatch(/^gamma +not begun /m);
    expect(['alpha', 'gamma'].map(fleet.isChanged)).toEqual([true, false]);
  });
});
