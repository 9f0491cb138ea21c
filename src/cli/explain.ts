import { join } from 'node:path';
import type { Command } from 'commander';
import { packageRoot } from '../package-root.ts';
import type { ViewOptions } from '../report/choose-view.ts';
import { addColorOptions } from './color-option.ts';
import type { Environment, Registration } from './environment.ts';
import { addExample, pagerOption } from './options.ts';

interface ExplainOptions {
  readonly json: boolean;
  readonly pager: boolean;
  readonly color: ViewOptions['color'];
}

export function registerExplain(program: Command, { environment, finish }: Registration): void {
  const command = program
    .command('explain')
    .argument(
      '[code...]',
      'the code of an error, a trouble or a check, or the state of a host in its words; all of them without it',
    )
    .description(
      'Explains the code of an error, a trouble or a check, or the status of a host, from the manual. Needs no host.',
    )
    .option('--json', 'print one JSON document', false)
    .addOption(pagerOption())
    .action(async (words: readonly string[], options: ExplainOptions) =>
      finish(await explain(words.length === 0 ? undefined : words.join(' '), options, environment)),
    );
  addColorOptions(command);
  addExample(command, 'clusterproxy explain busy', 'clusterproxy explain not started');
}

async function explain(
  code: string | undefined,
  options: ExplainOptions,
  { output, secrets }: Environment,
): Promise<number> {
  const [
    { explainCode, listCodes },
    { readManual },
    { exitStatus, resultWithoutHosts },
    { reportDocument },
    { chooseView },
  ] = await Promise.all([
    import('../manual/explain-code.ts'),
    import('../manual/read-manual.ts'),
    import('../model/result.ts'),
    import('../report/document/document.ts'),
    import('../report/choose-view.ts'),
  ]);
  const pages = await readManual();
  const explanations = code === undefined ? listCodes(pages) : [explainCode(code, pages)];
  const document = reportDocument(
    resultWithoutHosts('explain'),
    { explanations, exitStatus: exitStatus.done },
    secrets,
  );
  const docs = join(packageRoot(), 'docs');
  for (const { name } of pages) output.links.file(`docs/${name}`, join(docs, name));
  if (options.pager && !options.json) output.keepForPager();
  const view = chooseView(output, { ...options, quiet: false, verbose: false });
  view.show('explanations', document);
  view.end(document);
  return exitStatus.done;
}
