import { type Command, Option } from 'commander';
import { OperatorError } from '../../model/operator-error.ts';
import type { ViewOptions } from '../../report/choose-view.ts';
import { addColorOptions } from '../color-option.ts';
import { httpUrl, siteOption } from '../engine-options.ts';
import { type CommonOptions, positive, usualParallel, words } from '../options.ts';
import { addReportOptions, type ReportOptions } from '../report-options.ts';

/** Options that every command over many clusters has. */
export interface FleetOptions extends ReportOptions, EngineFleetOptions {
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

/** Who carries it out, if not this process. */
export interface EngineFleetOptions {
  /** the engine's ingress */
  readonly engine?: string;
  readonly site?: string;
  /** of `fleet apply`: for how long hosts that were put off are tried again; seconds */
  readonly keepTrying?: number;
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
    .option(
      '--engine <url>',
      'have workers of an engine of durable execution do it: the address of its ingress, such as http://127.0.0.1:8080',
      httpUrl,
    )
    .addOption(siteOption())
    .option('--json', 'print one JSON document', false)
    .option('--quiet', 'show no progress and no messages', false)
    .option('--verbose', 'show more detail, also of clusters that are in order', false);
  return addReportOptions(addColorOptions(common));
}

/**
 * Refuses what workers of an engine can't be asked for, and what only they can. Throws OperatorError `usage`.
 */
export function refuseBesideEngine(
  options: EngineFleetOptions & {
    readonly policy?: readonly string[];
    readonly metrics?: string;
    readonly browserPath?: string;
  },
): void {
  const { engine, site, keepTrying } = options;
  if (engine === undefined) {
    const stray = site !== undefined ? '--site' : keepTrying !== undefined ? '--keep-trying' : undefined;
    if (stray !== undefined)
      throw usage(`${stray} is about workers of an engine, and none is named`, '--engine');
    return;
  }
  if (site === undefined) throw usage('--engine needs to know whose workers are asked', '--site');
  const programs = { '--policy': options.policy?.[0], '--browser-path': options.browserPath };
  const others = { ...programs, '--metrics': options.metrics };
  for (const [name, value] of Object.entries(others)) {
    if (value === undefined) continue;
    const why =
      name === '--metrics' ? 'writes no metrics' : 'runs only programs that its own inventories name';
    throw new OperatorError({
      code: 'usage',
      message: `${name} can't be used with --engine: a worker ${why}`,
      next: 'leave one of them out',
    });
  }
}

function usage(message: string, missing: string): OperatorError {
  return new OperatorError({ code: 'usage', message, next: `add ${missing}, or leave it out` });
}

/** What the command of one cluster is given of them. */
export function commonOf(options: FleetOptions, inventory: string): CommonOptions {
  const { parallel, json, quiet, verbose, color } = options;
  return { ...{ inventory, parallel, json, quiet, verbose, color }, limit: [], pager: false };
}
