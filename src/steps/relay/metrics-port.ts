import { z } from 'zod';
import type { OperatorError } from '../../model/operator-error.ts';
import type { Query } from '../../model/reads.ts';
import type { StepHost } from '../../virtual/step-host.ts';
import { listenersOf } from './port-owners.ts';

/** The port on 127.0.0.1 where a proxy tells what it does, as a parameter of its step. */
export const metricsPort = z
  .int('expected a port')
  .min(1)
  .max(65535)
  .describe('the port on 127.0.0.1 that answers; nobody else reaches it');

/** Who listens on the port. It isn't known yet where a template fills it in. */
export function askMetricsPort(port: number | undefined): readonly Query[] {
  if (typeof port !== 'number') return [];
  return [{ kind: 'command', args: ['ss', '-H', '-l', '-t', '-n', '-p', `sport = :${port}`] }];
}

/** Another program than the proxy's has the port, on whatever address. */
export function refuseOtherMetrics(
  host: StepHost,
  { program, port }: { readonly program: string; readonly port: number },
): void {
  const [query] = askMetricsPort(port);
  const { status, output = '' } = (query && host.answer(query)) ?? {};
  if (status !== 0) return;
  const other = listenersOf(output, port).find((name) => name !== program);
  if (other !== undefined) throw metricsPortTaken(host, port, other);
}

/** `who`: a program, or a place in the proxy's own configuration. */
export function metricsPortTaken(host: StepHost, port: number, who: string): OperatorError {
  return host.problem(
    'port-taken',
    `${who} listens on port ${port} of this host, where the proxy is to tell what it does`,
    'choose a free port in "door_metrics_port"',
  );
}
