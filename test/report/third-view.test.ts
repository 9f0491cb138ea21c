import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { carryOut } from '../../src/cli/carry-out.ts';
import type { Environment } from '../../src/cli/environment.ts';
import { Session } from '../../src/cli/session.ts';
import { lookUp } from '../../src/cli/session-secrets.ts';
import type { ProgressEvent } from '../../src/model/progress.ts';
import { resultWithoutHosts } from '../../src/model/result.ts';
import type { ReportDocument } from '../../src/report/document/schema.ts';
import { Output } from '../../src/report/output.ts';
import type { Chapter, View } from '../../src/report/view.ts';
import { readHistory } from '../../src/run/history-run.ts';
import { usualApply } from '../../src/run/options.ts';
import { planRun } from '../../src/run/plan-run.ts';
import { SecretRegister } from '../../src/secrets/register.ts';
import { createConnector } from '../../src/ssh/connector.ts';
import { type SecretCluster, secrets, startSecretCluster } from '../secrets/cluster.ts';
import { loadInventory } from '../support/load-inventory.ts';

/** A third form of a report, made of the interface and the document alone. */
class MarkdownView implements View {
  text = '';
  readonly given: unknown[] = [];

  show(chapter: Chapter, document: ReportDocument): void {
    this.given.push(document);
    this.#write(`## ${chapter}`);
    for (const host of document.hosts) {
      this.#write(`- **${host.name}** (${host.role}): ${host.status} ${host.warnings.join(' ')}`);
      for (const change of host.changes) this.#write(`\`${change.path}\`\n\n~~~diff\n${change.diff}~~~`);
      if (host.error !== undefined) this.#write(`> ${host.error.message}\n\n~~~\n${host.error.detail}~~~`);
    }
    for (const run of document.runs ?? []) this.#write(`- ${run.run}: ${run.command} by ${run.operator}`);
  }

  end(document: ReportDocument): void {
    this.given.push(document);
    this.#write(`exit status ${document.summary.exitStatus}`);
  }

  progress(event: ProgressEvent): void {
    this.given.push(event);
    if (event.kind === 'host') this.#write(`_${event.host}: ${event.phase} ${event.detail ?? ''}_`);
  }

  message(text: string): void {
    this.given.push(text);
    this.#write(`_${text}_`);
  }

  #write(text: string): void {
    this.text += `${text}\n\n`;
  }
}

/** The screen cleared, a title, C1's CSI, text turned round. */
const evil = '\x1b[2J\x1b]0;title\x07\x9b1m\u202egnp.exe';
const dangerous = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;

let cluster: SecretCluster;
beforeAll(async () => {
  cluster = await startSecretCluster();
  cluster.put('host/etc/app/app.properties', `# ours ${evil}\nworkers=2\nold=${secrets.file}\n`);
}, 120_000);
afterAll(() => cluster?.close());

/** All texts in plain data. */
function textsIn(data: unknown): readonly string[] {
  if (typeof data === 'string') return [data];
  return typeof data === 'object' && data !== null ? Object.values(data).flatMap(textsIn) : [];
}

it('is hung on with the interface alone, and gets nothing that it must not show', async () => {
  const register = new SecretRegister();
  const view = new MarkdownView();
  const stream = new PassThrough() as unknown as NodeJS.WriteStream;
  const { signal } = new AbortController();
  const environment = {
    stdin: new PassThrough(),
    // Nothing but the view is written to, so what masks at the very end is of no help here.
    output: new Output({ stdout: stream, stderr: stream, variables: {}, mask: (text) => text }),
    variables: { DB_PASSWORD: secrets.environment },
    secrets: register,
    signal,
    leave: signal,
    phase: { changing: false },
  } as unknown as Environment;
  const options = {
    inventory: cluster.inventory,
    ...{ limit: [], json: false, quiet: false, verbose: false, color: false, parallel: 1 },
  };
  const loaded = await loadInventory(cluster.inventory, register);
  const { inventory } = await lookUp(loaded, {
    ...{ needed: 'everything', environment, json: false, progress: () => undefined },
  });
  const parts = { inventory, connector: createConnector(), view, warnings: [`${evil} ${secrets.command}`] };
  const session = new Session(parts, options, environment);
  const apply = async () =>
    carryOut(await planRun(session.runOptions({ prune: false })), session, {
      ...session.runOptions({ prune: false }),
      ...{ ...usualApply, command: 'apply', leave: signal, maxFailures: 0 },
      ...{ yes: true, dryRun: false, refusal: undefined },
    });

  session.showWarnings('apply');
  session.message(`${evil} ${secrets.environment}`);
  cluster.complain(true);
  expect(await apply()).toBe(3);
  cluster.complain(false);
  expect(await apply()).toBe(0);
  const { runs } = await readHistory(session.runOptions({ prune: false }));
  session.show('history', resultWithoutHosts('history'), { runs });

  // It told of everything: the plan, what the application said, and how it ended.
  expect(view.text).toContain('## plan');
  expect(view.text).toContain('+workers=4\n');
  expect(view.text).toContain("can't take these lines");
  expect(view.text).toContain('- **app-1** (app): rolled-back');
  expect(view.text).toContain('- **app-1** (app): changed');
  expect(view.text).toContain('_app-1: swapped _');
  expect(view.text).toMatch(/- \S+: apply by /);
  expect(view.text).toContain('gnp.exe');
  expect(view.text).toContain('********');

  const given = textsIn(view.given);
  expect(given.length).toBeGreaterThan(100);
  expect(given.filter((text) => dangerous.test(text))).toEqual([]);
  expect(given.filter((text) => register.isIn(text))).toEqual([]);
  for (const secret of Object.values(secrets)) expect(view.text).not.toContain(secret);
  expect(view.text).not.toMatch(dangerous);
});
