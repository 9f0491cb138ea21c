import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { whoIsTold } from '../../src/inventory/who-is-told.ts';

const folder = mkdtempSync(join(tmpdir(), 'clusterproxy-told-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'prod.yaml');
const told = (text: string) => {
  writeFileSync(file, text);
  return whoIsTold(file);
};

const targets = [{ webhook: { env: 'HOOK_URL' } }, { command: ['./told'], severities: ['info'] }];
const sound = `# ours
playbook: bigbluebutton
cluster:
  name: prod
  hostname: bbb.example.com
  time_zone: Europe/Berlin

notify:
  targets:
    - webhook: {env: HOOK_URL}
    # of the caretaker
    - command: [./told]
      severities: [info]
hosts:
  proxy: [{name: proxy-1}]
`;

describe('who is told, by an inventory with mistakes', () => {
  it.each([
    ['nothing', sound],
    ['an unknown key', sound.replace('hosts:', 'hots:')],
    [
      'a merge that was never ended',
      sound.replace('hosts:', '<<<<<<< HEAD\nhosts:\n=======\nhosts:\n>>>>>>> b'),
    ],
    ['brackets that nobody closes', `${sound}  node: [{name: bbb-01\n`],
    ['a tab', sound.replace('  proxy:', '\tproxy:')],
    ['no hosts', sound.replace(/hosts:[\s\S]*$/, '')],
    ['Windows line ends', sound.replaceAll('\n', '\r\n').replace('hosts:', 'hosts: [')],
  ])('is known with %s', async (_, text) => {
    expect(await told(text)).toMatchObject({
      cluster: { name: 'prod' },
      timeZone: 'Europe/Berlin',
      notify: { targets },
    });
  });

  it('is nobody where that is what is wrong, and where there is nothing', async () => {
    expect((await told(sound.replace('webhook: {env', 'webhok: {env'))).notify).toBeUndefined();
    expect(await told('')).toMatchObject({ cluster: undefined, notify: undefined });
    await expect(whoIsTold(join(folder, 'none.yaml'))).rejects.toThrow('does not exist');
  });

  it('is what was written or nobody, whatever is cut out of the rest', async () => {
    const [from, to] = [sound.indexOf('notify:'), sound.indexOf('hosts:')];
    const outside = fc.oneof(fc.nat(from - 1), fc.integer({ min: to, max: sound.length }));
    await fc.assert(
      fc.asyncProperty(outside, fc.string({ maxLength: 5 }), async (at, put) => {
        const { notify } = await told(sound.slice(0, at) + put + sound.slice(at));
        if (notify !== undefined) expect(notify).toMatchObject({ targets });
      }),
    );
  });
});
