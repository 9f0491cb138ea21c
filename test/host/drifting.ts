import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { probe } from '../../src/host/probe.ts';
import type { Author } from '../../src/model/author.ts';
import type { Change } from '../../src/model/change.ts';
import { noReads } from '../../src/model/reads.ts';
import { type Snapshot, stateIn } from '../../src/model/snapshot.ts';
import { authorsOf } from '../../src/plan/forward/authors.ts';
import { connect } from '../../src/ssh/ssh2/connect.ts';
import { group, type Sample, sampleHost, user } from './sample.ts';

/** What a run has written into each file. */
export const written = 'as written\n';
export const run = '20261121T074500Z-4f2a9c';
export const unit = 'unit:nginx';

const two = (number: number) => String(number).padStart(2, '0');
const clockOf = (date: Date) => [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** The traditional form of rsyslog. */
export const syslog = (date: Date) =>
  `${months[date.getMonth()]} ${String(date.getDate()).padStart(2)} ${clockOf(date)}`;
export const dpkgTime = (date: Date) =>
  `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clockOf(date)}`;
export const later = (date: Date, seconds: number) => new Date(date.getTime() + seconds * 1000);

/** What changes in the very second in which a run ended isn't told from what the run wrote. */
export async function nextSecond(): Promise<void> {
  const until = Math.floor(Date.now() / 1000) * 1000 + 1050;
  while (Date.now() < until) await sleep(until - Date.now());
}

/**
 * A host on which a run has written some files, and ended a second ago. Tests change them behind its back.
 */
export class Drifting {
  readonly sample: Sample;
  readonly paths: readonly string[];
  /** the last answer of the host */
  answer = '';

  private constructor(sample: Sample, paths: readonly string[]) {
    this.sample = sample;
    this.paths = paths;
  }

  static async start(paths: readonly string[]): Promise<Drifting> {
    const one = new Drifting(await sampleHost(), paths);
    for (const path of paths) one.write(path, written);
    one.remember(paths, 'committed');
    one.standIn('uname', `[ "$*" = -n ] && echo bbb-01 || PATH=/usr/bin:/bin exec uname "$@"`);
    await nextSecond();
    return one;
  }

  at(path: string): string {
    return this.sample.path(path.slice(1));
  }

  write(path: string, text: string | Buffer): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), text);
  }

  append(path: string, line: string): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    appendFileSync(this.at(path), `${line}\n`);
  }

  /** When it changed (of what is gone, its folder), as a log has it. */
  changed(path: string): Date {
    return new Date(Math.floor(statSync(this.at(path)).ctimeMs / 1000) * 1000);
  }

  /** A line of sudo's. */
  sudo(date: Date, who: string, command: string, { pwd = `/home/${who}`, pid = '' } = {}): void {
    const tag = pid === '' ? 'sudo' : `sudo[${pid}]`;
    const words = `TTY=pts/0 ; PWD=${pwd} ; USER=root ; COMMAND=${command}`;
    this.append('/var/log/auth.log', `${syslog(date)} bbb-01 ${tag}:    ${who} : ${words}`);
  }

  /** The end of a command that sudo ran. */
  ended(date: Date, pid = ''): void {
    const tag = pid === '' ? 'sudo' : `sudo[${pid}]`;
    const words = 'pam_unix(sudo:session): session closed for user root';
    this.append('/var/log/auth.log', `${syslog(date)} bbb-01 ${tag}: ${words}`);
  }

  /** What a run leaves that has just ended. */
  remember(paths: readonly string[], state: string, records: readonly string[] = []): void {
    const folder = '/var/lib/clusterproxy/runs';
    this.write(`${folder}/${run}/settle.sh`, '#!/bin/sh\n');
    this.write(
      `${folder}/${run}/manifest`,
      ['cluster\u001fprod', ...records].map((line) => `${line}\n`).join(''),
    );
    this.write(`${folder}/${run}/boot`, 'a start\n');
    this.write(`${folder}/${run}/state`, `${state}\n`);
    const cluster = '/var/lib/clusterproxy/clusters/prod';
    this.write(`${cluster}/ledger.json`, ledgerOf(paths));
    this.write(`${cluster}/managed-paths`, `${[...paths, unit].join('\n')}\n`);
  }

  /** A program in place of one of the host's. */
  standIn(name: string, text: string): void {
    writeFileSync(this.sample.path(`../work/bin/${name}`), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }

  async look(): Promise<Snapshot> {
    const connection = await connect(this.sample.host.target);
    const recorded = {
      ...connection,
      exec: async (...args: Parameters<typeof connection.exec>) => {
        const result = await connection.exec(...args);
        this.answer = result.stdout.toString('utf8');
        return result;
      },
    };
    try {
      return await probe(recorded, 'bbb-01', noReads, { cluster: 'prod' });
    } finally {
      await connection.close();
    }
  }

  authorsIn(snapshot: Snapshot): ReadonlyMap<string, Author> {
    const planned: Change[] = [...this.paths, unit].map((path) => ({
      ...{ path, kind: path === unit ? 'unit' : 'file', action: 'modify', steps: ['a-step'] },
      before: stateIn(snapshot, path) ?? { kind: 'absent' },
      after: { kind: 'file', content: Buffer.from('as planned now\n'), mode: 0o644, user, group },
    }));
    return authorsOf(planned, snapshot, new Map());
  }

  async authors(): Promise<ReadonlyMap<string, Author>> {
    return this.authorsIn(await this.look());
  }

  close(): Promise<void> {
    return this.sample.close();
  }
}

function ledgerOf(paths: readonly string[]): string {
  const hash = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');
  const first = { kind: 'absent' };
  const content = Buffer.from(written).toString('base64');
  const activated = hash({ kind: 'file', content, mode: 0o644, user, group });
  const items = paths.map((path) => ({ step: 'a-step', path, format: 'file', key: [], first, activated }));
  const unitItem = { step: 'a-step', path: unit, format: 'unit-state', key: ['enabled'], first };
  return JSON.stringify({
    ...{ schemaVersion: 1, cluster: 'prod', playbook: 'bigbluebutton', recipe: '3.0', run },
    ...{ items: [...items, { ...unitItem, activated: '' }], created: [] },
  });
}
