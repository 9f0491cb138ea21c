import { once } from 'node:events';
import { servicesOf } from '../../engine/site.ts';
import { OperatorError } from '../../model/operator-error.ts';
import { exitStatus } from '../../model/result.ts';
import type { ViewOptions } from '../../report/choose-view.ts';
import { count } from '../../report/shared/prose.ts';
import type { Environment } from '../environment.ts';
import { fleetEnvironment } from '../fleet/cluster-environment.ts';
import { isLoopback, type ListenAt, listen } from './listen.ts';
import { registerAt } from './register-at.ts';
import { loadSdk } from './sdk.ts';
import { servicesFor } from './services.ts';
import { SiteInventories } from './site-inventories.ts';
import { SiteWork } from './site-work.ts';

export interface WorkerOptions {
  /** the engine's admin API; undefined: it is told by somebody else where the worker is */
  readonly engine?: string;
  readonly site: string;
  readonly inventory: readonly string[];
  readonly listen: ListenAt;
  /** where the engine reaches the worker, if not where it listens */
  readonly advertise?: string;
  readonly identityKey: readonly string[];
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: ViewOptions['color'];
}

/** Serves the engine until it is interrupted; returns the exit status. */
export async function work(options: WorkerOptions, given: Environment): Promise<number> {
  refuseOpen(options);
  const environment = fleetEnvironment(given);
  const sdk = await loadSdk();
  await environment.attend();
  const { chooseFleetView } = await import('../../report/choose-view.ts');
  const inventories = new SiteInventories(options.inventory, environment);
  const names = await inventories.names();
  const view = chooseFleetView(environment.output, { ...options, json: false });
  const { output, signal } = environment;
  const tell = (text: string) => output.messages.write(`${text}\n`);
  const site = new SiteWork(inventories, environment, view);
  const serving = await listen(sdk, {
    services: servicesFor(sdk, options.site, site),
    ...{ at: options.listen, identityKeys: options.identityKey, log: tell },
  });
  environment.phase.interruption = 'the engine has another worker go on, or this one once it is back';
  try {
    const url = options.advertise ?? serving.url;
    tell(`site ${options.site}: ${count(names.length, 'cluster')}; listening at ${serving.url}`);
    if (options.engine !== undefined) {
      await registerAt(options.engine, url);
      tell(`registered at ${options.engine} as ${url}`);
    }
    if (!signal.aborted) await once(signal, 'abort');
    // Hosts under way finish, and the engine is told how.
    await site.ended();
    await serving.answered(servicesOf(options.site).cluster);
  } finally {
    await serving.close();
  }
  return exitStatus.done;
}

function refuseOpen({ listen: at, identityKey }: WorkerOptions): void {
  if (isLoopback(at) || identityKey.length > 0) return;
  throw new OperatorError({
    code: 'worker-open',
    message: `whoever reaches ${at.address}, port ${at.port}, could have clusters changed`,
    next: "name the engine's public key with --identity-key, so that only what it has signed is taken, or listen on 127.0.0.1",
  });
}
