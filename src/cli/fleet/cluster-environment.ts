import { EventLog } from '../../record/event-log.ts';
import type { ReportFiles } from '../../record/report-files.ts';
import { Traces } from '../../record/traces/traces.ts';
import { OwnRegister } from '../../secrets/own-register.ts';
import { packageVersion } from '../../version.ts';
import type { Environment } from '../environment.ts';

/**
 * The environment of a fleet. Its variables stay as they were when the program began: several inventories may
 * take a secret from the same one, and whoever looks it up takes it away from programs that are run.
 */
export function fleetEnvironment(given: Environment): Environment {
  const variables = { ...given.variables };
  return Object.create(given, { variables: { value: variables, enumerable: true } }) as Environment;
}

/**
 * Takes the secrets that inventories have in variables out of the environment of this process, so that no
 * program that is run inherits those of any cluster; the fleet's own copy keeps them.
 */
export function withhold(variables: Iterable<string>, { forget }: Environment): void {
  for (const name of variables) forget?.(name);
}

/** What a fleet does for one of its clusters beside others. */
export interface OwnMeans {
  /** environment variables with other clusters' secrets: no program that is run for this one may see them */
  readonly withheld?: ReadonlySet<string> | undefined;
  /** has its report noted, where the fleet writes one */
  readonly reports?: ReportFiles | undefined;
}

/**
 * What the command of one cluster is given, beside those of others in the same process: secrets, variables,
 * records and the word on whether anything was changed are its own; terminal, clock and signals are shared.
 */
export function clusterEnvironment(
  fleet: Environment,
  inventory: string,
  { withheld, reports }: OwnMeans = {},
): Environment {
  const secrets = new OwnRegister(fleet.secrets);
  const variables = Object.fromEntries(
    Object.entries(fleet.variables).filter(([name]) => withheld?.has(name) !== true),
  );
  const { clock } = fleet;
  const masked = {
    mask: (text: string) => fleet.secrets.mask(text),
    maskAll: <Data>(data: Data) => fleet.secrets.maskAll(data),
  };
  const own = {
    ...{ secrets, variables, reports, phase: new ClusterPhase(fleet.phase) },
    events: new EventLog({ now: clock.now, mask: masked.mask }),
    traces: new Traces({ variables, now: clock.now, version: packageVersion, maskAll: masked.maskAll }),
    forget: (name: string) => {
      delete variables[name];
      fleet.forget?.(name);
    },
    inventory: { path: inventory, from: 'option' },
  };
  // Standard input becomes a stream once somebody reads it, so it isn't copied.
  const described = Object.entries(own).map(
    ([name, value]) => [name, { value, enumerable: true, writable: true, configurable: true }] as const,
  );
  return Object.create(fleet, Object.fromEntries(described)) as Environment;
}

/** Whether hosts of one cluster may have been changed; with the first of them, those of the fleet have. */
class ClusterPhase implements PhaseOf {
  readonly #fleet: PhaseOf;
  #changing = false;

  constructor(fleet: PhaseOf) {
    this.#fleet = fleet;
  }

  get changing(): boolean {
    return this.#changing;
  }

  set changing(is: boolean) {
    this.#changing = is;
    if (is) this.#fleet.changing = true;
  }
}

type PhaseOf = Environment['phase'];
