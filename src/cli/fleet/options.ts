import { type Command, Option } from 'commander';
import type { ViewOptions } from '../../report/choose-view.ts';
import { addColorOptions } from '../color-option.ts';
import { type CommonOptions, positive, usualParallel, words } from '../options.ts';
import { addReportOptions, type ReportOptions } from '../report-options.ts';

/** Options that every command over many clusters has. */
export interface FleetOptions extends ReportOptions {
  /** files, and patterns of files */
  readonly inventory: readonly string[];
  /** names of clusters or files of inventories, with patterns */
  readonly cluster: readonly string[];
  readonly parallelClusters?: number;
  readonly parallel: number;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: ViewOptions['color'];
  readonly pager?: boolean;
}

/** So many clusters are looked at together; they may be changed one after the other only, unless told. */
export const usualLooks = 4;

/** Adds the options of `FleetOptions` to a command; `atOnce` says in words how many are worked on at once. */
export function addFleetOptions(command: Command, atOnce: string): Command {
  const common = command
    .requiredOption(
      '-i, --inventory <file...>',
      'the inventories: files, or quoted patterns such as "clusters/*.yaml"; can be repeated',
    )
    .option(
      '--cluster <names>',
      'only these clusters, by name or inventory (comma-separated; * and ? stand for anything, ! before one leaves it out)',
      words,
      [],
    )
    .addOption(
      new Option(
        '--parallel-clusters <n>',
        `work on so many clusters at once (default: ${atOnce})`,
      ).argParser(positive),
    )
    .addOption(
      new Option('--parallel <n>', 'maximum number of hosts at once, of each cluster')
        .default(usualParallel)
        .argParser(positive),
    )
    .option('--json', 'print one JSON document', false)
    .option('--quiet', 'show no progress and no messages', false)
    .option('--verbose', 'show more detail, also of clusters that are in order', false);
  return addReportOptions(addColorOptions(common));
}

/** What the command of one cluster is given of them. */
export function commonOf(options: FleetOptions, inventory: string): CommonOptions {
  const { parallel, json, quiet, verbose, color } = options;
  return { ...{ inventory, parallel, json, quiet, verbose, color }, limit: [], pager: false };
}
