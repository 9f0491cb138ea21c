import { describe, expect, it } from 'vitest';
import { noReads } from '../../src/model/reads.ts';
import { recordItems } from '../../src/plan/record.ts';
import { planHostRollback } from '../../src/plan/rollback/plan-rollback.ts';
import { builtInItemFormats } from '../../src/steps/item-formats.ts';
import { selfSigned } from '../support/certificates.ts';
import { stageOf } from '../support/host-plan.ts';
import { carriedOutHost, planWith, recorded, wantedStep, withState } from '../support/recorded-run.ts';
import { snapshotOf, textFile } from '../support/snapshot-from-folder.ts';

const [crt, key, bundle] = ['/etc/ssl/lb.crt', '/etc/ssl/lb.key', '/etc/haproxy/certs/lb.pem'];
const certificates = {
  old: selfSigned('lb.example.com', { algorithm: 'ec' }),
  renewed: selfSigned('lb.example.com', { algorithm: 'ec' }),
};
const steps = [wantedStep('bundle', 'pem-bundle', { path: bundle, certificates: [crt], key })];
const careful = { force: false };

/** A host, perhaps with a bundle that was there before the first run. */
function hostWith(there?: string) {
  const { certificate, key: own } = certificates.old;
  const files = { [crt]: certificate, [key]: own, ...(there === undefined ? {} : { [bundle]: there }) };
  const paths = [crt, key, bundle, '/etc/haproxy', '/etc/haproxy/certs'];
  return snapshotOf({ name: 'lb', files }, { ...noReads, paths });
}

/** As the hook of a renewal leaves it. */
function renewed(host: ReturnType<typeof hostWith>) {
  const { certificate, key: own } = certificates.renewed;
  return Object.entries({ [crt]: certificate, [key]: own, [bundle]: certificate + own }).reduce(
    (now, [path, text]) => withState(now, path, { ...textFile(text), mode: path === bundle ? 0o600 : 0o644 }),
    host,
  );
}

describe('a bundle that was made anew after a renewal', () => {
  it('is taken away by a rollback of the run that made it', () => {
    const plan = planWith(hostWith(), steps);
    const undone = planHostRollback(renewed(carriedOutHost(plan)), [recorded(plan)], careful);
    expect(undone.problem).toBeUndefined();
    expect(undone.changes.map(({ action, path }) => `${action} ${path}`)).toContain(`delete ${bundle}`);
    expect(undone.ledger?.items).toEqual([]);
  });

  it('becomes what was there before by a rollback', () => {
    const plan = planWith(hostWith('of its operator\n'), steps);
    const undone = planHostRollback(renewed(carriedOutHost(plan)), [recorded(plan)], careful);
    expect(undone.problem).toBeUndefined();
    expect(undone.changes.find(({ path }) => path === bundle)?.after).toMatchObject({
      content: Buffer.from('of its operator\n'),
    });
  });

  it('is given back once no step wants it any more, without a warning', () => {
    const host = renewed(carriedOutHost(planWith(hostWith(), steps)));
    const plan = planWith(host, []);
    expect(plan.warnings).toEqual([]);
    expect(stageOf(plan).changes.map(({ path }) => path)).toContain(bundle);
  });

  it('is a conflict where something else stands in its place', () => {
    const plan = planWith(hostWith('of its operator\n'), steps);
    const gone = withState(renewed(carriedOutHost(plan)), bundle, { kind: 'absent' });
    expect(planHostRollback(gone, [recorded(plan)], careful).problem).toMatchObject({ code: 'conflict' });
  });

  it('is told from other whole files in the record of a run and in the ledger', () => {
    const stage = stageOf(planWith(hostWith(), steps));
    expect(recordItems(stage, builtInItemFormats)).toMatchObject([{ path: bundle, isRemade: true }]);
    expect(stage.ledger?.items).toMatchObject([{ path: bundle, isRemade: true }]);
    const other = [wantedStep('other', 'file', { path: bundle, content: 'text\n' })];
    const [item] = stageOf(planWith(hostWith(), other)).ledger?.items ?? [];
    expect(item).not.toHaveProperty('isRemade');
  });
});
