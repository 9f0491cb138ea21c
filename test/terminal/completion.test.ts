import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram, main } from '../cli/program.ts';
import { closeTerminals, openTerminal } from './terminal.ts';

let folder: string;
beforeAll(async () => {
  await buildProgram();
  folder = await mkdtemp(join(tmpdir(), 'clusterproxy-shells-'));
  await mkdir(join(folder, 'bin'));
  await mkdir(join(folder, 'hostile'));
  await writeFile(
    join(folder, 'bin/clusterproxy'),
    `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`,
    {
      mode: 0o755,
    },
  );
  // A program that offers the worst words that there are, as if nothing had looked at them.
  const worst = ['$(touch ran)', '`touch ran`', ';touch ran', "'$(touch ran)'", 'a\\'];
  const lines = ['words', ...worst.map((word) => `${word}\t${word}`), 'harmless\t%F{red}$(touch ran)'];
  await writeFile(join(folder, 'hostile/lines'), `${lines.join('\n')}\n`);
  await writeFile(
    join(folder, 'hostile/clusterproxy'),
    `#!/bin/sh\nexec cat '${join(folder, 'hostile/lines')}'\n`,
    { mode: 0o755 },
  );
  const names = ['bbb-01', 'bbb-02', '$(touch ran)', '`touch ran`', '; touch ran', 'a\nb'];
  await writeFile(
    join(folder, 'clusterproxy.yaml'),
    JSON.stringify({ hosts: { node: names.map((name) => ({ name })), '$(touch ran)': [] } }),
    { mode: 0o644 },
  );
});
afterEach(closeTerminals);
afterAll(() => rm(folder, { recursive: true, force: true }));

const shells = [
  ['bash', ['--norc', '--noprofile', '-i'], "PS1='> '"],
  ['zsh', ['-f', '-i'], "PS1='> '; autoload -Uz compinit; compinit -D -u"],
  ['fish', ['--no-config', '-i'], "function fish_prompt; echo '> '; end"],
] as const;
const isThere = (shell: string) => spawnSync(shell, ['-c', 'exit 0']).status === 0;
for (const [shell] of shells)
  if (!isThere(shell)) console.log(`no ${shell} on this machine: its completion isn't tried`);

describe.each(shells)('%s', (shell, argv, before) => {
  const load = (program: string) =>
    shell === 'fish'
      ? `source '${join(main, '../completions/clusterproxy.fish')}'; set -gx PATH '${program}' $PATH`
      : `source '${join(main, '../completions', shell === 'zsh' ? '_clusterproxy' : 'clusterproxy.bash')}'; PATH='${program}':$PATH`;

  /** A shell that has loaded the completion, whose `clusterproxy` is in that folder. */
  async function ready(program: string) {
    const terminal = openTerminal(shell, argv, {
      cwd: folder,
      variables: { HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder, SHELL: `/bin/${shell}` },
    });
    terminal.type(`${before}\r`);
    terminal.type(`${load(join(folder, program))}\r`);
    terminal.type('echo re""ady\r');
    await terminal.shows(/^ready$/m);
    return terminal;
  }

  /** Ends the line that is being typed, and asks the shell whether anything was run. */
  async function nothingRan(terminal: Awaited<ReturnType<typeof ready>>) {
    terminal.type('\x15');
    terminal.type('test -e ran; echo st""atus $?\r'.replace('$?', shell === 'fish' ? '$status' : '$?'));
    await terminal.shows(/^status \d/m);
    expect((await terminal.everything()).join('\n')).toMatch(/^status 1/m);
    expect(existsSync(join(folder, 'ran'))).toBe(false);
  }

  it.skipIf(!isThere(shell))('completes commands and hosts, and runs nothing of the inventory', async () => {
    const terminal = await ready('bin');
    terminal.type('clusterproxy validat\t');
    await terminal.shows(/clusterproxy validate$/m);
    terminal.type('--limit bbb-01,bbb-02,nod\t');
    await terminal.shows(/--limit bbb-01,bbb-02,node/);
    // Everything that there is; some shells show a list, others insert the first.
    terminal.type('--limit \t\t\t');
    await nothingRan(terminal);
  });

  it.skipIf(!isThere(shell))('completes what stands behind a = as well', async () => {
    const terminal = await ready('bin');
    terminal.type('clusterproxy plan --inventory=clusterp\t');
    await terminal.shows(/--inventory=clusterproxy\.yaml/);
    terminal.type(' --limit=bbb-01,nod\t');
    await terminal.shows(/--limit=bbb-01,node/);
    await nothingRan(terminal);
  });

  it.skipIf(!isThere(shell))('runs nothing, whatever words it is offered', async () => {
    const terminal = await ready('hostile');
    for (const [index, typed] of ['clusterproxy ', 'clusterproxy --limit ', 'clusterproxy $('].entries()) {
      terminal.type(`${typed}\t\t\t`);
      if (index === 0) await terminal.shows(/clusterproxy harmless/);
      terminal.type(`\x15echo tri""ed ${index}\r`);
      await terminal.shows(new RegExp(`^tried ${index}`, 'm'));
    }
    await nothingRan(terminal);
  });
});
