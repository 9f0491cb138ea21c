import type { Connector, ConnectorOptions } from './connector.ts';

/** As createConnector() makes it; ssh is loaded by whoever connects first, and many commands never do. */
export function connectorOnDemand(options: ConnectorOptions = {}): Connector {
  let loading: Promise<Connector> | undefined;
  const loaded = () => {
    loading ??= import('./connector.ts').then(({ createConnector }) => createConnector(options));
    return loading;
  };
  return {
    resolve: async (...given) => (await loaded()).resolve(...given),
    connect: async (...given) => (await loaded()).connect(...given),
    scan: async (...given) => (await loaded()).scan(...given),
    close: async () => (await loading)?.close(),
  };
}
