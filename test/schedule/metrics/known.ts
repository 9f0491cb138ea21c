import type { ReportDocument, ReportHost, ReportMeasured } from '../../../src/report/document/schema.ts';

/** A host that is as planned. */
export function hostOf(name: string, more: Partial<ReportHost> = {}): ReportHost {
  return {
    ...{ name, role: 'node', recipe: '3.0', recipeReason: null, status: 'in-sync', warnings: [] },
    ...{ changes: [], handlers: [], guards: [], unsettled: [], durationMs: 10 },
    ...more,
  };
}

/** What `check --metrics` tells at a time. */
export function documentOf(
  hosts: readonly ReportHost[],
  more: Partial<ReportDocument> = {},
  endedAt = '2026-11-27T10:00:04.000Z',
): ReportDocument {
  return {
    ...{ schemaVersion: 1, command: 'check', run: null, hosts: [...hosts], warnings: [], byHand: [] },
    summary: {
      ...{ exitStatus: 0, hosts: hosts.length, statuses: {}, changes: 0, restarts: 0, reloads: 0 },
      interrupted: false,
    },
    measured: measuredOf('prod', endedAt),
    ...more,
  };
}

/** What was measured while it was at work. */
export function measuredOf(cluster: string, endedAt = '2026-11-27T10:00:04.000Z'): ReportMeasured {
  return {
    ...{ version: '1.2.3', cluster, playbook: 'bigbluebutton' },
    ...{ at: '2026-11-27T10:00:00.000Z', endedAt, phases: [{ phase: 'looking', seconds: 1.5 }] },
    certificates: [
      {
        ...{ name: 'bbb.example.com', endsSoon: false },
        ...{ begins: '2026-10-03T00:00:00.000Z', ends: '2027-01-01T00:00:00.000Z' },
      },
    ],
  };
}

/** A file that is not as planned, on a host. */
export function changeOf(path: string): ReportHost['changes'][number] {
  return {
    ...{ step: 'one', steps: ['one'], stage: 1, kind: 'file', action: 'modify', path, diff: '-a\n+b\n' },
    ...{ before: null, after: null },
  };
}

/** The value of a series in a text; undefined where there is none. */
export function valueIn(text: string, series: string): number | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}
