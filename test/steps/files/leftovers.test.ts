import { describe, expect, it } from 'vitest';
import { mergeReads } from '../../../src/model/merge-reads.ts';
import { noReads } from '../../../src/model/reads.ts';
import type { Snapshot } from '../../../src/model/snapshot.ts';
import { leftovers } from '../../../src/steps/files/leftovers.ts';
import { StepHost } from '../../../src/virtual/step-host.ts';
import { VirtualHost } from '../../../src/virtual/virtual-host.ts';
import { textAt } from '../../support/run-step.ts';
import { snapshotOf } from '../../support/snapshot-from-folder.ts';

const path = '/etc/default/graphql';
const text = 'MINE=1\nORIGIN=https://old.example.com\n';
const parameters = leftovers.parameters.parse({ path, format: 'shell-env', keys: [['ORIGIN']] });

function run({ adopt, managed }: { readonly adopt: boolean; readonly managed: boolean }) {
  const snapshot = snapshotOf(
    { files: { [path]: text } },
    mergeReads([{ ...noReads, ...leftovers.reads(parameters) }]),
  );
  const ledger = {
    schemaVersion: 1,
    cluster: 'prod',
    playbook: 'p',
    recipe: undefined,
    run: 'r',
    created: [],
  };
  const items = managed ? [{ path: '/etc/other' }] : [];
  const virtual = new VirtualHost({
    ...snapshot,
    ledger: { ...ledger, items } as unknown as Snapshot['ledger'],
  });
  const view = new StepHost(virtual, 'graphql');
  leftovers.apply(view, { ...parameters, adopt });
  return { warnings: view.warnings, text: textAt(virtual, path) };
}

describe('leftovers of a set-up by hand', () => {
  it('refuse a host that is new to us', () => {
    expect(() => run({ adopt: false, managed: false })).toThrow(
      expect.objectContaining({ code: 'set-up-by-hand', message: expect.stringContaining('sets ORIGIN') }),
    );
  });

  it('are a warning on a host that we manage already, which went well without anybody looking for them', () => {
    expect(run({ adopt: false, managed: true })).toEqual({
      warnings: [expect.stringMatching(/^\/etc\/default\/graphql still sets ORIGIN, .*"adopt: true"/)],
      text,
    });
  });

  it('are taken away with adopt, and nothing else', () => {
    expect(run({ adopt: true, managed: true }).text).toBe('MINE=1\n');
    expect(run({ adopt: true, managed: false }).text).toBe('MINE=1\n');
  });
});
