import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Inventory } from '../../src/inventory/inventory.ts';
import { applyRun } from '../../src/run/apply-run.ts';
import { planRollback } from '../../src/run/rollback-run.ts';
import { verifyRun } from '../../src/run/verify-run.ts';
import { applyOptions, problems, startCluster, statuses, type TestCluster } from './cluster.ts';

let cluster: TestCluster;
let inventory: Inventory;
beforeAll(async () => {
  cluster = await startCluster();
  inventory = await cluster.inventory();
  expect(problems(await cluster.apply(inventory))).toEqual([]);
}, 240_000);
afterAll(() => cluster.close());

const nodesFile = '/etc/nginx/clusterproxy/demo/nodes.conf';
const inSync = { 'proxy-1': 'in-sync', 'bbb-01': 'in-sync', 'bbb-02': 'in-sync', 'bbb-03': 'in-sync' };

describe('a run whose hosts decide by themselves', { timeout: 240_000 }, () => {
  const properties = '/etc/bigbluebutton/bbb-web.properties';

  /** Changes a node again, while the proxy has this certificate and answers for the node by that. */
  async function changed(given: { readonly mistrust?: string; readonly status: number }) {
    const itself = await cluster.inventory((text) => `${text}vars: {ask_itself: true}\n`);
    cluster.edit('bbb-02', properties, (text) =>
      text.replace(/^defaultHTML5ClientUrl=.*$/m, 'defaultHTML5ClientUrl=https://other.example.com/'),
    );
    const asked: string[] = [];
    const answer = { kind: 'answer', status: given.status, body: '/bbb-02/html5client' } as const;
    const network = {
      get: async ({ url }: { readonly url: string }) => {
        asked.push(url);
        return { ...answer, headers: { 'content-type': 'text/html' } };
      },
      upgrade: async () => ({ ...answer, headers: {} }),
      talk: async () => ({ kind: 'trouble', words: 'it is silent', fix: 'mend it' }) as const,
      line: async () => ({ kind: 'trouble', words: 'it is silent', fix: 'mend it' }) as const,
      addresses: async () => ({ kind: 'trouble', words: 'it is silent', fix: 'mend it' }) as const,
      certificate: async () =>
        ({ kind: 'certificate', mistrust: given.mistrust, validFrom: 0, validTo: 0 }) as const,
    };
    const result = await cluster.apply(itself, { limit: ['bbb-02'], asking: { network, now: Date.now } });
    expect([problems(result), statuses(result)['bbb-02']]).toEqual([[], 'changed']);
    const warnings = result.hosts.find(({ plan }) => plan.host === 'bbb-02')?.warnings ?? [];
    return {
      asked,
      warnings: warnings.filter(
        (one) => one.includes('asked from here') || one.startsWith('this check fails'),
      ),
    };
  }

  const page = 'https://bbb-proxy.example.com/bbb-02/html5client/join';

  it('tells that people do not reach a node that it has changed, and changes no more for it', async () => {
    const { asked, warnings } = await changed({ status: 502 });
    // Once more, since services that were restarted need a moment.
    expect(asked).toEqual([page, page]);
    expect(warnings).toEqual([
      expect.stringMatching(
        /^this check fails: .*; found: 502 Bad Gateway \(asked from here after the change\); expected: .*; to fix it: check that the proxy reaches/,
      ),
    ]);
  });

  it('says nothing where they do', async () => {
    expect(await changed({ status: 200 })).toEqual({ asked: [page], warnings: [] });
  });

  it('asks nothing of a proxy that this machine does not trust: verify tells that', async () => {
    expect(await changed({ mistrust: 'it is self-signed', status: 502 })).toEqual({
      asked: [],
      warnings: [],
    });
  });
});

