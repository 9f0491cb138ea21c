import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { endProcessesBelow, processesBelow } from '../../src/demo/processes.ts';
import { buildProgram } from '../cli/program.ts';
import { closeTerminals, clusterproxyOn, wide } from './terminal.ts';

/** The whole story on a busy machine. */
const timeout = 280_000;

let temporary: string;
beforeAll(async () => {
  await buildProgram();
  // With a blank, as some machines' temporary folders have one.
  temporary = join(await realpath(await mkdtemp(join(tmpdir(), 'clusterproxy-test-'))), 'temporary files');
  await mkdir(temporary);
});
afterAll(async () => {
  closeTerminals();
  // After a test that failed: a demo that was killed leaves what runs on its hosts.
  endProcessesBelow(temporary);
  await rm(join(temporary, '..'), { recursive: true, force: true, maxRetries: 5 });
});

/** In the order in which they are told. */
const milestones = [
  'demo.yaml is valid: cluster demo, playbook bigbluebutton, proxy: 1, node: 3',
  'bbb-01: node, recipe 2.4 (',
  'bbb-02: node, recipe 2.5-2.7 (',
  'bbb-03: node, recipe 3.0 (',
  ' securitySalt=********\n',
  '+defaultHTML5ClientUrl=https://bbb-proxy.example.com/bbb-01/html5client/join\n',
  '4 hosts: 4 changed (run ',
  'proxy-1, bbb-01, bbb-02, bbb-03: nothing to do\n\n4 hosts: 4 in sync\n',
  '-accessControlAllowOrigin=*\n',
  '(exit status 2: ',
  '4 hosts: 1 changed, 3 in sync (run ',
  'now: running meetings: 1, with 28 people',
  '(exit status 5: ',
  'nginx: [emerg] unexpected end of file, expecting "}" in /etc/nginx/conf.d/own.conf:2\n',
  '4 hosts: 1 changed, 2 in sync, 1 rolled back (run ',
  '(exit status 3: ',
  '  autoindex off;\n',
  '$ clusterproxy rollback --inventory demo.yaml --run ',
  '4 hosts: 4 changed (run ',
  '\nno file differs\n',
  'none of them differs, and no new file or directory was',
  'The hosts stay until you press Ctrl-C here',
];

it('the demo tells the whole story, keeps the hosts until Ctrl-C, and leaves nothing', {
  timeout,
}, async () => {
  const demo = clusterproxyOn(['demo', '--keep'], {
    variables: { TMPDIR: temporary, XDG_STATE_HOME: join(temporary, '../state') },
  });
  await demo.shows(/In another terminal:[\s\S]*on bbb-02:/);
  const lines = await demo.everything();
  const story = lines.join('\n');
  let at = 0;
  for (const milestone of milestones) {
    const found = story.indexOf(milestone, at);
    expect(found, `${milestone} after:\n${story.slice(0, at)}`).toBeGreaterThanOrEqual(at);
    at = found + milestone.length;
  }
  // The record of its runs is no business of this account's.
  expect(existsSync(join(temporary, '../state'))).toBe(false);
  // What was drawn anew while hosts were looked at and changed is gone.
  expect(demo.written).toContain('looking: ');
  expect(demo.written).toMatch(/\d of \d done, 0 put off, 0 failed/);
  expect(story).not.toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]|looking: |what is being done|put off, 0 failed/);

  const prose = lines.filter((line) => /^[$A-Z0-9] ?/.test(line) && !line.includes(temporary));
  expect(prose.length).toBeGreaterThan(30);
  for (const line of prose) expect(line.length, line).toBeLessThanOrEqual(80);

  // The hosts are there, and commands in another terminal reach them.
  const folder = /cd '(.*)'/.exec(story)?.[1] ?? '';
  expect(existsSync(join(folder, 'hosts/bbb-02/etc/bigbluebutton/bbb-web.properties'))).toBe(true);
  expect(readFileSync(join(folder, 'demo.yaml'), 'utf8')).toContain("host_keys: ['SHA256:");
  const plan = clusterproxyOn(['plan', '--inventory', 'demo.yaml'], { cwd: folder, size: wide });
  expect(await plan.ended()).toBe(0);
  expect((await plan.everything()).join('\n')).toContain('4 hosts: 4 would change;');

  demo.type('\x03');
  expect(await demo.ended()).toBe(0);
  expect((await demo.screen()).join('\n')).toContain("interrupted: the demo's hosts are taken down");
  expect(await readdir(temporary)).toEqual([]);
  expect(processesBelow(temporary)).toEqual([]);
});
