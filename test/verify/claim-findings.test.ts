import { describe, expect, it } from 'vitest';
import type { VirtualAddressQuestion } from '../../src/model/balancer-question.ts';
import { noReads, type Query } from '../../src/model/reads.ts';
import { claimFindings } from '../../src/verify/claim-findings.ts';
import { snapshotOf } from '../support/snapshot-from-folder.ts';

const claim: Query = { kind: 'command', args: ['/usr/local/sbin/clusterproxy-prod-claim', 'state'] };
const question: VirtualAddressQuestion = {
  ...{ kind: 'virtual-address', address: '192.0.2.10', hostname: 'bbb.example.com' },
  ...{ port: undefined, strict: true, claim },
  hosts: [
    { name: 'proxy-1', address: '192.0.2.5' },
    { name: 'proxy-2', address: '192.0.2.6' },
  ],
};

/** What is found where the hosts say this of the command, and the first one has the address. */
function found(said: Record<string, string>, holders = ['proxy-1'], hosts = question.hosts) {
  const looks = Object.entries(said).map(([name, output]) => {
    const reads = { ...noReads, queries: [claim] };
    return [name, snapshotOf({ name, files: {}, answers: [[claim, { status: 0, output }]] }, reads)] as const;
  });
  return claimFindings({ ...question, hosts }, new Map(looks), holders);
}

describe('an address that a command moves', () => {
  it.each(['proxy-1', 'PROXY-1.example.com', '192.0.2.5'])('is where it has to be if %s owns it', (owner) => {
    expect(found({ 'proxy-1': `owner ${owner}\n`, 'proxy-2': `owner ${owner}\n` })).toMatchObject({
      ...{ faults: [], notes: [] },
    });
  });

  it('is where it has to be, however its owner is spelt', () => {
    const hosts = [
      { name: 'Proxy-1', address: '2001:db8::5' },
      { name: 'proxy-2', address: '2001:db8::6' },
    ];
    for (const owner of ['2001:0DB8:0::5', 'proxy-1', 'Proxy-1.Example.com']) {
      expect(found({ 'Proxy-1': `owner ${owner}\n` }, ['Proxy-1'], hosts).faults, owner).toEqual([]);
    }
    // Whose name only begins so is another one.
    expect(found({ 'Proxy-1': 'owner proxy-10\n' }, ['Proxy-1'], hosts).faults).toHaveLength(1);
  });

  it('is led elsewhere', () => {
    const other = found({ 'proxy-1': 'owner proxy-2\n', 'proxy-2': 'owner proxy-2\n' });
    expect(other.faults).toEqual([
      "by the network's word 192.0.2.10 belongs to proxy-2, although proxy-1 is to have it",
    ]);
    expect(other.fix).toContain('journalctl');
    const stranger = found({ 'proxy-1': 'owner i-0abc\nclaim-failed\n' });
    expect(stranger.faults).toEqual([
      'the command that claims 192.0.2.10 has failed on proxy-1',
      "by the network's word 192.0.2.10 belongs to i-0abc, which is none of proxy-1 and proxy-2",
    ]);
  });

  it('belongs to nobody knows whom', () => {
    const words = (status: string) => found({ 'proxy-1': `owner-failed ${status}\n` }).faults;
    const fails = 'the command that tells the owner of 192.0.2.10 fails on proxy-1';
    expect(words('6')).toEqual([`${fails}: it ends with status 6`]);
    expect(words('124')).toEqual([`${fails}: it takes longer than 8 seconds`]);
    expect(words('long')).toEqual([`${fails}: it prints far more than a line`]);
    expect(found({ 'proxy-1': 'owner \n' }).faults[0]).toContain('it prints nothing');
    expect(found({}).faults[0]).toContain("can't be asked on proxy-1");
  });

  it('is proved on a host once it was claimed there', () => {
    const { faults, notes } = found({
      'proxy-1': 'owner proxy-1\n',
      'proxy-2': 'owner proxy-1\nnever-claimed\n',
    });
    expect(faults).toEqual([]);
    expect(notes).toEqual([expect.stringMatching(/^proxy-2 has never claimed it.*keepalived on proxy-1/)]);
  });

  it('is nothing to ask for where no command moves it', () => {
    expect(claimFindings({ ...question, claim: undefined }, new Map(), ['proxy-1'])).toEqual({
      ...{ faults: [], notes: [] },
    });
  });
});
