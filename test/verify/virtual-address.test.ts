import { describe, expect, it } from 'vitest';
import type { SameFilesQuestion, VirtualAddressQuestion } from '../../src/model/balancer-question.ts';
import { askAddresses } from '../../src/model/interface-addresses.ts';
import { noReads } from '../../src/model/reads.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import type { NoAnswer, ShownCertificate } from '../../src/verify/answers.ts';
import type { Network } from '../../src/verify/network.ts';
import { judgeSameFiles } from '../../src/verify/same-files.ts';
import { askVirtualAddress } from '../../src/verify/virtual-address.ts';
import { snapshotOf } from '../support/snapshot-from-folder.ts';

const day = 24 * 60 * 60 * 1000;
const now = Date.parse('2026-11-28');
const virtual = '192.0.2.10';

const question: VirtualAddressQuestion = {
  ...{ kind: 'virtual-address', address: virtual, hostname: 'bbb.example.com', port: 443 },
  strict: true,
  hosts: [
    { name: 'proxy-1', address: '192.0.2.5' },
    { name: 'proxy-2', address: '192.0.2.6' },
  ],
};

const good: ShownCertificate = {
  ...{ kind: 'certificate', mistrust: undefined, serial: 'AA' },
  ...{ validFrom: now - day, validTo: now + 80 * day },
};
const silent: NoAnswer = { kind: 'trouble', words: 'nothing answers', fix: 'see to it' };

/** A network in which these addresses show something else than the good certificate. */
function network(shown: Record<string, ShownCertificate | NoAnswer> = {}): Network {
  const certificate: Network['certificate'] = async (_, port, at = '') => {
    expect(port).toBe(443);
    return shown[at] ?? good;
  };
  return { certificate } as Partial<Network> as Network;
}

/** Looks at hosts that have these addresses; undefined: it could not be asked. */
function looks(hosts: Record<string, readonly string[] | undefined>): ReadonlyMap<string, Snapshot> {
  return new Map(
    Object.entries(hosts).map(([name, addresses]) => {
      const lines = (addresses ?? []).map((one) => `2: eth0    inet ${one}/24 scope global eth0\n`);
      const answer = { status: addresses === undefined ? 127 : 0, output: lines.join('') };
      const reads = { ...noReads, queries: [askAddresses] };
      return [name, snapshotOf({ name, files: {}, answers: [[askAddresses, answer]] }, reads)];
    }),
  );
}

const ask = (
  asked: VirtualAddressQuestion,
  hosts: Record<string, readonly string[] | undefined>,
  shown?: Record<string, ShownCertificate | NoAnswer>,
) => askVirtualAddress(asked, network(shown), () => now, looks(hosts));

const sound = { 'proxy-1': ['192.0.2.5', virtual], 'proxy-2': ['192.0.2.6'] };

