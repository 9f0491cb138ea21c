import { remoteFile } from '../../host/program.ts';
import { fields, printable } from '../../host/records.ts';
import { type Query, queryKey } from '../../model/reads.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import { heard } from '../../secrets/showable.ts';

/** What is to be known of a host before it is restarted, and after. */
export interface RebootFacts {
  /** why a restart is needed, each reason in words; empty: it isn't */
  readonly needed: readonly string[];
  /** services and sockets that are active */
  readonly services: readonly string[];
}

/** The question for it, which goes into a probe. */
export async function rebootQuery(): Promise<Query> {
  return { kind: 'program', program: await remoteFile('reboot-facts.sh'), args: [] };
}

/** What a host has answered; undefined if it could not be asked. */
export function rebootFacts({ answers }: Pick<Snapshot, 'answers'>, query: Query): RebootFacts | undefined {
  const answer = answers.get(queryKey(query));
  return answer?.status === 0 ? readRebootFacts(answer.output) : undefined;
}

/** The lines of src/host/remote/reboot-facts.sh. */
export function readRebootFacts(output: string): RebootFacts {
  const lines = output.split('\n').map((line) => fields(line).map((field) => heard(printable(field))));
  const needed = lines.flatMap(([kind, first = '', second = '']) => {
    if (kind === 'required')
      return [`the distribution asks for a restart${first === '' ? '' : `, because of ${first}`}`];
    return kind === 'kernel' ? [`it runs the kernel ${first}, and ${second} is installed`] : [];
  });
  return {
    needed,
    services: lines.flatMap(([kind, name = '']) => (kind === 'service' && name !== '' ? [name] : [])),
  };
}
