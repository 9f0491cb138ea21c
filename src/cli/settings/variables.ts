import type { Setting } from '../../model/setting.ts';

/** An environment variable that the program reads. */
export interface ReadVariable {
  readonly name: string;
  readonly means: string;
  /** only that it is set is shown */
  readonly isSecret?: true;
}

/** All of them but those that the inventory names, in alphabetical order. */
export const readVariables: readonly ReadVariable[] = [
  { name: 'CI', means: 'no line that is drawn anew is shown on a terminal, no pager and no links' },
  { name: 'CLUSTERPROXY_INVENTORY', means: 'the inventory where --inventory names none' },
  { name: 'CLUSTERPROXY_PAGER', means: 'the pager, before PAGER' },
  { name: 'ConEmuANSI', means: 'whether the terminal shows progress in the taskbar: ON for ConEmu' },
  { name: 'CREDENTIALS_DIRECTORY', means: 'files in it stand for variables of their names (schedule run)' },
  { name: 'DISPLAY', means: 'passed on to ssh' },
  { name: 'FORCE_COLOR', means: 'colours, also where there is no terminal' },
  { name: 'FORCE_HYPERLINK', means: 'whether files and addresses are links: 0 for never, 1 for always' },
  { name: 'HOME', means: 'no inventory is looked for above it' },
  { name: 'LANG', means: 'whether the terminal shows more than ASCII' },
  { name: 'LC_ALL', means: 'the same, before LC_CTYPE and LANG' },
  { name: 'LC_CTYPE', means: 'the same, before LANG' },
  { name: 'NODE_PATH', means: 'where a single file looks for playwright-core and @restatedev/restate-sdk' },
  { name: 'NODE_EXTRA_CA_CERTS', means: 'further authorities that are trusted in checks from outside' },
  { name: 'NO_COLOR', means: 'no colours, and no links unless FORCE_HYPERLINK is 1' },
  { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', means: 'where traces are sent' },
  { name: 'OTEL_EXPORTER_OTLP_HEADERS', means: 'sent along with traces', isSecret: true },
  { name: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', means: 'where traces are sent' },
  { name: 'OTEL_EXPORTER_OTLP_TRACES_HEADERS', means: 'sent along with traces', isSecret: true },
  { name: 'OTEL_SDK_DISABLED', means: 'no traces' },
  { name: 'OTEL_TRACES_EXPORTER', means: 'no traces, if it is none' },
  { name: 'PAGER', means: 'the pager for results that are longer than the screen' },
  { name: 'PATH', means: 'where ssh, browsers and your own programs are found' },
  { name: 'PLAYWRIGHT_BROWSERS_PATH', means: 'where browsers of verify --browser are looked for' },
  { name: 'SSH_AUTH_SOCK', means: 'the ssh agent' },
  { name: 'STY', means: 'no links, and no progress in the taskbar: screen is between' },
  {
    name: 'TERM',
    means: 'no colours, and no line that is drawn anew, if it is dumb; whether the terminal shows links',
  },
  { name: 'TERM_PROGRAM', means: 'whether the terminal shows links, and progress in the taskbar or its tab' },
  { name: 'TERM_PROGRAM_VERSION', means: 'the same' },
  { name: 'TMPDIR', means: 'the folder for temporary files' },
  { name: 'TMUX', means: 'no progress in the taskbar, and no links before tmux 3.4: tmux is between' },
  { name: 'TRACEPARENT', means: 'the span below which traces are' },
  { name: 'TRACESTATE', means: 'goes with TRACEPARENT' },
  { name: 'TZ', means: 'the time zone, where the inventory has none' },
  { name: 'VTE_VERSION', means: 'whether the terminal shows links, and progress in the taskbar or its tab' },
  { name: 'WT_SESSION', means: 'links, and progress in the taskbar, are shown: Windows Terminal' },
  { name: 'XDG_CACHE_HOME', means: 'where a single file keeps what it unpacks' },
  { name: 'XDG_CONFIG_HOME', means: 'where units of schedule install --user are' },
  { name: 'XDG_RUNTIME_DIR', means: 'where sockets of ssh connections are' },
  { name: 'XDG_STATE_HOME', means: 'where records are' },
];

/** The variables that are read, and what of them is set; of those that the inventory names only whether. */
export function variableSettings(
  variables: Readonly<Record<string, string | undefined>>,
  ofInventory: readonly string[],
): readonly Setting[] {
  const own = [...new Set(ofInventory)].map((name) => ({
    ...{ name, means: 'the inventory takes a secret from it', isSecret: true as const },
  }));
  return [...readVariables, ...own].map(({ name, means, isSecret }) => {
    const value = variables[name];
    const shown = value !== undefined && isSecret ? 'set; not shown' : value;
    return { topic: 'variables', name, value: shown, why: means };
  });
}
