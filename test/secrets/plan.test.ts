import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/model/change.ts';
import type { ClusterPlan, HostPlan } from '../../src/model/plan.ts';
import { noReads } from '../../src/model/reads.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { textOf } from '../../src/plan/items.ts';
import { planHostRollback } from '../../src/plan/rollback/plan-rollback.ts';
import { comparePlan } from '../../src/plan/saved/compare-plan.ts';
import { readSavedPlan, savePlan } from '../../src/plan/saved/saved-plan.ts';
import { diffText } from '../../src/report/document/diff.ts';
import { errorDocument } from '../../src/report/document/problem.ts';
import { SecretRegister } from '../../src/secrets/register.ts';
import { stageOf } from '../support/host-plan.ts';
import { carriedOutHost, edited, planWith, recorded, wantedStep } from '../support/recorded-run.ts';
import { snapshotOf } from '../support/snapshot-from-folder.ts';

const path = '/etc/app.properties';
const made = '/etc/made.conf';
const [first, second] = ['s3cret-One!', 's3cret-Two!'];

function known(...values: readonly string[]): SecretRegister {
  const register = new SecretRegister();
  for (const value of values) register.add(value);
  return register;
}

function hostWith(files: Record<string, string>): Snapshot {
  return snapshotOf({ name: 'a', files }, { ...noReads, paths: [path, '/etc', made] });
}

const keys = (values: Record<string, string>) => [wantedStep('keys', 'properties', { path, set: values })];
const whole = (content: string, more = {}) => [wantedStep('whole', 'file', { path: made, content, ...more })];

function change(plan: HostPlan, at = path) {
  const found = stageOf(plan).changes.find((one) => one.path === at);
  if (found === undefined) throw new Error(`${at} does not change`);
  return found;
}

function modeOf(plan: HostPlan): number | undefined {
  const { after } = change(plan, made);
  return after.kind === 'file' ? after.mode : undefined;
}

describe('a new file', () => {
  it('is for its owner alone where it holds a secret, unless the step says otherwise', () => {
    const host = hostWith({});
    expect(modeOf(planWith(host, whole(`a=${first}\n`), known(first)))).toBe(0o600);
    expect(modeOf(planWith(host, whole('a=1\n'), known(first)))).toBe(0o644);
    const open = planWith(host, whole(`a=${first}\n`, { mode: '0644' }), known(first));
    expect(modeOf(open)).toBe(0o644);
    expect(open.warnings.join()).toContain('/etc/made.conf will contain a secret, and its mode 0644');
    expect(planWith(host, whole(`a=${first}\n`, { mode: '0640' }), known(first)).warnings).toEqual([]);
  });

  it('is not shown', () => {
    const text = diffText(change(planWith(hostWith({}), whole(`a=${first}\nother\n`), known(first)), made));
    expect(text).toBe(
      '# new file, mode 0600, owner root:root\n# its content is not shown: it holds a secret\n',
    );
  });
});

describe('a change', () => {
  it('of a whole file only says that it differs', () => {
    const plan = planWith(
      hostWith({ [made]: 'a=before\nrest\n' }),
      whole(`a=${first}\nrest\n`),
      known(first),
    );
    expect(diffText(change(plan, made))).toBe('# content differs, but is not shown: it holds a secret\n');
  });

  it('of keys hides the secret, in context lines too, and what the key held before', () => {
    const host = hostWith({ [path]: `workers=1\nconnection=db ${second}\nkept=${first}\nlast=1\n` });
    const plan = planWith(host, keys({ workers: '2', connection: `db ${first}` }), known(first));
    expect(diffText(change(plan))).toBe(`--- a/etc/app.properties
+++ b/etc/app.properties
@@ -1,4 +1,4 @@
-workers=1
-connection=********
+workers=2
+connection=db ********
 kept=********
 last=1
`);
  });

  it('that takes a secret away hides it though nobody knows it any more', () => {
    const host = carriedOutHost(
      planWith(hostWith({ [path]: 'a=1\nconnection=plain\n' }), keys({ connection: first }), known(first)),
    );
    const gone = planWith(host, keys({ a: '2' }));
    expect(textOf(change(gone).after)).toBe('a=2\nconnection=plain\n');
    expect(diffText(change(gone))).not.toContain(first);
  });
});

/** What is kept on a host of a plan. */
function kept(plan: HostPlan): string {
  return JSON.stringify([stageOf(plan).ledger, recorded(plan).record]);
}

