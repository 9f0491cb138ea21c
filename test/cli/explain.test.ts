import { beforeAll, describe, expect, it } from 'vitest';
import { reportSchema } from '../../src/report/document/schema.ts';
import { buildProgram, clusterproxy } from './program.ts';

beforeAll(buildProgram);

describe('explain', () => {
  it('takes the words of a screen, without quotes', async () => {
    const { status, stdout } = await clusterproxy(['explain', 'not', 'started', '--json']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout).explanations).toEqual([expect.objectContaining({ code: 'not-started' })]);
  });

  it('prints what a code means and what to do, in lines that fit', async () => {
    const { status, stdout, stderr } = await clusterproxy(['explain', 'unsuitable-host']);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^unsuitable-host: the host isn't what its role needs/);
    expect(stdout).toContain('\nWhat to do: ');
    expect(stdout).toContain('\nFrom docs/errors-looking.md, Looking at a host\n');
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('prints advice that names an option for a secret as the manual has it', async () => {
    const { stdout } = await clusterproxy(['explain', 'balancer-secret-differs']);
    expect(stdout).toContain('\nWhat to do: give it the secret that bbb-conf --secret prints\n');
  });

  it('lists all codes and statuses below the headings of the manual', async () => {
    const { status, stdout } = await clusterproxy(['explain']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Command line\n {2}usage: /);
    expect(stdout).toContain('\n\nChanging a host\n');
    expect(stdout).toContain('\n  stuck: ');
  });

  it('prints the usual document with --json', async () => {
    const { stdout } = await clusterproxy(['explain', 'busy', '--json']);
    const document = reportSchema.parse(JSON.parse(stdout));
    expect(document).toMatchObject({
      command: 'explain',
      summary: { exitStatus: 0 },
      explanations: [{ code: 'busy', page: 'errors-changing.md' }],
    });
  });

  it('ends with 1 where nobody has the code', async () => {
    const { status, stdout, stderr } = await clusterproxy(['explain', 'bussy']);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain("error code-unknown: no error, status, trouble or check has the code 'bussy'");
    expect(stderr).toContain('did you mean busy?');
  });
});
