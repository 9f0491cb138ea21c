import type { Backend } from './model.ts';

/** A server as written in the file. */
export interface Server {
  readonly name: string;
  readonly address: string;
  readonly port: number | undefined;
  readonly weight: number | undefined;
  readonly maxconn: number | undefined;
  readonly cookie: string;
  readonly backup: boolean;
}

/** The servers of a backend: those listed, followed by the hosts that have not left the cluster. */
export function serversOf(backend: Backend): readonly Server[] {
  const listed = backend.servers.map((one) => ({
    ...one,
    weight: one.weight ?? backend.weight,
    maxconn: one.maxconn ?? backend.maxconn,
    cookie: one.cookie ?? one.name,
  }));
  const hosts = backend.hosts
    .filter(({ state, vars }) => state !== 'retired' && hasAll(vars, backend.only))
    .map((host) => ({
      name: host.name,
      address: host.address,
      port: backend.port,
      weight: backend.weight,
      maxconn: backend.maxconn,
      cookie: host.name,
      backup: false,
    }));
  return [...listed, ...hosts];
}

function hasAll(vars: Readonly<Record<string, unknown>> = {}, wanted: Backend['only']): boolean {
  return Object.entries(wanted).every(([name, values]) => [values].flat().some((one) => one === vars[name]));
}
