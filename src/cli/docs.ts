import type { Command } from 'commander';
import type { PageTold } from '../model/manual-told.ts';
import type { Environment, Registration } from './environment.ts';
import { addExample } from './options.ts';

interface DocsOptions {
  readonly json: boolean;
  readonly color: boolean;
  readonly pager: boolean;
}

export function registerDocs(program: Command, { environment, finish }: Registration): void {
  const command = program
    .command('docs')
    .argument('[page]', 'the page, such as schedule or errors; all of them without it')
    .description(
      'Shows a page of the manual that comes with the program, or lists the pages. Needs neither host nor network.',
    )
    .option('--no-pager', "print it on the terminal, and don't start a pager")
    .option('--json', 'print one JSON document', false)
    .option('--no-color', 'disable colours (as does setting NO_COLOR)')
    .action(async (name: string | undefined, options: DocsOptions) =>
      finish(await docs(name, options, environment)),
    );
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
  { color, pager: wanted }: DocsOptions,
  { output, variables }: Environment,
): Promise<void> {
  const { results } = output;
  if (!results.isTerminal) {
    results.write(text);
    return;
  }
  const [{ renderPage }, { makeStyle }, { page, pagerOf }] = await Promise.all([
    import('../report/terminal/manual-page.ts'),
    import('../report/terminal/style.ts'),
    import('./pager.ts'),
  ]);
  const style = makeStyle({
    ...{ columns: results.columns, color: color && results.takesColor, verbose: false },
  });
  const shown = `${renderPage(text, style).join('\n')}\n`;
  const pager = wanted ? await pagerOf(variables) : undefined;
  if (pager === undefined || !(await page(shown, pager, variables))) results.write(shown);
}
