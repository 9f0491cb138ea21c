import { lateFrom } from '../../model/certificate-lifetime.ts';
import { exitStatus } from '../../model/result.ts';
import type { ReportDocument } from '../../report/document/schema.ts';
import type { MetricName, Sample } from './contract.ts';
import { endOf, type Known, secondsOf } from './known.ts';

/** Exits of a run that reached all hosts, and in which nothing failed. */
const sound: readonly number[] = [
  exitStatus.done,
  exitStatus.differs,
  exitStatus.verifyFailed,
  exitStatus.deferred,
];

/** What is true of the whole cluster. Pure. */
export function runSamples(known: Known): readonly Sample[] {
  const { document, cluster } = known;
  const { measured, holds = [] } = document;
  const ended = endOf(known);
  const began = secondsOf(measured?.at);
  const one = (name: MetricName, value: number | undefined, labels: Sample['labels'] = {}): Sample[] =>
    value === undefined ? [] : [{ name, labels: { cluster, ...labels }, value }];
  const info = measured === undefined ? undefined : labelsOfInfo(measured);
  return [
    ...(info === undefined ? [] : one('clusterproxy_info', 1, info)),
    ...one('clusterproxy_last_run_timestamp_seconds', ended),
    ...one('clusterproxy_last_run_success', isSuccess(document) ? 1 : 0),
    ...one('clusterproxy_last_run_exit_status', document.summary.exitStatus),
    ...one(
      'clusterproxy_last_run_duration_seconds',
      ended === undefined || began === undefined ? undefined : Math.max(0, ended - began),
    ),
    ...one('clusterproxy_last_success_timestamp_seconds', lastSuccess(known)),
    ...(measured?.phases ?? []).flatMap(({ phase, seconds }) =>
      one('clusterproxy_phase_duration_seconds', seconds, { phase }),
    ),
    ...one('clusterproxy_hold_since_timestamp_seconds', earliest(holds.map(({ since }) => since))),
    ...checkSamples(known),
    ...certificateSamples(known),
  ];
}

function labelsOfInfo({ playbook, version }: NonNullable<ReportDocument['measured']>): Sample['labels'] {
  return { playbook: playbook ?? '', version };
}

function isSuccess({ summary, errors = [] }: Pick<ReportDocument, 'summary' | 'errors'>): boolean {
  return errors.length === 0 && sound.includes(summary.exitStatus);
}

/** This one; else the one that is remembered by the schedule, or the one that was told before. */
function lastSuccess(known: Known): number | undefined {
  const { document, records, former, cluster } = known;
  const remembered = records?.runs.find(
    ({ exitStatus, errors }) => errors.length === 0 && sound.includes(exitStatus),
  );
  const times = [
    isSuccess(document) ? endOf(known) : undefined,
    secondsOf(remembered?.endedAt),
    former.value('clusterproxy_last_success_timestamp_seconds', { cluster }),
  ].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.max(...times);
}

/** Of each role that was asked, also where nothing is wrong. */
function checkSamples({ document, cluster }: Known): readonly Sample[] {
  const checks = document.checks ?? [];
  return [...new Set(checks.map(({ role }) => role))].map((role) => ({
    name: 'clusterproxy_failed_checks',
    labels: { cluster, role },
    value: checks.filter((check) => check.role === role && check.outcome === 'failed').length,
  }));
}

function certificateSamples({ document, cluster }: Known): readonly Sample[] {
  const certificates = document.measured?.certificates ?? document.today?.certificates ?? [];
  return [...new Set(certificates.map(({ name }) => name))].flatMap((name): Sample[] => {
    const own = certificates.filter((one) => one.name === name);
    const value = earliest(own.map(({ ends }) => ends));
    if (value === undefined) return [];
    const first = own.find(({ ends }) => secondsOf(ends) === value);
    const validFrom = secondsOf(first?.begins);
    const due = secondsOf(first?.due);
    const labels = { cluster, name };
    const late =
      validFrom && lateFrom({ validFrom: validFrom * 1000, validTo: value * 1000 }, due && due * 1000) / 1000;
    return [
      { name: 'clusterproxy_certificate_end_timestamp_seconds', labels, value },
      ...(late === undefined
        ? []
        : [{ name: 'clusterproxy_certificate_late_timestamp_seconds', labels, value: late } as const]),
    ];
  });
}

function earliest(times: readonly string[]): number | undefined {
  const seconds = times.map(secondsOf).filter((time) => time !== undefined);
  return seconds.length === 0 ? undefined : Math.min(...seconds);
}
