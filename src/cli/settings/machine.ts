import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Inventory } from '../../inventory/inventory.ts';
import type { Setting, SettingTopic } from '../../model/setting.ts';
import { isSingleFile, packageRoot } from '../../package-root.ts';
import { logsFolder } from '../../record/folder.ts';
import type { ViewOptions } from '../../report/choose-view.ts';
import { isColored } from '../../report/terminal/style.ts';
import { programHere } from '../../schedule/here.ts';
import { home } from '../../ssh/config/home.ts';
import { packageVersion } from '../../version.ts';
import type { Environment } from '../environment.ts';
import { ownFolder } from '../schedule-round.ts';

type Make = (name: string, value: string | undefined, why: string) => Setting;

const about =
  (topic: SettingTopic): Make =>
  (name, value, why) => ({ topic, name, value, why });

/** What runs, and on what. */
export async function programSettings(): Promise<readonly Setting[]> {
  const of = about('program');
  const started = await programHere();
  return [
    of('version', packageVersion(), packageRoot()),
    of('started as', started.join(' '), 'without links'),
    of('Node.js', process.versions.node, `${process.platform} ${process.arch}`),
  ];
}

/** Where things are kept on this machine. */
export function folderSettings(
  inventory: Inventory | undefined,
  { variables }: Environment,
): readonly Setting[] {
  const of = about('folders');
  const state = variables.XDG_STATE_HOME?.startsWith('/') ? 'XDG_STATE_HOME' : 'below your home folder';
  const root = packageRoot();
  return [
    of(
      'event logs',
      logsFolder(variables.XDG_STATE_HOME, home()),
      `${state}; clusterproxy report reads them`,
    ),
    ...(inventory === undefined
      ? []
      : [
          of(
            'records of schedules',
            ownFolder(inventory, { variables }),
            `of this inventory; ${process.geteuid?.() === 0 ? "root's, which its timers use too" : state}`,
          ),
        ]),
    isSingleFile
      ? of('cache', root, 'what this single file has unpacked')
      : of('cache', undefined, 'nothing is cached on this machine'),
    of('sockets', variables.XDG_RUNTIME_DIR || tmpdir(), 'of ssh connections, while they are open'),
    of('playbooks', join(root, 'playbooks'), 'those that come with the program'),
    of('manual', join(root, 'docs'), 'of clusterproxy docs and explain'),
  ];
}

/** How results are shown here. */
export function terminalSettings(
  color: ViewOptions['color'],
  { output, variables, stdin }: Environment,
): readonly Setting[] {
  const of = about('terminal');
  const { isTerminal, takesColor, columns } = output.results;
  return [
    of(
      'colours',
      isColored(color, output.results) ? 'yes' : 'no',
      whyColored(color, { isTerminal, takesColor, variables }),
    ),
    of('columns', columns === undefined ? undefined : String(columns), 'at most 100 are used for prose'),
    of(
      'progress',
      output.hasStatus ? 'in a line or a table that is drawn anew' : 'in plain lines',
      'on standard error',
    ),
    of(
      'questions',
      stdin.isTTY === true && output.messages.isTerminal ? 'asked' : 'never asked',
      'only where standard input and standard error are terminals',
    ),
  ];
}

function whyColored(
  color: ViewOptions['color'],
  {
    isTerminal,
    takesColor,
    variables,
  }: { isTerminal: boolean; takesColor: boolean; variables: Environment['variables'] },
): string {
  if (color !== true) return color === false ? '--no-color' : '--color always';
  if ((variables.FORCE_COLOR ?? '') !== '') return 'FORCE_COLOR is set';
  if (takesColor) return 'standard output is a terminal';
  if (!isTerminal) return 'standard output is no terminal';
  return (variables.NO_COLOR ?? '') === '' ? 'TERM is dumb' : 'NO_COLOR is set';
}

const proxyVariables = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'NO_PROXY'];

/** What would be in the way of an operator who relies on a proxy: none is used. */
export function networkSettings({ variables }: Environment): readonly Setting[] {
  const of = about('network');
  const names = proxyVariables.flatMap((name) => [name, name.toLowerCase()]);
  const set = names.filter((name) => (variables[name] ?? '') !== '');
  const why = 'not used: checks from outside, notifications and traces go straight to where they are for';
  if (set.length === 0) return [of('proxy', undefined, 'no proxy variable is set; they are not used anyway')];
  return set.map((name) => of(name, variables[name], why));
}
