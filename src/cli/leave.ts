import type { Command } from 'commander';
import { addChangeOptions, type ChangeOptions, refuseTwoPolicies } from './change-options.ts';
import type { Registration } from './environment.ts';
import { addCommonOptions, addExample, type CommonOptions } from './options.ts';
import { takeOut } from './retire.ts';
import { refuseRunId } from './run-id-option.ts';

interface LeaveOptions extends CommonOptions, ChangeOptions {}

export function registerLeave(program: Command, { environment, finish }: Registration): void {
  const command = addChangeOptions(
    addCommonOptions(
      program
        .command('leave')
        .argument('<host>', 'the node that leaves the cluster')
        .description(
          'Has the balancer send no more people to a node, waits until it is empty and its recordings are finished, and retires it. It stays out; the command that removes it from the balancer is printed.',
        ),
    ),
    {
      force: 'wait for nobody: interrupt people who are connected, and leave recordings unfinished',
      whenBusy: 'drain',
      runId: false,
    },
  ).action(async (host: string, options: LeaveOptions) => {
    refuseTwoPolicies(options);
    refuseRunId('leave', options);
    finish(await takeOut('leave', host, whileLeaving(options), environment));
  });
  addExample(
    command,
    'clusterproxy leave --inventory prod.yaml node-04',
    'clusterproxy leave --inventory prod.yaml node-04 --drain-timeout 6h --yes',
  );
}

/** Nobody new comes to it in any case; what differs is how long those who are there are waited for. */
function whileLeaving({ whenBusy, ...options }: LeaveOptions): LeaveOptions {
  const { force, waitTimeout, drainTimeout } = options;
  const patience = whenBusy === 'refuse' ? 0 : whenBusy === 'wait' ? waitTimeout : drainTimeout;
  return { ...options, force: force || whenBusy === 'force', drainTimeout: patience };
}
