import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { probe } from '../../src/host/probe.ts';
import { readRuns } from '../../src/host/runs.ts';
import { transact } from '../../src/host/transact.ts';
import { upload } from '../../src/host/upload.ts';
import type { Guard, Handler } from '../../src/model/handler.ts';
import { type Answer, noReads, type Query, queryKey } from '../../src/model/reads.ts';
import { packageRoot } from '../../src/package-root.ts';
import type { Connection } from '../../src/ssh/contract.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import { guardProgram } from '../support/guard-program.ts';
import { change, file, restartWeb, type Sample, sampleHost, transaction } from './sample.ts';

let sample: Sample;
beforeEach(async () => {
  sample = await sampleHost();
});
afterEach(() => sample.close());

const site = '/etc/nginx/conf.d/site.conf';
const at = (path: string) => sample.path(path.slice(1));
const text = (path: string) => readFileSync(at(path), 'utf8');
const changes = () => [change(site, file(text(site)), file('server {\n  listen 81;\n}\n'))];
const ask = (program: string, ...args: readonly string[]): Query => ({ kind: 'program', program, args });

async function over<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
  const connection = await connect(sample.host.target);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

/** The answers that one look at the host brings. */
async function answers(...queries: readonly Query[]): Promise<readonly (Answer | undefined)[]> {
  const snapshot = await over((connection) => probe(connection, 'bbb-01', { ...noReads, queries }));
  return queries.map((query) => snapshot.answers.get(queryKey(query)));
}

function guarded(query: Query, more: Partial<Guard> = {}): Handler {
  const guards = [{ id: 'calls', description: 'running calls', query, ...more }];
  return { ...restartWeb, guards, checks: [], settle: 0 };
}
const carry = (handler: Handler) =>
  transact(() => connect(sample.host.target), transaction(changes(), [handler], { units: [] }));

describe('a program of a playbook, asked by a look at the host', () => {
  test('gets its arguments as they are, and says how it is by its exit status', async () => {
    const program = 'printf "%s|" "$#" "$@"; exit "$1"\n';
    expect(
      await answers(ask(program, '0', "a 'b'", '', '$(id)'), ask(program, '1'), ask(program, '7', '')),
    ).toEqual([
      { status: 0, output: "4|0|a 'b'||$(id)|" },
      { status: 1, output: '1|1|' },
      { status: 7, output: '2|7||' },
    ]);
  });

  test('may use what the guide says, and nothing else is at hand', async () => {
    writeFileSync(at('/etc/product.properties'), 'key = first\nkey=val\\:ue\r\n');
    const program = `
properties_value key "$ROOT/etc/product.properties" && echo "3\${US}$value"
http_get 5 http://127.0.0.1:8090/bigbluebutton/api 'Content-Type: application/json' >/dev/null && echo answered
printf '%s\\n' "two\${NL}lines"
command -v ask || echo alone
exit 1`;
    expect(await answers(ask(program))).toEqual([
      { status: 1, output: '3\u001fval:ue\nanswered\ntwo\nlines\nalone\n' },
    ]);
  });

  test('is not there for what comes behind it: several, with texts of any length', async () => {
    const long = (mark: string) => `# ${'ä'.repeat(20_000)}\necho ${mark} "$1"\nexit 1\n\n\n`;
    const [one, other] = [long('one'), long('other')];
    expect(await answers(ask(one, 'a'), ask(other, 'b'), ask(one, 'c'))).toEqual([
      { status: 1, output: 'one a\n' },
      { status: 1, output: 'other b\n' },
      { status: 1, output: 'one c\n' },
    ]);
  });

  test('has nothing to read, and what it complains of is told', async () => {
    const [reads, broken, missing] = await answers(
      ask('cat; exit 3'),
      ask('if true\n'),
      ask('no-such-program "$1"', 'x'),
    );
    expect(reads).toEqual({ status: 3, output: '' });
    expect(broken?.status).toBe(2);
    expect(broken?.output).toMatch(/syntax error/i);
    expect(missing?.status).toBe(127);
    expect(missing?.output).toContain('no-such-program');
  });

  // Whoever waited for what sleeps here would be ended by the test's time limit.
  test('is ended with all that it has started when it takes too long', async () => {
    const [slow] = await answers(ask('sleep 1000 | sleep 1001; exit 0'));
    expect(slow).toEqual({ status: 124, output: 'it took too long\n' });
  });

  test('that leaves something at work is not waited for any longer', async () => {
    expect(await answers(ask('sleep 1000 & exit 1'), ask('echo words; setsid sleep 1000 & exit 7'))).toEqual([
      { status: 1, output: '' },
      { status: 7, output: 'words\n' },
    ]);
  });

  test('leaves nothing running behind', async () => {
    const leaving = (name: string) => `sleep 300 & echo $! >"$CLUSTERPROXY_ROOT/run/${name}"; exit 1`;
    const command = { kind: 'command', args: ['sh', '-c', leaving('by-command')] } as const;
    expect(await answers(ask(leaving('by-program')), command)).toEqual([
      { status: 1, output: '' },
      { status: 1, output: '' },
    ]);
    for (const name of ['by-program', 'by-command']) {
      const pid = text(`/run/${name}`).trim();
      expect(pid).toMatch(/^\d+$/);
      await expect.poll(() => stateOfProcess(pid)).toMatch(/^(gone|Z)$/);
    }
  });

  test('of a kind that the host does not know is not known, as one of an older version', async () => {
    const old = { kind: 'bbb-meetings', args: ['http://127.0.0.1:8090/api'] } as unknown as Query;
    expect(await answers(old)).toEqual([{ status: 125, output: 'the query bbb-meetings is unknown\n' }]);
  });
});

