import type { Command } from 'commander';
import type { PageTold } from '../model/manual-told.ts';
import type { ViewOptions } from '../report/choose-view.ts';
import { addColorOptions } from './color-option.ts';
import type { Environment, Registration } from './environment.ts';
import { addExample, pagerOption } from './options.ts';

interface DocsOptions {
  readonly json: boolean;
  readonly color: ViewOptions['color'];
  readonly pager: boolean;
}

export function registerDocs(program: Command, { environment, finish }: Registration): void {
  const command = program
    .command('docs')
    .argument('[page]', 'the page, such as schedule or errors; all of them without it')
    .description(
      'Shows a page of the manual that comes with the program, or lists the pages. Needs neither host nor network.',
    )
    .addOption(pagerOption())
    .option('--json', 'print one JSON document', false)
    .action(async (name: string | undefined, options: DocsOptions) =>
      finish(await docs(name, options, environment)),
    );
  addColorOptions(command);
  addExample(command, 'clusterproxy docs', 'clusterproxy docs transactions');
}

async function docs(
  name: string | undefined,
  options: DocsOptions,
  environment: Environment,
): Promise<number> {
  const [
    { findPage, listPages },
    { readManual },
    { exitStatus, resultWithoutHosts },
    { reportDocument },
    { chooseView },
  ] = await Promise.all([
    import('../manual/find-page.ts'),
    import('../manual/read-manual.ts'),
    import('../model/result.ts'),
    import('../report/document/document.ts'),
    import('../report/choose-view.ts'),
  ]);
  const { output, secrets } = environment;
  const manual = await readManual();
  const pages = name === undefined ? listPages(manual) : [findPage(name, manual)];
  const [only] = pages;
  if (name !== undefined && only !== undefined && !options.json) {
    await showPage(only, options, environment);
    return exitStatus.done;
  }
  const document = reportDocument(
    resultWithoutHosts('docs'),
    { pages, exitStatus: exitStatus.done },
    secrets,
  );
  const view = chooseView(output, { ...options, quiet: false, verbose: false });
  view.show('pages', document);
  view.end(document);
  return exitStatus.done;
}

/** On a terminal as a person reads it; for anything else as it is. */
async function showPage(
  { text = '' }: PageTold,
  { color, pager }: DocsOptions,
  { output }: Environment,
): Promise<void> {
  const { results } = output;
  if (!results.isTerminal) {
    results.write(text);
    return;
  }
  const [{ renderPage }, { isColored, makeStyle }] = await Promise.all([
    import('../report/terminal/manual-page.ts'),
    import('../report/terminal/style.ts'),
  ]);
  const style = makeStyle({
    ...{ columns: results.columns, color: isColored(color, results), verbose: false },
  });
  if (pager) output.keepForPager();
  results.write(`${renderPage(text, style).join('\n')}\n`);
}