describe('a run whose hosts stay changed only if checks from outside pass', { timeout: 240_000 }, () => {
  const day = 24 * 60 * 60 * 1000;
  const trouble = { kind: 'trouble', words: 'it does not answer', fix: 'mend it' } as const;
  /** Pages never answer; certificates are what `mistrust` says at that moment. */
  const asking = (mistrust: () => string | undefined) => ({
    network: {
      get: async () => trouble,
      upgrade: async () => trouble,
      talk: async () => trouble,
      line: async () => trouble,
      addresses: async () => trouble,
      certificate: async () => {
        const now = Date.now();
        return {
          ...{ kind: 'certificate' as const, mistrust: mistrust() },
          ...{ validFrom: now - day, validTo: now + 90 * day },
        };
      },
    },
    now: Date.now,
  });
  const outside = { confirm: 'outside', confirmTimeout: 10 } as const;

  it('puts a change back by itself that makes one of them fail, and keeps it where none does', async () => {
    cluster.edit('proxy-1', nodesFile, (text) => text.replace('http_version 1.1', 'http_version 1.0'));
    const before = cluster.text('proxy-1', nodesFile);
    const onceChanged = () =>
      cluster.text('proxy-1', nodesFile) === before ? undefined : 'the certificate is self-signed';
    const put = await cluster.apply(inventory, { ...outside, asking: asking(onceChanged) });
    expect(statuses(put)).toMatchObject({ 'proxy-1': 'rolled-back', 'bbb-02': 'in-sync' });
    expect(problems(put)).toEqual([
      expect.stringMatching(
        /^proxy-1: outside-check-failed: after the change the check certificate failed from outside, so .* certificate \(the certificate of bbb-proxy.example.com\): found: the certificate is self-signed; expected: /,
      ),
    ]);
    expect(cluster.text('proxy-1', nodesFile)).toBe(before);
    expect(put.hosts[0]?.deciding?.find(({ host }) => host === 'proxy-1')).toMatchObject({
      ...{ id: 'certificate', always: false, outcome: 'failed' },
    });
    const kept = await cluster.apply(inventory, { ...outside, asking: asking(() => undefined) });
    expect(problems(kept)).toEqual([]);
    expect(statuses(kept)).toEqual({ ...inSync, 'proxy-1': 'changed' });
    const [proxy] = kept.hosts;
    expect(proxy?.warnings.join('\n')).toContain(
      'had failed from outside before the change already, and so had no say: ',
    );
    expect(proxy?.deciding?.map(({ outcome }) => outcome)).toContain('failed-before');
  });

  it('does not begin where nothing can be asked from here', async () => {
    cluster.edit('proxy-1', nodesFile, (text) => text.replace('http_version 1.1', 'http_version 1.0'));
    const before = cluster.text('proxy-1', nodesFile);
    const unsent = async () => ({ ...trouble, words: 'there is no route', isHere: true as const });
    const sockets = { upgrade: unsent, talk: unsent, line: unsent };
    const network = { ...sockets, get: unsent, certificate: unsent, addresses: unsent };
    const result = await cluster.apply(inventory, { ...outside, asking: { network, now: Date.now } });
    expect(statuses(result)).toMatchObject({ 'proxy-1': 'not-started' });
    expect(problems(result).join()).toContain('proxy-1: nothing-to-prove-it: nothing was done on this host');
    expect(cluster.text('proxy-1', nodesFile)).toBe(before);
    expect(statuses(await cluster.apply(inventory))).toEqual({ ...inSync, 'proxy-1': 'changed' });
  });

  it('asks none of them for what a rollback gives back', async () => {
    const options = applyOptions(inventory, { command: 'rollback', limit: ['proxy-1'] });
    const rollback = await planRollback({ ...options, run: undefined, removePackages: false });
    const all = { ...options, ...outside, asking: asking(() => 'the certificate is self-signed') };
    expect(statuses(await applyRun(rollback, all))).toMatchObject({ 'proxy-1': 'changed' });
    expect(statuses(await cluster.apply(inventory))).toEqual({ ...inSync, 'proxy-1': 'changed' });
  });

  it('asks nothing of a retired host, and shows it as such', async () => {
    const left = await cluster.inventory((text) =>
      text.replace('- name: bbb-02\n', '$&      state: retired\n'),
    );
    const { checks, problems } = await verifyRun({
      ...applyOptions(left),
      ...asking(() => undefined),
      withMeeting: false,
      withStream: false,
    });
    expect(problems).toEqual([]);
    const of = (name: string) => checks.filter(({ host }) => host === name);
    expect(new Set(of('bbb-02').map(({ outcome, found }) => `${outcome}: ${found}`))).toEqual(
      new Set(['not-applicable: this host is retired']),
    );
    expect(of('bbb-01').map(({ outcome }) => outcome)).toContain('failed');
  });
});
