import { type Command, Option } from 'commander';
import { entryForm } from '../begin/entry.ts';
import { listKinds } from '../begin/from/list-kinds.ts';
import { addColorOptions } from './color-option.ts';
import type { Registration } from './environment.ts';
import type { InitOptions } from './init-options.ts';
import { addExample, words } from './options.ts';

export function registerInit(program: Command, { environment, finish }: Registration): void {
  const host = `as ${entryForm}`;
  const command = program
    .command('init')
    .description(
      'Writes an inventory to begin with. Asks on a terminal for what no option says, looks at each host, and changes nothing there.',
    )
    .option('-i, --inventory <file>', 'the inventory file to write', 'clusterproxy.yaml')
    .option('--force', 'replace that file if it exists', false)
    .option('--playbook <name>', 'what the nodes are: bigbluebutton, averox, wcs or antmedia')
    .option('--hostname <name>', 'the DNS name that browsers see')
    .option('--name <name>', "the cluster's name (default: the first part of --hostname)")
    .option(
      '--proxy <host>',
      `the host with that DNS name, for bigbluebutton and averox; external, or ${host}`,
      words,
      [],
    )
    .option(
      '--balancer <host>',
      'the same for wcs and antmedia; else the host of the balancer of meetings',
      words,
      [],
    )
    .option(
      '--node <host>',
      'a node, in the same form; may be given several times, or as a list with commas',
      words,
      [],
    )
    .option(
      '--from <file>',
      'take hosts from a list that is there: of a balancer, of Ansible, nginx or ssh',
      files,
      [],
    )
    .addOption(
      new Option('--from-kind <kind>', 'what that file is, if it is taken for something else').choices(
        listKinds,
      ),
    )
    .option('--user <name>', 'who logs in (default: as ssh would choose)')
    .addOption(
      new Option('--become <how>', 'how commands run as root (default: sudo, unless root logs in)').choices([
        'sudo',
        'none',
      ]),
    )
    .option('--proxy-jump <hosts>', 'jump hosts, as in ProxyJump of ssh_config(5)')
    .option('--ssh-config <file>', 'an ssh configuration in place of your own')
    .option('--no-look', "don't look at the hosts")
    .option('--yes', 'pin new host keys without asking; compare the fingerprints first', false)
    .option('--anyway', 'also write hosts that could not be looked at', false)
    .option('--json', 'print one JSON document', false)
    .option('--quiet', 'show no progress and no messages', false)
    .option('--verbose', 'show more detail', false)
    .action(async (options: InitOptions) => {
      const { begin } = await import('./init-begin.ts');
      finish(await begin(options, environment));
    });
  addColorOptions(command);
  addExample(
    command,
    'clusterproxy init',
    'clusterproxy init --playbook bigbluebutton --hostname bbb.example.com \\',
    '    --proxy 192.0.2.5 --node bbb-01.example.com,bbb-02.example.com --user ops',
  );
}

function files(value: string, previous: readonly string[]): readonly string[] {
  return [...previous, value];
}
