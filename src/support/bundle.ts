import type { Inventory } from '../inventory/inventory.ts';
import type { PastRun } from '../model/history.ts';
import type { Problem } from '../model/operator-error.ts';
import type { CheckResult } from '../model/outside-check.ts';
import type { SupportBundle, SupportCluster } from '../model/support-bundle.ts';
import { errorPart, type KnownCodes } from './error-part.ts';
import { hostPart, type KnownHost } from './host-part.ts';
import { runPart } from './run-part.ts';
import type { Vocabulary } from './vocabulary.ts';
import { Words } from './words.ts';

/** What a bundle is made of, as far as it is known. */
export interface SupportSources {
  readonly program: SupportBundle['program'];
  readonly vocabulary: Vocabulary;
  readonly codes: KnownCodes;
  /** undefined if it could not be read */
  readonly inventory: Inventory | undefined;
  /** whether its playbook is one that comes with the program */
  readonly isShipped: boolean;
  readonly hosts: readonly KnownHost[];
  readonly runs: readonly PastRun[];
  readonly checks: readonly CheckResult[];
  readonly problems: readonly Problem[];
}

/** More runs are of no help, and nobody reads them. */
const mostRuns = 10;

/**
 * Makes the bundle out of what is allowed to be in it. Nothing is copied and then cleaned: each field takes a
 * word from a closed list, a number, a version by its form, or a placeholder, so what nobody thought of stays
 * out.
 */
export function supportBundle(sources: SupportSources): SupportBundle {
  const { program, vocabulary, codes, inventory, hosts, runs, checks, problems } = sources;
  const words = new Words(vocabulary, inventory);
  return {
    program,
    cluster: inventory === undefined ? undefined : clusterPart(inventory, sources, words),
    hosts: hosts.map((host) => hostPart(host, words)),
    runs: runs.slice(0, mostRuns).map((run) => runPart(run, words, codes)),
    checks: checks.map(({ host, id, outcome }) => {
      return { host: words.host(host), check: words.name(id), outcome };
    }),
    errors: problems.map((problem) => errorPart(problem, words, codes)),
  };
}

function clusterPart(
  { playbook, hosts, external, vars }: Inventory,
  { isShipped, vocabulary }: SupportSources,
  words: Words,
): SupportCluster {
  return {
    playbook: vocabulary.playbooks.has(playbook.name) ? playbook.name : 'playbook-1',
    isOwnPlaybook: !isShipped,
    roles: playbook.roles.map(({ name }) => ({
      role: words.name(name),
      hosts: external.has(name) ? undefined : hosts.filter(({ role }) => role === name).length,
    })),
    variables: Object.entries(playbook.variables).flatMap(([name, variable]) => {
      const value = vars[name];
      if (value === undefined || JSON.stringify(value) === JSON.stringify(variable.default)) return [];
      const isListed =
        typeof value === 'boolean' || (variable.type === 'enum' && vocabulary.values.has(String(value)));
      return [{ name: words.name(name), value: isListed ? String(value) : undefined }];
    }),
  };
}