describe('what is kept on a host', () => {
  it('has neither the secret nor a plain hash of what holds it', () => {
    const host = hostWith({ [path]: `connection=${first}\nb=1\n`, [made]: `was ${first}\n` });
    const plan = planWith(
      host,
      [...keys({ connection: `x ${first}`, b: '2' }), ...whole(`is ${first}\n`)],
      known(first),
    );
    const text = kept(plan);
    expect(known(first).isIn(text)).toBe(false);
    for (const content of [`is ${first}\n`, `was ${first}\n`]) {
      expect(text).not.toContain(sha256(content));
      expect(text).not.toContain(Buffer.from(content).toString('base64'));
    }
    for (const value of [first, `x ${first}`]) {
      expect(text).not.toContain(sha256(JSON.stringify({ kind: 'value', value })));
    }
    const items = new Map(stageOf(plan).ledger?.items.map((item) => [item.key.join() || item.path, item]));
    expect(items.get('connection')).toMatchObject({
      first: { kind: 'secret' },
      activated: expect.stringMatching(/^scrypt:/),
    });
    expect(items.get(made)).toMatchObject({
      first: { kind: 'secret' },
      activated: expect.stringMatching(/^scrypt:/),
    });
    expect(items.get('b')).toMatchObject({
      first: { kind: 'value', value: '1' },
      activated: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('is the same for the same secret: a second look finds nothing to do', () => {
    const steps = [...keys({ connection: first }), ...whole(`is ${first}\n`)];
    const plan = planWith(hostWith({ [path]: 'b=1\n' }), steps, known(first));
    const again = planWith(carriedOutHost(plan), steps, known(first));
    expect(stageOf(again).changes).toEqual([]);
    expect(stageOf(again).ledger?.items).toEqual(stageOf(plan).ledger?.items);
  });

  it('lets a run be undone key by key, beside what others have edited, to the former secret', () => {
    const set = planWith(hostWith({ [path]: 'a=1\n' }), keys({ connection: first }), known(first));
    const exchanged = planWith(carriedOutHost(set), keys({ connection: second }), known(second));
    const now = edited(carriedOutHost(exchanged), path, (text) => `${text}theirs=1\n`);
    const undone = planHostRollback(now, [recorded(exchanged)], { force: false });
    expect(undone.problem).toBeUndefined();
    const [given] = undone.changes;
    expect(given && textOf(given.after)).toBe(`a=1\nconnection=${first}\ntheirs=1\n`);
    // Nobody told this run of either secret.
    expect(given && diffText(given)).not.toMatch(/s3cret/);
    const ledger = JSON.stringify(undone.ledger);
    expect(ledger).not.toMatch(/s3cret/);
    expect(ledger).not.toContain(sha256(JSON.stringify({ kind: 'value', value: first })));
  });

  it('shows a conflict without the secrets in it', () => {
    const plan = planWith(hostWith({ [path]: 'a=1\n' }), keys({ connection: first }), known(first));
    const now = edited(carriedOutHost(plan), path, (text) => text.replace(first, second));
    const { problem } = planHostRollback(now, [recorded(plan)], { force: false });
    expect(problem?.code).toBe('conflict');
    expect(JSON.stringify(problem && errorDocument(problem))).not.toMatch(/s3cret/);
  });

  it('leaves a key that is no longer wanted alone where its former value was a secret', () => {
    const host = hostWith({ [path]: `a=1\nconnection=${first}\n` });
    const same = planWith(host, keys({ connection: first }), known(first));
    const kept = planWith(carriedOutHost(same), [], known(first));
    expect([stageOf(kept).changes, kept.warnings]).toEqual([[], []]);
    const other = planWith(carriedOutHost(same), keys({ connection: second }), known(first, second));
    const left = planWith(carriedOutHost(other), [], known(first, second));
    expect(stageOf(left).changes).toEqual([]);
    expect(left.warnings.join()).toContain(
      'connection in /etc/app.properties is no longer wanted; its former value was a secret',
    );
  });
});

describe('a saved plan', () => {
  const cluster = (plan: HostPlan): ClusterPlan => ({ hosts: [plan], byHand: [], warnings: [] });
  const sources = (...values: readonly string[]) => ({
    text: `password: ${values[0]}`,
    playbookText: 'playbook',
    secrets: known(...values),
  });
  const planFor = (secret: string, text = 'b=1\n') =>
    cluster(
      planWith(
        hostWith({ [path]: text }),
        [...keys({ connection: secret }), ...whole('no secret\n')],
        known(secret),
      ),
    );

  it('has no hash of a file that holds a secret, nor of an inventory that does', async () => {
    const text = await savePlan(planFor(first), sources(first));
    expect(text).not.toContain(sha256(`b=1\nconnection=${first}\n`));
    expect(text).not.toContain(sha256(`password: ${first}`));
    expect(known(first).isIn(text)).toBe(false);
    const { hosts, salt } = JSON.parse(text);
    const slow = expect.stringMatching(/^scrypt:[0-9a-f]{64}$/);
    expect(hosts[0].stages[0].changes).toMatchObject([
      { path, before: expect.any(String), after: slow, secret: true },
      { path: made, after: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
    expect(salt).toMatch(/^[0-9a-f]{32}$/);
    // Another salt, and so other hashes, each time.
    const again = JSON.parse(await savePlan(planFor(first), sources(first)));
    expect(again.hosts[0].stages[0].changes[0].after).not.toBe(hosts[0].stages[0].changes[0].after);
  });

  it('is the same while nothing has changed, and notices another secret and another file that holds one', async () => {
    const saved = readSavedPlan(await savePlan(planFor(first), sources(first)), 'plan.json');
    const compared = async (plan: ClusterPlan, secret: string) =>
      (await comparePlan(saved, plan, sources(secret))).differences;
    expect(await compared(planFor(first), first)).toEqual([]);
    const words = expect.arrayContaining([
      expect.stringMatching(`: the change to ${path} is now different$`),
    ]);
    expect(await compared(planFor(second), second)).toEqual(words);
    expect(await compared(planFor(first, 'b=2\n'), first)).toEqual(words);
  });

  it('lets no host’s secret decide for another', async () => {
    const two = (secret: string) => {
      const [one] = planFor(first).hosts;
      const [other] = planFor(secret).hosts;
      if (one === undefined || other === undefined) throw new Error('no host');
      return { ...cluster(one), hosts: [one, { ...other, host: 'other' }] };
    };
    const saved = readSavedPlan(await savePlan(two(first), sources(first)), 'plan.json');
    const { differences } = await comparePlan(saved, two(second), sources(first));
    expect(differences).toEqual([`other: the change to ${path} is now different`]);
  });
});