describe('a program of a playbook, asked in a transaction', () => {
  test('that says who is there puts the run off, in the words of the playbook', async () => {
    const program = `printf '%s\\n' "12\${US}Maths, $1" "?\${US}Art"; echo noise >&2; exit 1`;
    const result = await carry(guarded(ask(program, 'class 7b')));
    expect(result).toMatchObject({
      state: 'deferred',
      problem: {
        code: 'busy',
        message: 'running calls: 2, with at least 12 people',
        detail: '- 12 people',
      },
    });
    expect(text(site)).not.toContain('81');
  });

  test('that names nobody is taken at its word', async () => {
    const result = await carry(guarded(ask('exit 1')));
    expect(result.problem).toMatchObject({
      code: 'busy',
      message: 'the guard calls says that somebody is connected',
    });
  });

  test('that can not tell counts as busy, and says why', async () => {
    const result = await carry(guarded(ask('echo the switch is silent; exit 9')));
    expect(result).toMatchObject({
      state: 'deferred',
      problem: { code: 'guard-unknown', detail: 'the switch is silent' },
    });
    expect(result.problem?.message).toContain('status 9');
  });

  test('that leaves something at work, or prints without end, holds nothing up', async () => {
    const result = await carry(
      guarded(ask('sleep 1000 & yes "$1" | head -c 300000000; exit 1', 'x'.repeat(99))),
    );
    expect(result).toMatchObject({ state: 'deferred', problem: { code: 'busy' } });
  });

  test('that is no longer there counts as busy', async () => {
    const gone = `rm -rf -- "$ROOT"/var/lib/clusterproxy/runs/*/programs; exit 0`;
    const result = await carry(guarded(ask(gone)));
    expect(result).toMatchObject({ state: 'deferred', problem: { code: 'guard-unknown' } });
    expect(result.problem?.detail).toContain('the program is not there');
    expect(text(site)).not.toContain('81');
  });

  test('of a kind that an older version knew counts as busy', async () => {
    const old = { kind: 'bbb-meetings', args: ['http://127.0.0.1:8090/api'] } as unknown as Query;
    const result = await carry(guarded(old));
    expect(result).toMatchObject({ state: 'deferred', problem: { code: 'guard-unknown' } });
    expect(result.problem?.detail).toBe('the query bbb-meetings is unknown');
  });

  test('is remembered once, and whole, for who undoes the run', async () => {
    const program = `# ${'x'.repeat(3000)}\nexit 0\n`;
    const handler = guarded(ask(program, 'a'));
    const handlers = [handler, { ...handler, id: 'again' }];
    const plan = transaction(changes(), handlers, { units: [] });
    expect((await transact(() => connect(sample.host.target), plan)).state).toBe('committed');
    const [run] = await over(readRuns);
    expect(run?.record?.handlers).toEqual(JSON.parse(JSON.stringify(handlers)));
    const record = text(`/var/lib/clusterproxy/runs/${plan.run}/record.json`);
    expect(record.split('x'.repeat(3000))).toHaveLength(2);
    // Without it nobody could be asked.
    const cut = JSON.stringify({ ...JSON.parse(record), programs: [] });
    rmSync(at(`/var/lib/clusterproxy/runs/${plan.run}/record.json`));
    writeFileSync(at(`/var/lib/clusterproxy/runs/${plan.run}/record.json`), cut);
    expect((await over(readRuns))[0]?.record).toBeUndefined();
  });
});

describe('what a host of one product gets', () => {
  const products = /bbb|bigbluebutton|averox|avx|wcs|flashphoner|antmedia/i;

  test('is nothing of another: the programs for all hosts know none', () => {
    const folder = join(packageRoot(), 'src/host/remote');
    const names = readdirSync(folder);
    expect(names).toContain('probe.sh');
    for (const name of names)
      expect([name, readFileSync(join(folder, name), 'utf8')]).toEqual([
        name,
        expect.not.stringMatching(products),
      ]);
  });

  test('is in a transaction what its own playbook brings', async () => {
    const handler = guarded(ask(guardProgram('wcs-sessions.sh'), 'http://127.0.0.1:8081/?action=stat'));
    const plan = transaction([], [{ ...handler, id: 'restart-it', actions: [], rewrites: [] }], {
      units: [],
      host: 'wcs-1',
    });
    const { request, files } = await upload({
      ...plan,
      ledger: { ...plan.ledger, playbook: 'wcs' },
      record: { ...plan.record, host: 'wcs-1' },
    });
    const sent = [request, ...files.map((content) => content.toString('utf8'))]
      .join('\n')
      // Sums are anything.
      .replace(/\b[0-9a-f]{64}\b/g, '');
    expect(sent).toContain('streams_hls');
    expect(sent).not.toMatch(/bbb|bigbluebutton|averox|antmedia/i);
  });
});

/** A letter of proc_pid_stat(5); Z for one that has ended and nobody has asked for. */
function stateOfProcess(pid: string): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.charAt(stat.lastIndexOf(')') + 2);
  } catch {
    return 'gone';
  }
}
