import type { PairHost, VirtualAddressQuestion } from '../model/balancer-question.ts';
import { askAddresses, interfaceAddresses } from '../model/interface-addresses.ts';
import type { Verdict } from '../model/outside-check.ts';
import { queryKey } from '../model/reads.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { claimFindings } from './claim-findings.ts';
import { judgeCertificate } from './judge-certificate.ts';
import { listed } from './listed.ts';
import type { Network } from './network.ts';
import type { Findings } from './pair-findings.ts';

type Snapshots = ReadonlyMap<string, Snapshot>;

/**
 * Whether exactly one of the hosts has the address, and whether it and each of the hosts show a certificate
 * that browsers trust for the cluster's name: one without would be noticed only once the address moves there.
 */
export async function askVirtualAddress(
  question: VirtualAddressQuestion,
  network: Network,
  now: () => number,
  snapshots: Snapshots,
): Promise<Verdict> {
  const { address, hostname, port, hosts } = question;
  const names = listed(hosts.map(({ name }) => name));
  const shows =
    port === undefined ? '' : `, and all of them show a certificate that browsers trust for ${hostname}`;
  const expected = `one of ${names} has ${address}${shows}`;
  if (hosts.every(({ name }) => !snapshots.has(name))) {
    return { outcome: 'not-asked', expected, found: 'none of these hosts was looked at' };
  }
  const held = holderFindings(question, snapshots);
  const claimed = claimFindings(question, snapshots, held.holders ?? []);
  const shown = await certificateFindings(question, network, now());
  const faults = [...held.faults, ...claimed.faults, ...shown.faults];
  const notes = [...held.notes, ...claimed.notes, ...shown.notes];
  const note = notes.length === 0 ? {} : { note: notes.join('; ') };
  if (faults.length > 0) {
    const fix = held.fix ?? claimed.fix ?? shown.fix;
    return { outcome: 'failed', expected, found: faults.join('; '), ...note, ...(fix ? { fix } : {}) };
  }
  const [holder] = held.holders ?? [];
  return { outcome: 'passed', expected, found: holder ? `${holder} has it` : 'it answers', ...note };
}

function holderFindings({ address, hosts, strict }: VirtualAddressQuestion, snapshots: Snapshots): Findings {
  const known = hosts.map((host) => ({ ...host, has: hasAddress(snapshots.get(host.name), address) }));
  const holders = known.filter(({ has }) => has === true).map(({ name }) => name);
  const unknown = known.filter(({ has }) => has === undefined).map(({ name }) => name);
  const notes =
    unknown.length === 0 ? [] : [`whether ${listed(unknown)} has it is not known: there was no look at it`];
  if (holders.length > 1) {
    return {
      ...{ faults: [`${listed(holders)} have it at the same time`], notes },
      fix: strict
        ? "let VRRP (IP protocol 112) pass between these hosts in both directions: they have it at the same time because they don't hear each other; journalctl -u keepalived says since when"
        : 'let whatever moves it take it from all hosts but one',
    };
  }
  if (holders.length === 0 && unknown.length === 0) {
    const words = `none of ${listed(hosts.map(({ name }) => name))} has it`;
    if (!strict) {
      return { faults: [], notes: [`${words} on an interface, as where a network leads it to one of them`] };
    }
    return {
      ...{ faults: [words], notes },
      fix: 'run on each of these hosts: systemctl status keepalived; journalctl -u keepalived says why it does not take the address',
    };
  }
  return { faults: [], notes, holders };
}

/** Undefined where it is not known. */
function hasAddress(snapshot: Snapshot | undefined, address: string): boolean | undefined {
  const answer = snapshot?.answers.get(queryKey(askAddresses));
  if (answer?.status !== 0) return undefined;
  return interfaceAddresses(answer.output).some((one) => one.address === address);
}

/** That of the address counts; one of a host whose own address can't be reached from here is only a note. */
async function certificateFindings(
  { address, hostname, port, hosts }: VirtualAddressQuestion,
  network: Network,
  now: number,
): Promise<Findings> {
  if (port === undefined) return { faults: [], notes: [] };
  const asked = await Promise.all(
    [{ name: address, address }, ...hosts].map((at) => shownAt(at, { hostname, port }, network, now)),
  );
  const [virtual, ...others] = asked;
  const silent = others.filter(({ answers }) => !answers).map(({ name }) => name);
  const faults = [...(virtual === undefined ? [] : [virtual]), ...others.filter(({ answers }) => answers)];
  const serials = new Set(others.flatMap(({ serial }) => serial ?? []));
  const wrong = faults.filter(({ fault }) => fault !== undefined);
  return {
    faults: wrong.map(({ name, fault }) => `${name}: ${fault}`),
    notes: [
      ...(silent.length === 0 ? [] : [`${listed(silent)} can't be asked for a certificate from here`]),
      ...(serials.size > 1 ? ['they show different certificates, each valid'] : []),
    ],
    fix: wrong[0]?.fix,
  };
}

/** The name that a certificate is for, and the port that shows it. */
interface CertificatePlace {
  readonly hostname: string;
  readonly port: number;
}

async function shownAt(
  { name, address }: PairHost,
  { hostname, port }: CertificatePlace,
  network: Network,
  now: number,
) {
  const shown = await network.certificate(hostname, port, address);
  const verdict = judgeCertificate({ kind: 'certificate', hostname, port }, shown, now);
  return {
    name,
    answers: shown.kind === 'certificate',
    serial: shown.kind === 'certificate' ? shown.serial : undefined,
    fault: verdict.outcome === 'failed' ? verdict.found : undefined,
    fix: verdict.fix,
  };
}