describe('the address of a pair', () => {
  it('is held by one of them', async () => {
    expect(await ask(question, sound)).toEqual({
      outcome: 'passed',
      expected:
        'one of proxy-1 and proxy-2 has 192.0.2.10, and all of them show a certificate that browsers trust for bbb.example.com',
      found: 'proxy-1 has it',
    });
  });

  it('is at fault where both have it, or none', async () => {
    const both = await ask(question, { ...sound, 'proxy-2': ['192.0.2.6', virtual] });
    expect(both).toMatchObject({ outcome: 'failed', found: 'proxy-1 and proxy-2 have it at the same time' });
    expect(both.fix).toMatch(/protocol 112/);
    const none = await ask(question, { ...sound, 'proxy-1': ['192.0.2.100'] });
    expect(none).toMatchObject({ outcome: 'failed', found: 'none of proxy-1 and proxy-2 has it' });
    expect(none.fix).toMatch(/systemctl status keepalived/);
  });

  it('is asked for its certificate at the port that has one, or for none', async () => {
    const expired = { ...good, validTo: now - day };
    const seen: unknown[] = [];
    const certificate: Network['certificate'] = async (_, port, at) => {
      seen.push(`${at} ${port}`);
      return expired;
    };
    const asked = (port: number | undefined) =>
      askVirtualAddress(
        { ...question, port },
        { certificate } as Partial<Network> as Network,
        () => now,
        looks(sound),
      );
    expect(await asked(8443)).toMatchObject({ outcome: 'failed' });
    expect(seen).toEqual([`${virtual} 8443`, '192.0.2.5 8443', '192.0.2.6 8443']);
    expect(await asked(undefined)).toEqual({
      outcome: 'passed',
      expected: 'one of proxy-1 and proxy-2 has 192.0.2.10',
      found: 'proxy-1 has it',
    });
    expect(seen).toHaveLength(3);
  });

  it('may be elsewhere where somebody else moves it', async () => {
    const external = { ...question, strict: false };
    const none = await ask(external, { ...sound, 'proxy-1': ['192.0.2.5'] });
    expect(none).toMatchObject({ outcome: 'passed', found: 'it answers' });
    expect(none.note).toMatch(/none of proxy-1 and proxy-2 has it on an interface/);
    const both = await ask(external, { ...sound, 'proxy-2': [virtual] });
    expect(both.outcome).toBe('failed');
    expect(both.fix).not.toMatch(/VRRP/);
  });

  it('is not known of a host that was not looked at, or could not be asked', async () => {
    const one = await ask(question, { 'proxy-2': ['192.0.2.6'] });
    expect(one).toMatchObject({ outcome: 'passed', note: expect.stringMatching(/proxy-1 .* not known/) });
    const held = await ask(question, { ...sound, 'proxy-2': undefined });
    expect(held).toMatchObject({ outcome: 'passed', found: 'proxy-1 has it' });
    expect((await ask(question, {})).outcome).toBe('not-asked');
  });

  it('and every host have a certificate for the name', async () => {
    const wrong = { ...good, mistrust: 'it is for another name', fix: 'get one for the name' };
    const second = await ask(question, sound, { '192.0.2.6': wrong });
    expect(second).toMatchObject({
      ...{ outcome: 'failed', found: 'proxy-2: it is for another name', fix: 'get one for the name' },
    });
    const address = await ask(question, sound, { [virtual]: silent });
    expect(address).toMatchObject({ outcome: 'failed', found: '192.0.2.10: nothing answers' });
    const over = await ask(question, sound, { '192.0.2.5': { ...good, validTo: now - day } });
    expect(over.outcome).toBe('failed');
  });

  it('is sound where a host can not be asked from here, or has another certificate, which is noted', async () => {
    const closed = await ask(question, sound, { '192.0.2.6': silent });
    expect(closed).toMatchObject({
      ...{ outcome: 'passed', note: "proxy-2 can't be asked for a certificate from here" },
    });
    const other = await ask(question, sound, { '192.0.2.6': { ...good, serial: 'BB' } });
    expect(other).toMatchObject({ outcome: 'passed', note: 'they show different certificates, each valid' });
  });
});

describe('what all of them relay', () => {
  const nodes = '/etc/nginx/clusterproxy/prod/nodes.conf';
  const wanted: SameFilesQuestion = {
    ...{ kind: 'same-files', paths: [nodes], blocks: undefined, hosts: ['proxy-1', 'proxy-2'] },
  };
  const judge = (asked: SameFilesQuestion, files: Record<string, string | undefined>) =>
    judgeSameFiles(
      asked,
      new Map(
        Object.entries(files).map(([name, text]) => {
          const [path = ''] = asked.paths;
          const host = { name, files: text === undefined ? {} : { [path]: text } };
          return [name, snapshotOf(host, { ...noReads, paths: [path] })];
        }),
      ),
    );

  it('is the same', () => {
    expect(judge(wanted, { 'proxy-1': 'a\n', 'proxy-2': 'a\n' })).toMatchObject({ outcome: 'passed' });
    expect(judge(wanted, { 'proxy-1': 'a\n', 'proxy-2': 'b\n' })).toMatchObject({
      ...{ outcome: 'failed', found: `${nodes} of proxy-1 is not that of proxy-2` },
    });
  });

  it('is left out where a host has other software, and not known without looks at two', () => {
    expect(judge(wanted, { 'proxy-1': 'a\n', 'proxy-2': undefined }).outcome).toBe('passed');
    expect(judge(wanted, { 'proxy-1': 'a\n' }).outcome).toBe('not-asked');
    expect(judge(wanted, { 'proxy-1': 'a\n', elsewhere: 'b\n' }).outcome).toBe('not-asked');
  });

  it("is a cluster's own blocks in a file that others share", () => {
    const config = '/etc/haproxy/haproxy.cfg';
    const asked = { ...wanted, paths: [config], blocks: 'prod' };
    const block = (name: string, body: string) =>
      `# clusterproxy: begin ${name}\n${body}\n# clusterproxy: end ${name}\n`;
    const one = `global\n${block('prod/bbb-01', 'a')}${block('prod frontend', 'f')}`;
    const reordered = `${block('prod frontend', 'f')}defaults\n${block('prod/bbb-01', 'a')}${block('production/x', 'z')}`;
    expect(judge(asked, { 'proxy-1': one, 'proxy-2': reordered }).outcome).toBe('passed');
    const other = one.replace('\na\n', '\nb\n');
    expect(judge(asked, { 'proxy-1': one, 'proxy-2': other }).outcome).toBe('failed');
  });
});
