import type { Query } from '../../model/reads.ts';
import type { StepHost } from '../../virtual/step-host.ts';

/**
 * Who listens on ports 80 and 443 of the host, as ss(8) of iproute2 says it: `users:(("nginx",pid=12,fd=6))`.
 * Where there is no ss nothing is said, and who listens is seen when the server reads its files.
 */
export const askListeners: Query = {
  kind: 'command',
  args: ['ss', '-H', '-l', '-t', '-n', '-p', 'sport = :80 or sport = :443'],
};

/** Another program has a port that is needed: the plan would fail where it is carried out, and be undone. */
export function refuseOtherListeners(
  host: StepHost,
  { program, ports }: { readonly program: string; readonly ports: readonly number[] },
): void {
  const { status, output = '' } = host.answer(askListeners) ?? {};
  if (status !== 0) return;
  for (const port of ports) {
    const other = listenersOf(output, port).find((name) => name !== program);
    if (other === undefined) continue;
    throw host.problem(
      'port-taken',
      `${other} listens on port ${port} of this host, which ${program} needs`,
      port === 80
        ? `let ${other} leave the port, or set "redirect_http: false"`
        : `stop and disable ${other}, or let it listen elsewhere`,
    );
  }
}

/** Names of the programs that listen on a port, by what ss(8) says. */
export function listenersOf(output: string, port: number): readonly string[] {
  return output.split('\n').flatMap((line) => {
    const [, , , local = ''] = line.trim().split(/\s+/);
    // One address is enough to keep others from listening on all of them.
    if (!local.endsWith(`:${port}`)) return [];
    return [...line.matchAll(/\("([^"]+)",pid=/g)].flatMap(([, name]) => name ?? []);
  });
}
