import { type Command, Option } from 'commander';
import type { ViewOptions } from '../report/choose-view.ts';
import { addColorOptions } from './color-option.ts';
import type { Environment, Registration } from './environment.ts';
import { addExample } from './options.ts';

export interface SchemaOptions {
  readonly playbook?: string;
  readonly out?: string;
  readonly json: boolean;
  readonly color: ViewOptions['color'];
}

/** What a schema can be asked for by. */
export const schemaNames = ['inventory', 'playbook', 'report', 'events', 'fleet'] as const;

export function registerSchema(program: Command, { environment, finish }: Registration): void {
  const command = program
    .command('schema')
    .argument('[name]', 'inventory, playbook, report, events or fleet; all of them without it')
    .description(
      'Prints a JSON Schema, or writes them into a folder for your editor: of inventories (also with the variables of a playbook), playbooks, and what --json, --events and fleet --json print. Needs no host.',
    )
    .addOption(
      new Option(
        '--playbook <playbook>',
        'the schema of inventories for this playbook, with its roles and variables: one that comes with the program, or the file of your own',
      ),
    )
    .option('--out <folder>', 'write into this folder, and say how an inventory names its schema')
    .option('--json', 'print one JSON document of what is there, or was written', false)
    .action(async (name: string | undefined, options: SchemaOptions) =>
      finish(await schema(name, options, environment)),
    );
  addColorOptions(command);
  addExample(
    command,
    'clusterproxy schema inventory --playbook bigbluebutton --out .',
    'clusterproxy schema inventory --playbook ./mine.yaml --out schemas',
    'clusterproxy schema report',
  );
}

async function schema(
  name: string | undefined,
  options: SchemaOptions,
  environment: Environment,
): Promise<number> {
  const [
    { schemaNamed, schemasOf, writeSchemas },
    { exitStatus, resultWithoutHosts },
    { reportDocument },
    { chooseView },
  ] = await Promise.all([
    import('./schema-files.ts'),
    import('../model/result.ts'),
    import('../report/document/document.ts'),
    import('../report/choose-view.ts'),
  ]);
  const { output, secrets } = environment;
  const all = await schemasOf(options.playbook);
  const wanted = name === undefined ? all : [schemaNamed(name, all, options.playbook)];
  const [only] = wanted;
  if (name !== undefined && options.out === undefined && only !== undefined) {
    output.document(`${JSON.stringify(only.schema, undefined, 2)}\n`);
    return exitStatus.done;
  }
  const schemas =
    options.out === undefined
      ? wanted.map((one) => ({ name: one.name, describes: one.describes }))
      : await writeSchemas(wanted, options.out);
  const told = { schemas, exitStatus: exitStatus.done };
  const document = reportDocument(resultWithoutHosts('schema'), told, secrets);
  const view = chooseView(output, { ...options, quiet: false, verbose: false });
  view.show('schemas', document);
  view.end(document);
  return exitStatus.done;
}
