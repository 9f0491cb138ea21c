import { secondsIn } from '../../host/claims.ts';
import { remoteFile } from '../../host/program.ts';
import { fields, printable } from '../../host/records.ts';
import { type Query, queryKey } from '../../model/reads.ts';
import type { Snapshot } from '../../model/snapshot.ts';
import type { UpgradeByApt, UpgradeCommand, UpgradedPackage } from '../../model/upgrade.ts';
import { heard } from '../../secrets/showable.ts';

/** What the host's package manager says of an upgrade before it is done. */
export interface UpgradeFacts {
  readonly missing: readonly string[];
  readonly becomes: readonly UpgradedPackage[];
  /** configuration files of these that were edited on the host */
  readonly edited: readonly string[];
  /** when the package lists were brought up to date; seconds since the epoch by the host's clock */
  readonly lists: number | undefined;
  /** why it isn't known */
  readonly unknown: string | undefined;
}

export async function upgradeQuery({ packages }: Pick<UpgradeByApt, 'packages'>): Promise<Query> {
  return { kind: 'program', program: await remoteFile('upgrade-facts.sh'), args: packages };
}

/** What a host has answered; that it could not be asked is an answer as well. */
export function upgradeFacts({ answers }: Pick<Snapshot, 'answers'>, query: Query): UpgradeFacts {
  const answer = answers.get(queryKey(query));
  return answer?.status === 0
    ? readUpgradeFacts(answer.output)
    : { ...readUpgradeFacts(''), unknown: 'the host could not tell in time' };
}

/** The lines of src/host/remote/upgrade-facts.sh. */
export function readUpgradeFacts(output: string): UpgradeFacts {
  const lines = output.split('\n').map((line) => fields(line).map((field) => heard(printable(field))));
  const all = (kind: string) => lines.filter(([one]) => one === kind);
  const [lists] = all('lists').map(([, seconds = '']) => secondsIn(seconds));
  return {
    missing: all('missing').map(([, name = '']) => name),
    becomes: all('becomes').map(([, name = '', before = '', after = '']) => ({ name, before, after })),
    edited: all('edited').map(([, path = '']) => path),
    lists,
    unknown: all('unknown')[0]?.[1],
  };
}

/** What people use besides the product, or what wants a restart of the host. */
const services =
  /^(linux-(image|headers|modules)|redis|nginx|docker|containerd|haproxy|coturn|mongodb|freeswitch|kurento|postgresql|libc6$|systemd|openssh)/;

/** What is to be known before saying yes, in words. */
export function upgradeNotes(
  command: UpgradeCommand,
  { facts, saved }: { readonly facts: UpgradeFacts | undefined; readonly saved: boolean },
): readonly string[] {
  return [
    ...(command.kind === 'script'
      ? ["what it touches besides the product (nginx, redis, Docker, the kernel) can't be known beforehand"]
      : aptNotes(command, facts)),
    saved
      ? "it can't be undone, except by what snapshot_command saves right before"
      : "it can't be undone: save the host first, or name a snapshot_command in the inventory",
    'afterwards the host is looked at anew, and gets what its new version needs, in a transaction of its own',
  ];
}

function aptNotes({ packages, conffiles }: UpgradeByApt, facts: UpgradeFacts | undefined): readonly string[] {
  if (facts === undefined || facts.unknown !== undefined)
    return [`what it touches could not be found out: ${facts?.unknown ?? "the host can't be asked"}`];
  const { becomes, missing, edited, lists } = facts;
  const words = ({ name, before, after }: UpgradedPackage) =>
    before === '' ? `${name} ${after} (new)` : `${name} ${before} -> ${after}`;
  const own = becomes.filter(({ name }) => packages.includes(name));
  const besides = becomes.filter(({ name }) => !packages.includes(name));
  const told = besides.filter(({ name }) => services.test(name));
  const others = besides.filter(({ name }) => !services.test(name));
  const list = (some: readonly UpgradedPackage[]) =>
    [...some.slice(0, 20).map(words), ...(some.length > 20 ? [`${some.length - 20} more`] : [])].join(', ');
  const age = lists === undefined ? '' : `, of ${new Date(lists * 1_000).toISOString().slice(0, 10)}`;
  const kept = conffiles === 'keep' ? 'kept' : 'replaced';
  return [
    own.length === 0
      ? `by the package lists that the host has${age}, there is nothing to upgrade`
      : `by the package lists that the host has${age}: ${list(own)}`,
    ...(told.length === 0 ? [] : [`it touches besides: ${list(told)}`]),
    ...(others.length === 0 ? [] : [`and other packages: ${list(others)}`]),
    ...(missing.length === 0 ? [] : [`not installed, so not upgraded: ${missing.join(', ')}`]),
    edited.length === 0
      ? `configuration files that were edited on the host are ${kept} where the new version changes them`
      : `${kept} where the new version changes them, as they were edited on the host: ${edited.join(', ')}`,
  ];
}
