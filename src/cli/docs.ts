import type { Command } from 'commander';
import type { ViewOptions } from '../report/choose-view.ts';
import { addColorOptions } from './color-option.ts';
import type { Environment, Registration } from './environment.ts';
import { addExample, pagerOption } from './options.ts';

interface DocsOptions {
  readonly json: boolean;
  readonly color: ViewOptions['color'];
  readonly pager: boolean;
}

/** A page, and at which of its headings it is to be opened, with the text from there on. */
interface Opened {
  readonly name: string;
  readonly text: string;
  readonly section: string;
  readonly heading: number | undefined;
}

export function registerDocs(program: Command, { environment, finish }: Registration): void {
  const command = program
    .command('docs')
    .argument('[page]', 'the page, such as schedule or stuck#end-a-run; all of them without it')
    .argument('[heading]', 'the heading at which it is to be opened, where it does not stand behind #')
    .description(
      'Shows a page of the manual that comes with the program, or lists the pages. Needs neither host nor network.',
    )
    .addOption(pagerOption())
    .option('--json', 'print one JSON document', false)
    .action(async (name: string | undefined, heading: string | undefined, options: DocsOptions) =>
      finish(await docs({ name, heading }, options, environment)),
    );
  addColorOptions(command);
  addExample(
    command,
    'clusterproxy docs',
    'clusterproxy docs transactions',
    'clusterproxy docs stuck#end-a-run',
  );
}

async function docs(
  { name, heading }: { readonly name: string | undefined; readonly heading: string | undefined },
  options: DocsOptions,
  environment: Environment,
): Promise<number> {
  const [
    { findPage, listPages },
    { sectionOf },
    { readManual },
    { exitStatus, resultWithoutHosts },
    { reportDocument },
    { chooseView },
  ] = await Promise.all([
    import('../manual/find-page.ts'),
    import('../manual/headings.ts'),
    import('../manual/read-manual.ts'),
    import('../model/result.ts'),
    import('../report/document/document.ts'),
    import('../report/choose-view.ts'),
  ]);
  const { output, secrets } = environment;
  const manual = await readManual();
  const found = name === undefined ? undefined : findPage(name, heading, manual);
  const section = found?.heading === undefined ? found?.page.text : sectionOf(found.page.text, found.heading);
  if (found !== undefined && section !== undefined && !options.json) {
    await showPage({ ...found.page, section, heading: found.heading?.index }, options, environment);
    return exitStatus.done;
  }
  const pages = found === undefined ? listPages(manual) : [{ ...found.page, text: section }];
  const document = reportDocument(
    resultWithoutHosts('docs'),
    { pages, exitStatus: exitStatus.done },
    secrets,
  );
  if (options.pager && !options.json) output.keepForPager();
  const view = chooseView(output, { ...options, quiet: false, verbose: false });
  view.show('pages', document);
  view.end(document);
  return exitStatus.done;
}

/**
 * On a terminal as a person reads it, opened at a heading where the pager can begin there; else what stands
 * below that heading. For anything else than a terminal as it is, without what is for those who write pages.
 */
async function showPage(
  { name, text, section, heading }: Opened,
  { color, pager }: DocsOptions,
  { output }: Environment,
): Promise<void> {
  const { results } = output;
  if (!results.isTerminal) {
    const { withoutComments } = await import('../manual/headings.ts');
    results.write(withoutComments(section));
    return;
  }
  const [{ renderPage }, { isColored, makeStyle }, { withOwnName }] = await Promise.all([
    import('../report/terminal/manual-page.ts'),
    import('../report/terminal/style.ts'),
    import('../manual/headings.ts'),
  ]);
  const style = makeStyle({
    ...{ columns: results.columns, color: isColored(color, results), verbose: false },
  });
  const whole = renderPage(withOwnName(text, name), style);
  const line = heading === undefined ? undefined : whole.headings[heading];
  const from = line === undefined ? undefined : line + 1;
  const isOpened = pager && output.keepForPager({ cut: true, from });
  const { lines } = heading === undefined || isOpened ? whole : renderPage(withOwnName(section, name), style);
  const shown = `${lines.join('\n')}\n`;
  for (const [, address = ''] of text.matchAll(/\]\((https?:[^)\s]+)\)/g)) output.links.address(address);
  if (color === false) results.write(shown);
  else results.writeLinked(shown);
}
