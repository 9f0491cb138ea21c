import type { VirtualAddressQuestion } from '../model/balancer-question.ts';
import { canonicalAddress } from '../model/interface-addresses.ts';
import { queryKey } from '../model/reads.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { listed } from './listed.ts';
import type { Findings } from './pair-findings.ts';

type Host = VirtualAddressQuestion['hosts'][number];
type Snapshots = ReadonlyMap<string, Snapshot>;

/** What one host says of the command that moves the address: see playbooks/files/address-claim.sh. */
interface Said {
  /** who has it by the network's word, as the command prints it */
  readonly owner: string | undefined;
  /** why that isn't known, in words; undefined if it is */
  readonly ownerFailed: string | undefined;
  readonly hasFailed: boolean;
  readonly neverClaimed: boolean;
}

/**
 * Where a command moves the address: whether the network leads it to the host that has it by keepalived's
 * word, and whether each host has ever claimed it, since only that shows that it can.
 */
export function claimFindings(
  { address, hosts, claim }: VirtualAddressQuestion,
  snapshots: Snapshots,
  holders: readonly string[],
): Findings {
  if (claim === undefined) return { faults: [], notes: [] };
  const said = hosts.map((host) => ({ host, said: saidOn(snapshots.get(host.name), queryKey(claim)) }));
  const [holder] = holders;
  const at = said.find(({ host }) => host.name === holder);
  const notes = neverClaimed(
    said.flatMap((one) => (one.said?.neverClaimed ? [one.host.name] : [])),
    holder,
  );
  if (at === undefined) return { faults: [], notes };
  const name = at.host.name;
  const look = `on ${name}: journalctl -u '*-claim.service' says what the command printed; what it changed by hand is claimed again within half a minute`;
  if (at.said === undefined) {
    const fix = `apply; then see on ${name} what ${claim.kind === 'command' ? claim.args.join(' ') : 'it'} prints`;
    return { faults: [`who has ${address} by the network's word can't be asked on ${name}`], notes, fix };
  }
  const { owner, ownerFailed, hasFailed } = at.said;
  const failed = hasFailed ? [`the command that claims ${address} has failed on ${name}`] : [];
  if (owner === undefined) {
    const words = `the command that tells the owner of ${address} fails on ${name}: ${ownerFailed ?? 'it prints nothing'}`;
    return { faults: [...failed, words], notes, fix: `run it on ${name} as root, and see what it lacks` };
  }
  if (isOne(at.host, owner)) return { faults: failed, notes, fix: look };
  const other = hosts.find((host) => isOne(host, owner));
  const words =
    other === undefined
      ? `by the network's word ${address} belongs to ${owner}, which is none of ${listed(hosts.map((host) => host.name))}`
      : `by the network's word ${address} belongs to ${other.name}, although ${name} is to have it`;
  return { faults: [...failed, words], notes, fix: look };
}

function neverClaimed(names: readonly string[], holder: string | undefined): readonly string[] {
  if (names.length === 0) return [];
  const away = holder === undefined ? 'the one that has it' : holder;
  return [
    `${listed(names)} ${names.length === 1 ? 'has' : 'have'} never claimed it, so whether it can be moved there isn't proved: run systemctl stop keepalived on ${away}, then verify again from outside, then systemctl start keepalived there`,
  ];
}

/** Whether that is how the inventory calls a host, or its address there, however that is spelt. */
function isOne(host: Host, owner: string): boolean {
  const [said, name, address] = [owner, host.name, host.address].map((text) =>
    canonicalAddress(text.toLowerCase()),
  );
  return said === address || said === name || said?.startsWith(`${name}.`) === true;
}

/** Why its command told no owner, by its exit status; see timeout(1) for 124 and 137. */
function failedWords(status: string): string {
  if (status === '124' || status === '137') return 'it takes longer than 8 seconds';
  if (status === 'long') return 'it prints far more than a line';
  return `it ends with status ${status}`;
}

function saidOn(snapshot: Snapshot | undefined, key: string): Said | undefined {
  const answer = snapshot?.answers.get(key);
  if (answer === undefined || answer.status !== 0) return undefined;
  const lines = answer.output.split('\n').map((line) => line.trim());
  const after = (word: string) =>
    lines
      .find((line) => line.startsWith(`${word} `))
      ?.slice(word.length + 1)
      .trim();
  const failed = after('owner-failed');
  return {
    owner: after('owner') || undefined,
    ownerFailed: failed === undefined ? undefined : failedWords(failed),
    hasFailed: lines.includes('claim-failed'),
    neverClaimed: lines.includes('never-claimed'),
  };
}
