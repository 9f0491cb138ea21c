import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const program = join(import.meta.dirname, '../../playbooks/files/haproxy-symptoms.sh');

/** What the program says of a HAProxy that answers `show stat` so; undefined: with no socket at all. */
async function said(answer: string | undefined): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'clusterproxy-'));
  const socket = join(folder, 'admin.sock');
  const server = createServer((connection) => {
    connection.on('error', () => undefined);
    connection.once('data', () => connection.end(answer ?? ''));
  });
  try {
    if (answer !== undefined) await new Promise<void>((done) => server.listen(socket, done));
    const { stdout } = await promisify(execFile)('sh', [program, join(folder, 'none'), socket], {
      env: { ...process.env, ROOT: '' },
    });
    return stdout;
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
}

const stat = (...rows: readonly string[]) =>
  `# pxname,svname,status,agent_status,\nwcs_back,FRONTEND,OPEN,,\n${rows.join('\n')}\nwcs_back,BACKEND,UP,,\n`;

it('names the nodes whose agents are silent, and why', async () => {
  const rows = ['wcs_back,wcs-01,UP,L7OK,', 'wcs_back,wcs-02,UP,* L7RSP,', 'wcs_back,wcs-03,UP,L4TOUT,'];
  expect(await said(stat(...rows, 'wcs_other,wcs-02,UP,L7RSP,'))).toBe(
    'silent wcs-02 answers nothing, or what no agent says (L7RSP); wcs-03 does not answer (L4TOUT)\n',
  );
});

it('says nothing of agents that answer, of none, and of a node in maintenance', async () => {
  expect(
    await said(stat('wcs_back,wcs-01,UP,L7OK,', 'wcs_web,web,no check,,', 'wcs_back,wcs-02,MAINT,L4CON,')),
  ).toBe('');
});

it('knows nothing of a HAProxy that does not answer, and looks for nothing where there is none', async () => {
  expect(await said('')).toBe('silent ? HAProxy does not answer at its socket\n');
  expect(await said(undefined)).toBe('');
});
