import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exitStatus } from '../model/result.ts';
import { type ProtocolOutcome, type ProtocolResult, protocolOutcomes } from '../model/test-protocol.ts';
import { packageRoot } from '../package-root.ts';
import { wrap } from '../report/terminal/prose.ts';
import { parseProtocol, protocolText, resultsIn } from '../support/protocol.ts';
import { packageVersion } from '../version.ts';
import type { Environment } from './environment.ts';
import { askWord } from './prompt.ts';
import { writeSupportFile } from './support-file.ts';

const folder = () => join(packageRoot(), 'playbooks', 'protocols');

/**
 * Asks for the result of each step of the test protocol that has none yet, and writes the file after each
 * answer, so that a terminal that is closed loses nothing. Without somebody to ask, it shows what is open.
 */
export async function recordProtocol(
  { file, inventory }: { readonly file: string; readonly inventory: string },
  environment: Environment,
): Promise<number> {
  const { output, stdin, signal } = environment;
  const name = await protocolName();
  const text = await readFile(join(folder(), `${name}.yaml`), 'utf8');
  const protocol = parseProtocol(text);
  const head = { protocol: name, version: packageVersion(), node: process.versions.node };
  const existing = await readFile(file, 'utf8').catch(() => undefined);
  let results: readonly ProtocolResult[] = existing === undefined ? [] : resultsIn(existing, file, protocol);
  const isAsked = stdin.isTTY === true && output.messages.isTerminal;
  const columns = Math.min(output.results.columns || 80, 100);
  const say = (words: string, first = '') => {
    output.results.write(`${wrap(words, { columns, first, hanging: 2 }).join('\n')}\n`);
  };
  for (const [index, step] of protocol.steps.entries()) {
    const known = results.find((one) => one.step === step.id);
    if (known !== undefined) continue;
    say(`${step.title} (${step.minutes} min)`, `\n${index + 1}/${protocol.steps.length} `);
    if (step.do !== undefined) say(step.do, '  do: ');
    if (step.run !== undefined) {
      // Not wrapped, so that it can be copied.
      output.results.write(`  run: ${step.run.replaceAll('prod.yaml', inventory)}\n`);
    }
    say(step.expect, '  passed if: ');
    if (!isAsked) continue;
    const answer = await askWord(
      'passed, failed, skipped, or later? [p/f/s/l] ',
      [...protocolOutcomes, 'later'],
      environment,
    );
    if (answer === undefined || answer === 'later') break;
    const at = new Date().toISOString().slice(0, 16).replace('T', ' ');
    results = [...results, { step: step.id, outcome: answer as ProtocolOutcome, at }];
    await writeSupportFile(file, protocolText(head, protocol, results), { overwrite: true });
  }
  const open = protocol.steps.length - results.length;
  output.messages.write(
    open === 0
      ? `\nall ${results.length} results are in ${file}; attach it to an issue\n`
      : `\n${open} of ${protocol.steps.length} steps are open; to go on: clusterproxy support --inventory ${inventory} --protocol --out ${file}\n`,
  );
  return signal.aborted ? exitStatus.interrupted : exitStatus.done;
}

/** There is one so far; it is called after the playbook whose cluster it tries. */
async function protocolName(): Promise<string> {
  const [file] = (await readdir(folder())).filter((one) => one.endsWith('.yaml')).sort();
  if (file === undefined) throw new Error(`there is no test protocol in ${folder()}`);
  return file.replace(/\.yaml$/, '');
}
